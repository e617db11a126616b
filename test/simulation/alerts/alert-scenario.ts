import type { EpochMs } from '../../../lib/model/time.ts';
import { makeChance } from '../chance.ts';

/** What can go wrong, each off in half of all seeds. */
export const alertFaults = [
  'crash',
  'sleep',
  'twins',
  'store',
  'api',
  'lies',
  'webhooks',
  'lost',
  'flap',
  'stuck',
  'gone',
  'eol',
  'config',
  'silence',
  'wipe',
  'storm',
] as const;

export type AlertFault = (typeof alertFaults)[number];

export type AlertOptions = {
  readonly seed: number;
  /** Hours with faults; then come the calm ones. */
  readonly hours?: number;
  /** Only these; absent = by the seed. */
  readonly faults?: readonly AlertFault[];
  /** The fleet is cut into so many parts, one of which is lost for two hours; default 1. */
  readonly parts?: number;
};

/** Its rounds of both jobs do not come. */
export type LostPart = { readonly index: number; readonly from: EpochMs; readonly until: EpochMs };

export type AlertScenario = {
  readonly seed: number;
  readonly faults: ReadonlySet<AlertFault>;
  readonly start: EpochMs;
  readonly faultsEnd: EpochMs;
  readonly end: EpochMs;
  readonly watchEveryMs: number;
  readonly deliverEveryMs: number;
  readonly parts: number;
  readonly lost: LostPart | undefined;
};

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** Back-off of a chat in doubt is two hours and its jitter; then everything must have been told. */
export const calmMs = 6 * hourMs;

export function drawAlertScenario({ seed, hours = 14, faults, parts = 1 }: AlertOptions): AlertScenario {
  const chance = makeChance(seed, 'alerts');
  const drawn = alertFaults.filter((fault) => chance.is(fault === 'wipe' || fault === 'storm' ? 0.15 : 0.5));
  const start = Date.UTC(2026, 10, 23, 0, 3) + chance.integer(0, 500) * hourMs;
  const faultsEnd = start + hours * hourMs;
  return {
    seed,
    faults: new Set(faults ?? drawn),
    start,
    faultsEnd,
    end: faultsEnd + calmMs,
    watchEveryMs: chance.pick([3, 5, 5]) * minuteMs,
    deliverEveryMs: chance.pick([1, 2, 4, 4]) * minuteMs,
    parts,
    lost: parts === 1 ? undefined : drawLost(seed, parts, start),
  };
}

/** From the very first round on, or from later. */
function drawLost(seed: number, parts: number, start: EpochMs): LostPart {
  const chance = makeChance(seed, 'lost part');
  const from = start + (chance.is(0.5) ? 0 : 90 * minuteMs);
  return { index: chance.integer(0, parts - 1), from, until: from + 2 * hourMs };
}
