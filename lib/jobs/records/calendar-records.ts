import { gunzipSync, gzipSync } from 'node:zlib';
import type { Key, Store } from '../../io/stores/store.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { changeRecord, isRecord, putOver } from './change-record.ts';

/** The last good copy of a calendar, and when it was fetched. */
export type CalendarCopy = { readonly text: string; readonly at: EpochMs };

/** A record of the store takes 100 KB (lib/io/stores/prepare-writes.ts), with its other fields. */
const mostCharacters = 100_000;
const mostBytes = 4 * 1024 * 1024;
/** A calendar that left the config is not needed any more. */
const keptMs = 366 * dayMs;

/** `id` is derived from the address without revealing it. Throws StoreError if the store cannot be reached. */
export async function loadCalendar(store: Store, id: string): Promise<CalendarCopy | undefined> {
  const value: unknown = (await store.read(keyOf(id)))?.value;
  if (!isRecord(value) || value['schema'] !== 1) return undefined;
  const { text, at } = value;
  const unpacked = typeof text === 'string' && typeof at === 'number' ? unpack(text) : undefined;
  return unpacked === undefined ? undefined : { text: unpacked, at: at as EpochMs };
}

/** undefined for a damaged copy: the calendar is then fetched again. */
function unpack(text: string): string | undefined {
  try {
    return gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: mostBytes }).toString('utf8');
  } catch {
    return undefined;
  }
}

/** False if it is too large to store. */
export async function keepCalendar(store: Store, id: string, { text, at }: CalendarCopy): Promise<boolean> {
  const packed = gzipSync(text).toString('base64');
  if (packed.length > mostCharacters) return false;
  return changeRecord(store, {
    what: 'the copy of a calendar',
    read: () => store.read(keyOf(id)),
    change: (before) => ({
      writes: [putOver(keyOf(id), { schema: 1, at, text: packed }, before?.version, at + keptMs)],
      result: true,
    }),
  });
}

function keyOf(id: string): Key {
  return { partition: 'calendars', id };
}
