import { type Announcement, isAnnouncing } from '../../decide/announcing/announcement.ts';
import { type Ahead, lookAhead } from '../../decide/announcing/look-ahead.ts';
import { withUnannounced } from '../../decide/announcing/unannounced.ts';
import { clockFinding } from '../../decide/clock-skew.ts';
import { isKnownRule } from '../../decide/scaling/memory.ts';
import { afterMissing } from '../../decide/scaling/missing-pools.ts';
import { byTurn } from '../../decide/scaling/order.ts';
import type { Action, FullRoundInput, Plan, RecordUpdate } from '../../decide/scaling/plan.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { mayFollow, type RoundFindings } from '../../decide/watching/scale-findings.ts';
import { healStore } from '../../io/stores/bounded-store.ts';
import { clusterKey, type ObservedPool, poolKey } from '../../model/cluster.ts';
import { whole } from '../../model/part.ts';
import { minuteMs } from '../../model/time.ts';
import { concurrency, mapBounded } from '../concurrency.ts';
import { listAnnouncements } from '../records/announcement-records.ts';
import { clusterWrite, listStoredRules, ruleToStore, storeActed, storeRule } from '../records/cluster-records.ts';
import { isOwnRecord } from '../records/own-records.ts';
import { type Acted, actOnCluster } from './act.ts';
import { keepNodes, keepSizes, type StoredRecord } from './keep-past.ts';
import { type MissingCluster, observeFleet, type SeenFleet } from './observe.ts';
import { planByFleet, readElsewhere, type SeenInput } from './plan-by-fleet.ts';
import { readKnown } from './read-known.ts';
import {
  type ActionResult,
  bookFrom,
  type ScaleOptions,
  type ScaleParts,
  type ScaleProblem,
  type ScaleReport,
} from './scale-round.ts';
import { announceStart, storeNotices, storeRound } from './store-round.ts';

/**
 * One round: observe (all reads), decide (one pure call), act (all writes). A failure of one cluster is reported and
 * does not affect the others. Throws only StoreError, if the store cannot be read at all.
 */
export async function scalePools(given: ScaleParts, options: ScaleOptions = {}): Promise<ScaleReport> {
  const known = await readKnown(given, options);
  const isUninstalled = known.uninstalled !== undefined;
  const parts = isUninstalled ? withoutRules(given) : given;
  const book = bookFrom(parts.keptBook ?? {}, parts.config, parts.clock.now());
  const seen = await observeFleet(parts, options, book, known);
  const own = inputOf(parts, seen, book, options);
  const announced = await announcedTo(given, seen, own.now);
  const { plan: planned, input } = await planByFleet(parts, own, seen, options, announced);
  const plan = withUnannounced(planned, input, announced);
  const problems = [...seen.problems, ...clockProblems(seen)];
  const round = { parts, options, seen, input, plan, announced, book, isUninstalled, problems };
  const done = options.isDryRun ? { results: [] } : await carryOut(round);
  const { clusters } = seen;
  const counts = { clusters: clusters.length, regions: countRegions(seen), pools: countPools(seen) };
  return { plan, ...counts, ...(isUninstalled && { isUninstalled }), ...done, problems };
}

/** What a round knows when it begins to write. */
type Round = {
  readonly parts: ScaleParts;
  readonly options: ScaleOptions;
  readonly seen: SeenFleet;
  readonly input: FullRoundInput;
  readonly plan: Plan;
  readonly announced: readonly Announcement[];
  readonly book: RuleBook;
  readonly isUninstalled: boolean;
  /** Of reading, and then of writing. */
  readonly problems: ScaleProblem[];
};

