import { isLoopback } from '../../model/address.ts';
import type { RegionConfig } from '../../model/config.ts';
import { suggest } from '../../model/did-you-mean.ts';
import { findMksRegion, isProviderHost, knownApis } from '../known-apis.ts';
import type { Path } from '../problem.ts';
import { readUrl } from './addresses.ts';
import { type Context, entriesOf } from './context.ts';
import { compileSecret } from './secrets.ts';

/** The regions in the order of the file. */
export function compileRegions(context: Context): readonly RegionConfig[] {
  const regions = entriesOf(context.input.regions);
  if (regions.length === 0 && context.input.regions !== undefined && !context.report.hasErrors()) {
    context.report.error(['regions'], 'no region is named', 'add one, with its api and token');
  }
  const seen = new Map<string, string>();
  return regions.flatMap(([name, region]) => {
    const path = ['regions', name];
    const api = region.api === undefined ? undefined : compileApi(region.api, region.allowHost === true, path, context);
    const token = region.token === undefined ? undefined : compileSecret(region.token, [...path, 'token'], context);
    if (api !== undefined) warnOfTwin(name, api.url, seen, context);
    return api && token ? [{ name, ...api, token }] : [];
  });
}

/** Two regions with one API have the same clusters: both would scale and report them. */
function warnOfTwin(name: string, url: string, seen: Map<string, string>, { report }: Context): void {
  const twin = seen.get(url);
  if (twin === undefined) return void seen.set(url, name);
  report.warning(
    ['regions', name, 'api'],
    `the regions "${twin}" and "${name}" have the same API, so both manage the same clusters`,
    'remove one of them, or correct its api',
  );
}

type Api = Pick<RegionConfig, 'url' | 'mksRegion'>;

function compileApi(api: string, allowHost: boolean, region: Path, { report }: Context): Api | undefined {
  const outcome = readApi(api, allowHost);
  if (outcome.ok) return { url: outcome.url, mksRegion: outcome.mksRegion };
  report.error([...region, 'api'], outcome.message, outcome.fix);
  return undefined;
}

export type ApiOutcome =
  | ({ readonly ok: true } & Pick<RegionConfig, 'url' | 'mksRegion'>)
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** A known name, or the URL of an API; a host that is not the provider's own must be allowed in so many words. */
export function readApi(api: string, allowHost: boolean): ApiOutcome {
  const known = knownApis.find((one) => one.name === api);
  if (known !== undefined) return { ok: true, url: `https://${known.host}/api/v1`, mksRegion: known.mksRegion };
  const isAddress = /[@?#\s]|:\/\//u.test(api);
  if (!isAddress) return refuse(`there is no known API "${api}"`, fixOfName(api));
  const url = readUrl(api);
  if (url === undefined || url.search !== '' || url.hash !== '')
    return refuse('not the URL of an API', 'write https://host, without user, password or query');
  return judgeHost(url, allowHost) ?? { ok: true, url: withApiPath(url), mksRegion: findMksRegion(url.host) };
}

/** An address of this machine without its scheme: a simulator, or a tunnel. */
const local = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?:\/|$)/iu;

function fixOfName(api: string): string {
  if (local.test(api)) return `write http://${api}`;
  if (api.includes('.')) return `write https://${api}`;
  const named = suggest(
    api,
    knownApis.map(({ name }) => name),
  );
  return named.endsWith('?') ? `${named} Or give the URL` : `${named}, or give the URL`;
}

function judgeHost(url: URL, allowHost: boolean): ApiOutcome | undefined {
  if (isLoopback(url.hostname)) return undefined;
  if (url.protocol === 'http:')
    return refuse('the token would be sent unencrypted: http: is only for loopback', 'write https:');
  if (allowHost || isProviderHost(url.host)) return undefined;
  return refuse(
    `the host ${url.host} is not one of the provider’s, and would get the token`,
    'check it; if it is right, add allowHost: true',
  );
}

function refuse(message: string, fix: string): ApiOutcome {
  return { ok: false, message, fix };
}

/** Swagger's or a bare address is completed: the API lives under /api/v1. */
function withApiPath(url: URL): string {
  const path = url.pathname.replace(/(?<!\/)\/+$/u, '').replace(/\/swagger$/u, '');
  return `${url.origin}${path.endsWith('/api/v1') ? path : `${path}/api/v1`}`;
}
