import type { EpochMs } from '../model.ts';
import type { Stretch } from './rehearsed-pool.ts';

const hourMs = 3_600_000;

/** Nodes × hours over [from, to): what was there, not what was wished for. Stretches are in order of time. */
export function nodeHours(stretches: readonly Stretch[], from: EpochMs, to: EpochMs): number {
  let sum = 0;
  for (let i = 0; i < stretches.length; i += 1) {
    const stretch = stretches[i] as Stretch;
    const begins = Math.max(stretch.from, from);
    const ends = Math.min(stretches[i + 1]?.from ?? to, to);
    if (ends > begins) sum += stretch.nodes * (ends - begins);
  }
  return sum / hourMs;
}
