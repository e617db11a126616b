import type { CompiledConfig, Match } from '../../model/config.ts';
import type { Subject } from '../../model/finding.ts';
import type { Names } from '../../model/match.ts';
import { reachedRegions } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';

/** How texts name a pool. */
export type PoolLabel = (names: Names) => string;

/** With its region where the config has several, since the same names may be in each of them. */
export function poolLabels(config: Pick<CompiledConfig, 'regions'>): PoolLabel {
  const label = clusterLabels(config);
  return (names) => `${label(names)}/${printable(names.pool)}`;
}

/** The same for a cluster. */
export function clusterLabels({
  regions,
}: Pick<CompiledConfig, 'regions'>): (names: Pick<Names, 'region' | 'cluster'>) => string {
  const hasSeveral = regions.length > 1;
  return ({ region, cluster }) => printable(`${hasSeveral ? `${region}:` : ''}${cluster}`);
}

/** " in r1", where the config has several regions; else nothing needs to be said. */
export function inRegion({ regions }: Pick<CompiledConfig, 'regions'>, region: string | undefined): string {
  return regions.length > 1 && region ? ` in ${printable(region)}` : '';
}

/** The region of a finding's subject, where it has one. */
export function regionOf(subject: Subject): string | undefined {
  return 'region' in subject ? subject.region : undefined;
}

type Asked = { readonly id: string; readonly region: string; readonly match?: Match | undefined };

/**
 * An ask is stored in every region that it reaches: one line for what is the same in all of them, and " in r1" where it
 * is not.
 */
export function onceInRegions<T extends Asked>(
  { regions }: Pick<CompiledConfig, 'regions'>,
  asks: readonly T[],
  lineOf: (ask: T, where: string) => string,
): readonly string[] {
  const groups = Map.groupBy(asks, (ask) => JSON.stringify([ask.id, lineOf(ask, '')]));
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const found = new Set([first, ...others].map(({ region }) => region));
    const isWhole = reachedRegions(first.match, regions).every((region) => found.has(region));
    return [lineOf(first, isWhole ? '' : ` in ${printable([...found].join(', '))}`)];
  });
}

/** So much of an id is enough to name one among millions; the redactor takes whole ones for tokens. */
const shownLength = 16;
const leastLength = 6;

/** What people see and type of an id (sha256, hex). */
export function shortId(id: string): string {
  return id.slice(0, shownLength);
}

/** Can this text be the beginning of an id, or the `<key>.<episode>` that PagerDuty and webhooks show? */
export function looksLikeId(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${leastLength},64}(?:\\.\\d+)?$`, 'u').test(text);
}

/** Does this text, the whole or a beginning, stand for the id? */
export function standsFor(text: string, id: string): boolean {
  return looksLikeId(text) && id.startsWith(text.replace(/\.\d+$/u, ''));
}
