import { awsSetupProblem } from '../aws-setup.ts';
import type { Item } from './dynamo-requests.ts';

/**
 * What a failed call means. `condition`: a condition did not hold, nothing was written (`items`: what stood there, by
 * index, where DynamoDB says so). `refused`: surely not done, worth another try. `doubtful`: perhaps done, worth another
 * try. `fatal`: another try would fail alike.
 */
export type DynamoFailure =
  | { readonly kind: 'condition'; readonly failed: readonly number[]; readonly items: readonly (Item | undefined)[] }
  | { readonly kind: 'refused' | 'doubtful' | 'fatal'; readonly reason: string };

/** Surely not done: docs.aws.amazon.com, "Error handling with DynamoDB" and TransactWriteItems' cancellation reasons. */
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

export function classifyDynamoFailure(error: unknown): DynamoFailure {
  const code = codeOf(error);
  const setup = awsSetupProblem(error);
  if (setup !== undefined) return { kind: 'fatal', reason: setup };
  if (code === 'ConditionalCheckFailedException') return { kind: 'condition', failed: [0], items: [itemOf(error)] };
  if (code === 'TransactionCanceledException') return classifyCancellation(error);
  if (refusals.has(code)) return { kind: 'refused', reason: `DynamoDB is too busy (${code})` };
  const fix = advice[code];
  if (fix !== undefined) return { kind: 'fatal', reason: `${fix} (${code})` };
  // The earlier try is still on its way: its outcome is open.
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
