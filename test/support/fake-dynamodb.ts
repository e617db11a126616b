/**
 * The DynamoDB calls that the store makes, in memory and without chance: what a call meets is decided by the function
 * handed in. It answers as DynamoDB does where the store depends on it: conditions, all-or-nothing transactions with
 * cancellation reasons, idempotency tokens, pages, and old data for a read that does not ask for consistency.
 * Nothing ever expires here, as in the days before DynamoDB gets round to it.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  InternalServerError,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactionConflictException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { compareIds } from '../../lib/io/stores/store.ts';

export type Item = Record<string, AttributeValue>;

export type DynamoCall = {
  /** Counts from 0 over the life of the client. */
  readonly ordinal: number;
  readonly name: 'GetItem' | 'Query' | 'PutItem' | 'TransactWriteItems';
  /** Actions of the role that the call needs. */
  readonly actions: readonly string[];
};

/**
 * `throttle`, `conflict`: refused, nothing done. `lose-request`: never arrived, the caller sees a time-out.
 * `lose-answer`: done, the caller sees a time-out. `break`: a 500, nothing done. `break-after`: a 500, done.
 */
export type DynamoFault = 'throttle' | 'conflict' | 'lose-request' | 'lose-answer' | 'break' | 'break-after';

export type FakeDynamo = Pick<DynamoDBClient, 'send' | 'destroy'> & {
  readonly calls: readonly DynamoCall[];
  /** Another client of the same table, with calls and faults of its own. */
  readonly withFaults: (faults: FakeDynamoParts['faults']) => FakeDynamo;
  /** What is there, in no promised order. */
  readonly items: () => readonly Item[];
  /** Every item ever written, in the order of writing. */
  readonly written: readonly Item[];
  readonly snapshot: () => ReadonlyMap<string, Item>;
  /** Back to that moment, or, without one, to an empty table. */
  readonly restore: (snapshot?: ReadonlyMap<string, Item>) => void;
};

export type FakeDynamoParts = {
  readonly table: string;
  /** Records of one page, standing in for DynamoDB's 1 MB. */
  readonly pageItems?: number;
  readonly faults?: (call: DynamoCall) => DynamoFault | undefined;
  /** Awaited before each call takes effect, and again before it is answered: a latency, or a place to switch callers. */
  readonly pause?: () => Promise<void>;
  /** Keep every call and every written item, for tests that look at them; a long simulation must not. */
  readonly remember?: boolean;
};

type World = {
  items: Map<string, Item>;
  /** What a read that does not ask for consistency sees of a key: what was there before the last write. */
  old: Map<string, Item | undefined>;
  readonly tokens: Set<string>;
  readonly written: Item[];
  readonly parts: FakeDynamoParts;
};

type Command = GetItemCommand | QueryCommand | PutItemCommand | TransactWriteItemsCommand;

type Change = {
  readonly TableName?: string | undefined;
  readonly Key?: Item | undefined;
  readonly Item?: Item | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
};

const noMetadata = { $metadata: {} };

export function makeFakeDynamo(parts: FakeDynamoParts): FakeDynamo {
  const world: World = { items: new Map(), old: new Map(), tokens: new Set(), written: [], parts };
  return makeClient(world, parts.faults);
}

function makeClient(world: World, faults: FakeDynamoParts['faults']): FakeDynamo {
  const calls: DynamoCall[] = [];
  let ordinal = 0;
  const send = async (command: Command): Promise<unknown> => {
    const call = describe(command, ordinal++);
    if (world.parts.remember !== false) calls.push(call);
    return answer(world, command, faults?.(call));
  };
  return {
    send: send as DynamoDBClient['send'],
    destroy: () => {},
    withFaults: (others) => makeClient(world, others),
    calls,
    written: world.written,
    items: () => [...world.items.values()],
    snapshot: () => new Map(world.items),
    restore: (snapshot) => restore(world, snapshot),
  };
}

function restore(world: World, snapshot: ReadonlyMap<string, Item> | undefined): void {
  world.items = new Map(snapshot ?? []);
  world.old = new Map();
  world.tokens.clear();
}

