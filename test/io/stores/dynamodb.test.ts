import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { backoffMs } from '../../../lib/io/stores/dynamo-attempts.ts';
import { dynamoActions } from '../../../lib/io/stores/dynamo-requests.ts';
import { makeDynamoStore } from '../../../lib/io/stores/dynamodb.ts';
import type { CommitOutcome, Store, Write } from '../../../lib/io/stores/store.ts';
import { type DynamoFault, type FakeDynamoParts, makeFakeDynamo } from '../../support/fake-dynamodb.ts';
import { runs } from '../../support/runs.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';
import { put } from './contract.ts';

const key = (id: string) => ({ partition: 'p', id });
const week = 7 * 24 * 3600_000;

function openStore(parts: Partial<FakeDynamoParts> = {}, meanwhile?: () => Promise<void>) {
  const client = makeFakeDynamo({ table: 'state', ...parts });
  const clock = makeSkippingClock(0, meanwhile);
  const store = makeDynamoStore({ client, table: 'state', newId: randomId, clock });
  return { client, clock, store };
}

/** These faults, one per call, then none. */
function inTurn(...faults: (DynamoFault | undefined)[]): NonNullable<FakeDynamoParts['faults']> {
  return (call) => faults[call.ordinal];
}

const create = (id: string, value = 1): Write => ({ kind: 'putIfAbsent', key: key(id), value });

describe('a time to live', () => {
  test('is in seconds and a week late, never early', async () => {
    const instants = fc.integer({ min: 0, max: Date.UTC(2500, 0) });
    const check = async (expiresAt: number) => {
      const { store, client } = openStore();
      await store.commit([{ ...create('a'), expiresAt } as Write]);
      await store.commit([{ ...create('b'), expiresAt } as Write, create('c')]);
      const ttls = client.written.map((item) => item.ttl?.N);
      expect(ttls).toEqual([ttls[0], ttls[0], undefined]);
      const ms = Number(ttls[0]) * 1000;
      expect(ms).toBeGreaterThanOrEqual(expiresAt + week);
      expect(ms).toBeLessThan(expiresAt + week + 1000);
    };
    await fc.assert(fc.asyncProperty(instants, check));
  });

  test('is gone when the next version has none', async () => {
    const { store, client } = openStore();
    const outcome = await store.commit([{ ...create('a'), expiresAt: 5 } as Write]);
    const version = outcome.kind === 'committed' ? outcome.versions[0]! : '';
    await put(store, key('a'), 2, version);
    expect(client.items()[0]).not.toHaveProperty('ttl');
  });
});

