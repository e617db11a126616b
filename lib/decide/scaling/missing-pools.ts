import type { EpochMs } from '../model.ts';
import { compareText } from './cluster-order.ts';
import { type PoolMemory, remember } from './memory.ts';

/** A pool that vanished from the answers is forgotten after this; an answer that omits it must not lose its base. */
const forgetAfterMs = 7 * 24 * 60 * 60_000;
/** So many at most: where pools come and go every few minutes, their memories must not outgrow the record. */
const mostMissing = 50;

export type Memories = { readonly [poolId: string]: PoolMemory };

/** What is remembered of pools that no answer shows: those away from their base first, then those missed last. */
export function rememberMissing(
  memories: Memories,
  isSeen: (poolId: string) => boolean,
  now: EpochMs,
  lookedAt: EpochMs | undefined,
): Memories {
  const missing = Object.entries(memories)
    .filter(([id]) => !isSeen(id))
    .map(([id, memory]) => ({ id, memory, since: memory.missingSince ?? now }))
    .filter(({ since }) => now - since < forgetAfterMs);
  const kept = missing.length <= mostMissing ? missing : missing.sort(byWorth).slice(0, mostMissing);
  return Object.fromEntries(kept.map(({ id, memory, since }) => [id, noteMissing(memory, since, lookedAt)]));
}

function noteMissing(memory: PoolMemory, missingSince: EpochMs, lookedAt: EpochMs | undefined): PoolMemory {
  const { seen } = memory;
  const unseenSince = seen && (memory.unseenSince ?? lookedAt ?? seen.at);
  return remember(memory, { missingSince, unseenSince });
}

type Missing = { readonly id: string; readonly memory: PoolMemory; readonly since: EpochMs };

function byWorth(a: Missing, b: Missing): number {
  const isAway = ({ memory }: Missing) => Number(memory.away !== undefined);
  return isAway(b) - isAway(a) || b.since - a.since || compareText(a.id, b.id);
}