function describe(command: Command, ordinal: number): DynamoCall {
  if (command instanceof GetItemCommand) return { ordinal, name: 'GetItem', actions: ['dynamodb:GetItem'] };
  if (command instanceof QueryCommand) return { ordinal, name: 'Query', actions: ['dynamodb:Query'] };
  if (command instanceof PutItemCommand) return { ordinal, name: 'PutItem', actions: ['dynamodb:PutItem'] };
  const parts = (command.input.TransactItems ?? []).map((item) => `dynamodb:${Object.keys(item)[0]}Item`);
  return { ordinal, name: 'TransactWriteItems', actions: [...new Set(parts)] };
}

async function answer(world: World, command: Command, fault: DynamoFault | undefined): Promise<unknown> {
  await world.parts.pause?.();
  if (fault === 'throttle') throw new ProvisionedThroughputExceededException({ ...noMetadata, message: 'too fast' });
  if (fault === 'conflict') throw conflictOf(command);
  if (fault === 'break') throw new InternalServerError({ ...noMetadata, message: 'broken' });
  if (fault === 'lose-request') throw timeout();
  const answered = attempt(() => execute(world, command));
  // Whatever the answer was, a refusal included, nobody hears it.
  if (fault === 'lose-answer') throw timeout();
  if (fault === 'break-after') throw new InternalServerError({ ...noMetadata, message: 'broken' });
  await world.parts.pause?.();
  return answered();
}