describe('reads', () => {
  test('see the last write, where a plain read would not', async () => {
    const { store, client } = openStore();
    await put(store, key('a'), 2, await put(store, key('a'), 1));
    expect((await store.read(key('a')))?.value).toBe(2);
    expect((await store.list('p'))[0]?.value).toBe(2);
    const plain = await client.send(
      new GetItemCommand({ TableName: 'state', Key: { pk: { S: 'p' }, sk: { S: 'a' } } }),
    );
    expect(plain.Item?.value?.S).toBe('1');
    const query = { TableName: 'state', KeyConditionExpression: 'pk = :partition' };
    const old = await client.send(
      new QueryCommand({ ...query, ExpressionAttributeValues: { ':partition': { S: 'p' } } }),
    );
    expect(old.Items?.[0]?.value?.S).toBe('1');
  });

  test.each<[DynamoFault]>([['throttle'], ['lose-request'], ['lose-answer'], ['break']])(
    'are tried again after %s',
    async (fault) => {
      const { store, client } = openStore({ faults: inTurn(undefined, fault, fault, undefined, fault) });
      await put(store, key('a'), 1);
      expect((await store.read(key('a')))?.value).toBe(1);
      expect(await store.list('p')).toHaveLength(1);
      expect(client.calls.map((call) => call.name)).toEqual([
        'PutItem',
        'GetItem',
        'GetItem',
        'GetItem',
        'Query',
        'Query',
      ]);
    },
  );

  test('leave attributes alone that a newer version added', async () => {
    const { store, client } = openStore();
    const item = { pk: { S: 'p' }, sk: { S: 'a' }, value: { S: '1' }, version: { S: 'v' }, added: { S: 'later' } };
    await client.send(
      new PutItemCommand({ TableName: 'state', Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
    );
    expect(await store.read(key('a'))).toEqual({ key: key('a'), value: 1, version: 'v' });
  });

  test.each([
    ['without a version', { value: { S: '1' } }, /no version/],
    ['that is half a value', { value: { S: '{"size":' }, version: { S: 'v' } }, /not JSON/],
  ])('refuse an item %s', async (_, attributes, message) => {
    const { store, client } = openStore();
    const item = { pk: { S: 'p' }, sk: { S: 'a' }, ...attributes };
    await client.send(
      new PutItemCommand({ TableName: 'state', Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
    );
    await expect(store.read(key('a'))).rejects.toThrow(StoreError);
    await expect(store.list('p')).rejects.toThrow(message);
  });
});

describe('a commit that met a fault', () => {
  const pair: readonly Write[] = [create('a'), create('b')];

  test.each<[DynamoFault]>([['throttle'], ['conflict'], ['lose-request'], ['lose-answer'], ['break'], ['break-after']])(
    'is written once in spite of %s',
    async (fault) => {
      for (const writes of [[create('a')], pair]) {
        const { store, client } = openStore({ faults: inTurn(fault, fault) });
        const outcome = await store.commit(writes);
        const versions = (await store.list('p')).map((record) => record.version);
        expect(outcome).toEqual({ kind: 'committed', versions });
        expect(client.written).toHaveLength(writes.length);
      }
    },
  );

  test('is recognised by its id when no answer ever comes', async () => {
    const { store, client } = openStore({ faults: (call) => (call.name === 'GetItem' ? undefined : 'lose-answer') });
    const outcome = await store.commit([create('a')]);
    expect(outcome).toEqual({ kind: 'committed', versions: [client.written[0]?.version?.S] });
  });

  test('is unknown when it may have been overwritten since', async () => {
    const other = openStore();
    const first = await put(other.store, key('a'), 1);
    // The write arrives, its answer does not; before the second try somebody else changes the record.
    const overwrite = async () => {
      const seen = await other.store.read(key('a'));
      if (seen?.value === 2) await put(other.store, key('a'), 3, seen.version);
    };
    const faults = inTurn('lose-answer');
    const store = openBeside(other.client, faults, overwrite);
    const outcome = store.commit([{ kind: 'putIfVersion', key: key('a'), value: 2, version: first }]);
    await expect(outcome).rejects.toThrow(/write "p\/a".*not known whether the write arrived/);
    expect((await other.store.read(key('a')))?.value).toBe(3);
  });

  test('is known by its token when it was overwritten since', async () => {
    const other = openStore();
    const overwrite = async () => {
      for (const record of await other.store.list('p')) await put(other.store, record.key, 3, record.version);
    };
    const store = openBeside(other.client, inTurn('lose-answer'), overwrite);
    expect((await store.commit(pair)).kind).toBe('committed');
    expect((await other.store.list('p')).map((record) => record.value)).toEqual([3, 3]);
  });

  test('is unknown when the last try may still be on its way', async () => {
    const { store } = openStore({
      faults: (call) => (call.ordinal > 0 && call.name !== 'GetItem' ? 'lose-request' : undefined),
    });
    const version = await put(store, key('a'), 1);
    const outcome = store.commit([{ kind: 'putIfVersion', key: key('a'), value: 2, version }]);
    await expect(outcome).rejects.toThrow(/not known whether the write arrived/);
    expect((await store.read(key('a')))?.version).toBe(version);
  });

  test('recognises itself without another read', async () => {
    const { store, client } = openStore({ faults: inTurn('lose-answer') });
    await put(store, key('a'), 1);
    expect(client.calls.map((call) => call.name)).toEqual(['PutItem', 'PutItem']);
  });

  test('is a conflict when another of its keys is untouched', async () => {
    const other = openStore();
    const a = await put(other.store, key('a'), 1);
    const b = await put(other.store, key('b'), 1);
    const store = openBeside(other.client, inTurn('lose-request'), async () => {
      await put(other.store, key('a'), 3, a);
    });
    const outcome = await store.commit([
      { kind: 'putIfVersion', key: key('a'), value: 2, version: a },
      { kind: 'putIfVersion', key: key('b'), value: 2, version: b },
    ]);
    expect(outcome).toEqual({ kind: 'conflict', failed: [0] });
    expect((await other.store.read(key('b')))?.version).toBe(b);
  });

  test('is a conflict, without another try, when only somebody else wrote', async () => {
    const { store, client } = openStore();
    await put(store, key('a'), 1);
    expect(await store.commit([create('a')])).toEqual({ kind: 'conflict', failed: [0] });
    expect(client.calls).toHaveLength(2);
  });

  test('never lies about what happened', async () => {
    const fault = fc.option(
      fc.constantFrom<DynamoFault>('throttle', 'conflict', 'lose-request', 'lose-answer', 'break', 'break-after'),
      { nil: undefined, freq: 2 },
    );
    const faultsPerWriter = fc.tuple(fc.array(fault, { maxLength: 30 }), fc.array(fault, { maxLength: 30 }));
    await fc.assert(fc.asyncProperty(faultsPerWriter, raceAndCheck), runs(15));
  });
});

/** A store of its own faults and clock on the table of another. */
function openBeside(
  table: ReturnType<typeof makeFakeDynamo>,
  faults: NonNullable<FakeDynamoParts['faults']>,
  meanwhile?: () => Promise<void>,
): Store {
  const client = table.withFaults(faults);
  return makeDynamoStore({ client, table: 'state', newId: randomId, clock: makeSkippingClock(0, meanwhile) });
}

/** Two writers count on one record and leave a mark for each count, each with faults of its own. */
async function raceAndCheck(faults: readonly (readonly (DynamoFault | undefined)[])[]): Promise<void> {
  const table = makeFakeDynamo({ table: 'state' });
  const settled = await Promise.all(
    faults.map((list, writer) =>
      countUp(
        openBeside(table, (call) => list[call.ordinal]),
        writer,
      ),
    ),
  );
  const applied = new Map(table.written.map((item) => [item.value?.S ?? '', item.version?.S]));
  for (const [mark, outcome] of settled.flat()) {
    if (outcome === 'unknown') continue;
    expect([mark, applied.has(JSON.stringify(mark))]).toEqual([mark, outcome.kind === 'committed']);
  }
  // One count per mark: nothing was applied twice.
  expect(new Set(table.written.map((item) => item.version?.S)).size).toBe(table.written.length);
}

async function countUp(
  store: Store,
  writer: number,
): Promise<readonly (readonly [string, CommitOutcome | 'unknown'])[]> {
  const seen: (readonly [string, CommitOutcome | 'unknown'])[] = [];
  for (let n = 0; n < 4; n++) {
    const mark = `writer ${writer}, count ${n}`;
    seen.push([mark, await countOnce(store, mark, n % 2 === 0).catch(() => 'unknown' as const)]);
  }
  return seen;
}

async function countOnce(store: Store, mark: string, isAlone: boolean): Promise<CommitOutcome> {
  const counter = await store.read(key('counter'));
  const change: Write = counter
    ? { kind: 'putIfVersion', key: counter.key, version: counter.version, value: mark }
    : { kind: 'putIfAbsent', key: key('counter'), value: mark };
  return store.commit(isAlone ? [change] : [change, { kind: 'putIfAbsent', key: key(mark), value: `${mark}, noted` }]);
}

describe('waiting', () => {
  test('doubles, is spread, and never exceeds a second', () => {
    const ids = fc.uuid();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), ids, (attempt, id) => {
        const waitMs = backoffMs(attempt, id);
        const mostMs = Math.min(1000, 50 * 2 ** attempt);
        expect(waitMs).toBeGreaterThanOrEqual(mostMs / 2);
        expect(waitMs).toBeLessThanOrEqual(mostMs);
      }),
    );
  });

  test('ends after ten seconds of throttling', async () => {
    const { store, clock } = openStore({ faults: () => 'throttle' });
    await expect(store.commit([create('a')])).rejects.toThrow(
      'The DynamoDB table state: cannot write "p/a": DynamoDB is too busy (ProvisionedThroughputExceededException)',
    );
    expect(clock.now()).toBeGreaterThan(8000);
    expect(clock.now()).toBeLessThanOrEqual(10_000);
    expect(clock.sleeps.length).toBeLessThan(25);
  });

  test('keeps what it does not know apart from what it does', async () => {
    const { store } = openStore({ faults: () => 'lose-request' });
    await expect(store.commit([create('a')])).rejects.toThrow(/did not answer \(TimeoutError\)/);
    await expect(store.read(key('a'))).rejects.toThrow(/cannot read "p\/a"/);
    await expect(store.list('p')).rejects.toThrow(/cannot list "p"/);
  });
});

describe('an error that another try would not help', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['AccessDeniedException', /allow the role/],
    ['ResourceNotFoundException', /store\.table/],
    ['UnrecognizedClientException', /access key/],
    ['ExpiredTokenException', /sign in again/],
    ['CredentialsProviderError', /role or a profile/],
    ['ValidationException', /pk and sk/],
    ['SomethingNewException', /refused the request \(SomethingNewException\)/],
  ];
  test.each(cases)('%s says what to do, once', async (name, message) => {
    let calls = 0;
    const send = async () => {
      calls += 1;
      throw Object.assign(new Error('token-canary'), { name, $metadata: { httpStatusCode: 400 } });
    };
    const client = { send, destroy: () => {} };
    const store = makeDynamoStore({ client, table: 'state', newId: randomId, clock: makeSkippingClock() });
    const error = await store.commit([create('a')]).catch((thrown: unknown) => thrown as StoreError);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as StoreError).message).toMatch(message);
    expect(`${(error as StoreError).stack} ${String((error as StoreError).cause)}`).not.toContain('canary');
    expect(calls).toBe(1);
  });

  test('names the failure of the network', async () => {
    const send = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    const client = { send, destroy: () => {} };
    const store = makeDynamoStore({ client, table: 'state', newId: randomId, clock: makeSkippingClock() });
    await expect(store.read(key('a'))).rejects.toThrow(/did not answer \(ECONNREFUSED\)/);
  });

  test('names a missing table', async () => {
    const client = makeFakeDynamo({ table: 'another' });
    const store = makeDynamoStore({ client, table: 'state', newId: randomId, clock: makeSkippingClock() });
    await expect(store.read(key('a'))).rejects.toThrow(/table state: cannot read "p\/a": the table does not exist/);
  });
});

describe('the actions of a role', () => {
  test('are what each method really sends, no more', async () => {
    const { store, client } = openStore({ faults: inTurn(undefined, undefined, undefined, undefined, 'lose-request') });
    const sent = {
      read: new Set<string>(),
      list: new Set<string>(),
      commit: new Set<string>(),
      close: new Set<string>(),
    };
    let seen = 0;
    const record = async <T>(method: keyof typeof sent, work: Promise<T>): Promise<T> => {
      const result = await work;
      for (const action of client.calls.slice(seen).flatMap((call) => call.actions)) sent[method].add(action);
      seen = client.calls.length;
      return result;
    };
    await record('read', store.read(key('a')));
    await record('list', store.list('p'));
    const a = await record('commit', put(store, key('a'), 1));
    await record('commit', store.commit([create('b'), { kind: 'deleteIfVersion', key: key('a'), version: a }]));
    await record(
      'commit',
      store.commit([create('b')]).catch(() => {}),
    );
    await record('close', store.close());
    const listed = Object.entries(dynamoActions).map(([method, actions]) => [method, [...actions].sort()]);
    expect(Object.entries(sent).map(([method, actions]) => [method, [...actions].sort()])).toEqual(listed);
  });
});