/** All writes, to the store and to the API. */
async function carryOut(round: Round): Promise<Pick<ScaleReport, 'results' | 'started'>> {
  const { parts, options, seen, input, plan, book, isUninstalled, problems } = round;
  const tried = await keepTriedRules(round);
  const started = isUninstalled ? undefined : await announceStart(parts, seen, input, plan, options);
  const stored: StoredRecord[] = [];
  const onStored = (record: StoredRecord) => void stored.push(record);
  const results = await actOnAll(round, onStored, tried);
  await noted(problems, '', () => forgetClusters(parts, seen, options, onStored));
  await noted(problems, '', () => keepSizes(parts, seen, stored, input.now));
  await noted(problems, '', () => keepNodes(parts, seen, book, options));
  await storeNotices(parts, plan.notices);
  if (!options.only) await storeRound(parts, seen, plan, options, await aheadOf(round));
  if (seen.wrongClocks.size === 0 && seen.answered.size > 0)
    await noted(problems, '', () => healStore(parts.store, (record) => isOwnRecord(record, options.shard ?? whole)));
  return { results, ...(started !== undefined && { started }) };
}

function inputOf({ config, clock }: ScaleParts, seen: SeenFleet, book: RuleBook, options: ScaleOptions): SeenInput {
  return {
    now: clock.now(),
    config,
    clusters: seen.clusters,
    asks: seen.asks,
    wrongClocks: seen.wrongClocks,
    // Without meaning where `named` is given.
    isWhole: false,
    named: seen.named,
    earlier: ownRounds(seen, options).flatMap(({ findings }) => findings),
    book,
  };
}

/** Records of this round's own part. */
function ownRounds({ rounds }: SeenFleet, { shard = whole }: ScaleOptions): readonly RoundFindings[] {
  return rounds.filter((round) => round.shard.index === shard.index);
}

/** Reported in each round, since asks are delayed as well. */
function clockProblems({ wrongClocks }: SeenFleet): readonly ScaleProblem[] {
  return [...wrongClocks].map(([region, reading]) => {
    const { text, fix } = clockFinding(region, reading);
    return { region, cluster: undefined, pool: undefined, reason: `${text}; ${fix ?? ''}` };
  });
}

/** As if every rule had left the config: pools below base are restored, the rest is left alone. */
function withoutRules({ keptBook: _ofTheConfig, ...parts }: ScaleParts): ScaleParts {
  parts.log.warn('this fleet is uninstalled: pools are only restored to their bases', {
    undo: 'lamplighter uninstall --undo',
  });
  return { ...parts, config: { ...parts.config, rules: [] } };
}

function countRegions({ answered, clusters }: SeenFleet): NonNullable<ScaleReport['regions']> {
  return [...answered].map((region) => {
    return { region, clusters: clusters.filter(({ cluster }) => cluster.region === region).length };
  });
}

function countPools(seen: SeenFleet): number {
  return seen.clusters.reduce((sum, cluster) => sum + (cluster.pools?.length ?? 0), 0);
}

/**
 * Rules are stored in full before their first change: the brake evaluates them when the config changes. Resolves to those
 * that count as tried only until one of their changes is sent.
 */
async function keepTriedRules({ parts, input, plan, problems }: Round): Promise<Set<string>> {
  const hashes = new Set(plan.updates.flatMap((update) => ruleOf(update) ?? []));
  const unknown = [...hashes].filter((hash) => !isKnownRule(input.storedRules.get(hash)));
  if (unknown.length === 0) return new Set();
  const stored = await noted(problems, '', () => listStoredRules(parts.store));
  for (const hash of unknown) {
    const rule = stored?.has(hash) === true ? undefined : ruleToStore(parts.config, hash, parts.clock.now());
    if (rule) await noted(problems, '', () => storeRule(parts.store, hash, { ...rule, isTried: true }));
  }
  return new Set(unknown.filter((hash) => !isKnownRule(stored?.get(hash))));
}

/** The rule under which this change is made. */
function ruleOf({ record, action }: RecordUpdate): string | undefined {
  return action && record.pools[action.poolId]?.actedRule;
}

/** What was planned longer ago is left to the next round: the machine slept, and another size may be wanted by now. */
const planLastsMs = 10 * minuteMs;