/** The work done now, its answer or its error handed over later. */
function attempt(work: () => unknown): () => unknown {
  try {
    const answered = work();
    return () => answered;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function conflictOf(command: Command): Error {
  if (!(command instanceof TransactWriteItemsCommand)) {
    return new TransactionConflictException({ ...noMetadata, message: 'conflict' });
  }
  const reasons = (command.input.TransactItems ?? []).map((_, i) => ({
    Code: i === 0 ? 'TransactionConflict' : 'None',
  }));
  return new TransactionCanceledException({ ...noMetadata, message: 'conflict', CancellationReasons: reasons });
}

/** As the SDK's own HTTP handler reports it. */
function timeout(): Error {
  return Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
}

function execute(world: World, command: Command): unknown {
  if (command instanceof TransactWriteItemsCommand) return transact(world, command.input);
  checkTable(world, command.input.TableName);
  if (command instanceof GetItemCommand) return get(world, command.input);
  if (command instanceof QueryCommand) return query(world, command.input);
  return put(world, command.input);
}

function get(world: World, input: GetItemCommand['input']): unknown {
  const item = look(world, nameOf(input.Key ?? {}), input.ConsistentRead === true);
  return { ...noMetadata, ...(item && { Item: { ...item } }) };
}

function look(world: World, name: string, isConsistent: boolean): Item | undefined {
  return isConsistent || !world.old.has(name) ? world.items.get(name) : world.old.get(name);
}

function query(world: World, input: QueryCommand['input']): unknown {
  const partition = input.ExpressionAttributeValues?.[':partition']?.S ?? '';
  const isWanted = sortCondition(input);
  const start = input.ExclusiveStartKey?.sk?.S;
  const all = visible(world, partition, input.ConsistentRead === true)
    .filter((item) => isWanted(sortKey(item)) && (start === undefined || compareIds(sortKey(item), start) > 0))
    .sort((a, b) => compareIds(sortKey(a), sortKey(b)));
  const page = all.slice(0, Math.min(input.Limit ?? Infinity, world.parts.pageItems ?? 1000));
  const last = page.at(-1);
  // DynamoDB also gives a last key when the page ends exactly where the partition does.
  const isCut = page.length < all.length || page.length === input.Limit;
  const next = isCut && last ? { LastEvaluatedKey: { pk: last.pk!, sk: last.sk! } } : {};
  return { ...noMetadata, Items: page.map((item) => ({ ...item })), ...next };
}

function visible(world: World, partition: string, isConsistent: boolean): Item[] {
  const prefix = `${partition}\n`;
  const names = isConsistent ? world.items.keys() : new Set([...world.items.keys(), ...world.old.keys()]);
  const items: Item[] = [];
  for (const name of names) {
    const item = name.startsWith(prefix) ? look(world, name, isConsistent) : undefined;
    if (item !== undefined) items.push(item);
  }
  return items;
}

function sortKey(item: Item): string {
  return item.sk?.S ?? '';
}

/** The conditions on the sort key that the adapter writes; DynamoDB's BETWEEN takes both of its ends in. */
function sortCondition(input: QueryCommand['input']): (id: string) => boolean {
  const [after, until] = [':after', ':until'].map((name) => input.ExpressionAttributeValues?.[name]?.S);
  if (after === '' || until === '') throw invalid('empty sort key');
  switch (input.KeyConditionExpression) {
    case 'pk = :partition':
      return () => true;
    case 'pk = :partition AND sk > :after':
      return (id) => compareIds(id, given(after)) > 0;
    case 'pk = :partition AND sk <= :until':
      return (id) => compareIds(id, given(until)) <= 0;
    case 'pk = :partition AND sk BETWEEN :after AND :until':
      return (id) => compareIds(id, given(after)) >= 0 && compareIds(id, given(until)) <= 0;
    default:
      throw invalid('key condition');
  }
}

function given(value: string | undefined): string {
  if (value === undefined) throw invalid('a value that the expression names is missing');
  return value;
}

function put(world: World, input: Change): unknown {
  if (!holds(world, input)) {
    const found = world.items.get(nameOf(input.Item ?? {}));
    const details = { ...noMetadata, message: 'The conditional request failed', ...(found && { Item: found }) };
    throw new ConditionalCheckFailedException(details);
  }
  store(world, input);
  return noMetadata;
}

function transact(world: World, input: TransactWriteItemsCommand['input']): unknown {
  const changes = (input.TransactItems ?? []).map((item: TransactWriteItem) => item.Put ?? item.Delete ?? {});
  checkTransaction(world, changes, input.ClientRequestToken);
  if (world.tokens.has(input.ClientRequestToken ?? '')) return noMetadata;
  const reasons = changes.map((change) => {
    if (holds(world, change)) return { Code: 'None' };
    const found = world.items.get(nameOf(keyOf(change)));
    return { Code: 'ConditionalCheckFailed', ...(found && { Item: found }) };
  });
  if (reasons.some((reason) => reason.Code !== 'None')) {
    throw new TransactionCanceledException({ ...noMetadata, message: 'cancelled', CancellationReasons: reasons });
  }
  for (const change of changes) store(world, change);
  rememberToken(world, input.ClientRequestToken);
  return noMetadata;
}

function checkTransaction(world: World, changes: readonly Change[], token: string | undefined): void {
  if (changes.length === 0 || changes.length > 100) throw invalid('1 to 100 actions');
  if (token !== undefined && (token.length < 1 || token.length > 36)) throw invalid('token of 1 to 36 characters');
  const names = changes.map((change) => nameOf(keyOf(change)));
  if (new Set(names).size < names.length) throw invalid('two actions on one item');
  for (const change of changes) checkTable(world, change.TableName);
}

/** DynamoDB forgets a token after ten minutes; here after a thousand others. */
function rememberToken(world: World, token: string | undefined): void {
  if (token === undefined) return;
  world.tokens.add(token);
  if (world.tokens.size > 1000) world.tokens.delete(world.tokens.keys().next().value!);
}

function holds(world: World, change: Change): boolean {
  const found = world.items.get(nameOf(keyOf(change)));
  if (change.ConditionExpression === 'attribute_not_exists(pk)') return found === undefined;
  if (change.ConditionExpression !== '#version = :expected') throw invalid('condition');
  const attribute = change.ExpressionAttributeNames?.['#version'] ?? '';
  return found !== undefined && found[attribute]?.S === change.ExpressionAttributeValues?.[':expected']?.S;
}

function store(world: World, change: Change): void {
  const name = nameOf(keyOf(change));
  remember(world.old, name, world.items.get(name));
  if (change.Item === undefined) {
    world.items.delete(name);
    return;
  }
  const item = { ...change.Item };
  world.items.set(name, item);
  if (world.parts.remember !== false) world.written.push(item);
}

/** Old data is for reads soon after a write: the last thousand writes are enough. */
function remember(old: Map<string, Item | undefined>, name: string, item: Item | undefined): void {
  old.delete(name);
  old.set(name, item);
  if (old.size > 1000) old.delete(old.keys().next().value!);
}

function keyOf(change: Change): Item {
  return change.Item ?? change.Key ?? {};
}

function nameOf(key: Item): string {
  const { pk, sk } = key;
  if (!pk?.S || !sk?.S) throw invalid('key');
  return `${pk.S}\n${sk.S}`;
}

function checkTable(world: World, table: string | undefined): void {
  if (table !== world.parts.table) throw serviceError('ResourceNotFoundException', 'no such table');
}

function invalid(what: string): Error {
  return serviceError('ValidationException', `invalid ${what}`);
}

function serviceError(name: string, message: string): Error {
  return new DynamoDBServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } });
}
