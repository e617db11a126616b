/**
 * The MKS endpoints that the provider documents, by the names a config may use for them. Source: the page "Programmatic
 * Endpoints for Managed Kubernetes" of each brand's documentation (EUMETSAT's is under
 * https://docs.cloud.eumetsat.int/en/latest/kubernetes/). An endpoint that is missing here can be given as a URL.
 */
export type KnownApi = {
  readonly name: string;
  readonly host: string;
  /** MKS's own name of the region. */
  readonly mksRegion: string;
  readonly brand: string;
};

export const knownApis: readonly KnownApi[] = [
  { name: 'eumetsat-r1', host: 'mks.r1.cloud.eumetsat.int', mksRegion: 'R1', brand: 'EUMETSAT' },
  { name: 'eumetsat-r2', host: 'mks.r2.cloud.eumetsat.int', mksRegion: 'R2', brand: 'EUMETSAT' },
  { name: 'eumetsat-fra1-3', host: 'mks.ela.cloud.eumetsat.int', mksRegion: 'FRA1-3', brand: 'EUMETSAT' },
  {
    name: 'cloudferro-lcj1-1',
    host: 'managed-kubernetes.lcj1-1.cloudferro.com',
    mksRegion: 'LCJ1-1',
    brand: 'CloudFerro, CREODIAS',
  },
  {
    name: 'cloudferro-fra1-3',
    host: 'managed-kubernetes.fra1-3.cloudferro.com',
    mksRegion: 'FRA1-3',
    brand: 'CloudFerro, CREODIAS, CODE-DE',
  },
  { name: 'creodias-waw4-1', host: 'managed-kubernetes.creodias.eu', mksRegion: 'WAW4-1', brand: 'CREODIAS' },
];

/**
 * The provider's own hosts: those of the table, and `managed-kubernetes.<region>.cloudferro.com`, the form in which
 * the provider's Terraform provider builds the address of any region.
 */
export function isProviderHost(host: string): boolean {
  return knownApis.some((api) => api.host === host) || /^managed-kubernetes\.[a-z0-9-]+\.cloudferro\.com$/u.test(host);
}

/** MKS's name of the region behind a host of the table. */
export function findMksRegion(host: string): string | undefined {
  return knownApis.find((api) => api.host === host)?.mksRegion;
}
