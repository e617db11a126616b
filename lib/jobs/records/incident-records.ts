import type { Delivery } from '../../decide/incidents/delivery.ts';
import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import type { SilenceRecord } from '../../decide/incidents/silence.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import type { Notice } from '../../model/finding.ts';
import { asJson } from '../../model/json.ts';
import { listAll, putOver, readSchema1, timeId } from './change-record.ts';

export type StoredIncident = { readonly record: IncidentRecord; readonly version: Version };
export type StoredSilence = { readonly silence: SilenceRecord; readonly version: Version };

/** Every incident: pending, open, and resolved but still needed. In order of key. */
export async function listIncidents(store: Store): Promise<readonly StoredIncident[]> {
  return (await listAll(store, 'incidents')).flatMap((stored) => {
    const record = readSchema1(stored) as IncidentRecord | undefined;
    return record === undefined ? [] : [{ record, version: stored.version }];
  });
}

export function incidentKeyOf(key: string): Key {
  return { partition: 'incidents', id: `inc/${key}` };
}

export function incidentWrite(record: IncidentRecord, version: Version | undefined): Write {
  return putOver(incidentKeyOf(record.key), record, version);
}

/** The write that puts a delivery into the outbox; a lane's ids sort in the order of its messages. */
export function deliveryWrite(delivery: Delivery): Write {
  const { destination, key, episode, sequence } = delivery;
  const id = `${key}.${episode}#${String(sequence).padStart(6, '0')}`;
  return { kind: 'putIfAbsent', key: { partition: `outbox/${destination}`, id }, value: asJson(delivery) };
}

export async function listSilences(store: Store): Promise<readonly StoredSilence[]> {
  return (await listAll(store, 'silences')).flatMap((stored) => {
    const silence = readSchema1(stored) as SilenceRecord | undefined;
    return silence === undefined ? [] : [{ silence, version: stored.version }];
  });
}

export function silenceKey(id: string): Key {
  return { partition: 'silences', id };
}

export function silenceWrite(silence: SilenceRecord, version?: Version): Write {
  return putOver(silenceKey(silence.id), silence, version);
}

/**
 * Notices waiting for the watch: partition `notices`, ids `<at>-<name>`. A job puts a notice here in the same commit as
 * its subject; the watch turns it into deliveries, in one commit with its delete.
 */
const partition = 'notices';

export type StoredNotice = { readonly notice: Notice; readonly record: StoredRecord };

/** `name`: random, or derived from the notice if it might be stored twice. */
export function noticeWrite(notice: Notice, name: string): Write {
  const id = `${timeId(notice.at)}-${name}`;
  const value = { schema: 1, notice: asJson(notice) };
  return { kind: 'putIfAbsent', key: { partition, id }, value };
}

export async function listNotices(store: Store): Promise<readonly StoredNotice[]> {
  return (await listAll(store, partition)).flatMap((record): readonly StoredNotice[] => {
    const value = record.value as { readonly schema?: unknown; readonly notice?: Notice } | null;
    return value?.schema === 1 && value.notice !== undefined ? [{ notice: value.notice, record }] : [];
  });
}
