import { unknownRecord } from '../../decide/record-shape.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { StoredRecord } from '../../io/stores/store.ts';
import type { Ask } from '../../model/asks.ts';
import { rangeOf } from '../../model/part.ts';
import { concurrency, mapBounded } from '../concurrency.ts';
import { asksPartition, listAsks } from '../records/ask-records.ts';
import { type FleetState, listClusterRecords, readFleetState, type StoredCluster } from '../records/cluster-records.ts';
import { listOwnRounds } from '../records/round-findings.ts';
import type { ScaleOptions, ScaleParts, ScaleProblem } from './scale-round.ts';

/** What the store knows before a round. */
export type Known = FleetState & { readonly regions: readonly KnownRegion[] };

export type KnownRegion = {
  readonly name: string;
  readonly records: ReadonlyMap<string, StoredCluster>;
  readonly asks: readonly Ask[];
  readonly rounds: readonly RoundFindings[];
  readonly roundRecords: readonly StoredRecord[];
  /** Clusters whose record cannot be read, with what to do. */
  readonly unknown: ReadonlyMap<string, string>;
  readonly problems: readonly ScaleProblem[];
};

/**
 * What each round needs of the store, two reads at a time: each more would be a connection more at a cold start. They
 * come before those of the API: a claim missing here was made later, so a write will conflict. Stored rules hold no
 * claim, and few rounds need them: `planByFleet` reads them then.
 */
export async function readKnown(parts: ScaleParts, options: ScaleOptions): Promise<Known> {
  const fleet = await readFleetState(parts.store);
  const regions = await mapBounded(parts.config.regions, concurrency, ({ name }) => readRegion(parts, name, options));
  return { ...fleet, regions };
}

async function readRegion({ store }: ScaleParts, name: string, options: ScaleOptions): Promise<KnownRegion> {
  const unknown = new Map<string, string>();
  const problems: ScaleProblem[] = [];
  const onUnknown = (id: string, what: string) => void unknown.set(id, what);
  const onUnknownAsk = (id: string) => {
    const reason = unknownRecord({ partition: asksPartition(name), id });
    problems.push({ region: name, cluster: undefined, pool: undefined, reason });
  };
  const [records, asks, { rounds, records: roundRecords }] = await Promise.all([
    listClusterRecords(store, name, onUnknown, options.shard && rangeOf(options.shard)),
    listAsks(store, name, onUnknownAsk),
    listOwnRounds(store, name, options.shard, { listed: options.rounds?.get(name) }),
  ]);
  return { name, records, asks, rounds, roundRecords, unknown, problems };
}
