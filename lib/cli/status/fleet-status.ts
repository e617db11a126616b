import { type PoolOutlook, rememberedPlan } from '../../decide/explain/remembered-plan.ts';
import { baseOf } from '../../decide/scaling/base.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { asksOfPool } from '../../decide/scaling/wanted-size.ts';
import { askWhetherItRuns, type RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { listStoredRules, readUninstalled, type Uninstalled } from '../../jobs/records/cluster-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { listRoundFindings, nodesKey, nodesOfRounds } from '../../jobs/records/round-findings.ts';
import { type Ask, isInForce, type PoolAsks } from '../../model/asks.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { bySeverity, type Finding } from '../../model/finding.ts';
import { asPoolSize, type Size } from '../../model/size.ts';
import { type EpochMs, isOverdue } from '../../model/time.ts';
import { type AnnouncedView, viewAnnounced } from '../outbox/announced-view.ts';
import { viewOutbox } from '../outbox/outbox-view.ts';
import { listKnownClusters, poolsOf, type StoredPool } from '../pools.ts';
import { ago } from '../text/instant.ts';

export type FleetStatus = {
  readonly at: EpochMs;
  /** The fleet is to be left alone, whatever the config says. */
  readonly uninstalled: Uninstalled | undefined;
  readonly rounds: readonly RoundFindings[];
  readonly pools: readonly PoolStatus[];
  /** What people and events ask for now. */
  readonly asks: readonly Exclude<Ask, { kind: 'release' }>[];
  readonly findings: readonly Pick<Finding, 'kind' | 'severity' | 'subject' | 'text' | 'fix'>[];
  /** What is still to come of what was announced, in order of time. */
  readonly announced: readonly AnnouncedView[];
};

/** The fleet as the store knows it; no store yet is a fleet of which nothing is known. */
export async function fleetStatus(
  store: Store | undefined,
  config: CompiledConfig,
  now: EpochMs,
): Promise<FleetStatus> {
  const book = makeRuleBook(config, now);
  const nothing: Remembered = { uninstalled: undefined, rounds: [], asks: [], pools: [] };
  const { uninstalled, rounds, asks, pools } = store ? await lookAtFleet(store, config, book, now) : nothing;
  const open = store === undefined ? [] : await openIncidents(store);
  const announced = store === undefined ? [] : await viewAnnounced(store, now, () => viewOutbox(store, config, now));
  return {
    at: now,
    uninstalled,
    rounds,
    pools,
    announced,
    asks: asks.flatMap((ask) => (isInForce(ask, now) && ask.kind !== 'release' ? [ask] : [])),
    findings: withoutTwins([
      ...missedRounds(rounds, config, now),
      ...open,
      ...rounds.flatMap((round) => round.findings),
    ]),
  };
}

async function openIncidents(store: Store): Promise<FleetStatus['findings']> {
  return (await listIncidents(store)).flatMap(({ record }) => (record.phase === 'open' ? [record] : []));
}

/** An incident and the finding that opened it are one thing; the worst come first. */
function withoutTwins(findings: FleetStatus['findings']): FleetStatus['findings'] {
  const seen = new Set<string>();
  const once = findings.filter(({ kind, subject }) => {
    const key = JSON.stringify([kind, subject]);
    return seen.has(key) ? false : seen.add(key);
  });
  return once.toSorted(bySeverity);
}

/** Rounds are missed in a region when the last one is overdue, or there was none. */
export function missedRounds(
  rounds: readonly RoundFindings[],
  { regions, everyMs }: Pick<CompiledConfig, 'regions' | 'everyMs'>,
  now: EpochMs,
): readonly Finding[] {
  return regions.flatMap(({ name }) => {
    const last = Math.max(...rounds.filter(({ region }) => region === name).map(({ at }) => at));
    if (!isOverdue(last, everyMs, now)) return [];
    const text = Number.isFinite(last)
      ? `the last round over region ${name} was ${ago(last, now)}`
      : `no round has read region ${name} yet`;
    const subject = { kind: 'region', region: name } as const;
    return [{ kind: 'rounds.missed', severity: 'critical', subject, text, fix: askWhetherItRuns(rounds) }];
  });
}

/** What the store holds of the whole fleet, and what stands for each pool now. */
export type Remembered = {
  readonly uninstalled: Uninstalled | undefined;
  readonly rounds: readonly RoundFindings[];
  readonly asks: readonly Ask[];
  readonly pools: readonly PoolStatus[];
};

/** Asks no API. */
export async function lookAtFleet(
  store: Store,
  config: CompiledConfig,
  book: RuleBook,
  now: EpochMs,
): Promise<Remembered> {
  const regions = config.regions.map(({ name }) => name);
  const rounds = (await eachOf(regions, (name) => listRoundFindings(store, name))).flat();
  const asks = (await eachOf(regions, (name) => listAsks(store, name))).flat();
  const clusters = await listKnownClusters(store, regions);
  const storedRules = await listStoredRules(store);
  const outlookOf = rememberedPlan(config, book, { clusters, asks, storedRules, rounds }, now);
  const nodes = nodesOfRounds(rounds);
  const pools = clusters.flatMap(poolsOf).map((pool) => ({
    ...poolStatus(pool, { book, asks, now, outlook: outlookOf(pool) }),
    nodes: nodesNow(pool, nodes),
  }));
  return { uninstalled: await readUninstalled(store), rounds, asks, pools };
}

async function eachOf<T>(regions: readonly string[], look: (region: string) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(regions.map(look));
}

/** What a pool should have now by rule, memory and asks, and why it has not, beside what was last seen of it. */
export type PoolStatus = PoolOutlook & {
  /** How many nodes it had at the last look; undefined = nobody said. */
  readonly nodes: number | undefined;
  readonly pool: StoredPool;
  readonly rule: Rule | undefined;
  readonly asks: PoolAsks;
  readonly base: Size | undefined;
};

type StatusContext = {
  readonly book: RuleBook;
  readonly asks: readonly Ask[];
  readonly now: EpochMs;
  readonly outlook: PoolOutlook;
};

function nodesNow({ region, poolId, memory }: StoredPool, nodes: ReadonlyMap<string, number>): number | undefined {
  const size = memory.seen?.size;
  return typeof size === 'number' ? size : nodes.get(nodesKey(region, poolId));
}

function poolStatus(pool: StoredPool, { book, asks, now, outlook }: StatusContext): Omit<PoolStatus, 'nodes'> {
  const { memory } = pool;
  const rule = book.appliedRule(pool)?.rule ?? book.ruleOf(pool);
  const known = baseOf(rule, memory);
  const base = known === undefined ? undefined : asPoolSize(known, memory.autoscale);
  return { ...outlook, pool, rule, base, asks: asksOfPool(asks, pool, now) };
}
