/**
 * The one small port to whatever keeps the state. Everything else is typed records above it (lib/jobs/records).
 * Adapters: memory.ts (tests), sqlite.ts (one process), dynamodb.ts (AWS). One contract suite runs against all.
 */

import type { Json } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';

/** Of a whole store: in a file's user_version, in a table's record. Raised when an older program could no longer use it. */
export const schemaVersion = 1;

/** `partition` follows how records are read: what is listed together lives in one. Both parts are plain printable text. */
export type Key = { readonly partition: string; readonly id: string };

/** Opaque: equal means "nobody wrote in between". Unique for each write, never reused. */
export type Version = string;

export type StoredRecord = { readonly key: Key; readonly value: Json; readonly version: Version };

/** A record as it lies in its store: its value is text that may be no JSON, and may expire. */
export type DumpedRecord = {
  readonly key: Key;
  readonly text: string;
  readonly version: Version;
  readonly expiresAt: EpochMs | undefined;
};

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

/** One record more that goes into the commit of others, so that both are stored or neither. */
export type Along = {
  readonly key: Key;
  /** The write over what stands there now (undefined = nothing does). */
  readonly write: (before: StoredRecord | undefined) => Write;
  /** The commit is done; never called where it was not stored along. */
  readonly onStored: () => void;
};

/**
 * `conflict`: at least one condition failed and nothing was written; `failed` holds the indexes known to have failed.
 * `versions` has one entry per write (undefined for a delete).
 */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly versions: readonly (Version | undefined)[] }
  | { readonly kind: 'conflict'; readonly failed: readonly number[] };

export type ListOptions = { readonly after?: string; readonly until?: string; readonly limit?: number };

export type Store = {
  /** Strongly consistent. Expired records may still be there: the reader checks expiry in its own terms. */
  readonly read: (key: Key) => Promise<StoredRecord | undefined>;
  /**
   * In order of id (UTF-8 bytes, as the databases sort), strictly after `after` and up to `until`; at most `limit` (default
   * 1,000). Strongly consistent.
   */
  readonly list: (partition: string, options?: ListOptions) => Promise<readonly StoredRecord[]>;
  /**
   * All or nothing, 1 to 100 writes, no key twice, at least one put. `expiresAt` is for garbage collection only, never early.
   * Throws StoreError when it cannot tell or cannot reach the store even after reading its own write back.
   */
  readonly commit: (writes: readonly Write[]) => Promise<CommitOutcome>;
  readonly close: () => Promise<void>;
};

/**
 * Orders ids as SQLite and DynamoDB do: by their UTF-8 bytes, which is by code point. JavaScript's own order differs
 * only where a surrogate meets a character from U+E000 on: the surrogate belongs to a larger code point.
 */
export function compareIds(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff;
}

export type OpenedStore = Store & {
  /** There where expired records must be removed by hand; DynamoDB does so itself. */
  readonly collect?: (now: EpochMs, limit?: number) => Promise<number>;
  /** There where the store is a file: opens what its path leads to now, where that is not the file that is open. */
  readonly reopenIfLost?: () => Promise<Reopened | undefined>;
};

/** `isNew`: nothing was at the path any more, and a file was made; else it is another one's. */
export type Reopened = { readonly path: string; readonly isNew: boolean };
