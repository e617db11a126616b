import type { DynamoAnswer } from './dynamo-attempts.ts';
import { versionOf } from './dynamo-requests.ts';
import type { PreparedWrite } from './prepare-writes.ts';
import type { Key, Version } from './store.ts';

type Failed = Extract<DynamoAnswer<unknown>, { readonly kind: 'failed' }>;

/**
 * Finds out what became of a commit that was not simply answered.
 *
 * | a put of ours is there | a condition failed | an answer was lost before | settled as |
 * |---|---|---|---|
 * | yes | any | any | committed: all or nothing, and nobody else has its version |
 * | no | yes | no | conflict |
 * | no | yes | yes, and another key is still as expected | conflict: so ours never arrived |
 * | no | yes | yes | unknown: ours may have arrived and been overwritten since |
 * | no | no | any | unknown |
 */
export async function settleCommit(
  writes: readonly PreparedWrite[],
  sent: Failed,
  readVersion: (key: Key) => Promise<Version | undefined>,
): Promise<'committed' | 'conflict' | 'unknown'> {
  const { failure } = sent;
  if (failure.kind === 'condition') {
    if (writes.some((write, index) => isOwn(write, versionOf(failure.items[index])))) return 'committed';
    if (!sent.inDoubt) return 'conflict';
  } else if (!sent.inDoubt) return 'unknown';
  return settleByReading(writes, failure.kind === 'condition', readVersion);
}

/** Reads the keys one by one until one of them tells. */
async function settleByReading(
  writes: readonly PreparedWrite[],
  isRefused: boolean,
  readVersion: (key: Key) => Promise<Version | undefined>,
): Promise<'committed' | 'conflict' | 'unknown'> {
  for (const write of writes) {
    const version = await readVersion(write.key);
    if (isOwn(write, version)) return 'committed';
    if (isRefused && write.expected !== undefined && write.expected === version) return 'conflict';
  }
  return 'unknown';
}

function isOwn(write: PreparedWrite, version: Version | undefined): boolean {
  return write.kind === 'put' && write.version === version;
}
