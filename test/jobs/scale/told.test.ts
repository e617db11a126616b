import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { type Log, type LogFields, silentLog } from '../../../lib/io/log.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import {
  listClusterRecords,
  listDecisions,
  storeUninstalled,
  undoUninstalled,
} from '../../../lib/jobs/records/cluster-records.ts';
import { listSizes } from '../../../lib/jobs/records/past-records.ts';
import { listRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { scalePools } from '../../../lib/jobs/scale/scale-pools.ts';
import { aNight, type Night, onlyClusters } from '../../support/night-app.ts';
import { aMatch, aRule, at, minute } from '../../support/scaling-world.ts';

const evening = at('2026-03-02T20:00:00Z');
const one = { region: 'r1', cluster: 'dev-api', pool: 'workers' };
const rules = [aRule({ match: aMatch('dev-api/workers') })];

type Line = readonly [level: 'info' | 'warn', message: string, fields: LogFields | undefined];

/** An evening in which one pool is to be lowered from 3 to 0, with what is logged. */
function anEvening(options: Parameters<typeof aNight>[2] = {}) {
  const lines: Line[] = [];
  const log: Log = {
    ...silentLog,
    with: () => log,
    info: (message: string, fields?: LogFields) => void lines.push(['info', message, fields]),
    warn: (message: string, fields?: LogFields) => void lines.push(['warn', message, fields]),
  };
  return { lines, night: aNight(evening, { rules }, { ...options, log }) };
}

/** The last line of the pool's history. */
async function lastOf({ store }: Night) {
  const { kind, code, from, to, reason } = (await listDecisions(store, 'r1')).at(-1) ?? {};
  return { kind, code, from, to, reason };
}

describe('a change', () => {
  test('that was sent is logged with its sizes and why', async () => {
    const { night, lines } = anEvening();
    await night.app.scale(night.config);
    expect(lines.filter(([, message]) => message === 'pool scaled')).toEqual([
      ['info', 'pool scaled', { ...one, from: '3', to: '0', reason: 'schedule office-hours: 0' }],
    ]);
  });

  test.each<[string, number, string, string, string, number]>([
    ['busy', 409, 'busy', 'dropped', 'busy', 0],
    ['refused', 400, 'refused', 'refused', 'refused', 1],
    ['forbidden', 403, 'refused', 'refused', 'refused', 1],
    ['not authorized', 401, 'failed', 'dropped', 'dropped', 1],
  ])('that is %s stands in the history as such', async (_, status, result, kind, code, problems) => {
    const { night, lines } = anEvening({
      fault: ({ method }) => (method === 'PUT' ? { kind: 'status', status } : undefined),
    });
    const report = await night.app.scale(night.config);
    expect(report.results).toEqual([{ ...one, result }]);
    const reason = expect.stringMatching(/^could not be set to 0: ./u);
    expect(await lastOf(night)).toEqual({ kind, code, from: 3, to: 0, reason });
    expect(report.problems).toHaveLength(problems);
    for (const problem of report.problems)
      expect(problem).toEqual({ ...one, reason: expect.stringMatching(/^dev-api\/workers could not be set to 0: ./u) });
    expect(lines.map(([, message]) => message)).not.toContain('pool scaled');
  });

  test('whose answer is lost is a problem that the next round settles', async () => {
    const { night } = anEvening({
      fault: ({ method }) => (method === 'PUT' ? { kind: 'status', status: 504, applied: true } : undefined),
    });
    const { problems } = await night.app.scale(night.config);
    expect(problems).toEqual([
      { ...one, reason: expect.stringMatching(/; the next round will show whether it was applied$/u) },
    ]);
  });

  test('of a pool that has changed since says so in the history alone', async () => {
    const { night } = anEvening();
    night.world.setFault(({ method, poolId }) => {
      if (method === 'GET' && poolId !== undefined) night.world.personResizes('dev-api/workers', { size: 5 });
      return undefined;
    });
    expect((await night.app.scale(night.config)).problems).toEqual([]);
    const reason = 'the pool has changed since it was read';
    expect(await lastOf(night)).toEqual({ kind: 'dropped', code: 'dropped', from: 3, to: 0, reason });
  });

  test.each([
    [401, 'failed', 'dropped'],
    [403, 'refused', 'refused'],
  ])('of a pool whose second read is answered with %i has %s', async (status, result, kind) => {
    const { night } = anEvening({
      fault: ({ method, poolId }) =>
        method === 'GET' && poolId !== undefined ? { kind: 'status', status } : undefined,
    });
    const report = await night.app.scale(night.config);
    expect(report.results).toEqual([{ ...one, result }]);
    const reason = expect.stringMatching(/^could not be read again: ./u);
    expect(await lastOf(night)).toEqual({ kind, code: kind, from: 3, to: 0, reason });
  });
});

test('a change under way keeps the instant of its claim, whatever else its cluster does', async () => {
  const { night } = anEvening();
  night.config = { ...night.config, rules: [aRule({ match: aMatch('dev-api/*') })] };
  night.world.makeStuck('dev-api/workers');
  await night.app.scale(night.config);
  const claimed = async () => [...(await listClusterRecords(night.store, 'r1')).values()].map(({ record }) => record);
  const [first] = await claimed();
  expect(first?.change?.claimedAt).toBe(evening);
  night.world.personResizes('dev-api/build', { size: 5 });
  await night.clock.advance(5 * minute);
  await night.app.scale(night.config);
  const [second] = await claimed();
  expect(second?.pools).not.toEqual(first?.pools);
  expect(second?.change?.claimedAt).toBe(evening);
});

test('what no round could store is not told as past', async () => {
  const { night } = anEvening();
  await Promise.all([1, 2, 3].map(() => night.app.scale(night.config)));
  const told = (await listSizes(night.store, 'r1', 0)).flatMap(({ changes }) => Object.keys(changes));
  expect(told.toSorted()).toEqual([...new Set(told)].toSorted());
  expect(told).toContain('dev-api/workers');
  const { night: late } = anEvening();
  const looks = async () => (await listSizes(late.store, 'r1', 0)).length;
  const leftMs = () => (late.world.requests.some(({ path }) => path.endsWith('/node-pool')) ? 40_000 : 70_000);
  expect((await late.app.scale(late.config, {}, leftMs)).results).toEqual([{ ...one, result: 'no-time' }]);
  expect(await looks()).toBe(0);
  await late.app.scale(late.config);
  expect(await looks()).toBe(1);
});

test('a round stores all its notices, however many bases people change at once', async () => {
  const clusters = Array.from({ length: 60 }, (_, i) => ({ name: `dev-${i}`, pools: [{ name: 'a', size: 3 }] }));
  const remembered = aRule({ match: aMatch('dev-*/*'), base: 'remembered' });
  const night = aNight(at('2026-03-02T12:00:00Z'), { rules: [remembered] }, { fleet: { clusters } });
  await night.app.scale(night.config);
  for (const { name } of clusters) night.world.personResizes(`${name}/a`, { size: 5 });
  await night.clock.advance(30 * minute);
  expect((await night.app.scale(night.config)).plan.notices).toHaveLength(60);
  expect(await listAll(night.store, 'notices')).toHaveLength(61);
});

describe('a store that fails for one cluster', () => {
  const failsWith = (error: Error): Store => {
    let ids = 0;
    const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
    const commit: Store['commit'] = async (writes) => {
      if (writes.some(({ key }) => key.partition === 'clusters/r1')) throw error;
      return store.commit(writes);
    };
    return { ...store, commit };
  };

  test.each([
    ['in its own words', new StoreError('The store is down'), 'The store is down'],
    ['and never in foreign ones', new Error('c0ffee'), 'an unexpected error in acting on a cluster'],
  ])('is a problem of the round, %s', async (_, error, reason) => {
    const { night } = anEvening({ store: failsWith(error) });
    const report = await night.app.scale(night.config);
    expect(report.problems).toEqual([{ region: 'r1', cluster: undefined, pool: undefined, reason }]);
    expect(report.results).toEqual([{ ...one, result: 'failed' }]);
    expect(night.world.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(await listRoundFindings(night.store, 'r1')).toHaveLength(1);
  });
});

test('a fleet that is uninstalled is restored and nothing else, which each round says', async () => {
  const { night, lines } = anEvening();
  const restored = async () => {
    const { isUninstalled, started, plan } = await night.app.scale(night.config);
    await night.clock.advance(5 * minute);
    return { isUninstalled, isStarted: started !== undefined, actions: plan.actions.map(({ to }) => to) };
  };
  const said = ['warn', 'this fleet is uninstalled: pools are only restored to their bases', expect.anything()];
  await storeUninstalled(night.store, { at: evening, who: 'ada', reason: undefined });
  expect(await restored()).toEqual({ isUninstalled: true, isStarted: false, actions: [] });
  expect(lines).toEqual([said]);
  await undoUninstalled(night.store, evening, 'ada');
  expect(await restored()).toEqual({ isUninstalled: undefined, isStarted: true, actions: [0] });
  await storeUninstalled(night.store, { at: night.clock.now(), who: 'ada', reason: undefined });
  const later = [await restored(), await restored(), await restored()];
  expect(later.flatMap(({ actions }) => actions)).toEqual([3]);
});

test('a round says what it has read, and of how many regions', async () => {
  const { night } = anEvening();
  const { clusters, pools, regions } = await night.app.scale(night.config);
  const all = night.world.clusters();
  const own = all.find(({ name }) => name === 'dev-api')?.pools.length;
  expect({ clusters, pools, regions }).toEqual({
    clusters: all.length,
    pools: own,
    regions: [{ region: 'r1', clusters: all.length }],
  });
  expect(await listRoundFindings(night.store, 'r1')).toMatchObject([{ clusters: all.length, pools: own }]);
  night.world.failNext({ kind: 'status', status: 403 });
  expect((await night.app.scale(night.config)).regions).toEqual([]);
});

test('a rule is stored before its first change, and once that is sent', async () => {
  const written: string[] = [];
  let ids = 0;
  const memory = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const commit: Store['commit'] = async (writes) => {
    written.push(...writes.map(({ key }) => key.partition));
    return memory.commit(writes);
  };
  const { night } = anEvening({ store: { ...memory, commit }, fleet: onlyClusters('dev-api') });
  for (let n = 0; n < 36; n += 1) {
    await night.app.scale(night.config);
    await night.clock.advance(30 * minute);
  }
  expect(night.world.requests.filter(({ method }) => method === 'PUT').length).toBeGreaterThan(1);
  expect(written.filter((partition) => partition === 'rules')).toHaveLength(2);
  expect(written.indexOf('rules')).toBeLessThan(written.indexOf('clusters/r1'));
  expect(written.lastIndexOf('rules')).toBeGreaterThan(written.indexOf('clusters/r1'));
});

test('what is remembered without a change is no result', async () => {
  const { night } = anEvening();
  await night.clock.advance(-8 * 60 * minute + 24 * 60 * minute);
  const { plan, results } = await night.app.scale(night.config);
  expect([plan.updates.length, results]).toEqual([1, []]);
});

test('where the time is enough for one change, it is not always the same one', async () => {
  const first = new Set<string>();
  for (let n = 0; n < 8; n += 1) {
    let left = 600_000;
    let ids = 0;
    const memory = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
    const commit: Store['commit'] = async (writes) => {
      if (writes.some(({ key }) => key.partition === 'clusters/r1')) left = 0;
      return memory.commit(writes);
    };
    const config = { rules: [aRule({ match: aMatch('dev-*/*'), base: 'remembered' })] };
    const night = aNight(evening + n * 5 * minute, config, { store: { ...memory, commit } });
    const { app, store, clock } = night;
    const mksOf = app.mksOf(night.config);
    const parts = { config: night.config, store, clock, mksOf, newId: () => `n${(ids += 1)}`, log: silentLog };
    const { results } = await scalePools({ ...parts, timeLeftMs: () => left });
    expect(results.filter(({ result }) => result !== 'no-time')).toHaveLength(1);
    for (const { cluster, result } of results) if (result === 'sent') first.add(cluster);
  }
  expect(first.size).toBeGreaterThan(1);
});

test('what is about to happen under a config is said once, and again under the next', async () => {
  const { night } = anEvening();
  const said = async (hash: string) => (await night.app.scale({ ...night.config, hash })).started !== undefined;
  expect([await said('one'), await said('one'), await said('two'), await said('two')]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(await night.store.list('notices')).toHaveLength(2);
});

test('for a name that no rule acts on whole rounds alone read pools, and only of its cluster', async () => {
  const named = aRule({ match: aMatch('mgmt/none'), schedule: undefined, hash: 'none' });
  const night = aNight(evening, { rules: [named, ...rules] });
  const { id } = night.world.cluster('mgmt');
  await night.app.scale(night.config);
  const reads = async (options = {}) => {
    await night.clock.advance(5 * minute);
    const before = night.world.requests.length;
    await night.app.scale(night.config, options);
    const paths = night.world.requests.slice(before).map(({ path }) => path);
    const lists = paths.filter((path) => path.endsWith('/node-pool'));
    return [lists.length, lists.filter((path) => path.includes(id)).length];
  };
  expect(await reads()).toEqual([2, 1]);
  expect(await reads({ only: () => true })).toEqual([1, 0]);
  const parts = [await reads({ shard: { index: 0, count: 2 } }), await reads({ shard: { index: 1, count: 2 } })];
  expect(parts.reduce((sum, [, own = 0]) => sum + own, 0)).toBe(0);
});

test('clusters that are being deleted are not asked for what is said first', async () => {
  const night = aNight(evening, { rules }, { fleet: onlyClusters('dev-api', 'ml', 'mgmt') });
  night.world.showClusterStatus('ml', 'Deleting');
  night.world.showClusterStatus('mgmt', 'Deleted');
  const { started } = await night.app.scale(night.config);
  const lists = night.world.requests.map(({ path }) => path).filter((path) => path.endsWith('/node-pool'));
  expect(lists).toEqual([`/api/v1/cluster/${night.world.cluster('dev-api').id}/node-pool`]);
  expect(started).toContain('1 pool under a schedule, 1 not');
});

test.each([
  [50, 50],
  [51, 0],
])('of %i clusters that a match may name %i are read', async (count, expected) => {
  const clusters = Array.from({ length: count }, (_, i) => ({ name: `mgmt-${i}`, pools: [] }));
  const named = aRule({ match: aMatch('mgmt-*/none'), schedule: undefined });
  const night = aNight(evening, { rules: [named] }, { fleet: { clusters } });
  await night.app.scale(night.config);
  night.world.forgetRequests();
  const { plan } = await night.app.scale(night.config);
  expect(night.world.requests.filter(({ path }) => path.endsWith('/node-pool'))).toHaveLength(expected);
  expect(plan.findings.map(({ kind }) => kind)).toEqual(expected === 0 ? [] : ['config.mismatch']);
});

test('a round says to which installation it belongs, and whether its process stays', async () => {
  const night = aNight(evening, { rules }, { fleet: onlyClusters('dev-api') });
  const { clock, newId, store, log } = night.app.parts;
  const parts = { config: night.config, clock, newId, store, log, mksOf: night.app.mksOf(night.config) };
  const stored = async () =>
    (await listRoundFindings(store, 'r1')).map(({ installation, isResident }) => [installation, isResident]);
  await scalePools({ ...parts, installation: 'lamp-prod' });
  expect(await stored()).toEqual([['lamp-prod', undefined]]);
  await scalePools(parts, { isResident: true });
  expect(await stored()).toEqual([[undefined, true]]);
});

test('what cannot be read of the store is told, also while the API does not answer, and is left alone', async () => {
  const { night } = anEvening({ fleet: onlyClusters('dev-api', 'ml') });
  const { id } = night.world.cluster('dev-api');
  const value = { schema: 99 };
  const unruled = night.world.cluster('ml').id;
  const clusters = [id, unruled].map((one) => ({ partition: 'clusters/r1', id: one }));
  for (const key of [...clusters, { partition: 'asks/r1', id: 'lease/1' }])
    await night.store.commit([{ kind: 'putIfAbsent', key, value }]);
  const ofAsk = expect.stringContaining('the record asks/r1/lease/1 of the store has an unknown format');
  const ofCluster = expect.stringMatching(
    /^the node pools of dev-api .*the record clusters\/r1\/.* has an unknown format/u,
  );
  const { problems, plan } = await night.app.scale(night.config);
  expect(problems.map(({ cluster, reason }) => [cluster, reason])).toEqual([
    [undefined, ofAsk],
    ['dev-api', ofCluster],
  ]);
  expect(plan.actions).toEqual([]);
  expect(night.world.requests.filter(({ path }) => path.includes(id) || path.includes(unruled))).toEqual([]);
  night.world.failNext({ kind: 'status', status: 403 });
  expect(
    (await night.app.scale(night.config)).problems.map(({ region, cluster, reason }) => [region, cluster, reason]),
  ).toEqual([
    ['r1', undefined, ofAsk],
    ['r1', undefined, expect.stringContaining('the clusters of region r1 could not be listed: ')],
  ]);
});

test('what a fast clock wrote is put right once a region says what time it is', async () => {
  const { night } = anEvening({ fleet: onlyClusters('dev-api') });
  await night.app.scale(night.config);
  const ahead = night.clock.now() + 400 * 24 * 60 * minute;
  const [record] = await listAll(night.store, 'clusters/r1');
  const value = JSON.parse(JSON.stringify(record?.value).replaceAll(/"metAt":\d+/gu, `"metAt":${ahead}`));
  await night.store.commit([{ kind: 'putIfVersion', key: record!.key, value, version: record!.version }]);
  const isAhead = async () => JSON.stringify(await listAll(night.store, 'clusters/r1')).includes(String(ahead));
  night.world.failNext({ kind: 'status', status: 403 });
  await night.app.scale(night.config);
  expect(await isAhead()).toBe(true);
  night.world.behaviour.dateSkewMs = -12 * 60 * minute;
  await night.app.scale(night.config);
  expect(await isAhead()).toBe(true);
  night.world.behaviour.dateSkewMs = 0;
  await night.app.scale(night.config);
  expect(await isAhead()).toBe(false);
});
