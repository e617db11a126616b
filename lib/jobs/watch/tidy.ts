import { isForgettable } from '../../decide/incidents/forget.ts';
import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { isSpent } from '../../decide/incidents/silence.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Store, Write } from '../../io/stores/store.ts';
import { incidentKeyOf, silenceKey } from '../records/incident-records.ts';
import { forgetDestination, type StoredDestination } from '../records/known-destinations.ts';
import type { KnownState } from './known-state.ts';

/**
 * What has no more use: incidents whose past decides nothing, silences whose end has come, destinations that left the
 * config or, at their old address, owe nothing any more.
 */
export async function leftovers(
  store: Store,
  known: KnownState,
  records: readonly IncidentRecord[],
  gone: { readonly removed: readonly StoredDestination[]; readonly replaced: readonly StoredDestination[] },
  now: EpochMs,
): Promise<readonly Write[]> {
  const settled: StoredDestination[] = [];
  for (const destination of gone.replaced) {
    if (await owesNothing(store, destination, records)) settled.push(destination);
  }
  return [
    ...forgettable(known, records, now),
    ...spent(known, records, now),
    ...[...gone.removed, ...settled].map(forgetDestination),
  ];
}

/** Only what is untouched since it was read: anything else has news. */
function forgettable(known: KnownState, records: readonly IncidentRecord[], now: EpochMs): readonly Write[] {
  const unchanged = new Set(records);
  return known.incidents
    .filter(({ record }) => unchanged.has(record) && isForgettable(record, now))
    .map(({ record, version }) => ({ kind: 'deleteIfVersion', key: incidentKeyOf(record.key), version }));
}

function spent(known: KnownState, records: readonly IncidentRecord[], now: EpochMs): readonly Write[] {
  const open = new Set(records.filter(({ phase }) => phase === 'open').map(({ key, episode }) => `${key} ${episode}`));
  const isEpisodeOpen = (key: string, episode: EpochMs) => open.has(`${key} ${episode}`);
  return known.silences
    .filter(({ silence }) => isSpent(silence, now, isEpisodeOpen))
    .map(({ silence, version }) => ({ kind: 'deleteIfVersion', key: silenceKey(silence.id), version }));
}

async function owesNothing(
  store: Store,
  { known }: StoredDestination,
  records: readonly IncidentRecord[],
): Promise<boolean> {
  if (records.some(({ told }) => told[known.id] !== undefined)) return false;
  return (await store.list(`outbox/${known.id}`, { limit: 1 })).length === 0;
}
