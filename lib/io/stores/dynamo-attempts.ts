import { createHash } from 'node:crypto';
import { StoreError } from '../../errors.ts';
import { awsSetupProblem } from '../aws-setup.ts';
import type { Clock } from '../clock.ts';
import type { NewId } from '../ids.ts';
import { type Item, versionOf } from './dynamo-requests.ts';
import type { PreparedWrite } from './prepare-writes.ts';
import type { Key, Version } from './store.ts';

/** The result of a call: its answer, or what failed. `inDoubt`: an attempt may have arrived all the same. */
export type DynamoAnswer<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'failed'; readonly failure: DynamoFailure; readonly inDoubt: boolean };

export type Attempts = { readonly clock: Clock; readonly newId: NewId };

/** The limit for all attempts and waits of a call: three lost answers of 3 s, or a throttled table for a while. */
const totalMs = 10_000;
const firstWaitMs = 50;
const longestWaitMs = 1000;

/**
 * Sends until there is an answer, until another attempt would fail too, or until 10 s are over. The request must be
 * safe to repeat: a read, or a conditional write with its own id.
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

/**
 * A StoreError with what failed, on what, and why. The original error is not attached, since it may contain
 * credentials.
 */
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

/** Doubles up to a second, with jitter in the upper half, so that colliding callers separate. */
export function backoffMs(attempt: number, id: string): number {
  const most = Math.min(longestWaitMs, firstWaitMs * 2 ** attempt);
  const share = createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;
  return Math.round(most * (0.5 + share / 2));
}

/**
 * What a failed call means. `condition`: a condition failed, nothing was written (`items`: the existing items, by
 * index, if DynamoDB returns them). `refused`: certainly not done, try again. `doubtful`: perhaps done, try again.
 * `fatal`: another attempt would fail too.
 */
export type DynamoFailure =
  | { readonly kind: 'condition'; readonly failed: readonly number[]; readonly items: readonly (Item | undefined)[] }
  | { readonly kind: 'refused' | 'doubtful' | 'fatal'; readonly reason: string };

/**
 * Certainly not done: docs.aws.amazon.com, "Error handling with DynamoDB" and TransactWriteItems' cancellation reasons.
 */
const refusals = new Set([
  'ProvisionedThroughputExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingError',
  'ThrottlingException',
  'ThrottledException',
  'TransactionConflict',
  'TransactionConflictException',
]);

const advice: { readonly [name: string]: string } = {
  AccessDeniedException: 'the credentials may not do this on the table; allow the role this action',
  ResourceNotFoundException: 'the table does not exist; deploy it first, or check store.table and the AWS region',
  ValidationException: 'DynamoDB refused the request; the table needs the string keys pk and sk',
};

function classifyDynamoFailure(error: unknown): DynamoFailure {
  const code = codeOf(error);
  const setup = awsSetupProblem(error);
  if (setup !== undefined) return { kind: 'fatal', reason: setup };
  if (code === 'ConditionalCheckFailedException') return { kind: 'condition', failed: [0], items: [itemOf(error)] };
  if (code === 'TransactionCanceledException') return classifyCancellation(error);
  if (refusals.has(code)) return { kind: 'refused', reason: `DynamoDB is too busy (${code})` };
  const fix = advice[code];
  if (fix !== undefined) return { kind: 'fatal', reason: `${fix} (${code})` };
  // The earlier attempt is still running: its outcome is unknown.
  if (code === 'TransactionInProgressException') return { kind: 'doubtful', reason: code };
  if (isClientFault(error)) return { kind: 'fatal', reason: `DynamoDB refused the request (${code})` };
  return { kind: 'doubtful', reason: `DynamoDB did not answer (${code})` };
}

/** AWS's errors have a name of their own; those of the network are plain, with a code (ECONNREFUSED). */
function codeOf(error: unknown): string {
  const { name, code } = error as { name?: unknown; code?: unknown };
  const said = typeof name === 'string' && !/^(Aggregate)?Error$/.test(name) ? name : code;
  return typeof said === 'string' ? said.replace(/[^A-Za-z_]/g, '') : 'Error';
}

/** A cancelled transaction gives one reason per write, "None" where nothing was wrong. */
function classifyCancellation(error: unknown): DynamoFailure {
  const reasons =
    (error as { CancellationReasons?: readonly { Code?: string; Item?: Item }[] }).CancellationReasons ?? [];
  const failed = reasons.flatMap((reason, index) => (reason.Code === 'ConditionalCheckFailed' ? [index] : []));
  if (failed.length > 0) return { kind: 'condition', failed, items: reasons.map((reason) => reason.Item) };
  const codes = [...new Set(reasons.map((reason) => reason.Code ?? 'None'))].filter((code) => code !== 'None');
  const isRefused = codes.every((code) => refusals.has(code));
  return { kind: isRefused ? 'refused' : 'fatal', reason: `the transaction was cancelled (${codes.join(', ')})` };
}

function itemOf(error: unknown): Item | undefined {
  return (error as { Item?: Item }).Item;
}

function isClientFault(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

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

/** Reads the keys one by one until one decides. */
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
