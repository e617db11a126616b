import { isKnownShape, unknownRecord } from '../../decide/record-shape.ts';
import { boundedByNow } from '../../decide/stored-time.ts';
import { dayMs, hourMs } from '../../model/time.ts';
import type { Clock } from '../clock.ts';
import type { OpenedStore, Store, StoredRecord, Write } from './store.ts';

/** Partitions with instants that are compared with now. The past (history, decisions, sizes) is only shown. */
const partitions =
  /^(clusters\/|findings$|obs(\/|-)|incidents$|dest$|outbox\/|asks\/|silences$|notices$|seen$|fleet$|rules$|announcements$|calendars$)/;
/** An ask is deleted this long after its end. */
const collectAfterMs = 15 * dayMs;

/** By key: corrected records that were not written back yet. */
type Ahead = Map<string, StoredRecord>;

const aheadOf = new WeakMap<Store, Ahead>();

/**
 * The same store, with corrected reads: no instant lies further in the future than its writer can have meant, and
 * records of unknown shape are null, which every reader skips, and are reported by key. It is one place for all kinds
 * of records. Corrected records are remembered until `healStore` writes them back.
 */
export function boundedStore<T extends Store | OpenedStore>(store: T, clock: Clock, tell?: TellUnknown): T {
  if (aheadOf.has(store)) return store;
  const ahead: Ahead = new Map();
  const tellOnce = makeTeller(clock, tell);
  const bounded = (record: StoredRecord): StoredRecord => {
    const { key } = record;
    if (!isKnownShape(key, record.value)) {
      tellOnce(key);
      return { ...record, value: null };
    }
    if (!partitions.test(key.partition)) return record;
    const value = boundedByNow(record.value, clock.now());
    const name = `${key.partition}\n${key.id}`;
    if (value === record.value) {
      ahead.delete(name);
      return record;
    }
    const read = { ...record, value };
    ahead.set(name, read);
    return read;
  };
  const made = {
    ...store,
    read: async (key: StoredRecord['key']) => {
      const record = await store.read(key);
      return record && bounded(record);
    },
    list: async (...asked: Parameters<Store['list']>) => (await store.list(...asked)).map(bounded),
  };
  aheadOf.set(made, ahead);
  return made;
}

/** Called for each record that cannot be read, with a sentence for people. */
export type TellUnknown = (text: string) => void;

/** At most once an hour per record, since every round reads it. */
function makeTeller(clock: Clock, tell: TellUnknown | undefined): (key: StoredRecord['key']) => void {
  const told = new Map<string, number>();
  return (key) => {
    const name = `${key.partition}\n${key.id}`;
    if (Math.abs(clock.now() - (told.get(name) ?? Number.NEGATIVE_INFINITY)) < hourMs) return;
    told.set(name, clock.now());
    tell?.(unknownRecord(key));
  };
}

/**
 * Writes back records that a fast clock had written, as corrected on reading. Only call it when our own clock is known
 * to be right: to a slow clock, everything seems to be in the future. Records that changed meanwhile are left alone.
 * `isOurs`: which records to write; the others are left to their owner.
 */
export async function healStore(store: Store, isOurs: (record: StoredRecord) => boolean): Promise<void> {
  const ahead = aheadOf.get(store);
  for (const [name, record] of ahead ?? []) {
    if (!isOurs(record)) continue;
    ahead?.delete(name);
    await store.commit([writeOf(record)]);
  }
}

function writeOf({ key, value, version }: StoredRecord): Write {
  const until = (value as { readonly until?: unknown } | null)?.until;
  const isAsk = key.partition.startsWith('asks/') && typeof until === 'number';
  return { kind: 'putIfVersion', key, value, version, ...(isAsk && { expiresAt: until + collectAfterMs }) };
}
