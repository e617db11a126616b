import type { RegionConfig } from '../../decide/compiled-config.ts';
import type { Path } from '../problem.ts';
import { readApi } from '../read-api.ts';
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

function compileApi(api: string, allowHost: boolean, region: Path, { report }: Context): Api | undefined {
  const outcome = readApi(api, allowHost);
  if (outcome.ok) return { url: outcome.url, mksRegion: outcome.mksRegion };
  report.error([...region, 'api'], outcome.message, outcome.fix);
  return undefined;
}
