/**
 * The only interface to the store. Typed records are above it (lib/jobs/records). Adapters: memory.ts (tests),
 * sqlite.ts (one process), dynamodb.ts (AWS). The same contract tests run against all.
 */

import type { Json } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';

/**
 * The version of a whole store: in a file's user_version, or in a table's record. Raised when older programs can no
 * longer use it.
 */
export const schemaVersion = 1;

/** Records that are listed together share a `partition`. Both parts are plain printable text. */
export type Key = { readonly partition: string; readonly id: string };

/** Opaque: an equal version means that nobody wrote in between. Unique for each write, never reused. */
export type Version = string;

export type StoredRecord = { readonly key: Key; readonly value: Json; readonly version: Version };

/** A record as stored: its value is text, which may be invalid JSON, and it may have expired. */
export type DumpedRecord = {
  readonly key: Key;
  readonly text: string;
  readonly version: Version;
  readonly expiresAt: EpochMs | undefined;
};

/** DynamoDB takes at most 100 actions in one transaction: docs.aws.amazon.com, TransactWriteItems. */
export const mostWrites = 100;

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

/** A record added to another commit, so that both are stored or neither. */
export type Along = {
  readonly key: Key;
  /** The write over the current record (undefined = there is none). */
  readonly write: (before: StoredRecord | undefined) => Write;
  /** Called when the commit is done; never if it was not stored along. */
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
  /** Strongly consistent. Expired records may still be returned: the reader checks expiry itself. */
  readonly read: (key: Key) => Promise<StoredRecord | undefined>;
  /**
   * In order of id (UTF-8 bytes, as the databases sort), strictly after `after` and up to `until`; at most `limit` (default
   * 1,000). Strongly consistent.
   */
  readonly list: (partition: string, options?: ListOptions) => Promise<readonly StoredRecord[]>;
  /**
   * All or nothing, 1 to 100 writes, no key twice, at least one put. `expiresAt` is only for garbage collection, never
   * early. Throws StoreError if the outcome stays unknown even after reading back, or the store cannot be reached.
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
  /** Present if expired records must be deleted by the program; DynamoDB does it itself. */
  readonly collect?: (now: EpochMs, limit?: number) => Promise<number>;
  /** Present if the store is a file: reopens the path if another file is there now. */
  readonly reopenIfLost?: () => Promise<Reopened | undefined>;
};

/** `isNew`: the path was empty, and a file was created; otherwise another file was there. */
export type Reopened = { readonly path: string; readonly isNew: boolean };
