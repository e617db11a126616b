/**
 * `npm run sbom`: what the published package runs, as a CycloneDX 1.5 bill of materials on standard output, from the
 * lock. (`npm sbom --omit=dev` leaves out what development uses as well.) The same lock gives the same bytes.
 */
import { type Lock, type LockedPackage, packagesThatRun, readLock } from './shrinkwrap.ts';

export function bomOf(lock: Lock): object {
  const root = lock.packages[''] as LockedPackage & { readonly name?: string };
  const name = root.name ?? 'lamplighter';
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { type: 'application', ...identityOf(name, root) } },
    components: packagesThatRun(lock).map(([path, one]) => ({ type: 'library', ...componentOf(path, one) })),
  };
}

function componentOf(path: string, { integrity = '', license, ...one }: LockedPackage): object {
  const hash = Buffer.from(integrity.replace(/^sha512-/u, ''), 'base64').toString('hex');
  return {
    ...identityOf(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), one),
    hashes: [{ alg: 'SHA-512', content: hash }],
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  };
}

/** The package URL (github.com/package-url/purl-spec): the @ of a scope is written %40. */
function identityOf(name: string, { version = '' }: LockedPackage): object {
  const purl = `pkg:npm/${name.replace(/^@/u, '%40')}@${version}`;
  return { 'bom-ref': purl, name, version, purl };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(bomOf(await readLock()), null, 2)}\n`);
