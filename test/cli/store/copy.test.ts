import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { randomId } from '../../../lib/io/ids.ts';
import { copyRecords } from '../../../lib/io/stores/copy-records.ts';
import { dumpSqlite } from '../../../lib/io/stores/dumped-records.ts';
import { makeDynamoStore } from '../../../lib/io/stores/dynamodb.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { refusingNewer } from '../../../lib/io/stores/table-schema.ts';
import {
  createStateTable,
  type Dynoxide,
  dynoxideMissing,
  makeDynoxideClient,
  startDynoxide,
} from '../../support/dynoxide.ts';
import { makeFakeDynamo } from '../../support/fake-dynamodb.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';
import { aCliWorld, usualConfig } from '../cli-world.ts';

const fixture = 'test/fixtures/stores/0.1.0.db';
/** The day on which the fixture was written: nothing in it has expired. */
const then = '2026-11-29T13:22:05Z';
const missing = dynoxideMissing();

describe.skipIf(missing !== undefined)(
  `copies between a file and a table${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let dynoxide: Dynoxide;
    let tables = 0;
    let table = '';

    beforeAll(async () => {
      dynoxide = await startDynoxide();
    });
    afterAll(() => dynoxide.stop());
    beforeEach(async () => {
      table = `copied-${(tables += 1)}`;
      vi.stubEnv('AWS_ENDPOINT_URL', dynoxide.endpoint);
      vi.stubEnv('AWS_REGION', 'eu-central-1');
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
      await createStateTable(makeDynoxideClient(dynoxide.endpoint), table);
    });
    afterEach(() => {
      vi.unstubAllEnvs();
    });

    /** Versions are the store's own, and DynamoDB keeps ends to the second. */
    const plain = (path: string) =>
      dumpSqlite(path).map(({ key, text, expiresAt }) => {
        return { key, value: JSON.parse(text) as unknown, expires: expiresAt && Math.ceil(expiresAt / 1000) };
      });

    test('there and back again nothing is lost', async () => {
      using world = aCliWorld(then);
      const back = join(world.folder, 'back.db');
      const there = await world.runWith({}, 'store', 'copy', fixture, `dynamodb:${table}`);
      expect(there).toMatchObject({ code: 0, out: expect.stringContaining('66 records'), err: '' });
      expect((await world.runWith({}, 'store', 'verify', `dynamodb:${table}`)).out).toMatch(/^ok /);
      expect((await world.runWith({}, 'store', 'copy', `dynamodb:${table}`, back)).code).toBe(0);
      expect(plain(back)).toEqual(plain(fixture));
    });

    test('again is no harm, into another fleet’s table is refused', async () => {
      using world = aCliWorld(then);
      const other = join(world.folder, 'lamplighter.db');
      await world.run('pause', '--for', '1h');
      const copy = (from: string) => world.runWith({}, 'store', 'copy', from, `dynamodb:${table}`);
      expect((await copy(fixture)).code).toBe(0);
      expect((await copy(fixture)).code).toBe(0);
      expect(await copy(other)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/has 66 other records .* copy into an empty one/),
      });
    });

    test('a table’s backup restores into an empty table', async () => {
      using world = aCliWorld(then, `${usualConfig}store: { kind: dynamodb, table: ${table} }\n`);
      const file = join(world.folder, 'table.db');
      await world.run('pause', '--for', '1h');
      const backup = await world.run('store', 'backup', file);
      expect(backup).toMatchObject({ code: 0, err: '' });
      const empty = `${table}-empty`;
      await createStateTable(makeDynoxideClient(dynoxide.endpoint), empty);
      world.writeConfig(`${usualConfig}store: { kind: dynamodb, table: ${empty} }\n`);
      expect((await world.run('store', 'restore', file)).code).toBe(0);
      expect((await world.run('status')).out).toContain('pause');
    });
  },
);

describe('a table of a newer version', () => {
  const openTable = () => {
    const client = makeFakeDynamo({ table: 't' });
    const plain = makeDynamoStore({ client, table: 't', newId: randomId, clock: makeSkippingClock(0) });
    return { plain, client, store: refusingNewer(plain, 't') };
  };
  const mark = (version: number) =>
    ({ kind: 'putIfAbsent', key: { partition: 'store', id: 'schema' }, value: { schema: 1, version } }) as const;
  const write = { kind: 'putIfAbsent', key: { partition: 'fleet', id: 'a' }, value: { schema: 1 } } as const;

  test('is neither read nor written', async () => {
    const { plain, store, client } = openTable();
    await plain.commit([mark(2)]);
    const sentence = 'The table t was written by a newer version (store schema 2, this one knows 1); update this one';
    await expect(store.commit([write])).rejects.toThrow(sentence);
    await expect(store.read(write.key)).rejects.toThrow(sentence);
    await expect(store.list('fleet')).rejects.toThrow(sentence);
    expect(client.items()).toHaveLength(1);
  });

  test.each([[undefined], [1]])('of schema %j is used, and asked once', async (version) => {
    const { plain, store, client } = openTable();
    if (version !== undefined) await plain.commit([mark(version)]);
    for (let i = 0; i < 3; i += 1) await store.list('fleet');
    await store.commit([write]);
    expect(client.calls.filter(({ name }) => name === 'GetItem')).toHaveLength(1);
  });
});

describe('a store’s name', () => {
  test.each([
    [['store', 'copy', fixture, 'dynamodb:'], 'is not a store'],
    [['store', 'copy', fixture, 'dynamodb:a b'], 'is not a table name'],
    [['store', 'copy', fixture, `sqlite:${fixture}`], 'Both are the same store'],
  ])('%j is refused', async (argv, message) => {
    using world = aCliWorld();
    expect(await world.runWith({}, ...argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});

test('what has expired is not copied', async () => {
  const to = makeMemoryStore({ newId: randomId });
  const record = (id: string, expiresAt: number | undefined) => {
    return { key: { partition: 'p', id }, text: '1', version: 'v', expiresAt };
  };
  const records = [record('a', 999), record('b', 1000), record('c', 1001), record('d', undefined)];
  expect(await copyRecords(records, [], to, 1000)).toBe(2);
  expect((await to.list('p')).map(({ key }) => key.id)).toEqual(['c', 'd']);
  expect(await to.collect(1001)).toBe(1);
});
