import { rememberedPlan } from '../../decide/explain/remembered-plan.ts';
import { type PoolRow, poolRow } from '../../decide/page/pool-row.ts';
import type { Gap } from '../../decide/past/gaps.ts';
import { type NodeHours, pastHours, plannedHours, sumHours } from '../../decide/past/node-hours.ts';
import { poolNow } from '../../decide/past/pool-past.ts';
import type { Held } from '../../decide/scaling/memory.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { ownLeadMs } from '../../decide/scaling/scheduled-size.ts';
import type { SeenCluster } from '../../decide/watching/watch-memory.ts';
import type { Store } from '../../io/stores/store.ts';
import { priceOf } from '../../jobs/records/count-savings.ts';
import { letOthersRun } from '../../jobs/records/load-past.ts';
import { clusterKey } from '../../model/cluster.ts';
import type { CompiledConfig, Match, Rule } from '../../model/config.ts';
import { lower } from '../../model/size.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { isMatched, poolsOf, type StoredClusterOf, type StoredPool } from '../pools.ts';
import { clusterLabels, type PoolLabel, poolLabels } from '../text/labels.ts';
import { loadFleet, type StoredFleet } from './load-fleet.ts';
import { type LocalNames, localNames } from './local-names.ts';

/** The fleet as the page shows it: every pool under a schedule, what it was and will be, and what was found in the store. */
export type Page = {
  readonly at: EpochMs;
  readonly zone: string;
  readonly names: LocalNames;
  readonly config: CompiledConfig;
  readonly book: RuleBook;
  readonly label: PoolLabel;
  readonly clusterLabel: (names: { readonly region: string; readonly cluster: string }) => string;
  readonly stored: StoredFleet;
  readonly rows: readonly PoolRow[];
  /** By region and cluster id. */
  readonly versions: ReadonlyMap<string, SeenCluster>;
  /** By rule, in the order of the config. */
  readonly rules: readonly RuleGroup[];
  /** Pools that are other than their schedules say, equal reasons together. */
  readonly oddities: readonly (readonly PoolRow[])[];
  readonly total: Counted;
  readonly gaps: readonly Gap[];
};

export type RuleGroup = { readonly rule: Rule; readonly rows: readonly PoolRow[]; readonly counted: Counted };

export type Counted = {
  readonly nodes: number;
  /** With every pool at its base: an autoscaled one at least its minimum. */
  readonly baseNodes: number;
  readonly last: NodeHours;
  readonly next: NodeHours;
  /** undefined = no price is given for what it counts. */
  readonly lastMoney: number | undefined;
  readonly nextMoney: number | undefined;
};

export const pastMs = 7 * dayMs;
const aheadMs = 7 * dayMs;
/** So many pools are worked out at a time: a few milliseconds. */
const atOnce = 60;

/** Works it out from the store alone, in pieces: events, health and metrics are answered in between. */
export async function makePage(
  store: Store,
  config: CompiledConfig,
  now: EpochMs,
  zone: string,
  match?: Match,
): Promise<Page> {
  const stored = await loadFleet(store, config, now, now - pastMs - dayMs);
  const book = makeRuleBook(config, now);
  const names = localNames(zone, now);
  const heldOf = makeHeld(stored, config, book, now);
  const rows = await makeRows({ stored, book, config, now, names, heldOf }, match);
  const rules = await groupByRule(rows, stored, config, now);
  return {
    at: now,
    zone,
    names,
    config,
    book,
    label: poolLabels(config),
    clusterLabel: clusterLabels(config),
    stored,
    rows,
    versions: versionsOf(stored),
    rules,
    oddities: groupOddities(rows.filter(({ oddity }) => oddity !== undefined)),
    total: addUp(rules.map(({ counted }) => counted)),
    gaps: stored.gaps,
  };
}

type Making = {
  readonly stored: StoredFleet;
  readonly book: RuleBook;
  readonly config: CompiledConfig;
  readonly now: EpochMs;
  readonly names: LocalNames;
  readonly heldOf: (pool: StoredPool) => Held | undefined;
};

async function makeRows(making: Making, match: Match | undefined): Promise<readonly PoolRow[]> {
  const rows: PoolRow[] = [];
  let pending = 0;
  for (const cluster of making.stored.clusters) {
    const all = rowsOf(cluster, making);
    const own = all.filter((row) => isMatched(match, row));
    rows.push(...own);
    pending += own.length;
    if (pending < atOnce) continue;
    pending = 0;
    await letOthersRun();
  }
  return rows;
}

