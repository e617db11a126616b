import type { Pause, PoolAsks } from '../../model/asks.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { describeSize, equalSize } from '../../model/size.ts';
import { because, commandHint } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { baseOf } from '../scaling/base.ts';
import type { Away, Change, Held, PoolMemory } from '../scaling/memory.ts';
import { leaseCap } from '../scaling/wanted-size.ts';

/** What the store knows about one pool. */
export type KnownPool = {
  readonly memory: PoolMemory | undefined;
  readonly asks: PoolAsks;
  readonly inFlight: Change | undefined;
  /** Why nothing is done, and until when; undefined = it has its wanted size. */
  readonly held: Held | undefined;
};

/** What changes the schedule's size now: override, kept size, leases, pause; and whether the pool is below base. */
export function explainState(
  config: Pick<CompiledConfig, 'file'>,
  rule: Rule,
  known: KnownPool | undefined,
  now: EpochMs,
): readonly string[] {
  if (known === undefined) return [];
  const { memory, asks, inFlight } = known;
  const { override, pause } = asks;
  return [
    ...(override
      ? [
          `an override by ${override.who} beats the schedule: exactly ${describeSize(override.exactly)} until ${iso(override.until)}${because(override.reason)}`,
        ]
      : []),
    ...explainKept(memory, now),
    ...explainLeases(rule, known),
    ...(pause ? [explainPause(config, pause)] : []),
    ...explainMemory(known, now),
    ...(inFlight ? [`a change from ${describeSize(inFlight.from)} to ${describeSize(inFlight.to)} is under way`] : []),
  ];
}

function explainPause(config: Pick<CompiledConfig, 'file'>, { who, until, reason, match }: Pause): string {
  const resume = commandHint(config, match === undefined ? 'resume' : `resume "${match.text}"`);
  return `paused by ${who} until ${iso(until)}${because(reason)}: nothing is done; to end it, run: ${resume}`;
}

function explainKept(memory: PoolMemory | undefined, now: EpochMs): readonly string[] {
  const kept = memory?.kept;
  if (kept === undefined || kept.until <= now) return [];
  return [
    `the size ${describeSize(kept.size)}, set by hand, is kept instead of the schedule's size until ${iso(kept.until)}`,
  ];
}

function explainLeases(rule: Rule, { asks, memory }: KnownPool): readonly string[] {
  const cap = leaseCap(rule, baseOf(rule, memory));
  return asks.leases.map((lease) => {
    const text = `a lease by ${lease.who} asks for at least ${lease.atLeast} until ${iso(lease.until)}${because(lease.reason)}`;
    if (cap === undefined) return `${text}; it has no effect: neither a limit for leases nor the base is known`;
    return lease.atLeast > cap ? `${text}; leases may ask for ${cap} at most here` : text;
  });
}

function explainMemory({ memory, held }: KnownPool, now: EpochMs): readonly string[] {
  if (memory === undefined) return [];
  const { seen, base, ahead } = memory;
  const away = awayOf(memory);
  return [
    ...(ahead !== undefined && ahead > now && held?.code !== 'ahead'
      ? [`it was raised ahead of time, to be ready at ${iso(ahead)}, and is not lowered before that`]
      : []),
    ...(seen ? [`it was last seen Running at ${describeSize(seen.size)}`] : []),
    ...(away
      ? [
          `it has been below its base since ${iso(away.since)}; the base is ${away.base === 'unknown' ? 'unknown' : describeSize(away.base)}`,
        ]
      : base === undefined
        ? []
        : [`the remembered base is ${describeSize(base)}`]),
  ];
}

/**
 * Since when the pool is below base, and what its base is. A base that a person set is stored like that of a pool below
 * base until a round reads that size; a pool last seen at its base is not below it.
 */
export function awayOf({ away, seen }: PoolMemory): Away | undefined {
  const isThere = away?.from === 'person' && away.base !== 'unknown' && equalSize(seen?.size, away.base);
  return isThere ? undefined : away;
}
