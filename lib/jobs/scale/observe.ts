import { type ClockReading, readingOf, wrongClock } from '../../decide/clock-skew.ts';
import { judgeMatches, type NamedCluster, type NamedFleet, namesOf } from '../../decide/matching/unmatched.ts';
import type { ObservedFleetCluster } from '../../decide/scaling/memory.ts';
import { needsPools } from '../../decide/scaling/plan-round.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { StoredRecord } from '../../io/stores/store.ts';
import { type Answer, describeAnswer, unreadableAnswer, wasAsked } from '../../model/answer.ts';
import type { Ask } from '../../model/asks.ts';
import { clusterKey, type ObservedCluster, type ObservedPool } from '../../model/cluster.ts';
import { isInPart, type Part, whole } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import { concurrency, inTurn, makePatience, mapBounded, type Patience } from '../concurrency.ts';
import type { StoredCluster } from '../records/cluster-records.ts';
import type { Known, KnownRegion } from './read-known.ts';
import type { ScaleOptions, ScaleParts, ScaleProblem } from './scale-round.ts';

/** A read of at most 15 s, and then at least one claim with its GET and PUT. */
export const lookNeedsMs = 65_000;

export type SeenFleet = {
  readonly clusters: readonly ObservedFleetCluster[];
  /** By `clusterKey`. */
  readonly stored: ReadonlyMap<string, StoredCluster>;
  readonly asks: readonly Ask[];
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
  /** Pools that were read because of a match only, by `clusterKey`. */
  readonly readByName: ReadonlyMap<string, readonly ObservedPool[]>;
  /** Regions whose answers show that our clock is wrong, with both times. */
  readonly wrongClocks: ReadonlyMap<string, ClockReading>;
  /** Records of clusters that are missing from their region's list. */
  readonly missing: readonly MissingCluster[];
};

export type MissingCluster = { readonly region: string; readonly clusterId: string; readonly stored: StoredCluster };

/** All reads of the API: one list per region and one pool list per cluster concerned. */
export async function observeFleet(
  parts: ScaleParts,
  options: ScaleOptions,
  book: RuleBook,
  known: Known,
): Promise<SeenFleet> {
  const regions = await mapBounded(known.regions, concurrency, (region) => observeRegion(parts, region, options));
  const { clusters, problems } = await readPools(parts, regions, book);
  const answered = new Set(regions.filter(({ isAnswered }) => isAnswered).map(({ name }) => name));
  const others = regions.flatMap((region) => region.others);
  const isElsewhere = options.only === undefined;
  const seen = [...clusters, ...others.map((cluster) => ({ cluster, pools: undefined, isElsewhere }))];
  const byName = await nameFleet(parts, options, { answered, clusters: namesOf(seen) }, book, clusters);
  return {
    clusters,
    stored: storedIn(regions),
    asks: regions.flatMap(({ asks }) => asks),
    rounds: regions.flatMap(({ rounds }) => rounds),
    roundRecords: regions.flatMap(({ roundRecords }) => roundRecords),
    startedConfig: known.startedConfig,
    problems: [...regions.flatMap((region) => region.problems), ...problems],
    answered,
    wrongClocks: wrongClocksIn(regions),
    missing: regions.flatMap(({ missing }) => missing),
    ...byName,
  };
}

/** What the same part of a region recorded a round ago. */
export function roundBefore(
  { rounds }: Pick<SeenFleet, 'rounds'>,
  region: string,
  { index, count }: Part = whole,
): RoundFindings | undefined {
  return rounds.find((round) => round.region === region && round.shard.index === index && round.shard.count === count);
}

function storedIn(regions: readonly SeenRegion[]): SeenFleet['stored'] {
  return new Map(regions.flatMap(({ name, records }) => [...records].map(([id, one]) => [clusterKey(name, id), one])));
}

function wrongClocksIn(regions: readonly SeenRegion[]): SeenFleet['wrongClocks'] {
  return new Map(
    regions.flatMap(({ name, readings }) => {
      const wrong = wrongClock(readings);
      return wrong === undefined ? [] : [[name, wrong] as const];
    }),
  );
}

/** The pools of the clusters that rules act on, and of those with something to restore. */
async function readPools(
  parts: ScaleParts,
  regions: readonly SeenRegion[],
  book: RuleBook,
): Promise<Pick<SeenFleet, 'clusters' | 'problems'>> {
  const problems: ScaleProblem[] = [];
  const unasked: Unasked[] = [];
  const patience = makePatience(lookNeedsMs, parts.timeLeftMs);
  const all = regions.flatMap((region) => region.clusters.map((cluster) => ({ cluster, region })));
  const order = inTurn(all, concurrency, ({ cluster }) => cluster.id, parts);
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
  return { clusters, problems: [...problems, ...unaskedProblems(unasked, patience)] };
}

function unread({ region, name }: ObservedCluster, answer: Exclude<Answer<unknown>, { kind: 'ok' }>): ScaleProblem {
  const reason = `the node pools of ${name} could not be listed: ${describeAnswer(answer)}`;
  return { region, cluster: name, pool: undefined, reason };
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

type SeenRegion = KnownRegion & {
  readonly isAnswered: boolean;
  readonly clusters: readonly ObservedCluster[];
  /** Listed, but not of this round. */
  readonly others: readonly ObservedCluster[];
  readonly lookedAt: (clusterId: string) => EpochMs | undefined;
  readonly missing: readonly MissingCluster[];
  readonly readings: ClockReading[];
};

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
    missing: missingOf(name, records, answer.value),
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

/** A part has read the records of its own clusters only. */
function missingOf(
  region: string,
  records: ReadonlyMap<string, StoredCluster>,
  listed: readonly ObservedCluster[],
): readonly MissingCluster[] {
  const ids = new Set(listed.map(({ id }) => id));
  return [...records].filter(([id]) => !ids.has(id)).map(([clusterId, stored]) => ({ region, clusterId, stored }));
}

function isOurs(cluster: ObservedCluster, { only, shard }: ScaleOptions): boolean {
  if (only && !only(cluster)) return false;
  return isInPart(cluster.id, shard);
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
    if (answer.kind === 'ok') found.set(clusterKey(region, id), answer.value);
  });
  const known = clusters.map(({ cluster, pools }) => {
    return { cluster, pools: pools ?? found.get(clusterKey(cluster.region, cluster.id)) };
  });
  return { named: { ...fleet, clusters: namesOf(known) }, readByName: found };
}
