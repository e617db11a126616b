import type { DynamoDBClient, GetItemCommandOutput, QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { StoreError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { NewId } from '../ids.ts';
import { dynamoError, sendUntilSettled, settleCommit } from './dynamo-attempts.ts';
import { commitRequest, getRequest, type Item, queryRequest, toRecord, versionOf } from './dynamo-requests.ts';
import { checkKey, checkLimit, checkPart, prepareWrites, showKey, versionsOf } from './prepare-writes.ts';
import type { CommitOutcome, Key, ListOptions, Store, StoredRecord, Write } from './store.ts';

export type DynamoParts = {
  /** It makes one attempt per call, with a time-out of some seconds: attempts and waits are counted here. */
  readonly client: Pick<DynamoDBClient, 'send' | 'destroy'>;
  readonly table: string;
  readonly newId: NewId;
  readonly clock: Clock;
};

/**
 * The store on AWS: one table with the string keys `pk` and `sk`, no index; every read is strongly consistent. A commit
 * whose answer was lost is sent again with the same ids, by which it is recognised.
 */
export function makeDynamoStore(parts: DynamoParts): Store {
  return {
    read: (key) => readRecord(parts, key),
    list: (partition, options = {}) => listRecords(parts, partition, options),
    commit: (writes) => commitWrites(parts, writes),
    close: async () => parts.client.destroy(),
  };
}

async function readRecord(parts: DynamoParts, key: Key): Promise<StoredRecord | undefined> {
  const item = await readItem(parts, key);
  return item && toRecord(item);
}

async function readItem(parts: DynamoParts, key: Key): Promise<Item | undefined> {
  checkKey(key);
  const request = getRequest(parts.table, key);
  const sent = await sendUntilSettled<GetItemCommandOutput>(() => parts.client.send(request), parts);
  if (sent.kind === 'answered') return sent.answer.Item;
  throw dynamoError(parts.table, `read ${showKey(key)}`, sent.failure);
}

/** A page may be empty without being the last; a hundred empty ones in a row mean a broken endpoint. */
const mostEmptyPages = 100;

async function listRecords(
  parts: DynamoParts,
  partition: string,
  options: ListOptions,
): Promise<readonly StoredRecord[]> {
  checkPart('partition', partition);
  const limit = checkLimit(options.limit);
  const records: StoredRecord[] = [];
  let start: Item | undefined;
  let empty = 0;
  do {
    const page = await queryPage(parts, partition, {
      after: options.after ?? '',
      until: options.until,
      limit: limit - records.length,
      start,
    });
    const listed = (page.Items ?? []).map(toRecord);
    records.push(...listed.filter(({ key }) => key.id !== options.after));
    start = page.LastEvaluatedKey;
    empty = (page.Items?.length ?? 0) === 0 ? empty + 1 : 0;
    if (empty > mostEmptyPages) {
      throw new StoreError(`Table ${parts.table}: listing "${partition}" failed: its pages are empty and do not end`);
    }
  } while (start !== undefined && records.length < limit);
  return records;
}

async function queryPage(
  parts: DynamoParts,
  partition: string,
  options: Parameters<typeof queryRequest>[2],
): Promise<QueryCommandOutput> {
  const request = queryRequest(parts.table, partition, options);
  const sent = await sendUntilSettled<QueryCommandOutput>(() => parts.client.send(request), parts);
  if (sent.kind === 'answered') return sent.answer;
  throw dynamoError(parts.table, `list "${partition}"`, sent.failure);
}

async function commitWrites(parts: DynamoParts, writes: readonly Write[]): Promise<CommitOutcome> {
  const prepared = prepareWrites(writes, parts.newId);
  const request = commitRequest(parts.table, prepared);
  const sent = await sendUntilSettled<unknown>(() => parts.client.send(request as never), parts);
  if (sent.kind === 'answered') return { kind: 'committed', versions: versionsOf(prepared) };
  const readVersion = async (key: Key) => versionOf(await readItem(parts, key));
  const settled = await settleCommit(prepared, sent, readVersion);
  if (settled === 'conflict' && sent.failure.kind === 'condition') {
    return { kind: 'conflict', failed: sent.failure.failed };
  }
  if (settled === 'committed') return { kind: 'committed', versions: versionsOf(prepared) };
  throw unsettled(parts.table, writes, sent);
}

function unsettled(table: string, writes: readonly Write[], sent: Parameters<typeof settleCommit>[1]): StoreError {
  const error = dynamoError(table, `write ${showKey(writes[0]!.key)}`, sent.failure);
  if (!sent.inDoubt) return error;
  return new StoreError(`${error.message}; it is not known whether the write arrived; the next round reads it`);
}
