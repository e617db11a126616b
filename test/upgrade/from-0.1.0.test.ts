import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { makeApp } from '../../lib/app.ts';
import type { ClusterRecord } from '../../lib/decide/scaling/memory.ts';
import { silentLog } from '../../lib/io/log.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeSecrets } from '../../lib/io/secrets/secrets.ts';
import { makeDynamoStore } from '../../lib/io/stores/dynamodb.ts';
import { openSqliteStore } from '../../lib/io/stores/sqlite.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { listClusterRecords } from '../../lib/jobs/records/cluster-records.ts';
import { listIncidents } from '../../lib/jobs/records/incident-records.ts';
import { isRange, type Size } from '../../lib/model/size.ts';
import { aCliWorld } from '../cli/cli-world.ts';
import { compiled } from '../config/compile-text.ts';
import { passing } from '../support/alert-night.ts';
import { makeFakeDynamo } from '../support/fake-dynamodb.ts';
import { makeSkippingClock, type SkippingClock } from '../support/skipping-clock.ts';

const fixture = join(import.meta.dirname, '../fixtures/stores/0.1.0');

/** The Sunday on which 0.1.0 wrote the store, a minute after its last round. */
const afterwards = '2026-11-29T13:22:05Z';

type Stored = readonly [id: string, record: ClusterRecord];

/** The fleet as the store's pools were last seen, behind `fetch`; what is not read is written down. */
function fleetOf(clusters: readonly Stored[], writes: string[], now = () => Date.parse(afterwards)): typeof fetch {
  return async (input, init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const { pathname, host } = new URL(request.url);
    if (host === '127.0.0.1:9') return new Response(undefined, { status: 204 });
    if (request.method !== 'GET' && pathname.includes('/cluster')) writes.push(`${request.method} ${pathname}`);
    return Response.json(answer(pathname, clusters), { headers: { date: new Date(now()).toUTCString() } });
  };
}

function answer(path: string, clusters: readonly Stored[]): object {
  const [, id, pools, poolId] = /\/cluster\/([^/]+)(\/node-pool(?:\/([^/]+))?)?$/.exec(path) ?? [];
  if (path.endsWith('/kubernetes-version')) return { items: [] };
  const one = clusters.find(([known]) => known === id);
  if (one === undefined) return { items: clusters.map(clusterJson) };
  const pool = Object.entries(one[1].pools).find(([known]) => known === poolId);
  if (pool !== undefined) return poolJson(pool);
  return pools === undefined ? clusterJson(one) : { items: Object.entries(one[1].pools).map(poolJson) };
}

function clusterJson([id, { cluster }]: Stored) {
  return { id, name: cluster, status: 'Running', created_at: '2026-01-01T00:00:00Z', errors: [] };
}

function poolJson([id, memory]: readonly [string, ClusterRecord['pools'][string]]) {
  const { size, updatedAt } = memory.seen ?? { size: 1, updatedAt: undefined };
  const dates = { created_at: '2026-01-01T00:00:00Z', updated_at: new Date(updatedAt ?? 0).toISOString() };
  return { id, name: memory.name, status: 'Running', autoscale: memory.autoscale, ...sizes(size), ...dates };
}

function sizes(size: Size) {
  return isRange(size) ? { size: size.min, size_min: size.min, size_max: size.max } : { size };
}

