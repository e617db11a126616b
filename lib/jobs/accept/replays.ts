import type { Clock } from '../../io/clock.ts';
import type { Store } from '../../io/stores/store.ts';
import { dayMs } from '../../model/time.ts';

/** Longer than a sender retries, and than any queue keeps a message. */
const keptMs = 15 * 24 * 60 * 60_000;
/** Remembers the ids of signed messages that were accepted: a replay changes nothing. */
export type Replays = {
  readonly isKnown: (source: string, id: string) => Promise<boolean>;
  /** Only after what the message asked for is stored: remembered earlier, a crash in between would lose it. */
  readonly remember: (source: string, id: string) => Promise<void>;
};

/** Partition `replays/<source>`, one record per id, kept for 15 days. */
export function makeReplays({ store, clock }: { readonly store: Store; readonly clock: Clock }): Replays {
  const keyOf = (source: string, id: string) => ({ partition: `replays/${source}`, id: encodeURIComponent(id) });
  const isCurrent = (value: unknown) => ((value as { until?: number } | null)?.until ?? 0) > clock.now();
  return {
    isKnown: async (source, id) => {
      const record = await store.read(keyOf(source, id));
      return record !== undefined && isCurrent(record.value);
    },
    remember: async (source, id) => {
      const until = clock.now() + keptMs;
      const put = { key: keyOf(source, id), value: { schema: 1, until }, expiresAt: until + dayMs };
      const outcome = await store.commit([{ kind: 'putIfAbsent', ...put }]);
      if (outcome.kind === 'committed') return;
      const old = await store.read(put.key);
      if (old && !isCurrent(old.value)) await store.commit([{ kind: 'putIfVersion', ...put, version: old.version }]);
    },
  };
}
