import type { EpochMs } from '../model.ts';
import type { Refusal } from '../scaling/memory.ts';
import { longestCoolDownMs } from '../scaling/refusal.ts';
import { describeSize, equalSize } from '../scaling/size.ts';
import { iso } from '../scaling/wanted.ts';
import type { KnownPool } from './explain-state.ts';

/** The API refused the size that is still to be reached: why, and when it is asked for again. */
export function explainRefusal(known: KnownPool | undefined, now: EpochMs): readonly string[] {
  const target = known?.memory?.pending?.target;
  const refusal = known?.memory?.refusals?.findLast((one) => target !== undefined && equalSize(one.target, target));
  if (refusal === undefined || known?.inFlight !== undefined) return [];
  const times = refusal.count === 1 ? '' : ` ${refusal.count} times`;
  const what = `${describeSize(refusal.target)} was refused by the API${times} (${refusal.detail})`;
  return [`${what}${whenAgain(refusal, known?.hold, now)}`];
}

/** What else holds the pool is said by itself. */
function whenAgain({ until }: Refusal, hold: KnownPool['hold'], now: EpochMs): string {
  if (hold !== undefined && hold !== 'cool-down') return '';
  const isCoolingDown = now < until && until - now <= longestCoolDownMs;
  return isCoolingDown ? `: it is tried again at ${iso(until)}` : ': the next round tries it again';
}
