import { StoreError } from '../../errors.ts';
import type { Key } from './store.ts';

/** DynamoDB's limits for a partition key and a sort key, in bytes: docs.aws.amazon.com, "Quotas in Amazon DynamoDB". */
const mostBytes = { partition: 2048, id: 1024 } as const;

/** Control characters and halves of surrogate pairs: no name holds them, and databases differ in what they do with them. */
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
  if (unprintable.test(text)) return 'it holds a character that cannot be printed';
  const most = mostBytes[part];
  // A character takes at most three bytes per code unit: short text needs no counting.
  if (text.length * 3 <= most || Buffer.byteLength(text) <= most) return undefined;
  return `it is longer than ${most} bytes`;
}
