import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import type { HistoryRecord } from '../../decide/outbox/delivery-log.ts';
import type { Gap } from '../../decide/past/gaps.ts';
import type { RegionPast } from '../../decide/past/pool-past.ts';
import type { StoredRule } from '../../decide/scaling/memory.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { RegionMemory } from '../../decide/watching/watch-memory.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { listStoredRules, readUninstalled, type Uninstalled } from '../../jobs/records/cluster-records.ts';
import { listHistory } from '../../jobs/records/delivery-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { gapsOf, letOthersRun, loadPast } from '../../jobs/records/load-past.ts';
import { listRoundFindings } from '../../jobs/records/round-findings.ts';
import { loadMemory } from '../../jobs/records/watch-records.ts';
import type { Ask } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import { type AnnouncedView, viewAnnounced } from '../outbox/announced-view.ts';
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
  /** What is still to come of what was announced. */
  readonly announced: readonly AnnouncedView[];
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
  const outbox = await viewOutbox(store, config, now);
  return {
    clusters: await listKnownClusters(store, names),
    asks,
    rounds,
    pasts,
    memories,
    incidents: (await listIncidents(store)).map(({ record }) => record),
    outbox,
    announced: await viewAnnounced(store, now, async () => outbox),
    history: history.toReversed(),
    uninstalled: await readUninstalled(store),
    storedRules: await listStoredRules(store),
    gaps: gapsOf(rounds, since, now - config.keepMs),
  };
}
