import type { RegionConfig } from '../../decide/compiled-config.ts';
import { suggest } from '../did-you-mean.ts';
import { findMksRegion, isProviderHost, knownApis } from '../known-apis.ts';
import type { Path } from '../problem.ts';
import { isLoopback, readUrl } from './addresses.ts';
import { type Context, entriesOf } from './context.ts';
import { compileSecret } from './secrets.ts';

/** The regions in the order of the file. */
export function compileRegions(context: Context): readonly RegionConfig[] {
  const regions = entriesOf(context.input.regions);
  if (regions.length === 0 && context.input.regions !== undefined && !context.report.hasErrors()) {
    context.report.error(['regions'], 'no region is named', 'add one, with its api and token');
  }
  return regions.flatMap(([name, region]) => {
    const path = ['regions', name];
    const api = region.api === undefined ? undefined : compileApi(region.api, region.allowHost === true, path, context);
    const token = region.token === undefined ? undefined : compileSecret(region.token, [...path, 'token'], context);
    return api && token ? [{ name, ...api, token }] : [];
  });
}

type Api = Pick<RegionConfig, 'url' | 'mksRegion'>;

/** A known name, or the URL of an API; a host that is not the provider's own must be allowed in so many words. */
function compileApi(api: string, allowHost: boolean, region: Path, { report }: Context): Api | undefined {
  const path = [...region, 'api'];
  const known = knownApis.find((one) => one.name === api);
  if (known !== undefined) return { url: `https://${known.host}/api/v1`, mksRegion: known.mksRegion };
  if (!api.includes('://')) {
    const fix = api.includes('.')
      ? `write https://${api}`
      : `${suggest(
          api,
          knownApis.map((one) => one.name),
        )}, or give the URL`;
    report.error(path, `there is no known API "${api}"`, fix);
    return undefined;
  }
  const url = readUrl(api);
  if (url === undefined || url.search !== '' || url.hash !== '') {
    report.error(path, 'not the URL of an API', 'write https://host, without user, password or query');
    return undefined;
  }
  return isSafeHost(url, allowHost, path, report)
    ? { url: withApiPath(url), mksRegion: findMksRegion(url.host) }
    : undefined;
}

function isSafeHost(url: URL, allowHost: boolean, path: Path, report: Context['report']): boolean {
  if (isLoopback(url.hostname)) return true;
  if (url.protocol === 'http:') {
    report.error(path, 'the token would travel unprotected: http: is only for loopback', 'write https:');
    return false;
  }
  if (allowHost || isProviderHost(url.host)) return true;
  report.error(
    path,
    `the host ${url.host} is not one of the provider’s, and would get the token`,
    'check it; if it is right, add allowHost: true',
  );
  return false;
}

/** Swagger's or a bare address is completed: the API lives under /api/v1. */
function withApiPath(url: URL): string {
  const path = url.pathname.replace(/\/+$/u, '').replace(/\/swagger$/u, '');
  return `${url.origin}${path.endsWith('/api/v1') ? path : `${path}/api/v1`}`;
}
