import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Store } from '../../io/stores/store.ts';
import { loadOutbox } from '../../jobs/records/delivery-records.ts';
import { listHistory } from '../../jobs/records/history-records.ts';
import { makeDestinationNames } from './destination-names.ts';

export type ToldDestination = { readonly destination: string; readonly at: EpochMs };

export type NotTold = {
  readonly at: EpochMs;
  readonly what: string;
  /** undefined = nobody at all. */
  readonly destination: string | undefined;
  readonly reason: string;
};

/** What became of one message about an incident; `waiting` = it is in the outbox. */
export type Message = {
  readonly at: EpochMs;
  readonly what: string;
  readonly destination: string;
  readonly state: 'waiting' | 'accepted' | 'confirmed' | 'parked' | 'dropped';
  readonly reason: string | undefined;
};

export type IncidentView = {
  readonly record: IncidentRecord;
  /** Who was told and is owed its end. */
  readonly told: readonly ToldDestination[];
  readonly notTold: readonly NotTold[];
};

export function viewIncident(record: IncidentRecord, config: CompiledConfig): IncidentView {
  const nameOf = makeDestinationNames(config);
  return {
    record,
    told: Object.entries(record.told).map(([id, { at }]) => ({ destination: nameOf(id), at })),
    notTold: record.why.map(({ at, what, destination, reason }) => {
      return { at, what, destination: destination === undefined ? undefined : nameOf(destination), reason };
    }),
  };
}

/** Every message about an incident that history still holds, and what waits; oldest first. */
export async function listMessages(
  store: Store,
  { key }: Pick<IncidentRecord, 'key'>,
  config: CompiledConfig,
  destinationIds: readonly string[],
): Promise<readonly Message[]> {
  const nameOf = makeDestinationNames(config);
  const ended = (await listHistory(store)).flatMap(({ at, destination, state, reason, said }) =>
    said
      .filter((line) => line.key === key)
      .map(({ what }) => ({ at, what, destination: nameOf(destination), state, reason })),
  );
  const waiting = await Promise.all(
    destinationIds.map(async (id) => {
      const { deliveries, batch } = await loadOutbox(store, id);
      const all = [...deliveries.map(({ delivery }) => delivery), ...(batch?.batch.members ?? [])];
      return all
        .filter((one) => one.key === key)
        .map(({ queuedAt, facts }) => waitingMessage(queuedAt, facts.what, nameOf(id)));
    }),
  );
  return [...ended, ...waiting.flat()].sort((a, b) => a.at - b.at);
}

function waitingMessage(at: EpochMs, what: string, destination: string): Message {
  return { at, what, destination, state: 'waiting', reason: undefined };
}
