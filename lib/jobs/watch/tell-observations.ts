import type { Observation } from '../../decide/incidents/observation.ts';
import { isWindowOpen } from '../../decide/incidents/silence.ts';
import { stepIncidents } from '../../decide/incidents/step-incidents.ts';
import { type Committed, commitIncidents, destinationStates } from '../records/commit-incidents.ts';
import { listBroken, listKnownDestinations } from '../records/destination-records.ts';
import { listIncidents, listSilences } from '../records/incident-records.ts';
import { loadTimes, timesWrites } from '../records/known-times.ts';
import type { WatchParts } from './parts.ts';

/**
 * Incidents of a job with its own observations (missed rounds, broken destinations): the same rules, and only incidents
 * of these kinds are written. Throws StoreError if the store cannot be read.
 */
export async function tellObservations(
  { config, clock, hash, store }: Pick<WatchParts, 'config' | 'clock' | 'hash' | 'store'>,
  observations: readonly Observation[],
): Promise<Committed> {
  const kinds = new Set(observations.map(({ kind }) => kind));
  const incidents = (await listIncidents(store)).filter(({ record }) => kinds.has(record.kind));
  if (incidents.length === 0 && !observations.some(({ state }) => state === 'bad')) return { done: [], failed: [] };
  const times = await loadTimes(store, 'deliver');
  const asked = (await listSilences(store)).map(({ silence }) => silence);
  const broken = await listBroken(store);
  const { states } = destinationStates(config.destinations, await listKnownDestinations(store), broken, hash);
  const outcome = stepIncidents({
    now: clock.now(),
    hash,
    records: incidents.map(({ record }) => record),
    lastKnown: times.times,
    observations,
    durations: config.watch,
    destinations: states,
    silences: { configured: config.silences, asked, isWindowOpen },
  });
  const versions = new Map(incidents.map(({ record, version }) => [record.key, version]));
  const committed = await commitIncidents(store, outcome.changes, versions);
  if (committed.failed.length === 0) await store.commit(timesWrites(outcome.lastKnown, times, 'deliver'));
  return committed;
}
