import { olderIgnoredMs } from '../../model/cluster.ts';
import type { EpochMs } from '../../model/time.ts';
import { nextChange, type Timeline } from '../schedule/timeline.ts';
import { contendedUntil } from './memory.ts';
import type { Hold } from './plan.ts';
import type { PoolView } from './pool-evaluation.ts';
import { isCoolingDown, refusalOf } from './refusal.ts';

/**
 * When a hold ends by itself, if that is known: a pause, a young pool's grace, the boundary a pool was raised for, a
 * cool-down, an hour of foreign changes, half an hour of old answers, and a size refused for good, until the schedule
 * wants another one. All other holds end by what the service or people do.
 */
export function holdEnd(
  { code, to }: Pick<Hold, 'code' | 'to'>,
  { memory, pause, pool, rule }: Pick<PoolView, 'memory' | 'pause' | 'pool' | 'rule'>,
  timeline: Timeline | undefined,
  now: EpochMs,
): EpochMs | undefined {
  switch (code) {
    case 'paused':
      return pause?.until;
    case 'grace':
      return pool.createdAt === undefined ? undefined : pool.createdAt + rule.graceMs;
    case 'ahead':
      return memory.ahead;
    case 'contended':
      return contendedUntil(memory);
    case 'cool-down':
      return (refusalOf(memory, to) ?? memory.refusals?.find((one) => isCoolingDown(one, now)))?.until;
    case 'stale':
      return memory.olderSince === undefined ? undefined : memory.olderSince + olderIgnoredMs;
    case 'refused':
      return timeline && nextChange(timeline, now)?.at;
    default:
      return undefined;
  }
}
