import type { Delivery } from '../../decide/incidents/delivery.ts';
import { destinationId } from '../../decide/incidents/routing.ts';
import {
  type Batch,
  batchId,
  messagesOf,
  type PackedMember,
  packMember,
  unpackMember,
} from '../../decide/outbox/batch.ts';
import type { HistoryRecord } from '../../decide/outbox/delivery-log.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import type { DestinationConfig } from '../../model/config.ts';
import { asJson } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, putOver, readSchema1, timeId } from './change-record.ts';

/**
 * The outbox of one destination: partition `outbox/<destination>`, one record per delivery and at most one batch.
 * Messages that it refused for good are in partition `parked/<destination>`, under the same ids.
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

/** In order of id: the messages of a lane are together, in the order of sending. */
export async function loadOutbox(store: Store, destination: string): Promise<Outbox> {
  const records = await listAll(store, outboxPartition(destination));
  const batch = records.find(({ key }) => key.id === batchId);
  return {
    deliveries: records.filter(({ key }) => key.id !== batchId).flatMap((record) => readDelivery(record) ?? []),
    batch: batch && readBatch(batch),
  };
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

/** Kept as long as the history. */
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

export type Waiting = { readonly destination: string; readonly count: number; readonly oldest: EpochMs };

/**
 * How many messages wait for each of these destinations, and since when. Destinations with an empty outbox are left
 * out.
 */
export async function loadWaiting(
  store: Store,
  destinations: readonly DestinationConfig[],
  hash: (text: string) => string,
): Promise<readonly Waiting[]> {
  const waiting = destinations.map(async (one) => {
    const times = queuedTimes(await loadOutbox(store, destinationId(one, hash)));
    return { destination: one.name, count: times.length, oldest: Math.min(...times) };
  });
  return (await Promise.all(waiting)).filter(({ count }) => count > 0);
}

/** One time per message, including those in a batch. */
function queuedTimes({ deliveries, batch }: Outbox): readonly EpochMs[] {
  const items = [...deliveries.map(({ delivery }) => delivery), ...(batch === undefined ? [] : [batch.batch])];
  return items.flatMap(messagesOf).map(({ queuedAt }) => queuedAt);
}

const partition = 'hist';

/** How deliveries ended, in order of time; kept for `keepMs`. The same end of the same delivery is written once. */
export function historyWrite(record: HistoryRecord, keepMs: number): Write {
  const id = `${timeId(record.at)}-${record.id}-${record.state}`;
  return { kind: 'putIfAbsent', key: { partition, id }, value: asJson(record), expiresAt: record.at + keepMs };
}

export async function listHistory(store: Store, since: EpochMs = 0): Promise<readonly HistoryRecord[]> {
  const records = await listAll(store, partition, { after: timeId(since) });
  return records.flatMap((record) => (readSchema1(record) as HistoryRecord | undefined) ?? []);
}
