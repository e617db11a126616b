import type { SenderRecord } from '../../decide/outbox/sender.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import type { DestinationConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, putOver, readSchema1 } from './change-record.ts';

/** What the sender of a destination remembers: partition `dest`, id = the destination's. See SenderRecord. */
export type StoredSender = { readonly sender: SenderRecord; readonly version: Version };

export async function listSenders(store: Store): Promise<readonly StoredSender[]> {
  return (await listAll(store, 'dest')).flatMap((record) => readSender(record) ?? []);
}

export async function loadSender(store: Store, id: string): Promise<StoredSender | undefined> {
  const record = await store.read(keyOf(id));
  return record && readSender(record);
}

export function senderWrite(sender: SenderRecord, version: Version | undefined): Write {
  return putOver(keyOf(sender.id), sender, version);
}

function readSender(record: StoredRecord): StoredSender | undefined {
  const sender = readSchema1(record) as SenderRecord | undefined;
  return sender && { sender, version: record.version };
}

function keyOf(id: string): Key {
  return { partition: 'dest', id };
}

/**
 * A destination as configured, by its id (name and address reference): partition `destinations`. Once the config no
 * longer has this id, its remaining resolves are sent from here. Only references are stored, no addresses.
 */
export type KnownDestination = {
  readonly schema: 1;
  readonly id: string;
  readonly destination: DestinationConfig;
};

export type StoredDestination = { readonly known: KnownDestination; readonly version: Version };

export async function listKnownDestinations(store: Store): Promise<readonly StoredDestination[]> {
  return (await listAll(store, 'destinations')).flatMap((stored) => {
    const known = readSchema1(stored) as KnownDestination | undefined;
    return known === undefined ? [] : [{ known, version: stored.version }];
  });
}

export function knownDestinationWrite(known: KnownDestination, version: Version | undefined): Write {
  return putOver({ partition: 'destinations', id: known.id }, known, version);
}

export function forgetDestination({ known, version }: StoredDestination): Write {
  return { kind: 'deleteIfVersion', key: { partition: 'destinations', id: known.id }, version };
}

/** Since when each destination is broken, by the key of its sender's record (its id, or its name). */
export async function listBroken(store: Store): Promise<ReadonlyMap<string, EpochMs>> {
  const records = await listAll(store, 'dest');
  return new Map(
    records.flatMap((stored): readonly (readonly [string, EpochMs])[] => {
      const sender: { readonly broken?: { readonly since?: unknown } } | undefined = readSchema1(stored);
      const since = sender?.broken?.since;
      return typeof since === 'number' ? [[stored.key.id, since]] : [];
    }),
  );
}
