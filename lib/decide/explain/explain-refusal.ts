import type { EpochMs } from '../model.ts';
import type { Refusal } from '../scaling/memory.ts';
import { isCoolingDown, refusalOf } from '../scaling/refusal.ts';
import { describeSize } from '../scaling/size.ts';
import { iso } from '../scaling/wanted.ts';
import type { KnownPool } from './explain-state.ts';

/** The API refused the size that is still to be reached: why, and when it is asked for again. */
export function explainRefusal(known: KnownPool | undefined, now: EpochMs): readonly string[] {
  const refusal = known?.memory && refusalOf(known.memory, known.memory.pending?.target);
  if (refusal === undefined || known?.inFlight !== undefined) return [];
  const times = refusal.count === 1 ? '' : ` ${refusal.count} times`;
  const what = `${describeSize(refusal.target)} was refused by the API${times} (${refusal.detail})`;
  return [`${what}${whenAgain(refusal, known?.hold, now)}`];
}

/** What else holds the pool is said by itself. */
function whenAgain(refusal: Refusal, hold: KnownPool['hold'], now: EpochMs): string {
  if (hold !== undefined && hold !== 'cool-down') return '';
  return isCoolingDown(refusal, now)
    ? `: it is tried again at ${iso(refusal.until)}`
    : ': the next round tries it again';
}
