import type { CompiledConfig, Match } from '../decide/compiled-config.ts';
import { reachedRegions } from './asked-match.ts';
import { printable } from './render/table.ts';

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
