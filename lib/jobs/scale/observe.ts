import { type ClockReading, readingOf, wrongClock } from '../../decide/clock-skew.ts';
import { judgeMatches, type NamedCluster, type NamedFleet, namesOf } from '../../decide/matching/unmatched.ts';
import { unknownRecord } from '../../decide/record-shape.ts';
import { type ObservedFleetCluster, rememberedCluster, type StoredRule } from '../../decide/scaling/memory.ts';
import { needsPools } from '../../decide/scaling/plan-round.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { StoredRecord } from '../../io/stores/store.ts';
import { type Answer, describeAnswer, unreadableAnswer, wasAsked } from '../../model/answer.ts';
import type { Ask } from '../../model/asks.ts';
import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import { isInPart, rangeOf } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import { inTurn, makePatience, mapBounded, type Patience } from '../concurrency.ts';
import { asksPartition, listAsks } from '../records/ask-records.ts';
import {
  type FleetState,
  listClusterRecords,
  listStoredRules,
  readFleetState,
  type StoredCluster,
} from '../records/cluster-records.ts';
import { listOwnRounds } from '../records/round-findings.ts';
import type { ScaleOptions, ScaleParts, ScaleProblem } from './parts.ts';

/** The most requests at once: reads 1,000 clusters in seconds without overloading the service. */
export const concurrency = 16;

/** A read of at most 15 s, and then at least one claim with its GET and PUT. */
export const lookNeedsMs = 65_000;

export type SeenFleet = {
  readonly clusters: readonly ObservedFleetCluster[];
  readonly stored: ReadonlyMap<string, StoredCluster>;
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  readonly problems: readonly ScaleProblem[];
  /** Regions that answered with their list. */
  readonly answered: ReadonlySet<string>;
  /** The previous rounds, and their records as they were stored. */
  readonly rounds: readonly RoundFindings[];
  readonly roundRecords: readonly StoredRecord[];
  /** As in what is known of the fleet. */
  readonly startedConfig: string | undefined;
  /**
   * Everything that the config's matches can name: also clusters of other parts, and pools that are read for nothing
   * else.
   */
  readonly named: NamedFleet;
  /** Pools that were read because of a match only, by `region/clusterId`. */
  readonly readByName: ReadonlyMap<string, readonly ObservedPool[]>;
  /** Regions whose answers show that our clock is wrong, with both times. */
  readonly wrongClocks: ReadonlyMap<string, ClockReading>;
  /** Records of clusters that are missing from their region's list. */
  readonly missing: readonly MissingCluster[];
};

export type MissingCluster = { readonly region: string; readonly clusterId: string; readonly stored: StoredCluster };

/** What the store knows before a round. */
type Known = FleetState & {
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  readonly regions: ReadonlyMap<string, KnownRegion>;
};

/**
 * All reads of the store, two at a time: each more would be a connection more at a cold start. They come before those of
 * the API: a claim missing here was made later, so a write will conflict.
 */
export async function readKnown(parts: ScaleParts, options: ScaleOptions): Promise<Known> {
  const [fleet, storedRules] = await Promise.all([readFleetState(parts.store), listStoredRules(parts.store)]);
  const regions = await mapBounded(parts.config.regions, concurrency, ({ name }) => readRegion(parts, name, options));
  return { ...fleet, storedRules, regions: new Map(regions.map((region) => [region.name, region])) };
}

