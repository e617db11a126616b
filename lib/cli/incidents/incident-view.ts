import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import type { Store } from '../../io/stores/store.ts';
import { listHistory } from '../../jobs/records/delivery-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import { type DestinationView, laneName, makeDestinationNames, undelivered } from '../outbox/outbox-view.ts';

/** `sent`: it is out, as far as the outbox goes; `--why` has the rest. */
export type ToldDestination = {
  readonly destination: string;
  readonly at: EpochMs;
  readonly state: 'sent' | 'waiting' | 'parked';
};

type NotTold = {
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

export function viewIncident(
  record: IncidentRecord,
  config: CompiledConfig,
  outbox: readonly DestinationView[],
): IncidentView {
  const held = undelivered(outbox);
  const nameOf = makeDestinationNames(config);
  return {
    record,
    told: Object.entries(record.told).map(([id, { at }]) => {
      return { destination: nameOf(id), at, state: held.get(laneName(id, record.key)) ?? 'sent' };
    }),
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
  outbox: readonly DestinationView[],
): Promise<readonly Message[]> {
  const nameOf = makeDestinationNames(config);
  const ended = (await listHistory(store)).flatMap(({ at, destination, state, reason, said }) =>
    said
      .filter((line) => line.key === key)
      .map(({ what }) => ({ at, what, destination: nameOf(destination), state, reason })),
  );
  const waiting = outbox.flatMap(({ target, waiting: messages }) =>
    messages
      .filter((message) => message.key === key)
      .map(({ queuedAt: at, what }) => {
        return { at, what, destination: nameOf(target.id), state: 'waiting' as const, reason: undefined };
      }),
  );
  return [...ended, ...waiting].sort((a, b) => a.at - b.at);
}