function openOld() {
  const world = aCliWorld(afterwards, '');
  copyFileSync(`${fixture}.db`, join(world.folder, 'lamplighter.db'));
  writeFileSync(world.config, readFileSync(`${fixture}.yml`, 'utf8'), { mode: 0o600 });
  const database = new DatabaseSync(`${fixture}.db`, { readOnly: true });
  const rows = database.prepare("select id, value from records where partition = 'clusters/r1'").all();
  database.close();
  const clusters = rows.map(({ id, value }): Stored => [String(id), JSON.parse(String(value)) as ClusterRecord]);
  const writes: string[] = [];
  const stop = new AbortController();
  const clock: SkippingClock = makeSkippingClock(Date.parse(afterwards), async () => {
    if (clock.now() > Date.parse(afterwards) + 20 * 60_000) stop.abort();
  });
  const env = { MKS_TOKEN: 'a'.repeat(64), WH: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
  const parts = { clock, fetch: fleetOf(clusters, writes, clock.now), env };
  const run = (...argv: string[]) => world.runWith(parts, ...argv, '--config', world.config);
  /** `lamplighter run`, ended after twenty minutes. */
  const runOn = () => world.runWith({ ...parts, signal: stop.signal }, 'run', '--config', world.config);
  /** On a clock that moves while the command waits. */
  const runInTime = (...argv: string[]) => {
    const moving = { ...parts, clock: world.clock, fetch: fleetOf(clusters, writes, world.clock.now) };
    return passing(world.clock, world.runWith(moving, ...argv, '--config', world.config));
  };
  return {
    run,
    runOn,
    runInTime,
    writes,
    clusters,
    folder: world.folder,
    [Symbol.dispose]: () => world[Symbol.dispose](),
  };
}

/** As a later version of the same schema may leave it: fields, kinds of asks and records that this one does not know. */
function changeAsLater(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("update records set value = json_set(value, '$.later', json('{\"is\":[1]}'))");
  const later = { schema: 1, kind: 'wish', id: 'wish/1', region: 'r1', until: Date.parse(afterwards) + 3_600_000 };
  const put = database.prepare("insert into records values (?, ?, ?, 'v1', null)");
  put.run('asks/r1', 'wish/1', JSON.stringify(later));
  put.run('later/r1', 'one', JSON.stringify({ schema: 2 }));
  database.close();
}

describe('a store that a later version of the same schema wrote', () => {
  test('is read after a downgrade, and changes nothing', async () => {
    using old = openOld();
    changeAsLater(join(old.folder, 'lamplighter.db'));
    const { code, out } = await old.run('run', '--once');
    expect({ writes: old.writes, code }).toEqual({ writes: [], code });
    expect(out).toContain('0 changes');
    for (const argv of [['status'], ['history'], ['incidents'], ['outbox'], ['explain', 'dev-api/build']]) {
      const { code: ended, err } = await old.run(...argv);
      // An ask that says something this version cannot do is named; nothing else is.
      const others = err.split('\n').filter((line) => line !== '' && !line.includes('asks/r1/wish/1'));
      expect({ argv, ended, others }).toEqual({ argv, ended: 0, others: [] });
    }
  });

  test('of another schema is refused with a sentence', async () => {
    using old = openOld();
    const database = new DatabaseSync(join(old.folder, 'lamplighter.db'));
    database.exec('pragma user_version = 2');
    database.close();
    for (const argv of [['status'], ['run', '--once'], ['pause', '--for', '1h']])
      expect(await old.run(...argv)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/newer version .*update this one/),
      });
  });
});

describe('a store as 0.1.0 wrote it', () => {
  test('its records are read by every command that shows them', async () => {
    using old = openOld();
    expect((await old.run('status')).out).toMatch(/dev-batch\/workers/);
    const history = await old.run('history', '--since', '30d');
    expect(history.out.split('\n').length).toBeGreaterThan(30);
    expect((await old.run('incidents')).out).toContain('version.eol');
    expect((await old.run('silence', '--list')).out).toContain('dev-*');
    expect((await old.run('outbox')).out).toContain('hook');
    expect((await old.run('explain', 'dev-api/build')).out).toContain('override');
    expect((await old.run('base', 'dev-batch/workers', 'show')).out).toContain('4');
    expect(history.err).toBe('');
  });

  test('the next round changes nothing, and asks for no approval', async () => {
    using old = openOld();
    const before = await old.run('status', '--json');
    const { code, out, err } = await old.run('run', '--once');
    expect({ code, err, writes: old.writes }).toEqual({
      code: 0,
      err: expect.not.stringContaining('rror'),
      writes: [],
    });
    expect(out).not.toContain('approve');
    expect(out).toContain('0 changes');
    const poolsOf = (text: string) => (JSON.parse(text) as { readonly pools: readonly object[] }).pools.length;
    expect(poolsOf((await old.run('status', '--json')).out)).toBe(poolsOf(before.out));
  });

  test('a process that runs on with it changes nothing, and delivers what waits', async () => {
    using old = openOld();
    const { code, err } = await old.runOn();
    expect({ code, writes: old.writes, err: /"level":"error".*/.exec(err)?.[0] }).toEqual({
      code: 0,
      writes: [],
      err: undefined,
    });
    const { out } = await old.run('outbox', '--history', '7d');
    expect(out).toMatch(/hook +confirmed +open version\.eol: Support for Kubernetes 1\.33\.4 of cluster prod-web/);
  });

  const deeds: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
    [['incidents', 'ack', '65aecad2ac331dd9'], /silenced incident 65aecad2ac331dd9 until it is over/],
    [['outbox', 'drop', '64335247c86e5860', '--reason', 'told'], /64335247c86e5860 for hook is dropped/],
    [['outbox', 'retry', 'fc0bb5a79c63ff97'], /fc0bb5a79c63ff97 for hook: confirmed/],
    [['outbox', 'test', 'hook'], /fire drill for hook/],
    [['silence', 'dev-*', '--end'], /ended the silence of dev-\* .*by root@vm \(rebuild\)/],
    [['scale', 'ml/gpu', '--release'], /root@vm|released|ended/],
    [['resume'], /ended the pause of prod-web\/\* by root@vm/],
    [['approve'], /approved config/],
  ];
  test('what it holds is acknowledged, dropped, retried, ended and released', async () => {
    using old = openOld();
    for (const [argv, says] of deeds) {
      const { code, out, err } = await old.run(...argv);
      expect([argv, code, out, err]).toEqual([argv, 0, expect.stringMatching(says), '']);
    }
    expect((await old.run('history', '--who', 'ada')).out.split('\n').length).toBeGreaterThan(deeds.length);
  });

  test('is backed up and restored, and the next round changes nothing', async () => {
    using old = openOld();
    const backup = join(old.folder, 'backup.db');
    for (const argv of [['verify'], ['backup', backup], ['verify', backup], ['restore', backup]])
      expect(await old.run('store', ...argv)).toMatchObject({
        code: 0,
        out: expect.stringMatching(/\d\d records/),
        err: '',
      });
    expect((await old.run('run', '--once')).out).toContain('0 changes');
    expect(old.writes).toEqual([]);
  });

  test('uninstall restores each base that it remembers', async () => {
    using old = openOld();
    const { out } = await old.runInTime('uninstall', '--yes', '--wait', '30s');
    const away = old.clusters.flatMap(([id, { pools }]) =>
      Object.entries(pools).flatMap(([pool, { away: since }]) =>
        since === undefined ? [] : [`/${id}/node-pool/${pool}`],
      ),
    );
    const put = new Set(old.writes.map((write) => /\/[^/]+\/node-pool\/[^/]+$/.exec(write)?.[0]));
    expect(away.length).toBeGreaterThan(5);
    // One change per cluster at a time, and this fleet never gets there; prod-web is paused.
    expect([...put].every((path) => away.includes(path ?? ''))).toBe(true);
    expect(put.size).toBe(new Set(away.map((path) => path.split('/')[1])).size - 1);
    expect(out).toMatch(
      /^prod-web\/edge {2}waits: paused by root@vm until Tue 2026-12-01 14:20 Europe\/Berlin \(release\)$/m,
    );
    expect(out).toContain('no pool is scaled down any more');
    expect((await old.run('uninstall', '--undo')).code).toBe(0);
  });
});

