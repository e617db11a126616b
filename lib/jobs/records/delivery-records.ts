import type { Delivery } from '../../decide/incidents/delivery.ts';
import type { EpochMs } from '../../decide/model.ts';
import { type Batch, batchId, type PackedMember, packMember, unpackMember } from '../../decide/outbox/batch.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';
import { asJson } from './as-json.ts';
import { putOver } from './put-over.ts';
import { readSchema1 } from './incident-records.ts';

/**
 * What waits for one destination: partition `outbox/<destination>`, one record per delivery and at most one batch; and
 * what it refused for good: partition `parked/<destination>`, under the same ids.
 */
export type StoredDelivery = { readonly delivery: Delivery; readonly version: Version };
export type StoredBatch = { readonly batch: Batch; readonly version: Version };
export type Parked = {
  readonly schema: 1;
  readonly delivery: Delivery;
  readonly reason: string;
  readonly at: EpochMs;
};
export type StoredParked = { readonly parked: Parked; readonly version: Version };

export type Outbox = { readonly deliveries: readonly StoredDelivery[]; readonly batch: StoredBatch | undefined };

/** In order of id: a lane stands together, in the order in which things were said. */
export async function loadOutbox(store: Store, destination: string): Promise<Outbox> {
  const records = await listAll(store, outboxPartition(destination));
  const batch = records.find(({ key }) => key.id === batchId);
  return {
    deliveries: records.filter(({ key }) => key.id !== batchId).flatMap((record) => readDelivery(record) ?? []),
    batch: batch && readBatch(batch),
  };
}

export async function hasWaiting(store: Store, destination: string): Promise<boolean> {
  return (await store.list(outboxPartition(destination), { limit: 1 })).length > 0;
}

export function outboxPartition(destination: string): string {
  return `outbox/${destination}`;
}

/** `<incident key>.<episode>#<sequence>`: also the id under which a person names it. */
export function outboxId({ key, episode, sequence }: Pick<Delivery, 'key' | 'episode' | 'sequence'>): string {
  return `${key}.${episode}#${String(sequence).padStart(6, '0')}`;
}

export function deliveryPut(delivery: Delivery, version: Version | undefined): Write {
  return putOver(deliveryKey(delivery), delivery, version);
}

export function deliveryDelete({ delivery, version }: StoredDelivery): Write {
  return { kind: 'deleteIfVersion', key: deliveryKey(delivery), version };
}

export function batchPut(batch: Batch, version: Version | undefined): Write {
  return putOver(batchKey(batch.destination), { ...batch, members: batch.members.map(packMember) }, version);
}

export function batchDelete({ batch, version }: StoredBatch): Write {
  return { kind: 'deleteIfVersion', key: batchKey(batch.destination), version };
}

export async function listParked(store: Store, destination: string): Promise<readonly StoredParked[]> {
  const records = await listAll(store, `parked/${destination}`);
  return records.flatMap((record) => {
    const parked = readSchema1(record) as Parked | undefined;
    return parked === undefined ? [] : [{ parked, version: record.version }];
  });
}

/** Kept as long as history is: whoever has not looked by then does not miss it. */
export function parkedPut(parked: Parked, expiresAt: EpochMs): Write {
  return { kind: 'putIfAbsent', key: parkedKey(parked.delivery), value: asJson(parked), expiresAt };
}

export function parkedDelete({ parked, version }: StoredParked): Write {
  return { kind: 'deleteIfVersion', key: parkedKey(parked.delivery), version };
}

function deliveryKey(delivery: Delivery): Key {
  return { partition: outboxPartition(delivery.destination), id: outboxId(delivery) };
}

function batchKey(destination: string): Key {
  return { partition: outboxPartition(destination), id: batchId };
}

function parkedKey(delivery: Delivery): Key {
  return { partition: `parked/${delivery.destination}`, id: outboxId(delivery) };
}

function readDelivery(record: StoredRecord): StoredDelivery | undefined {
  const delivery = readSchema1(record) as Delivery | undefined;
  return delivery && { delivery, version: record.version };
}

function readBatch(record: StoredRecord): StoredBatch | undefined {
  const packed = readSchema1(record) as (Batch & { readonly members: unknown }) | undefined;
  if (packed === undefined) return undefined;
  const members = (packed.members as unknown as readonly PackedMember[]).map(unpackMember);
  return { batch: { ...packed, members }, version: record.version };
}
