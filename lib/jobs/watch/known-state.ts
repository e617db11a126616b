import type { EpochMs } from '../../decide/model.ts';
import type { RegionMemory } from '../../decide/watching/pass.ts';
import { remembering } from '../../decide/watching/remembering.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { StoredRecord } from '../../io/stores/store.ts';
import { listIncidents, listSilences, type StoredIncident, type StoredSilence } from '../records/incident-records.ts';
import { listBroken, listKnownDestinations, type StoredDestination } from '../records/known-destinations.ts';
import { loadMemory, type StoredMemory } from '../records/memory-records.ts';
import { listRoundFindings } from '../records/round-findings.ts';
import { loadTimes, type ReadVersions } from '../records/times-records.ts';
import { seenKey } from './seen.ts';
import type { WatchParts } from './watch-parts.ts';

/** Everything a pass reads from the store, before it asks the API. */
export type KnownState = {
  readonly incidents: readonly StoredIncident[];
  readonly memories: readonly { readonly stored: StoredMemory; readonly memory: RegionMemory }[];
  readonly times: { readonly times: { readonly [key: string]: EpochMs }; readonly versions: ReadVersions };
  readonly rounds: readonly RoundFindings[];
  readonly silences: readonly StoredSilence[];
  readonly destinations: readonly StoredDestination[];
  readonly broken: ReadonlyMap<string, EpochMs>;
  readonly seen: StoredRecord | undefined;
};

export async function loadKnownState({ store, config, clock }: WatchParts): Promise<KnownState> {
  const incidents = await listIncidents(store);
  const living = incidents.map(({ record }) => record).filter(({ phase }) => phase !== 'quiet');
  const memories: KnownState['memories'][number][] = [];
  const rounds: RoundFindings[] = [];
  for (const { name } of config.regions) {
    const { memory, stored } = await loadMemory(store, name);
    memories.push({ stored, memory: remembering(memory, living, clock.now()) });
    rounds.push(...(await listRoundFindings(store, name)));
  }
  return {
    incidents,
    memories,
    rounds,
    times: await loadTimes(store, 'watch'),
    silences: await listSilences(store),
    destinations: await listKnownDestinations(store),
    broken: await listBroken(store),
    seen: await store.read(seenKey),
  };
}
