import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readOwnFile } from '../../lib/config/read-config.ts';
import { openSqliteStore } from '../../lib/io/stores/sqlite.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { listAll } from '../../lib/jobs/records/change-record.ts';
import type { Json } from '../../lib/model/json.ts';
import { clusterId, makeRegion } from '../io/mks/region.ts';
import { aNight, whileTimePasses } from '../support/night-app.ts';
import { makePipe } from '../support/pipe.ts';
import { isWindows, unlessPosix } from '../support/platform.ts';
import { aMatch, aRule, at } from '../support/scaling-world.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

let folder = makeTemporaryFolder();
beforeEach(() => void (folder = makeTemporaryFolder()));
afterEach(() => folder.remove());

describe.skipIf(isWindows)(`a pipe${unlessPosix}`, () => {
  const path = () => join(folder.path, 'pipe');

  test('as config is refused at once', async () => {
    using _pipe = makePipe(path());
    await expect(readOwnFile(path())).rejects.toThrow('it is a pipe or a device, not a file');
    await expect(readOwnFile('/dev/zero')).rejects.toThrow('it is a pipe or a device, not a file');
  });

  test('as store is refused at once', () => {
    using _pipe = makePipe(path());
    expect(() => openSqliteStore({ path: path(), newId: () => 'v' })).toThrow('it is a pipe or a device; name a file');
  });
});

describe('a store file', () => {
  const path = () => join(folder.path, 's.db');
  let ids = 0;
  const open = () => openSqliteStore({ path: path(), newId: () => `v${(ids += 1)}` });
  const put = (id: string, value: Json) => ({ kind: 'putIfAbsent', key: { partition: 'p', id }, value }) as const;

  test('whose index has lost a row is damaged', async () => {
    const store = open();
    for (let n = 0; n < 50; n += 1) await store.commit([{ ...put(`r${n}`, { n }), expiresAt: n + 1 }]);
    await store.close();
    const edit = (sql: string) => {
      const database = new DatabaseSync(path(), { defensive: false });
      database.exec(`pragma writable_schema = on; ${sql}`);
      database.close();
    };
    // Hidden while a row is added: only the whole check looks for that row in it.
    edit(`create temp table hidden as select * from sqlite_schema where name = 'records_expiring';
      create table kept as select * from hidden; delete from sqlite_schema where name = 'records_expiring'`);
    edit(`insert into records values ('p', 'late', '{}', 'v', 99);
      insert into sqlite_schema select * from kept`);
    expect(open).toThrow('is damaged; restore it from a backup');
  });

  test('with one damaged value lists its neighbours', async () => {
    const store = open();
    for (const id of ['a', 'b', 'c']) await store.commit([put(id, { id })]);
    await store.close();
    const database = new DatabaseSync(path());
    database.exec(`update records set value = '{"id":' where id = 'b'`);
    database.close();
    const again = open();
    expect((await again.list('p')).map(({ value }) => value)).toEqual([{ id: 'a' }, null, { id: 'c' }]);
    await expect(again.read({ partition: 'p', id: 'b' })).rejects.toThrow('"p/b" is damaged');
    await again.close();
  });
});

describe('a record of unknown shape', () => {
  const shapes: readonly Json[] = [null, 'text', 7, [], {}, { schema: 2, cluster: 'dev-api', pools: {} }];
  const deep: readonly Json[] = [
    { schema: 1, cluster: 'dev-api' },
    { schema: 1, cluster: 'dev-api', pools: [] },
    { schema: 1, cluster: 'dev-api', pools: { p: null } },
    { schema: 1, cluster: 'dev-api', pools: { p: { name: 7 } } },
  ];
  const rules = [aRule({ match: aMatch('dev-api/workers') }), aRule({ match: aMatch('prod-data/workers') })];

  async function evening() {
    const night = aNight(at('2026-03-02T20:00:00Z'), { rules });
    const clusters = await night.app.mksOf(night.config)('r1').listClusters();
    const ids = clusters.kind === 'ok' ? clusters.value.map(({ id, name }) => [name, id] as const) : [];
    return { night, idOf: (name: string) => new Map(ids).get(name) ?? '' };
  }

  test.each([...shapes, ...deep].map((shape) => [JSON.stringify(shape), shape] as const))(
    'of a cluster (%s) is named, and the others go on',
    async (_, value) => {
      const { night, idOf } = await evening();
      const key = { partition: 'clusters/r1', id: idOf('dev-api') };
      await night.store.commit([{ kind: 'putIfAbsent', key, value }]);
      const report = await whileTimePasses(night, night.app.scale(night.config));
      const problem = report.problems.find(({ cluster }) => cluster === 'dev-api');
      expect(problem?.reason).toContain(`the record clusters/r1/${key.id} of the store has an unknown format`);
      expect(problem?.reason).toContain('restore the store from a backup, or delete this one record');
      expect(report.results).toMatchObject([{ cluster: 'prod-data', result: 'sent' }]);
      expect((await night.store.read(key))?.value).toEqual(value);
    },
  );

  test.each(shapes.map((shape) => [JSON.stringify(shape), shape] as const))(
    'anywhere (%s) breaks no job',
    async (_, value) => {
      const { night } = await evening();
      const regional = ['asks/r1', 'decisions/r1', 'rounds/r1', 'watch/r1', 'sizes/r1', 'nodes/r1'];
      const common = ['rules', 'incidents', 'notices', 'silences', 'dest', 'destinations', 'outbox/ops', 'parked/ops'];
      const parts = [...regional, ...common];
      for (const partition of parts) {
        await night.store.commit([{ kind: 'putIfAbsent', key: { partition, id: '000000000000001-x' }, value }]);
      }
      const report = await whileTimePasses(night, night.app.scale(night.config));
      expect(report.results.filter(({ result }) => result === 'sent')).toHaveLength(2);
      expect(report.problems.map(({ reason }) => reason)).toEqual([
        expect.stringContaining('the record asks/r1/000000000000001-x of the store has an unknown format'),
      ]);
      await whileTimePasses(night, night.app.watch(night.config));
      await whileTimePasses(night, night.app.deliver(night.config));
    },
  );
});

describe('pages without end', () => {
  test('of a store are given up', async () => {
    const page = Array.from({ length: 1000 }, (_, n) => ({
      key: { partition: 'p', id: `r${n}` },
      value: {},
      version: 'v',
    }));
    let asked = 0;
    const store = { list: async () => ((asked += 1), page) } as unknown as Store;
    await expect(listAll(store, 'p')).rejects.toThrow('the store gives the same records again and again');
    expect(asked).toBe(2);
  });
});

describe('a cluster with too many pools', () => {
  const answer = (count: number) =>
    JSON.stringify({
      items: Array.from({ length: count }, (_, n) => ({ id: `p${n}`, name: `p${n}`, status: 'Running', size: 1 })),
    });

  test.each([
    [2000, 'ok'],
    [2001, 'unknown'],
    [100_000, 'unknown'],
  ])('(%d) is not judged past its bound', async (count, kind) => {
    const text = answer(count);
    const fetch = async () => new Response(text, { headers: { 'content-type': 'application/json' } });
    const { mks } = makeRegion('http://127.0.0.1:9', { fetch });
    const pools = await mks.listNodePools(clusterId);
    expect(pools.kind).toBe(kind);
    if (pools.kind === 'unknown')
      expect(pools.detail).toMatch(/at most 2000 are read|more than the limit for this kind of answer/u);
  });
});
