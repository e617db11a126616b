import { isKnownShape, unknownRecord } from '../../decide/record-shape.ts';
import { boundedByNow } from '../../decide/stored-time.ts';
import { dayMs, hourMs } from '../../model/time.ts';
import type { Clock } from '../clock.ts';
import type { OpenedStore, Store, StoredRecord, Write } from './store.ts';

/** What holds instants that are compared with now. What was (history, decisions, sizes) is only shown. */
const partitions =
  /^(clusters\/|findings$|obs(\/|-)|incidents$|dest$|outbox\/|asks\/|silences$|notices$|seen$|fleet$|rules$|announcements$|calendars$)/;
/** An ask is collected this long after its end. */
const collectAfterMs = 15 * dayMs;

/** By key: what was read and bounded, and is not yet written back. */
type Ahead = Map<string, StoredRecord>;

const aheadOf = new WeakMap<Store, Ahead>();

/**
 * The same store; nothing that is read from it lies further in the future than its writer can have meant, and what has no
 * shape that is known is null, which every reader passes over, and is told by name. One place, so that no record kind is
 * forgotten. What had to be bounded is kept in mind until `healStore` writes it back.
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

/** Told of each record that cannot be read, as a sentence for people. */
export type TellUnknown = (text: string) => void;

/** Of each record once an hour: every round reads it. */
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
 * Writes back what a clock that ran ahead had written, as it was read. Only for who knows that its own clock is right: by
 * one that is behind, everything would be from the future. Whatever changed meanwhile is left alone.
 */
export async function healStore(store: Store, only?: string): Promise<void> {
  const ahead = aheadOf.get(store);
  for (const [name, record] of ahead ?? []) {
    if (only !== undefined && record.key.partition !== only) continue;
    ahead?.delete(name);
    await store.commit([writeOf(record)]);
  }
}

function writeOf({ key, value, version }: StoredRecord): Write {
  const until = (value as { readonly until?: unknown } | null)?.until;
  const isAsk = key.partition.startsWith('asks/') && typeof until === 'number';
  return { kind: 'putIfVersion', key, value, version, ...(isAsk && { expiresAt: until + collectAfterMs }) };
}
