import { countNodes, dayStart, isNextCount, nodesRecord } from '../../decide/past/node-counts.ts';
import { sizeChanges } from '../../decide/past/size-changes.ts';
import type { RecordUpdate } from '../../decide/scaling/plan.ts';
import { withAskedLabels } from '../../decide/scaling/plan-round.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { isFromFuture } from '../../decide/stored-time.ts';
import type { Write } from '../../io/stores/store.ts';
import { clusterKey } from '../../model/cluster.ts';
import { whole } from '../../model/part.ts';
import { listNodes, nodesWrites, sizeWrites } from '../records/past-records.ts';
import { roundBefore, type SeenFleet } from './observe.ts';
import type { ScaleOptions, ScaleParts } from './scale-round.ts';

/** A cluster's record as this round stored it. */
export type StoredRecord = Pick<RecordUpdate, 'region' | 'clusterId' | 'record'>;

/** Stores the size changes that this round saw, from the cluster records that it stored. */
export async function keepSizes(
  parts: ScaleParts,
  seen: SeenFleet,
  stored: readonly StoredRecord[],
  now: number,
): Promise<void> {
  const { store, newId, config } = parts;
  for (const [region, records] of Map.groupBy(stored, (one) => one.region)) {
    const changes = records.flatMap(({ clusterId, record }) =>
      sizeChanges(seen.stored.get(clusterKey(region, clusterId))?.record, record, now),
    );
    await commitEach(store, sizeWrites(region, now, changes, newId, config.keepMs));
  }
}

/** Once an hour: the nodes of autoscaled pools, as far as they changed. */
export async function keepNodes(
  parts: ScaleParts,
  seen: SeenFleet,
  book: RuleBook,
  { only, shard = whole }: ScaleOptions,
): Promise<void> {
  if (only) return;
  const { store, newId, config, clock } = parts;
  const now = clock.now();
  for (const { name } of config.regions) {
    const countedAt = roundBefore(seen, name, shard)?.at;
    if (!seen.answered.has(name) || seen.wrongClocks.has(name) || !isNextCount(countedAt, now)) continue;
    const own = seen.clusters.filter(({ cluster }) => cluster.region === name);
    const clusters = own.map((one) => withAskedLabels(one, book));
    const counted = countNodes(clusters, (names) => book.appliedRule(names) !== undefined);
    if (counted.size === 0) continue;
    // What a clock wrote that ran ahead stays in the store for long, behind everything else.
    const today = (await listNodes(store, name, dayStart(now))).filter(({ at }) => !isFromFuture(at, now));
    const record = nodesRecord(now, `${shard.index}/${shard.count}`, counted, today);
    if (record) await commitEach(store, nodesWrites(name, record, newId, config.keepMs));
  }
}

/** Written one by one: a lost record costs only a small gap in the graph. */
async function commitEach(store: ScaleParts['store'], writes: readonly Write[]): Promise<void> {
  for (const write of writes) await store.commit([write]);
}
