import { createHash } from 'node:crypto';
import type { Clock } from '../../io/clock.ts';
import type { Along, Key, Store, StoredRecord } from '../../io/stores/store.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { changeRecord, numbered, putOver } from '../records/change-record.ts';

/** Longer than senders retry, and longer than any queue keeps a message. */
const keptMs = 15 * dayMs;

/**
 * The ids of one source are spread over this many records, each with its last few, so their number is limited and
 * nothing has to be deleted. A signature is valid for ten minutes, in which the quota allows 6,600 messages. They fill
 * a sixth of the places, so that none is pushed out while it could be replayed. Older messages come again only from
 * their sender, and an event that comes twice counts once anyway.
 */
export const slots = 4096;
export const idsPerSlot = 10;

/** Remembers the ids of signed messages that were accepted: a replay changes nothing. */
export type Replays = {
  readonly isKnown: (source: string, id: string) => Promise<boolean>;
  /** Only after what the message asked for is stored: remembered earlier, a crash in between would lose it. */
  readonly remember: (source: string, id: string) => Promise<void>;
  /** The same as a part of the commit that stores what the message asks for. */
  readonly along: (source: string, id: string) => Pick<Along, 'key' | 'write'>;
};

/** When each id expires, by its digest; the last ones in this slot, oldest first. */
type Slot = { readonly schema: 1; readonly ids: readonly (readonly [digest: string, until: EpochMs])[] };

/** Partition `replays/<source>`, one record per slot, kept for 15 days after its last id. */
export function makeReplays({ store, clock }: { readonly store: Store; readonly clock: Clock }): Replays {
  const along: Replays['along'] = (source, id) => {
    const digest = digestOf(id);
    const key = slotKey(source, digest);
    const write = (before: StoredRecord | undefined) => {
      const now = clock.now();
      const others = idsIn(before).filter(([known, until]) => known !== digest && until > now);
      const until = now + keptMs;
      const slot: Slot = { schema: 1, ids: [...others, [digest, until] as const].slice(-idsPerSlot) };
      return putOver(key, slot, before?.version, until + dayMs);
    };
    return { key, write };
  };
  return {
    isKnown: async (source, id) => {
      const digest = digestOf(id);
      const [slot, old] = await Promise.all([store.read(slotKey(source, digest)), store.read(oldKey(source, id))]);
      const until = idsIn(slot).find(([known]) => known === digest)?.[1] ?? untilIn(old);
      return until > clock.now();
    },
    remember: async (source, id) => {
      const { key, write } = along(source, id);
      await changeRecord(store, {
        what: `webhook ids of source "${source}"`,
        read: () => store.read(key),
        change: (before) => ({ writes: [write(before)], result: undefined }),
        pause: (attempt) => clock.sleep(5 * attempt),
      });
    },
    along,
  };
}

/** Works for ids of any content and length. */
function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 22);
}

function slotKey(source: string, digest: string): Key {
  const slot = Buffer.from(digest, 'base64url').readUInt16BE(0) % slots;
  return { partition: `replays/${source}`, id: `slot-${numbered(slot)}` };
}

function idsIn(record: StoredRecord | undefined): Slot['ids'] {
  return (record?.value as Slot | undefined)?.ids ?? [];
}

/** Up to version 0.2 each id was a record of its own; those expire by themselves. */
function oldKey(source: string, id: string): Key {
  return { partition: `replays/${source}`, id: encodeURIComponent(id) };
}

function untilIn(record: StoredRecord | undefined): EpochMs {
  return (record?.value as { until?: number } | undefined)?.until ?? 0;
}
