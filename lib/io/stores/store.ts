/**
 * The one small port to whatever keeps the state. Everything else is typed records above it (lib/jobs/records).
 * Adapters: memory.ts (tests), sqlite.ts (one process), dynamodb.ts (AWS). One contract suite runs against all.
 */
import type { EpochMs, Json } from '../../decide/model.ts';

/** `partition` follows how records are read: what is listed together lives in one. Both parts are plain printable text. */
export type Key = { readonly partition: string; readonly id: string };

/** Opaque: equal means "nobody wrote in between". Unique for each write, never reused. */
export type Version = string;

export type StoredRecord = { readonly key: Key; readonly value: Json; readonly version: Version };

export type Write =
  | { readonly kind: 'putIfAbsent'; readonly key: Key; readonly value: Json; readonly expiresAt?: EpochMs }
  | {
      readonly kind: 'putIfVersion';
      readonly key: Key;
      readonly value: Json;
      readonly version: Version;
      readonly expiresAt?: EpochMs;
    }
  | { readonly kind: 'deleteIfVersion'; readonly key: Key; readonly version: Version };

/**
 * `conflict`: at least one condition failed and nothing was written; `failed` holds the indexes known to have failed.
 * `versions` has one entry per write (undefined for a delete).
 */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly versions: readonly (Version | undefined)[] }
  | { readonly kind: 'conflict'; readonly failed: readonly number[] };

export type Store = {
  /** Strongly consistent. Expired records may still be there: the reader checks expiry in its own terms. */
  readonly read: (key: Key) => Promise<StoredRecord | undefined>;
  /** In order of id (UTF-8 bytes, as the databases sort), strictly after `after`; at most `limit` (default 1,000). Strongly consistent. */
  readonly list: (
    partition: string,
    options?: { readonly after?: string; readonly limit?: number },
  ) => Promise<readonly StoredRecord[]>;
  /**
   * All or nothing, 1 to 100 writes, no key twice, at least one put. `expiresAt` is for garbage collection only, never early.
   * Throws StoreError when it cannot tell or cannot reach the store even after reading its own write back.
   */
  readonly commit: (writes: readonly Write[]) => Promise<CommitOutcome>;
  readonly close: () => Promise<void>;
};