function rowsOf(cluster: StoredClusterOf, { stored, book, config, now, names, heldOf }: Making): readonly PoolRow[] {
  const { region, record } = cluster;
  const past = stored.pasts.get(region) ?? { changes: new Map(), counts: new Map() };
  const asks = stored.asks.filter((ask) => ask.region === region);
  const lastRound = Math.max(0, ...stored.rounds.filter((round) => round.region === region).map(({ at }) => at));
  const queued = new Map<string, number>();
  return poolsOf(cluster).flatMap((pool): readonly PoolRow[] => {
    const applied = book.appliedRule(pool);
    if (applied === undefined || poolNow(record, pool.poolId) === undefined) return [];
    const queuedMs = queued.get(applied.scheduleName) ?? 0;
    const { lead } = applied.rule;
    if (lead.kind !== 'none') queued.set(applied.scheduleName, queuedMs + ownLeadMs(lead, pool.memory, config.everyMs));
    const held = heldOf(pool);
    const [from, until] = [now - pastMs, now + aheadMs];
    const tick = nextTick(lastRound, now, config.everyMs);
    const { everyMs } = config;
    return [poolRow({ pool, applied, held, past, asks, queuedMs, now, from, until, tick, everyMs, tell: names.short })];
  });
}

async function groupByRule(
  rows: readonly PoolRow[],
  { gaps }: StoredFleet,
  config: CompiledConfig,
  now: EpochMs,
): Promise<readonly RuleGroup[]> {
  const byRule = Map.groupBy(rows, ({ rule }) => ruleIndex(config, rule));
  const groups: RuleGroup[] = [];
  for (const [, some] of [...byRule].sort(([a], [b]) => a - b)) {
    groups.push({ rule: some[0]!.rule, rows: some, counted: count(some, gaps, now, config) });
    await letOthersRun();
  }
  return groups;
}

function versionsOf({ memories }: StoredFleet): Page['versions'] {
  return new Map(
    memories.flatMap(({ region, clusters }) =>
      clusters.map((cluster) => [clusterKey(region, cluster.id), cluster] as const),
    ),
  );
}

function ruleIndex({ rules }: CompiledConfig, rule: Rule): number {
  return rules.findIndex(({ hash, position }) => hash === rule.hash && position.line === rule.position.line);
}

/** What is wrong first, then what few pools have in common. */
export function groupOddities(odd: readonly PoolRow[]): readonly (readonly PoolRow[])[] {
  const isWrong = ([first]: readonly PoolRow[]) => Number(first?.oddity?.tone === 'warn');
  const groups = [...Map.groupBy(odd, ({ oddity }) => oddity?.key ?? '').values()];
  return groups.toSorted((a, b) => isWrong(b) - isWrong(a) || a.length - b.length);
}

/** So many pools are planned at once without keeping others waiting. */
const plannedAtOnce = 150;

/** Why nothing is done to a pool: as `explain` says it where the fleet is small, else as the last round left it. */
function makeHeld(
  { clusters, asks, rounds, storedRules }: StoredFleet,
  config: CompiledConfig,
  book: RuleBook,
  now: EpochMs,
): Making['heldOf'] {
  const pools = clusters.reduce((sum, { record }) => sum + Object.keys(record.pools).length, 0);
  if (pools > plannedAtOnce) {
    return ({ memory: { held } }) => (held?.until !== undefined && held.until <= now ? undefined : held);
  }
  const outlookOf = rememberedPlan(config, book, { clusters, asks, storedRules, rounds }, now);
  return (pool) => outlookOf(pool).held;
}

/** Rounds come `everyMs` apart; where none has come for long, the next one is expected now. */
function nextTick(lastRound: EpochMs, now: EpochMs, everyMs: number): EpochMs {
  const next = lastRound + everyMs;
  return next > now && next <= now + everyMs ? next : now;
}

function count(rows: readonly PoolRow[], gaps: readonly Gap[], now: EpochMs, config: CompiledConfig): Counted {
  const parts = rows.map((row) => {
    const last = pastHours(row.past, row.base, now - pastMs, now, gaps);
    const next = plannedHours(row.plan, row.base, now, now + aheadMs);
    const price = priceOf(config, row.memory.flavor);
    return { row, last, next, price };
  });
  const money = (pick: (part: (typeof parts)[number]) => NodeHours) => {
    if (config.prices === undefined || parts.some(({ price }) => price === undefined)) return undefined;
    return parts.reduce((sum, part) => sum + (pick(part).always - pick(part).used) * (part.price ?? 0), 0);
  };
  return {
    nodes: rows.reduce((sum, { nodes }) => sum + nodes, 0),
    baseNodes: rows.reduce((sum, { base, nodes }) => sum + (base === undefined ? nodes : lower(base)), 0),
    last: sumHours(parts.map(({ last }) => last)),
    next: sumHours(parts.map(({ next }) => next)),
    lastMoney: money(({ last }) => last),
    nextMoney: money(({ next }) => next),
  };
}

function addUp(counted: readonly Counted[]): Counted {
  const money = (key: 'lastMoney' | 'nextMoney') =>
    counted.length === 0 || counted.some((one) => one[key] === undefined)
      ? undefined
      : counted.reduce((sum, one) => sum + (one[key] ?? 0), 0);
  return {
    nodes: counted.reduce((sum, { nodes }) => sum + nodes, 0),
    baseNodes: counted.reduce((sum, { baseNodes }) => sum + baseNodes, 0),
    last: sumHours(counted.map(({ last }) => last)),
    next: sumHours(counted.map(({ next }) => next)),
    lastMoney: money('lastMoney'),
    nextMoney: money('nextMoney'),
  };
}
