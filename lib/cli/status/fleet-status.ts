import { type Ask, isLive } from '../../decide/asks.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs, Finding } from '../../decide/model.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { listRoundFindings } from '../../jobs/records/round-findings.ts';
import { readUninstalled, type Uninstalled } from '../../jobs/records/uninstalled.ts';
import { listKnownPools } from '../known-pools.ts';
import { missedRounds } from './missed-rounds.ts';
import { type PoolStatus, poolStatus } from './pool-status.ts';

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
