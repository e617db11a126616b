/** What one rule says about sizes, judged together: limits, base, idle, and what its schedule asks of them. */
import type { Match, Rule } from '../../model/config.ts';
import type { Size, Term } from '../../model/size.ts';
import type { Report } from '../collect-problems.ts';
import type { Path } from '../problem.ts';
import type { Salvaged } from '../validate.ts';

/** A value and where it was written: in the rule, or in `defaults`. */
export type Placed<T> = { readonly value: T; readonly path: Path };

export type RuleSizes = {
  readonly match: Match | undefined;
  readonly rulePath: Path;
  readonly base: Placed<Size | 'remembered'>;
  readonly idle: Placed<Size> | undefined;
  readonly limits: Rule['limits'];
  readonly limitsPath: Path;
  readonly leasesMax: Placed<number> | undefined;
  readonly everyPool: boolean;
};

export function checkRuleSizes(sizes: RuleSizes, report: Report): void {
  const { limits, limitsPath, base, idle } = sizes;
  if (limits.max !== undefined && limits.min > limits.max) {
    report.error(limitsPath, `limits.min ${limits.min} is more than limits.max ${limits.max}`, 'swap or correct them');
    return;
  }
  if (base.value !== 'remembered') checkWithin('base', { value: base.value, path: base.path }, limits, report);
  if (idle !== undefined) checkWithin('idle', idle, limits, report);
  checkKinds(sizes, report);
  checkEveryPool(sizes, report);
  checkLeases(sizes, report);
}

/** Permission for 0 is explicit: a size below `limits.min` would never be reached, so it is a mistake. */
function checkWithin(what: string, { value, path }: Placed<Size>, limits: Rule['limits'], report: Report): void {
  const [least, most] = [minOf(value), maxOf(value)];
  if (least === 0 && limits.min > 0) {
    report.error(
      path,
      `${what} ${renderSize(value)} allows 0 nodes, but limits.min is ${limits.min}`,
      'to allow 0, add limits: { min: 0 } to the rule',
    );
  } else if (least < limits.min) {
    report.error(
      path,
      `${what} ${renderSize(value)} is below limits.min ${limits.min}`,
      `raise ${what}, or lower limits.min`,
    );
  }
  if (limits.max !== undefined && most > limits.max) {
    report.error(
      path,
      `${what} ${renderSize(value)} is above limits.max ${limits.max}`,
      `lower ${what}, or raise limits.max`,
    );
  }
}

/** A number is for pools of a fixed size, a range for autoscaled ones; one pool cannot be both. */
function checkKinds({ base, idle }: RuleSizes, report: Report): void {
  if (idle === undefined || base.value === 'remembered') return;
  if (typeof base.value === 'number' && typeof idle.value !== 'number') {
    report.error(
      idle.path,
      `idle is a range, which only autoscaled pools have, but base ${base.value} is a number`,
      `write idle as a number, or base as { min: ${base.value}, max: ${base.value} }`,
    );
    return;
  }
  if (maxOf(idle.value) > maxOf(base.value)) {
    report.warning(
      idle.path,
      `idle ${renderSize(idle.value)} is larger than base ${renderSize(base.value)}`,
      'check whether they are swapped',
    );
  }
}

/** One fixed size for whatever a glob matches, today or next year, must be meant. */
function checkEveryPool({ match, base, everyPool, rulePath }: RuleSizes, report: Report): void {
  if (match === undefined || match.exactPool || base.value === 'remembered' || everyPool) return;
  const path = base.path[0] === 'defaults' ? rulePath : base.path;
  report.error(
    path,
    `every pool that "${match.text}" matches would have the base ${renderSize(base.value)}`,
    'add everyPool: true if that is meant, else write base: remembered',
  );
}

function checkLeases({ leasesMax, limits }: RuleSizes, report: Report): void {
  if (leasesMax === undefined || limits.max === undefined || leasesMax.value <= limits.max) return;
  report.warning(
    leasesMax.path,
    `leases.max ${leasesMax.value} is above limits.max ${limits.max}, which also holds for leases`,
    'lower it, or raise limits.max',
  );
}

type SizeInput = number | Salvaged<{ min: number; max: number }>;

/** A size with both of its ends; a range upside down is refused. */
export function readSize(size: SizeInput, path: Path, report: Report): Size | undefined {
  if (typeof size === 'number') return size;
  const { min, max } = size;
  if (min === undefined || max === undefined) return undefined;
  if (min <= max) return { min, max };
  report.error(path, `min ${min} is more than max ${max}`, `write { min: ${max}, max: ${min} }`);
  return undefined;
}

export function readTerm(term: 'base' | 'idle' | 'leave' | SizeInput, path: Path, report: Report): Term | undefined {
  return typeof term === 'string' ? term : readSize(term, path, report);
}

export function minOf(size: Size): number {
  return typeof size === 'number' ? size : size.min;
}

export function maxOf(size: Size): number {
  return typeof size === 'number' ? size : size.max;
}

export function renderSize(size: Size): string {
  return typeof size === 'number' ? String(size) : `{ min: ${size.min}, max: ${size.max} }`;
}
