import type { EpochMs } from '../model.ts';
import type { PoolMemory } from './memory.ts';

const contendedForMs = 60 * 60_000;

/** Those of the last hour, the newest three: more say no more. */
export function recentChanges(times: readonly EpochMs[] | undefined, now: EpochMs): readonly EpochMs[] | undefined {
  const left = times?.filter((at) => Math.abs(now - at) < contendedForMs).slice(-3);
  return left === undefined || left.length === 0 ? undefined : left;
}

/** Until when a pool is held because of them: an hour after the first of the three. */
export function contendedUntil(memory: PoolMemory): EpochMs | undefined {
  const [first] = memory.foreign?.slice(-3) ?? [];
  return isContended(memory) && first !== undefined ? first + contendedForMs : undefined;
}

/** Three foreign changes within an hour are no person any more. */
export function isContended(memory: PoolMemory): boolean {
  return (memory.foreign?.length ?? 0) >= 3;
}
