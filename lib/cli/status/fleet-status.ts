import { baseOf } from '../../decide/explain/explain-state.ts';
import type { HoldCode } from '../../decide/scaling/plan.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { ownLeadMs } from '../../decide/scaling/scheduled-size.ts';
import { asksOfPool, findWanted } from '../../decide/scaling/wanted-size.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { readUninstalled, type Uninstalled } from '../../jobs/records/cluster-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { listRoundFindings } from '../../jobs/records/round-findings.ts';
import { type Ask, isLive, type PoolAsks } from '../../model/asks.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { asPoolSize, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { holdOfMemory, listKnownPools, type StoredPool } from '../pools.ts';
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
};

/** The fleet as the store knows it; no store yet is a fleet of which nothing is known. */
export async function fleetStatus(
  store: Store | undefined,
  config: CompiledConfig,
  now: EpochMs,
): Promise<FleetStatus> {
  const regions = config.regions.map(({ name }) => name);
  const rounds = store === undefined ? [] : (await eachOf(regions, (name) => listRoundFindings(store, name))).flat();
  const asks = store === undefined ? [] : (await eachOf(regions, (name) => listAsks(store, name))).flat();
  const pools = store === undefined ? [] : await listKnownPools(store, regions);
  const open = store === undefined ? [] : await openIncidents(store);
  const book = makeRuleBook(config, now);
  return {
    at: now,
    uninstalled: store === undefined ? undefined : await readUninstalled(store),
    rounds,
    pools: pools.map((pool) => poolStatus(pool, { book, asks, now, everyMs: config.everyMs })),
    asks: asks.flatMap((ask) => (isLive(ask, now) && ask.kind !== 'release' ? [ask] : [])),
    findings: withoutTwins([
      ...missedRounds(rounds, config, now),
      ...open,
      ...rounds.flatMap((round) => round.findings),
    ]),
  };
}

async function eachOf<T>(regions: readonly string[], look: (region: string) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(regions.map(look));
}

async function openIncidents(store: Store): Promise<FleetStatus['findings']> {
  return (await listIncidents(store)).flatMap(({ record }) => (record.phase === 'open' ? [record] : []));
}

const weight = { critical: 0, warning: 1, info: 2 } as const;

/** An incident and the finding that opened it are one thing; the worst come first. */
function withoutTwins(findings: FleetStatus['findings']): FleetStatus['findings'] {
  const seen = new Set<string>();
  const once = findings.filter(({ kind, subject }) => {
    const key = JSON.stringify([kind, subject]);
    return seen.has(key) ? false : seen.add(key);
  });
  return once.toSorted((a, b) => weight[a.severity] - weight[b.severity]);
}

const leastMs = 15 * 60_000;

/** Rounds are missed in a region when the last one is older than three ticks and 15 minutes, or there was none. */
export function missedRounds(
  rounds: readonly RoundFindings[],
  { regions, everyMs }: Pick<CompiledConfig, 'regions' | 'everyMs'>,
  now: EpochMs,
): readonly Finding[] {
  return regions.flatMap(({ name }) => {
    const last = Math.max(...rounds.filter(({ region }) => region === name).map(({ at }) => at));
    if (now - last < Math.max(3 * everyMs, leastMs)) return [];
    const text = Number.isFinite(last)
      ? `the last round over region ${name} was ${ago(last, now)}`
      : `no round has looked at region ${name} yet`;
    const subject = { kind: 'region', region: name } as const;
    return [{ kind: 'rounds.missed', severity: 'critical', subject, text, fix: 'is "lamplighter run" running?' }];
  });
}

export type PoolStatus = {
  readonly pool: StoredPool;
  readonly rule: Rule | undefined;
  readonly asks: PoolAsks;
  /** undefined = not known (no rule, an unknown base, never seen Running). */
  readonly wanted: Size | undefined;
  readonly reason: string | undefined;
  readonly hold: HoldCode | undefined;
  readonly base: Size | undefined;
};

export type StatusContext = {
  readonly book: RuleBook;
  readonly asks: readonly Ask[];
  readonly now: EpochMs;
  readonly everyMs: number;
};

/** What a pool should have now by rule, memory and asks, beside what was last seen of it. */
export function poolStatus(pool: StoredPool, { book, asks: all, now, everyMs }: StatusContext): PoolStatus {
  const { memory } = pool;
  const asks = asksOfPool(all, pool, now);
  const applied = book.appliedRule(pool);
  const rule = applied?.rule ?? book.ruleOf(pool);
  const known = baseOf(rule, memory);
  const base = known === undefined ? undefined : asPoolSize(known, memory.autoscale);
  const common = { pool, rule, asks, base, hold: holdOfMemory(memory) };
  if (applied === undefined || memory.seen === undefined) return { ...common, wanted: undefined, reason: undefined };
  const kept = memory.kept !== undefined && memory.kept.until > now ? memory.kept : undefined;
  const { target, reason } = findWanted({
    now,
    timeline: applied.timeline,
    scheduleName: applied.scheduleName,
    leadMs: ownLeadMs(applied.rule.lead, memory, everyMs),
    asks,
    kept,
    current: memory.seen.size,
    resolver: { rule: applied.rule, autoscale: memory.autoscale, base },
  });
  return { ...common, wanted: target, reason };
}
