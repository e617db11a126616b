import { type LastRounds, lastRounds } from '../../decide/outbox/heartbeat.ts';
import { healStore } from '../../io/stores/bounded-store.ts';
import type { StoredRecord, Write } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import type { DeliverParts } from '../deliver/parts.ts';
import { listRoundHeads } from './round-findings.ts';

/** The last pass of the watch: partition `seen`, id `watch`. Its age tells whether anybody is looking. */
export const seenKey = { partition: 'seen', id: 'watch' } as const;

export type SeenRecord = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly configHash: string;
  readonly clusters: number;
  readonly answered: readonly string[];
};

export function seenWrite(seen: SeenRecord, before: StoredRecord | undefined): Write {
  const value = { ...seen, answered: [...seen.answered] };
  if (before === undefined) return { kind: 'putIfAbsent', key: seenKey, value };
  return { kind: 'putIfVersion', key: seenKey, value, version: before.version };
}

/** When the fleet was last looked at, by either of the two that look. */
export async function loadRounds({ store, config }: Pick<DeliverParts, 'store' | 'config'>): Promise<LastRounds> {
  const seen = (await store.read(seenKey))?.value as { readonly at?: unknown } | null | undefined;
  const watchedAt = typeof seen?.at === 'number' ? seen.at : undefined;
  if (config.rules.length === 0) return { watchedAt, scaledAt: undefined };
  const regions = config.regions.map(({ name }) => name);
  const rounds = [];
  for (const region of regions) rounds.push(...(await listRoundHeads(store, region)));
  // A round from the future would never be missed: its time is written down as now, and grows old from here on.
  for (const partition of [seenKey.partition, 'findings']) await healStore(store, partition);
  return lastRounds(watchedAt, rounds, regions);
}
