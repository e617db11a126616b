import type { Delivery } from '../../decide/incidents/delivery.ts';
import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import type { SilenceRecord } from '../../decide/incidents/silence.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import type { Notice } from '../../model/finding.ts';
import { asJson } from '../../model/json.ts';
import { listAll, putOver } from './change-record.ts';

export type StoredIncident = { readonly record: IncidentRecord; readonly version: Version };
export type StoredSilence = { readonly silence: SilenceRecord; readonly version: Version };

/** Every incident: pending, open, and over but still of use. In order of key. */
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

/** A delivery on its way into the outbox; its lane sorts together, in order of what was said. */
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

/** A record of another version is left alone: an older or newer program may be running beside this one. */
export function readSchema1({ value }: StoredRecord): object | undefined {
  const isReadable = typeof value === 'object' && value !== null && 'schema' in value && value.schema === 1;
  return isReadable ? value : undefined;
}

/**
 * Notices on their way to the outbox: partition `notices`, ids `<at>-<name>`. Whoever has something to say once puts it
 * here in the commit of what it is about; the watch turns each into its deliveries, in one commit with the delete.
 */
const partition = 'notices';

export type StoredNotice = { readonly notice: Notice; readonly record: StoredRecord };

/** `name`: random, or made from the notice where it may be said twice by mistake. */
export function noticeWrite(notice: Notice, name: string): Write {
  const id = `${String(notice.at).padStart(15, '0')}-${name}`;
  const value = { schema: 1, notice: asJson(notice) };
  return { kind: 'putIfAbsent', key: { partition, id }, value };
}

export async function listNotices(store: Store): Promise<readonly StoredNotice[]> {
  return (await listAll(store, partition)).flatMap((record): readonly StoredNotice[] => {
    const value = record.value as { readonly schema?: unknown; readonly notice?: Notice } | null;
    return value?.schema === 1 && value.notice !== undefined ? [{ notice: value.notice, record }] : [];
  });
}
