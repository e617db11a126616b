import type { SenderRecord } from '../../decide/outbox/sender.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';
import { putOver } from './put-over.ts';
import { readSchema1 } from './incident-records.ts';

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

export function forgetSender({ sender, version }: StoredSender): Write {
  return { kind: 'deleteIfVersion', key: keyOf(sender.id), version };
}

function readSender(record: StoredRecord): StoredSender | undefined {
  const sender = readSchema1(record) as SenderRecord | undefined;
  return sender && { sender, version: record.version };
}

function keyOf(id: string): Key {
  return { partition: 'dest', id };
}
