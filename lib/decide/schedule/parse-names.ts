import { isScheduleProblem, quote, type ScheduleProblem } from './schedule-problem.ts';

/** Names that count from 1 and come round again: weekdays, months. */
export type NameCycle = { readonly kind: string; readonly names: readonly string[]; readonly hint: string };

/** `fri` or `friday`, in any case → its number; undefined = no such name. */
export function numberOfName(written: unknown, { names }: NameCycle): number | undefined {
  if (typeof written !== 'string') return undefined;
  const lower = written.trim().toLowerCase();
  const index = names.findIndex((name) => name === lower || (lower.length === 3 && name.startsWith(lower)));
  return index < 0 ? undefined : index + 1;
}

/** A name, a range that may wrap (`sat-mon`), or a list of these → numbers in order, each once. */
export function parseNames(written: unknown, cycle: NameCycle): readonly number[] | ScheduleProblem {
  const items: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (items.length === 0)
    return { problem: `the list of ${cycle.kind}s is empty`, fix: `leave it out, or ${cycle.hint}` };
  const found = new Set<number>();
  for (const item of items) {
    const numbers = parseRange(item, cycle);
    if (isScheduleProblem(numbers)) return numbers;
    for (const number of numbers) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
}

export function unknownName(written: unknown, { kind, hint }: NameCycle): ScheduleProblem {
  return { problem: `${quote(written)} is not a ${kind}`, fix: hint };
}

function parseRange(item: unknown, cycle: NameCycle): readonly number[] | ScheduleProblem {
  const parts: readonly unknown[] = typeof item === 'string' ? item.split('-') : [item];
  const from = numberOfName(parts[0], cycle);
  const to = numberOfName(parts.at(-1), cycle);
  if (from === undefined || to === undefined || parts.length > 2) return unknownName(item, cycle);
  if (parts.length === 2 && from === to) return oneNameTwice(item, parts[0], cycle);
  const count = cycle.names.length;
  return Array.from({ length: ((to - from + count) % count) + 1 }, (_, i) => ((from - 1 + i) % count) + 1);
}

/** One day or the whole week? Both are read into such a range, so it is refused. */
function oneNameTwice(item: unknown, name: unknown, { kind }: NameCycle): ScheduleProblem {
  return {
    problem: `${quote(item)} is a range from a ${kind} to itself`,
    fix: `write ${quote(name)} for that ${kind} alone`,
  };
}