/** The order changes each round, so that slow clusters or short time do not always delay the same ones. */
async function actOnAll(
  { parts, seen, input, plan, problems }: Round,
  onStored: (update: RecordUpdate) => void,
  tried: Set<string>,
): Promise<ScaleReport['results']> {
  const pools = new Map(
    seen.clusters.flatMap(({ cluster: { region, id: clusterId }, pools: own = [] }) =>
      own.map((pool) => [poolKey({ region, clusterId, poolId: pool.id }), pool] as const),
    ),
  );
  const isOutdated = () => parts.clock.now() - input.now > planLastsMs;
  const updates = byTurn(plan.updates, ({ clusterId }) => clusterId, { now: parts.clock.now(), config: parts.config });
  const results = await mapBounded(updates, concurrency, async (update) => {
    if (update.action && isOutdated()) return [resultOf(update.action, 'no-time')];
    const acted = await noted(problems, update.region, () => actOne(parts, seen, update, pools));
    if (acted?.problem) problems.push(acted.problem);
    if (acted && !acted.isLost) onStored(update);
    const rule = acted?.result === 'sent' ? ruleOf(update) : undefined;
    if (rule !== undefined && tried.delete(rule))
      await noted(problems, '', () => storeActed(parts.store, rule, parts.clock.now()));
    return update.action ? [resultOf(update.action, acted?.result ?? 'failed')] : [];
  });
  return results.flat();
}

function resultOf({ region, cluster, pool }: Action, result: ActionResult): ScaleReport['results'][number] {
  return { region, cluster, pool, result };
}

async function actOne(
  parts: ScaleParts,
  seen: SeenFleet,
  update: RecordUpdate,
  pools: ReadonlyMap<string, ObservedPool>,
): Promise<Acted> {
  const version = seen.stored.get(clusterKey(update.region, update.clusterId))?.version;
  return actOnCluster(parts, update, version, update.action && pools.get(poolKey(update.action)));
}

/** A store error of one cluster is a problem of that cluster: it is reported, and the round goes on. */
async function noted<T>(problems: ScaleProblem[], region: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const reason =
      error instanceof Error && error.name === 'StoreError'
        ? error.message
        : 'an unexpected error in acting on a cluster';
    problems.push({ region, cluster: undefined, pool: undefined, reason });
    return undefined;
  }
}

/** Only read if somebody gets announcements, or some may be open still. */
async function announcedTo(
  { config, store }: ScaleParts,
  { rounds }: SeenFleet,
  now: number,
): Promise<readonly Announcement[]> {
  const isTold = isAnnouncing(config);
  if (!isTold && !rounds.some(mayFollow)) return [];
  return (await listAnnouncements(store, now)).map(({ announcement }) => announcement);
}

/** A part needs the other parts' records too: the brake counts over all of them. */
async function aheadOf({ parts, options, input, plan, seen, announced }: Round): Promise<Ahead> {
  const isPart = (options.shard?.count ?? 1) > 1 && isAnnouncing(parts.config);
  const fleet = isPart ? await readElsewhere(parts, seen) : undefined;
  const before = ownRounds(seen, options).flatMap(({ verdicts = [] }) => verdicts);
  return lookAhead(fleet === undefined ? input : { ...input, elsewhere: () => fleet }, plan, announced, before);
}

/**
 * Records since when clusters are missing, and empties their records later. Only in a round over a whole region (or
 * part) that answered with its list: what was not read is not missing. `onStored` gets what was stored.
 */
export async function forgetClusters(
  parts: ScaleParts,
  seen: SeenFleet,
  options: ScaleOptions,
  onStored: (stored: StoredRecord) => void,
): Promise<void> {
  if (options.only) return;
  const now = parts.clock.now();
  for (const missing of seen.missing.filter(({ region }) => !seen.wrongClocks.has(region))) {
    const stored = await forgetOne(parts, missing, now);
    if (stored) onStored(stored);
  }
}

/** Each one alone, so that a conflict with another process does not affect the others. */
async function forgetOne(
  { store }: ScaleParts,
  { region, clusterId, stored }: MissingCluster,
  now: number,
): Promise<StoredRecord | undefined> {
  const next = afterMissing(stored.record, now);
  if (next === undefined) return undefined;
  const write = clusterWrite(region, clusterId, next.record, stored.version, next.expiresAt);
  const outcome = await store.commit([write]);
  return outcome.kind === 'committed' ? { region, clusterId, record: next.record } : undefined;
}
