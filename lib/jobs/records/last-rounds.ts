import { type LastRounds, lastRounds } from '../../decide/outbox/heartbeat.ts';
import { healStore } from '../../io/stores/bounded-store.ts';
import type { Key, Store, StoredRecord, Write } from '../../io/stores/store.ts';
import { asJson } from '../../model/json.ts';
import { type Part, whole } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import type { DeliverParts } from '../deliver/deliver-round.ts';
import { isRecord, listAll, numbered, putOver } from './change-record.ts';
import { listRoundHeads } from './round-findings.ts';

/**
 * The last round of the watch: partition `seen`, id `watch`; for later parts of a large fleet `watch/0003`. Its age
 * shows whether the watch is running.
 */
const partition = 'seen';
export const seenKey: Key = { partition, id: 'watch' };

export function seenKeyOf({ index }: Part): Key {
  return index === 0 ? seenKey : { partition, id: `watch/${numbered(index)}` };
}

export type SeenRecord = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly configHash: string;
  readonly clusters: number;
  readonly answered: readonly string[];
  /** Absent = the whole fleet. */
  readonly shard?: Part;
  /** Since when the fleet has been divided like this. */
  readonly cutSince?: EpochMs;
};

export function seenWrite(seen: SeenRecord, { index, count }: Part, before: StoredRecord | undefined): Write {
  const known = before?.value as Partial<SeenRecord> | null | undefined;
  const isSameCut = (known?.shard?.count ?? 1) === count;
  const cutSince = (isSameCut ? known?.cutSince : undefined) ?? seen.at;
  const value = count === 1 ? seen : { ...seen, shard: { index, count }, cutSince };
  return putOver(seenKeyOf({ index, count }), asJson(value) as object, before?.version);
}

/** The last round of the watch of each part, including parts of earlier divisions. */
export async function listSeen(store: Store): Promise<readonly (SeenRecord & { readonly shard: Part })[]> {
  const records = await listAll(store, partition);
  return records.flatMap(({ key, value }) => {
    const isOne = key.id === seenKey.id || key.id.startsWith(`${seenKey.id}/`);
    if (!isOne || !isRecord(value) || typeof value['at'] !== 'number') return [];
    const seen = value as unknown as SeenRecord;
    return [{ ...seen, shard: seen.shard ?? whole }];
  });
}

/** When the fleet was last read completely, by scaling or by the watch. */
export async function loadRounds({ store, config }: Pick<DeliverParts, 'store' | 'config'>): Promise<LastRounds> {
  const watched = (await listSeen(store)).map(({ at, shard, cutSince }) => ({
    at,
    region: '',
    shard,
    since: cutSince,
  }));
  const regions = config.rules.length === 0 ? [] : config.regions.map(({ name }) => name);
  const rounds = [];
  for (const region of regions) rounds.push(...(await listRoundHeads(store, region)));
  // A round in the future would never be overdue, so its time is stored as now and ages from here.
  for (const one of regions.length === 0 ? [partition] : [partition, 'findings'])
    await healStore(store, ({ key }) => key.partition === one);
  const scaled = rounds.map(({ at, region, shard, looks }) => ({ at, region, shard, since: looks?.since }));
  return lastRounds(watched, scaled, regions);
}
