import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import type { HistoryRecord } from '../../decide/outbox/delivery-log.ts';
import { type Gap, joinGaps } from '../../decide/past/looks.ts';
import { dayStart } from '../../decide/past/node-counts.ts';
import { addNodes, addSizes, beginPast, type RegionPast } from '../../decide/past/pool-past.ts';
import type { StoredRule } from '../../decide/scaling/memory.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { RegionMemory } from '../../decide/watching/watch-memory.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { listStoredRules, readUninstalled, type Uninstalled } from '../../jobs/records/cluster-records.ts';
import { listHistory } from '../../jobs/records/delivery-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { listNodes, listSizes } from '../../jobs/records/past-records.ts';
import { listRoundFindings, listRoundHeads, type RoundHead } from '../../jobs/records/round-findings.ts';
import { loadMemory } from '../../jobs/records/watch-records.ts';
import type { Ask } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import { type DestinationView, viewOutbox } from '../outbox/outbox-view.ts';
import { listKnownClusters, type StoredClusterOf } from '../pools.ts';

/** Everything that the page tells, as the store has it: no call to any API. */
export type StoredFleet = {
  readonly clusters: readonly StoredClusterOf[];
  readonly asks: readonly Ask[];
  readonly rounds: readonly RoundFindings[];
  readonly pasts: ReadonlyMap<string, RegionPast>;
  readonly memories: readonly RegionMemory[];
  readonly incidents: readonly IncidentRecord[];
  readonly outbox: readonly DestinationView[];
  /** How messages ended, newest first. */
  readonly history: readonly HistoryRecord[];
  readonly uninstalled: Uninstalled | undefined;
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  /** Stretches in which nobody looked, and the time before anything was written down. */
  readonly gaps: readonly Gap[];
};

/** Read one after another, with a pause between them: nothing else of the process waits for long. */
export async function loadFleet(
  store: Store,
  config: CompiledConfig,
  now: EpochMs,
  since: EpochMs,
): Promise<StoredFleet> {
  const names = config.regions.map(({ name }) => name);
  const [asks, rounds, memories]: [Ask[], RoundFindings[], RegionMemory[]] = [[], [], []];
  const pasts = new Map<string, RegionPast>();
  for (const name of names) {
    asks.push(...(await listAsks(store, name)));
    rounds.push(...(await listRoundFindings(store, name)));
    memories.push((await loadMemory(store, name)).memory);
    await letOthersRun();
    pasts.set(name, await loadPast(store, name, since));
  }
  const history = await listHistory(store, since);
  return {
    clusters: await listKnownClusters(store, names),
    asks,
    rounds,
    pasts,
    memories,
    incidents: (await listIncidents(store)).map(({ record }) => record),
    outbox: await viewOutbox(store, config, now),
    history: history.toReversed(),
    uninstalled: await readUninstalled(store),
    storedRules: await listStoredRules(store),
    gaps: gapsOf(rounds, since, now - config.keepMs),
  };
}

/** The past alone, of all regions. */
export async function loadPasts(
  store: Store,
  config: CompiledConfig,
  since: EpochMs,
  now: EpochMs,
): Promise<Pick<StoredFleet, 'pasts' | 'gaps'>> {
  const rounds: RoundHead[] = [];
  const pasts = new Map<string, RegionPast>();
  for (const { name } of config.regions) {
    rounds.push(...(await listRoundHeads(store, name)));
    pasts.set(name, await loadPast(store, name, since));
  }
  return { pasts, gaps: gapsOf(rounds, since, now - config.keepMs) };
}

/** A few records at a time: a large fleet has tens of thousands of entries a week. */
async function loadPast(store: Store, region: string, since: EpochMs): Promise<RegionPast> {
  const past = beginPast();
  for (const record of await listSizes(store, region, since)) {
    addSizes(past, record);
    await letOthersRun();
  }
  for (const [i, record] of (await listNodes(store, region, dayStart(since))).entries()) {
    addNodes(past, record);
    if (i % 8 === 0) await letOthersRun();
  }
  return past;
}

export function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Of every part of every region: where one part was not looked at, the sum is not known; nor is what is not kept any more. */
function gapsOf(rounds: readonly RoundHead[], since: EpochMs, keptFrom: EpochMs): readonly Gap[] {
  const newest = rounds.reduce((at, round) => Math.max(at, round.at), 0);
  const inForce = rounds.filter(({ shard }) => shard.count === rounds.find(({ at }) => at === newest)?.shard.count);
  const began = Math.max(keptFrom, Math.min(...inForce.flatMap(({ looks }) => looks?.since ?? [])));
  const before = Number.isFinite(began) && began > since ? [[since, began] as const] : [];
  return joinGaps([...before, ...inForce.flatMap(({ looks }) => looks?.gaps ?? [])]);
}
