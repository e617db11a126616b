import { createHash } from 'node:crypto';
import { StoreError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { NewId } from '../ids.ts';
import { type DynamoFailure, classifyDynamoFailure } from './dynamo-failure.ts';

/** What came of a call: its answer, or what stood in the way. `inDoubt`: some try may have arrived all the same. */
export type DynamoAnswer<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'failed'; readonly failure: DynamoFailure; readonly inDoubt: boolean };

export type Attempts = { readonly clock: Clock; readonly newId: NewId };

/** All tries and waits of one call together: three lost answers of 3 s, or a throttled table for a while. */
const totalMs = 10_000;
const firstWaitMs = 50;
const longestWaitMs = 1000;

/**
 * Sends until it is answered, until another try would fail alike, or until 10 s are over. The request must be one that
 * may arrive twice: a read, or a conditional write that carries its own id.
 */
export async function sendUntilSettled<T>(send: () => Promise<T>, parts: Attempts): Promise<DynamoAnswer<T>> {
  const deadline = parts.clock.now() + totalMs;
  let inDoubt = false;
  for (let attempt = 0; ; attempt++) {
    const outcome = await sendOnce(send);
    if (outcome.kind === 'answered') return outcome;
    const { failure } = outcome;
    inDoubt ||= failure.kind === 'doubtful';
    if (failure.kind === 'condition' || failure.kind === 'fatal') return { kind: 'failed', failure, inDoubt };
    const waitMs = backoffMs(attempt, parts.newId());
    if (parts.clock.now() + waitMs >= deadline) return { kind: 'failed', failure, inDoubt };
    await parts.clock.sleep(waitMs);
  }
}

/** A StoreError that says what failed, on what, and why. The foreign error stays behind: it may carry credentials. */
export function dynamoError(table: string, doing: string, failure: DynamoFailure): StoreError {
  const reason = failure.kind === 'condition' ? 'a condition failed' : failure.reason;
  return new StoreError(`The DynamoDB table ${table}: cannot ${doing}: ${reason}`);
}

async function sendOnce<T>(
  send: () => Promise<T>,
): Promise<{ kind: 'answered'; answer: T } | { kind: 'failed'; failure: DynamoFailure }> {
  try {
    return { kind: 'answered', answer: await send() };
  } catch (error) {
    return { kind: 'failed', failure: classifyDynamoFailure(error) };
  }
}

/** Doubles up to a second, spread over its upper half by a random id, so that those who collided once part. */
export function backoffMs(attempt: number, id: string): number {
  const most = Math.min(longestWaitMs, firstWaitMs * 2 ** attempt);
  const share = createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;
  return Math.round(most * (0.5 + share / 2));
}
