import { mayOverlap } from '../../config/compile-match.ts';
import { formatDuration } from '../../config/duration.ts';
import { baseOf } from '../../decide/scaling/base.ts';
import { leaseCap } from '../../decide/scaling/wanted-size.ts';
import { UsageError } from '../../errors.ts';
import type { CompiledConfig, Match, Rule } from '../../model/config.ts';
import { clampSize, describeSize, equalSize, isRange, lower, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { StoredPool } from '../pools.ts';
import type { PoolLabel } from '../text/labels.ts';
import { type AskedMatch, mayBeActedOn } from './asked-match.ts';

/** The rules that a match may reach: those of the pools it names, else those whose own match may name the same. */
export function rulesReached({ match, pools }: AskedMatch, { rules }: Pick<CompiledConfig, 'rules'>): readonly Rule[] {
  const own = new Set(pools.flatMap(({ rule }) => (rule === undefined ? [] : [rule])));
  const reached = own.size > 0 ? [...own] : rules.filter((rule) => mayOverlap(rule.match, match));
  return reached.filter(({ schedule }) => schedule !== undefined);
}

/** A lease lasts at most as long as every rule it reaches allows. */
export function cutLease(
  until: EpochMs,
  now: EpochMs,
  rules: readonly Rule[],
): { readonly until: EpochMs; readonly note: string | undefined } {
  const shortest = rules.toSorted((a, b) => a.leases.longestMs - b.leases.longestMs)[0];
  if (shortest === undefined || until - now <= shortest.leases.longestMs) return { until, note: undefined };
  const { longestMs } = shortest.leases;
  const note = `shortened to ${formatDuration(longestMs)}, the longest lease that rule "${shortest.match.text}" allows (leases.longest)`;
  return { until: now + longestMs, note };
}

/** What becomes of "at least n" for each pool that is named now: one line each. */
export function leaseEffects({ pools }: AskedMatch, atLeast: number, labelOf: PoolLabel): readonly string[] {
  return pools.map(({ known, rule }) => {
    const name = labelOf(known);
    if (rule?.schedule === undefined) return `${name}: no rule acts on it, so nothing happens`;
    const cap = leaseCap(rule, baseOf(rule, known.memory));
    if (cap === undefined) return `${name}: refused, its base is unknown; give its rule leases.max or limits.max`;
    const most = Math.min(atLeast, cap);
    const limited = describeSize(clampSize(most, rule.limits));
    const what =
      most < atLeast ? `asked for ${atLeast}; the rule allows ${limited} (${capName(rule)})` : `at least ${limited}`;
    return `${name}: ${what}${modeNote(rule)}`;
  });
}

function capName(rule: Rule): string {
  return rule.leases.max === undefined ? (rule.limits.max === undefined ? 'its base' : 'limits.max') : 'leases.max';
}

const ownPool = 'Lamplighter runs on this pool: safety.runsOn';

/** What becomes of "exactly n" for each pool that is named now. */
export function overrideEffects({ pools }: AskedMatch, exactly: Size, labelOf: PoolLabel): readonly string[] {
  return pools.map(({ known, rule, isOwn }) => {
    const name = labelOf(known);
    if (rule?.schedule === undefined) return `${name}: no rule acts on it, so nothing happens`;
    if (!takes(known, exactly)) return noBounds(name);
    const limited = clampSize(exactly, rule.limits);
    const limit = isOwn && lower(exactly) < rule.limits.min ? ownPool : `limits of rule "${rule.match.text}"`;
    const size = describeSize(limited);
    const what = equalSize(limited, exactly)
      ? `exactly ${size}`
      : `asked for ${describeSize(exactly)}; the rule allows ${size} (${limit})`;
    return `${name}: ${what}${modeNote(rule)}`;
  });
}

/** What none of the named pools can take is not stored: it would only end the override that stands. */
export function refuseUntakable({ pools }: AskedMatch, exactly: Size, labelOf: PoolLabel): void {
  const acted = pools.filter(({ rule }) => rule?.schedule !== undefined);
  if (acted.length === 0 || acted.some(({ known }) => takes(known, exactly))) return;
  throw new UsageError(acted.map(({ known }) => noBounds(labelOf(known))).join('\n'));
}

function takes({ memory }: StoredPool, exactly: Size): boolean {
  return !isRange(exactly) || (memory.became ?? memory.autoscale);
}

function noBounds(name: string): string {
  return `${name}: not autoscaled, so bounds cannot be set; give a number`;
}

function modeNote({ mode }: Rule): string {
  return mode === 'observe' ? ' (but its mode is observe: nothing is changed)' : '';
}

/** Nothing seen so far is named: said, since it may be a slip or a pool of tomorrow, or one that no rule acts on. */
export function nothingNamed(match: Match, config: CompiledConfig): string {
  if (!mayBeActedOn(match, config))
    return `no rule in ${config.file} acts on pools that "${match.text}" matches, so nothing happens`;
  return `no known pool matches "${match.text}"; it will apply to pools that do`;
}
