import { createHash } from 'node:crypto';
import {
  type AttributeValue,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { StoreError } from '../../errors.ts';
import type { Json } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';
import { type PreparedPut, type PreparedWrite, showKey } from './prepare-writes.ts';
import type { Key, StoredRecord, Version } from './store.ts';

export type Item = Record<string, AttributeValue>;

/**
 * DynamoDB deletes an item some time after its `ttl`, in epoch seconds. The ttl is a week later than asked for, so that
 * clocks and rounding never make it early: readers check expiry themselves.
 */
const ttlSlackSeconds = 7 * 24 * 3600;

/** Strongly consistent: otherwise DynamoDB may return old data. */
export function getRequest(table: string, key: Key): GetItemCommand {
  return new GetItemCommand({ TableName: table, Key: itemKey(key), ConsistentRead: true });
}

/** One page of at most 1 MB, which is DynamoDB's own limit. */
export function queryRequest(
  table: string,
  partition: string,
  options: {
    readonly after: string;
    readonly until: string | undefined;
    readonly limit: number;
    readonly start: Item | undefined;
  },
): QueryCommand {
  const { after, until, limit, start } = options;
  const values = {
    ':partition': { S: partition },
    ...(after !== '' && { ':after': { S: after } }),
    ...(until !== undefined && { ':until': { S: until } }),
  };
  return new QueryCommand({
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: keyCondition(after !== '', until !== undefined),
    ExpressionAttributeValues: values,
    Limit: limit,
    ...(start && { ExclusiveStartKey: start }),
  });
}

/** DynamoDB allows only one condition on the sort key, and only BETWEEN has two ends, both included. */
function keyCondition(hasAfter: boolean, hasUntil: boolean): string {
  if (hasAfter && hasUntil) return 'pk = :partition AND sk BETWEEN :after AND :until';
  if (hasUntil) return 'pk = :partition AND sk <= :until';
  return hasAfter ? 'pk = :partition AND sk > :after' : 'pk = :partition';
}

/** A single put costs half as much as a transaction with one. */
export function commitRequest(
  table: string,
  writes: readonly PreparedWrite[],
): PutItemCommand | TransactWriteItemsCommand {
  const [first] = writes;
  if (writes.length === 1 && first?.kind === 'put') return new PutItemCommand(putInput(table, first));
  return new TransactWriteItemsCommand({
    TransactItems: writes.map((write) => transactItem(table, write)),
    // With the same token, a transaction that arrived before is answered, not repeated.
    ClientRequestToken: tokenOf(writes),
  });
}

/** The record of an item. Unknown attributes are left alone: a newer version may have written them. */
export function toRecord(item: Item): StoredRecord {
  const key = { partition: item.pk?.S ?? '', id: item.sk?.S ?? '' };
  const version = item.version?.S;
  if (version === undefined) throw damaged(key, 'it has no version');
  return { key, value: decode(key, item.value?.S ?? ''), version };
}

export function versionOf(item: Item | undefined): Version | undefined {
  return item?.version?.S;
}

function transactItem(table: string, write: PreparedWrite): TransactWriteItem {
  if (write.kind === 'put') return { Put: putInput(table, write) };
  return { Delete: { TableName: table, Key: itemKey(write.key), ...conditionOf(write.expected) } };
}

function putInput(table: string, write: PreparedPut) {
  return { TableName: table, Item: toItem(write), ...conditionOf(write.expected) };
}

function toItem(write: PreparedPut): Item {
  const item: Item = { ...itemKey(write.key), value: { S: write.text }, version: { S: write.version } };
  if (write.expiresAt === undefined) return item;
  return { ...item, ttl: { N: String(ttlOf(write.expiresAt)) } };
}

function ttlOf(expiresAt: EpochMs): number {
  return Math.ceil(expiresAt / 1000) + ttlSlackSeconds;
}

/** When the record expires, to the second. */
export function expiryOf({ ttl }: Item): EpochMs | undefined {
  return ttl?.N === undefined ? undefined : (Number(ttl.N) - ttlSlackSeconds) * 1000;
}

function itemKey(key: Key): Item {
  return { pk: { S: key.partition }, sk: { S: key.id } };
}

/** ALL_OLD returns the conflicting item: after a lost answer it may be our own write. */
function conditionOf(expected: Version | undefined) {
  const shared = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  if (expected === undefined) return { ...shared, ConditionExpression: 'attribute_not_exists(pk)' };
  return {
    ...shared,
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':expected': { S: expected } },
  };
}

/** At most 36 characters: the versions are new for each commit, so their hash is too. */
function tokenOf(writes: readonly PreparedWrite[]): string {
  const versions = writes.map((write) => (write.kind === 'put' ? write.version : ''));
  return createHash('sha256').update(versions.join('\n')).digest('hex').slice(0, 36);
}

function decode(key: Key, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw damaged(key, 'its value is not JSON');
  }
}

function damaged(key: Key, reason: string): StoreError {
  return new StoreError(`The record ${showKey(key)} is damaged: ${reason}; restore the table from a backup`);
}

/**
 * The permissions that a role needs on the table, per store method. A transaction needs the actions of its parts;
 * `commit` reads to find out whether its own write arrived.
 */
export const dynamoActions = {
  read: ['dynamodb:GetItem'],
  list: ['dynamodb:Query'],
  commit: ['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:GetItem'],
  close: [],
} as const;