/** All reads of the API: one list per region and one pool list per cluster concerned. */
export async function observeFleet(
  parts: ScaleParts,
  options: ScaleOptions,
  book: RuleBook,
  known: Known,
): Promise<SeenFleet> {
  const { storedRules, startedConfig } = known;
  const regions = await mapBounded([...known.regions.values()], concurrency, (region) =>
    observeRegion(parts, region, options),
  );
  const problems = regions.flatMap((region) => region.problems);
  const patience = makePatience(lookNeedsMs, parts.timeLeftMs);
  const unasked: Unasked[] = [];
  const wanted = regions.flatMap((region) => region.clusters.map((cluster) => ({ cluster, region })));
  const order = inTurn(wanted, concurrency, ({ cluster }) => cluster.id, parts);
  const clusters = await mapBounded(order, concurrency, async ({ cluster, region }) => {
    const record = region.records.get(cluster.id)?.record;
    const lookedAt = region.lookedAt(cluster.id);
    if (!needsPools(book, cluster, record)) return { cluster, pools: undefined, record, lookedAt };
    const answer =
      cluster.unreadable === undefined
        ? await patience.ask(region.name, () => parts.mksOf(region.name).listNodePools(cluster.id))
        : unreadableAnswer(cluster.unreadable);
    noteClock(region.readings, answer);
    if (!wasAsked(answer)) unasked.push({ region: region.name, cluster: cluster.name });
    else if (answer.kind !== 'ok') problems.push(unread(cluster, answer));
    return { cluster, pools: answer.kind === 'ok' ? answer.value : undefined, record, lookedAt };
  });
  problems.push(...unaskedProblems(unasked, patience));
  const stored = new Map(
    regions.flatMap((region) => [...region.records].map(([id, one]) => [`${region.name}/${id}`, one] as const)),
  );
  const answered = new Set(regions.filter((region) => region.isAnswered).map((region) => region.name));
  const missing = regions.flatMap((region) => region.missing);
  const asks = regions.flatMap((region) => region.asks);
  const wrongClocks = new Map(
    regions.flatMap(({ name, readings }) => {
      const wrong = wrongClock(readings);
      return wrong === undefined ? [] : [[name, wrong] as const];
    }),
  );
  const [rounds, roundRecords] = [regions.flatMap((one) => one.rounds), regions.flatMap((one) => one.roundRecords)];
  const others = regions.flatMap((region) => region.others);
  const isElsewhere = options.only === undefined;
  const seen = [...clusters, ...others.map((cluster) => ({ cluster, pools: undefined, isElsewhere }))];
  const byName = await nameFleet(parts, options, { answered, clusters: namesOf(seen) }, book, clusters);
  const ofStore = { stored, asks, storedRules, rounds, roundRecords, startedConfig };
  return { clusters, ...ofStore, problems, answered, wrongClocks, missing, ...byName };
}

/** The most clusters whose pools are read only for a match. */
const mostAskedByName = 50;

/**
 * A match may name a pool of a cluster that no rule acts on. Its pools are read only if nothing else shows whether it
 * exists. A failed read leaves that unknown, and is no problem of the round.
 */
async function nameFleet(
  parts: ScaleParts,
  { only, shard }: ScaleOptions,
  fleet: NamedFleet,
  book: RuleBook,
  clusters: readonly ObservedFleetCluster[],
): Promise<Pick<SeenFleet, 'named' | 'readByName'>> {
  const found = new Map<string, readonly ObservedPool[]>();
  const { unread } = judgeMatches(parts.config, fleet, parts.clock.now());
  const unasked = clusters.filter(({ cluster, pools, record }, i) => {
    const isOpen = pools === undefined && unread.has(fleet.clusters[i] as NamedCluster);
    return isOpen && cluster.unreadable === undefined && !needsPools(book, cluster, record);
  });
  const isPart = only !== undefined || (shard?.count ?? 1) > 1;
  if (isPart || unasked.length === 0 || unasked.length > mostAskedByName) return { named: fleet, readByName: found };
  const patience = makePatience(lookNeedsMs, parts.timeLeftMs);
  await mapBounded(unasked, concurrency, async ({ cluster: { region, id } }) => {
    const answer = await patience.ask(region, () => parts.mksOf(region).listNodePools(id));
    if (answer.kind === 'ok') found.set(`${region}/${id}`, answer.value);
  });
  const known = clusters.map(({ cluster, pools }) => {
    return { cluster, pools: pools ?? found.get(`${cluster.region}/${cluster.id}`) };
  });
  return { named: { ...fleet, clusters: namesOf(known) }, readByName: found };
}

type Unasked = { readonly region: string; readonly cluster: string };

/** One problem per region, not one per cluster. */
function unaskedProblems(unasked: readonly Unasked[], patience: Patience): readonly ScaleProblem[] {
  return [...Map.groupBy(unasked, ({ region }) => region)].map(([region, some]) => {
    const first = some.length === 1 ? some[0]?.cluster : undefined;
    const which = first ?? `${some.length} clusters`;
    const reason = `the node pools of ${which} were not read: ${patience.silence(region) ?? 'this run has no time left'}`;
    return { region, cluster: first, pool: undefined, reason };
  });
}

/**
 * Clusters that this round did not read, as last stored: not chosen, not answered, or of other parts. A part has not
 * read the others' records; `elsewhere` holds them.
 */
export function notLookedAt(
  { clusters, stored, missing }: Pick<SeenFleet, 'clusters' | 'stored' | 'missing'>,
  elsewhere: ReadonlyMap<string, StoredCluster>,
): readonly ObservedFleetCluster[] {
  const known = new Set(missing.map(({ region, clusterId }) => `${region}/${clusterId}`));
  for (const { cluster, pools } of clusters) if (pools !== undefined) known.add(`${cluster.region}/${cluster.id}`);
  return [...new Map([...elsewhere, ...stored])].flatMap(([key, { record }]) => {
    const region = key.slice(0, key.indexOf('/'));
    return known.has(key) ? [] : rememberedCluster(region, key.slice(region.length + 1), record);
  });
}

