import type { Match } from '../../model/config.ts';
import { suggest } from '../../model/did-you-mean.ts';
import { compileMatch } from '../compile-match.ts';
import { type Path, renderPath } from '../problem.ts';
import type { Context } from './context.ts';

/** What a match must name: pools (a slash), clusters (no slash), or either. */
export type Names = 'pools' | 'clusters' | 'either';

/**
 * What is acted on takes `defaults.region` where it names no region; what is told does not, so that a default can
 * never silently narrow what somebody hears of.
 */
export type RegionRule = 'default region' | 'any region';

export function readMatch(
  text: string,
  names: Names,
  regionRule: RegionRule,
  path: Path,
  context: Context,
): Match | undefined {
  const { report, input } = context;
  const regions = Object.keys(input.regions ?? {});
  const standard = input.defaults?.region;
  const usable = standard !== undefined && regions.includes(standard) ? standard : undefined;
  const outcome = compileMatch(text, regionRule === 'default region' ? usable : undefined);
  if (!outcome.ok) {
    report.error(path, `the match "${text}" ${outcome.message}`, outcome.fix);
    return undefined;
  }
  const { match } = outcome;
  const written = text.includes(':') ? text.slice(0, text.indexOf(':')) : undefined;
  if (written !== undefined && !regions.includes(written)) {
    report.error(path, `there is no region "${written}"`, suggest(written, regions));
    return undefined;
  }
  if (names === 'pools' && match.pool === undefined) {
    const fix = `write "${text}/*" for all of their pools`;
    report.error(path, `the match "${text}" names clusters, and this needs pools`, fix);
    return undefined;
  }
  if (names === 'clusters' && match.pool !== undefined) {
    const fix = 'leave out the slash and what follows';
    report.error(path, `the match "${text}" names pools, and this needs clusters`, fix);
    return undefined;
  }
  context.matchPlaces.set(renderPath(path), context.position(path));
  return match;
}

export function readMatches(
  texts: readonly (string | undefined)[],
  names: Names,
  regionRule: RegionRule,
  path: Path,
  context: Context,
): readonly Match[] {
  return texts.flatMap((text, index) => {
    const match = text === undefined ? undefined : readMatch(text, names, regionRule, [...path, index], context);
    return match === undefined ? [] : [match];
  });
}
