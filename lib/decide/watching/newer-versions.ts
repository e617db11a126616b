import type { EpochMs, ObservedVersion } from '../model.ts';

const most = 8;

/** The versions of a region that are newer than this one and not past their own end, oldest first, without repetition. */
export function newerVersions(
  present: ObservedVersion,
  offered: readonly ObservedVersion[],
  now: EpochMs,
): readonly string[] {
  const newer = offered
    .filter(({ eol }) => eol === undefined || eol > now)
    .map(({ version }) => version)
    .filter((version) => compare(version, present.version) > 0);
  return [...new Set(newer)].sort(compare).slice(0, most);
}

/** By the numbers in it: 1.9.0 comes before 1.32.6. */
function compare(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const differs = left.findIndex((number, index) => number !== (right[index] ?? 0));
  return differs < 0 ? left.length - right.length : (left[differs] ?? 0) - (right[differs] ?? 0);
}

function numbersOf(version: string): readonly number[] {
  return (version.match(/\d+/gu) ?? []).map(Number);
}