/** The same records, in a table. */
async function asTable(file: string): Promise<Store> {
  let ids = 0;
  const parts = {
    table: 'lamplighter',
    newId: () => `v${(ids += 1)}`,
    clock: makeSkippingClock(Date.parse(afterwards)),
  };
  const store = makeDynamoStore({ ...parts, client: makeFakeDynamo({ table: 'lamplighter' }) });
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('select partition, id, value from records').all();
  database.close();
  for (const { partition, id, value } of rows) {
    const key = { partition: String(partition), id: String(id) };
    await store.commit([{ kind: 'putIfAbsent', key, value: JSON.parse(String(value)) }]);
  }
  return store;
}

/** What a fleet's next rounds start from: bases, sizes that were kept, and what people were told. */
async function essence(store: Store) {
  const clusters = await listClusterRecords(store, 'r1');
  const pools = [...clusters.values()].flatMap(({ record }) => Object.entries(record.pools));
  const incidents = (await listIncidents(store)).map(({ record }) => record);
  return {
    pools: Object.fromEntries(
      pools.map(([id, { name, base, away, kept, lastSet }]) => [id, { name, base, away, kept, lastSet }]),
    ),
    open: incidents.flatMap(({ phase, key, episode, told }) =>
      phase === 'open' ? [[key, episode, Object.keys(told)]] : [],
    ),
  };
}

describe.each(['sqlite', 'dynamodb'] as const)('a store as 0.1.0 wrote it, on %s', (kind) => {
  test('is cut into parts and joined without loss', async () => {
    using old = openOld();
    const file = join(old.folder, 'lamplighter.db');
    let ids = 0;
    const newId = () => `n${(ids += 1)}`;
    const store = kind === 'sqlite' ? openSqliteStore({ path: file, newId }) : await asTable(file);
    const clock = makeSkippingClock(Date.parse(afterwards));
    const [redactor, env] = [makeRedactor(), { MKS_TOKEN: 'a'.repeat(64), WH: 'b'.repeat(40) }];
    const secrets = makeSecrets({ clock, redactor, log: silentLog, env, aws: { read: async () => undefined } });
    const fetch = fleetOf(old.clusters, old.writes, clock.now);
    const app = makeApp({ store, fetch, clock, newId, log: silentLog, redactor, secrets });
    const config = await compiled(readFileSync(`${fixture}.yml`, 'utf8'));
    const before = await essence(store);
    expect(before.open.length).toBeGreaterThan(0);
    for (const count of [1, 3, 1, 4]) {
      for (let index = 0; index < count; index += 1) {
        const options = count === 1 ? {} : { shard: { index, count } };
        expect((await app.scale(config, options)).problems).toEqual([]);
        expect(await app.watch(config, undefined, undefined, options)).toMatchObject({ problems: [], deliveries: 0 });
      }
    }
    expect(old.writes).toEqual([]);
    expect(await essence(store)).toEqual(before);
    await store.close();
  });
});
