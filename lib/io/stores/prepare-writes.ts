import { StoreError } from '../../errors.ts';
import type { Json } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';
import type { NewId } from '../ids.ts';
import { type Key, mostWrites, type Version, type Write } from './store.ts';

/** A write that passed all checks: its value as JSON text, with its new version. */
export type PreparedWrite = PreparedPut | PreparedDelete;

/** `expected` undefined = the key must be absent. */
export type PreparedPut = {
  readonly kind: 'put';
  readonly key: Key;
  readonly text: string;
  readonly version: Version;
  readonly expected: Version | undefined;
  readonly expiresAt: EpochMs | undefined;
};

type PreparedDelete = { readonly kind: 'delete'; readonly key: Key; readonly expected: Version };

/** A quarter of DynamoDB's 400 KB per item: a growing record is noticed long before AWS refuses it. */
const mostValueBytes = 100 * 1024;
/** DynamoDB takes at most 4 MB in one transaction; the rest of the 4,194,304 bytes is room for attribute names. */
const mostCommitBytes = 4_000_000;

/**
 * The checks of every store, so that what works on one machine works on AWS: 1 to 100 writes, no key twice, at least
 * one put (a commit is recognised by its puts), values of at most 100 KB of JSON, 4 MB in all. Throws StoreError naming
 * the key, before anything is written.
 */
export function prepareWrites(writes: readonly Write[], newId: NewId): readonly PreparedWrite[] {
  checkCount(writes);
  checkKeysDiffer(writes);
  const prepared = writes.map((write) => prepareWrite(write, newId));
  const bytes = prepared.reduce((sum, write) => sum + sizeOf(write), 0);
  if (bytes > mostCommitBytes) {
    throw new StoreError(`A commit of ${bytes} bytes was refused: the limit is ${mostCommitBytes}; cut it in two`);
  }
  return prepared;
}

/** The result of committed writes: the new version of each put. */
export function versionsOf(writes: readonly PreparedWrite[]): readonly (Version | undefined)[] {
  return writes.map((write) => (write.kind === 'put' ? write.version : undefined));
}

function checkCount(writes: readonly Write[]): void {
  if (writes.length === 0 || writes.length > mostWrites) {
    throw new StoreError(`A commit of ${writes.length} writes was refused: it takes 1 to ${mostWrites}`);
  }
  if (writes.every((write) => write.kind === 'deleteIfVersion')) {
    throw new StoreError(`A commit that only deletes ${showKey(writes[0]!.key)} was refused: it must put a record too`);
  }
}

function checkKeysDiffer(writes: readonly Write[]): void {
  const seen = new Set<string>();
  for (const { key } of writes) {
    checkKey(key);
    // Keys have no control characters, so a line feed separates them safely.
    const joined = `${key.partition}\n${key.id}`;
    if (seen.has(joined)) throw new StoreError(`A commit was refused: it writes ${showKey(key)} twice`);
    seen.add(joined);
  }
}

function prepareWrite(write: Write, newId: NewId): PreparedWrite {
  if (write.kind === 'deleteIfVersion') return { kind: 'delete', key: write.key, expected: write.version };
  return {
    kind: 'put',
    key: write.key,
    text: encodeValue(write.key, write.value),
    version: newId(),
    expected: write.kind === 'putIfVersion' ? write.version : undefined,
    expiresAt: checkExpiry(write.key, write.expiresAt),
  };
}

function encodeValue(key: Key, value: Json): string {
  const text = JSON.stringify(value) as string | undefined;
  // JSON turns unsupported values into null; only then a closer check is needed.
  if (text?.includes('null')) refuseUnheld(key, value);
  if (text === undefined) throw new StoreError(`The record ${showKey(key)} was refused: it has no value`);
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostValueBytes) return text;
  throw new StoreError(`The record ${showKey(key)} was refused: ${bytes} bytes, the limit is ${mostValueBytes}`);
}

function refuseUnheld(key: Key, value: Json): void {
  JSON.stringify(value, (name, part: unknown) => {
    if (typeof part !== 'number' || Number.isFinite(part)) return part;
    throw new StoreError(`The record ${showKey(key)} was refused: "${name}" is ${part}, which JSON cannot express`);
  });
}

function checkExpiry(key: Key, expiresAt: EpochMs | undefined): EpochMs | undefined {
  if (expiresAt === undefined) return undefined;
  const whole = Math.ceil(expiresAt);
  if (Number.isSafeInteger(whole)) return whole;
  throw new StoreError(`The record ${showKey(key)} was refused: it expires at ${expiresAt}, which is not an instant`);
}

function sizeOf(write: PreparedWrite): number {
  if (write.kind === 'delete') return 0;
  return Buffer.byteLength(write.text) + Buffer.byteLength(write.key.partition) + Buffer.byteLength(write.key.id);
}

/** DynamoDB's limits for a partition key and a sort key, in bytes: docs.aws.amazon.com, "Quotas in Amazon DynamoDB". */
const mostBytes = { partition: 2048, id: 1024 } as const;

/** Control characters and lone surrogates: databases handle them differently. */
const unprintable = /[\p{Cc}\p{Cs}]/u;

/** Both parts of a key are non-empty printable text that every store can keep. Throws StoreError naming the part. */
export function checkKey(key: Key): void {
  checkPart('partition', key.partition);
  checkPart('id', key.id);
}

export function checkPart(part: 'partition' | 'id', text: string): void {
  const reason = problemOf(part, text);
  if (reason !== undefined)
    throw new StoreError(`The ${part} ${JSON.stringify(text.slice(0, 80))} was refused: ${reason}`);
}

/** A key as messages show it. */
export function showKey(key: Key): string {
  return `"${key.partition}/${key.id}"`;
}

/** A list takes 1 or more; without a limit 1,000. */
export function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return 1000;
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new StoreError(`A list of ${limit} records was refused: the limit is a whole number from 1`);
}

function problemOf(part: 'partition' | 'id', text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (unprintable.test(text)) return 'it contains a character that cannot be printed';
  const most = mostBytes[part];
  // A character takes at most three bytes per code unit: short text needs no counting.
  if (text.length * 3 <= most || Buffer.byteLength(text) <= most) return undefined;
  return `it is longer than ${most} bytes`;
}