/** The records of the whole fleet: a part reads them if something is counted over the fleet. */
export async function readFleet({ store, config }: ScaleParts): Promise<ReadonlyMap<string, StoredCluster>> {
  const regions = await mapBounded(config.regions, concurrency, async ({ name }) => {
    const records = await listClusterRecords(store, name);
    return [...records].map(([id, one]) => [`${name}/${id}`, one] as const);
  });
  return new Map(regions.flat());
}

type KnownRegion = {
  readonly name: string;
  readonly records: ReadonlyMap<string, StoredCluster>;
  readonly asks: readonly Ask[];
  readonly rounds: readonly RoundFindings[];
  readonly roundRecords: readonly StoredRecord[];
  /** Clusters whose record cannot be read, with what to do. */
  readonly unknown: ReadonlyMap<string, string>;
  readonly problems: readonly ScaleProblem[];
};

type SeenRegion = KnownRegion & {
  readonly isAnswered: boolean;
  readonly clusters: readonly ObservedCluster[];
  /** Listed, but not of this round. */
  readonly others: readonly ObservedCluster[];
  readonly lookedAt: (clusterId: string) => EpochMs | undefined;
  readonly missing: readonly MissingCluster[];
  readonly readings: ClockReading[];
};

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

function noteClock(readings: ClockReading[], answer: Answer<unknown>): void {
  const reading = readingOf(answer);
  if (reading) readings.push(reading);
}

async function observeRegion(parts: ScaleParts, known: KnownRegion, options: ScaleOptions): Promise<SeenRegion> {
  const { name, records, unknown } = known;
  const looks = latestLooks(known.rounds);
  const lookedAt = (clusterId: string) => looks.get(clusterId);
  const answer = await parts.mksOf(name).listClusters();
  const readings: ClockReading[] = [];
  noteClock(readings, answer);
  const common = { ...known, lookedAt, readings };
  if (answer.kind !== 'ok') {
    const reason = `the clusters of region ${name} could not be listed: ${describeAnswer(answer)}`;
    return {
      ...common,
      isAnswered: false,
      clusters: [],
      others: [],
      missing: [],
      problems: [...known.problems, { region: name, cluster: undefined, pool: undefined, reason }],
    };
  }
  return {
    ...common,
    isAnswered: true,
    clusters: answer.value.filter((cluster) => isOurs(cluster, options)).map((cluster) => setAside(cluster, unknown)),
    others: answer.value.filter((cluster) => !isOurs(cluster, options)),
    missing: missingOf(name, records, answer.value, options),
  };
}

/** Without their record, nothing can be decided about the pools, so they are left alone. */
function setAside(cluster: ObservedCluster, unknown: ReadonlyMap<string, string>): ObservedCluster {
  const unreadable = unknown.get(cluster.id);
  return unreadable === undefined ? cluster : { ...cluster, unreadable };
}

/** When each cluster's pools were last read. Rounds of another division into parts are older, and do not count. */
function latestLooks(rounds: readonly RoundFindings[]): ReadonlyMap<string, EpochMs> {
  const looks = new Map<string, EpochMs>();
  for (const { checkedClusters, at } of rounds) {
    for (const id of checkedClusters) looks.set(id, Math.max(at, looks.get(id) ?? at));
  }
  return looks;
}

/** Each part is responsible for the clusters in its range. */
function missingOf(
  region: string,
  records: ReadonlyMap<string, StoredCluster>,
  listed: readonly ObservedCluster[],
  { shard }: ScaleOptions,
): readonly MissingCluster[] {
  const ids = new Set(listed.map(({ id }) => id));
  return [...records]
    .filter(([id]) => !ids.has(id) && isInPart(id, shard))
    .map(([clusterId, stored]) => ({ region, clusterId, stored }));
}

function isOurs(cluster: ObservedCluster, { only, shard }: ScaleOptions): boolean {
  if (only && !only(cluster)) return false;
  return isInPart(cluster.id, shard);
}

function unread({ region, name }: ObservedCluster, answer: Exclude<Answer<unknown>, { kind: 'ok' }>): ScaleProblem {
  const reason = `the node pools of ${name} could not be listed: ${describeAnswer(answer)}`;
  return { region, cluster: name, pool: undefined, reason };
}
