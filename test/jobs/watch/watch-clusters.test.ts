import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { silentLog } from '../../../lib/io/log.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { noticeWrite, silenceWrite } from '../../../lib/jobs/records/incident-records.ts';
import { writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { loadMemory } from '../../../lib/jobs/records/watch-records.ts';
import { watchClusters } from '../../../lib/jobs/watch/watch-clusters.ts';
import type { Finding } from '../../../lib/model/finding.ts';
import { everyNth } from '../../support/runs.ts';
import {
  aCluster,
  aConfig,
  aMatch,
  aPool,
  destination,
  minuteMs,
  start,
  type WatchWorld,
  watchWorld,
} from './watch-world.ts';

const dayMs = 24 * 60 * minuteMs;

function setStatus(world: WatchWorld, status: string) {
  world.clusters[0]!.cluster = { ...world.clusters[0]!.cluster, status };
}

/** A cluster is well, in Error for a quarter of an hour, and well again. */
async function errorAndRecovery(world: WatchWorld) {
  await world.passes(2);
  setStatus(world, 'Error');
  await world.passes(3);
  setStatus(world, 'Running');
  await world.passes(4);
}

test('a cluster in Error is told once to everybody, and so is its end', async () => {
  const world = watchWorld();
  await errorAndRecovery(world);
  expect(await world.outbox()).toEqual([
    'ops open cluster.error',
    'pager open cluster.error',
    'ops resolve cluster.error',
    'pager resolve cluster.error',
  ]);
});

test('an opening and an end are counted and logged once, in the pass in which they come', async () => {
  const world = watchWorld([aCluster({ status: 'Error' })]);
  const lines: string[] = [];
  const note = (level: string) => (message: string) =>
    void (message.startsWith('incident') && lines.push(`${level} ${message}`));
  const log = { ...silentLog, error: note('error'), warn: note('warn'), info: note('info') };
  const counts: (readonly number[])[] = [];
  for (const status of ['Error', 'Error', 'Error', 'Error', 'Running', 'Running', 'Running', 'Running']) {
    setStatus(world, status);
    const { opened, resolved, deliveries } = await watchClusters({ ...world.parts(), log });
    counts.push([opened, resolved, deliveries]);
    world.now += 5 * minuteMs;
  }
  const [nothing, open, end] = [
    [0, 0, 0],
    [1, 0, 2],
    [0, 1, 2],
  ];
  expect(counts).toEqual([nothing, open, nothing, nothing, nothing, nothing, end, nothing]);
  expect(lines).toEqual(['error incident opened', 'info incident resolved']);
});

test('a reminder is counted as a message, and opens nothing', async () => {
  const world = watchWorld([aCluster({ status: 'Error' })]);
  await world.passes(12);
  world.now = start + 65 * minuteMs;
  expect(await world.pass()).toMatchObject({ opened: 0, resolved: 0, deliveries: 2 });
});

test('a planned night is silent', async () => {
  const world = watchWorld();
  const pool = world.clusters[0]!.pools;
  await world.passes(3);
  for (const patch of [
    { status: 'Scaling', size: 0 },
    { status: 'Running', size: 0 },
    { status: 'Scaling', size: 3 },
    { status: 'Running', size: 3 },
  ]) {
    pool[0] = aPool(patch);
    await world.passes(4);
  }
  expect(await world.outbox()).toEqual([]);
});

test('costs one list and two calls per cluster', async () => {
  const world = watchWorld([aCluster(), aCluster({ id: 'c2', name: 'dev-2' })]);
  await world.pass();
  expect(world.calls.toSorted()).toEqual(['cluster c1', 'cluster c2', 'list', 'pools c1', 'pools c2']);
});

test('one more call per missing cluster, and its end is told with it', async () => {
  const world = watchWorld();
  setStatus(world, 'Error');
  await world.passes(2);
  world.clusters = [];
  world.calls = [];
  await world.passes(2);
  expect(world.calls).toEqual(['list', 'cluster c1', 'list', 'cluster c1']);
  await world.passes(3);
  const said = await world.outbox();
  expect(said.slice(2).toSorted()).toEqual([
    'ops notice cluster.gone',
    'ops resolve cluster.error',
    'pager resolve cluster.error',
  ]);
  expect(world.calls.slice(4)).toEqual(['list', 'list', 'list']);
});

test('however many are gone at once, each is said once', async () => {
  const many = Array.from({ length: 90 }, (_, index) => aCluster({ id: `c${index}`, name: `dev-${index}` }));
  const world = watchWorld(many, aConfig({ destinations: [destination('ops')] }));
  await world.passes(1);
  world.clusters = [];
  await world.passes(6);
  expect(await world.outbox()).toEqual(Array.from({ length: 90 }, () => 'ops notice cluster.gone'));
});

test('a call that throws costs the other clusters nothing', async () => {
  const world = watchWorld([{ ...aCluster(), fails: true }, aCluster({ id: 'c2', name: 'dev-2', status: 'Error' })]);
  await world.passes(2);
  expect(await world.outbox()).toEqual(['ops open cluster.error', 'pager open cluster.error']);
});

test('an outage is one incident, whatever the size of the fleet', async () => {
  const many = Array.from({ length: 40 }, (_, index) => aCluster({ id: `c${index}`, name: `dev-${index}` }));
  const world = watchWorld(many, aConfig({ destinations: [destination('ops')] }));
  await world.passes(2);
  world.isDown = true;
  await world.passes(12);
  expect(await world.outbox()).toEqual(['ops open api.unreachable']);
});

test('does not write what did not change', async () => {
  const world = watchWorld();
  setStatus(world, 'Error');
  await world.passes(3);
  const before = await listAll(world.memory, 'incidents');
  await world.passes(3);
  expect(await listAll(world.memory, 'incidents')).toEqual(before);
});

test('what is over is forgotten when its past decides nothing any more', async () => {
  const world = watchWorld();
  setStatus(world, 'Error');
  await world.passes(1);
  setStatus(world, 'Running');
  await world.passes(2);
  expect(await listAll(world.memory, 'incidents')).toHaveLength(1);
  await world.passes(13);
  expect(await listAll(world.memory, 'incidents')).toEqual([]);
  await errorAndRecovery(world);
  world.now += 6 * dayMs;
  await world.passes(1);
  expect(await listAll(world.memory, 'incidents')).toHaveLength(1);
  world.now += 2 * dayMs;
  await world.passes(1);
  expect(await listAll(world.memory, 'incidents')).toEqual([]);
});

test('500 clusters that fail at once are told one by one, in one pass', async () => {
  const many = Array.from({ length: 500 }, (_, index) =>
    aCluster({ id: `c${index}`, name: `dev-${index}`, status: 'Error' }),
  );
  const world = watchWorld(many);
  await world.passes(2);
  expect(await world.outbox()).toHaveLength(1000);
  const sizes = [...world.memory.snapshot().values()].flatMap((rows) =>
    [...rows.values()].map(({ record }) => JSON.stringify(record.value).length),
  );
  expect(Math.max(...sizes)).toBeLessThan(100_000);
});

describe('versions', () => {
  test('are asked for when a step is told, and named in it', async () => {
    const version = { id: 'v1', version: '1.32.6', eol: start + 31 * dayMs };
    const world = watchWorld([aCluster({ version })]);
    world.versions = [version, { id: 'v2', version: '1.33.2', eol: undefined }];
    await world.passes(3);
    expect(world.calls.filter((call) => call === 'versions')).toHaveLength(1);
    world.now += 19 * dayMs;
    await world.passes(3);
    expect(await world.outbox()).toEqual([
      'ops open version.eol',
      'pager open version.eol',
      'ops update version.eol',
      'pager update version.eol',
    ]);
    const [first] = await listAll(world.memory, world.partitions()[0]!);
    expect(JSON.stringify(first?.value)).toContain('the region offers 1.33.2');
  });

  test('end on the day the config gives where the API gives none', async () => {
    const world = watchWorld([aCluster({ version: { id: 'v1', version: '1.35.1', eol: undefined } })]);
    world.config = aConfig({ versions: { '1.35': { eol: start + 31 * dayMs } } });
    world.versions = [{ id: 'v2', version: '1.36.0', eol: undefined }];
    await world.passes(3);
    expect(await world.outbox()).toEqual(['ops open version.eol', 'pager open version.eol']);
    const [first] = await listAll(world.memory, world.partitions()[0]!);
    expect(JSON.stringify(first?.value)).toContain('Kubernetes 1.35.1 of cluster dev-1 ends in 31 days');
    world.config = aConfig();
    await world.passes(1);
    expect(await world.outbox()).toEqual(expect.arrayContaining(['ops resolve version.eol']));
  });

  test('are remembered by their number, which is what metrics show', async () => {
    const version = { id: 'd1b2f8a0-0000-4000-8000-000000000001', version: '1.32.6', eol: start + 200 * dayMs };
    const world = watchWorld([aCluster({ version })]);
    await world.passes(1);
    const { memory } = await loadMemory(world.memory, 'r1');
    expect(memory.clusters.map(({ due }) => due)).toMatchObject([{ of: '1.32.6', date: version.eol }]);
  });
});

describe('findings of a scaling round', () => {
  const subject = {
    kind: 'pool',
    region: 'r1',
    clusterId: 'c1',
    poolId: 'p1',
    cluster: 'dev-1',
    pool: 'workers',
  } as const;
  const late: Finding = { kind: 'pool.late', subject, severity: 'critical', text: 'Node pool dev-1/workers is late' };
  const round = (world: WatchWorld, findings: readonly Finding[], others: readonly string[] = []) =>
    writeRoundFindings(world.memory, {
      schema: 1,
      at: world.now,
      region: 'r1',
      shard: { index: 0, count: 1 },
      configHash: 'config-1',
      isAnswered: true,
      clusters: 1,
      pools: 1,
      checkedClusters: ['c1', ...others],
      findings,
    });

  async function rounds(world: WatchWorld, findings: readonly Finding[], count: number, others?: readonly string[]) {
    for (let i = 0; i < count; i += 1) {
      await round(world, findings, others);
      await world.passes(1);
    }
  }

  test('open and resolve as any other', async () => {
    const rule = { match: aMatch('*'), schedule: 'office' } as never;
    const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops')], rules: [rule] }));
    await rounds(world, [late], 2);
    expect(await world.outbox()).toEqual(['ops open pool.late']);
    await rounds(world, [], 3);
    expect(await world.outbox()).toEqual(['ops open pool.late', 'ops resolve pool.late']);
  });

  test('of a large fleet end, whatever else is open, and its clusters are read only then', async () => {
    const rule = { match: aMatch('*'), schedule: 'office' } as never;
    const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops')], rules: [rule] }));
    const others = Array.from({ length: 400 }, (_, i) => `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`);
    const brake: Finding = {
      kind: 'config.brake',
      subject: { kind: 'config', path: 'safety.brake' },
      severity: 'warning',
      text: 'the new config would lower 12 pools',
    };
    const read: string[] = [];
    world.store = {
      ...world.memory,
      list: (partition, options) => {
        read.push(partition);
        return world.memory.list(partition, options);
      },
    };
    await rounds(world, [], 2, others);
    expect(read).not.toContain('looked');
    await rounds(world, [late, brake], 2, others);
    await rounds(world, [brake], 3, others);
    expect(read).toContain('looked');
    expect((await world.outbox()).toSorted()).toEqual([
      'ops open config.brake',
      'ops open pool.late',
      'ops resolve pool.late',
    ]);
  });

  test('of one round count once, however often they are read', async () => {
    const world = watchWorld();
    await round(world, [late]);
    await world.passes(3);
    expect(await world.outbox()).toEqual([]);
  });

  test('of a pool that no rule names any more end', async () => {
    const rule = { match: aMatch('*'), schedule: 'office' } as never;
    const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops')], rules: [rule] }));
    await rounds(world, [late], 2);
    world.config = aConfig({ destinations: [destination('ops')] });
    const none = {
      region: 'r1',
      shard: { index: 0, count: 1 },
      configHash: 'x',
      isAnswered: true,
      clusters: 1,
      pools: 0,
    };
    await writeRoundFindings(world.memory, { schema: 1, at: world.now, ...none, checkedClusters: [], findings: [] });
    await world.pass();
    expect((await world.outbox()).at(-1)).toBe('ops resolve pool.late');
  });

  test('of a longer round leave nothing behind', async () => {
    const world = watchWorld();
    const many = Array.from({ length: 900 }, (_, index) => ({
      ...late,
      text: 'x'.repeat(200),
      subject: { ...subject, poolId: `p${index}` },
    }));
    await round(world, many);
    expect((await listAll(world.memory, 'findings')).length).toBeGreaterThan(2);
    world.now += 1;
    await round(world, []);
    expect(await listAll(world.memory, 'findings')).toHaveLength(1);
  });
});

test('what is no longer watched ends with that cause', async () => {
  const world = watchWorld();
  setStatus(world, 'Error');
  await world.passes(2);
  world.config = aConfig({ watch: { ...world.config.watch, clusters: [aMatch('prod-*')] } });
  world.calls = [];
  await world.pass();
  expect(world.calls).toEqual(['list']);
  const [resolve] = (await listAll(world.memory, world.partitions()[0]!)).slice(-1);
  expect(resolve?.value).toMatchObject({ facts: { what: 'resolve', cause: 'no longer watched' } });
});

test('a silence that was asked for keeps quiet, and goes when its episode is over', async () => {
  const world = watchWorld();
  const about = { schema: 1, id: 's1', who: 'ada@desk', reason: undefined, askedAt: start } as const;
  const scope = { kind: 'match', match: aMatch('dev-*') } as const;
  await world.memory.commit([silenceWrite({ ...about, scope, until: start + 60 * minuteMs })]);
  setStatus(world, 'Error');
  await world.passes(3);
  expect(await world.outbox()).toEqual([]);
  world.now = start + 60 * minuteMs;
  await world.passes(1);
  expect(await world.outbox()).toEqual(['ops open cluster.error', 'pager open cluster.error']);
  expect(await listAll(world.memory, 'silences')).toEqual([]);
});

test('a notice becomes its deliveries once; one that nobody takes goes away', async () => {
  const world = watchWorld();
  const notice = { kind: 'started', subject: { kind: 'fleet' }, text: '12 clusters', at: start } as const;
  await world.memory.commit([noticeWrite(notice, 'n1')]);
  await world.passes(2);
  expect(await world.outbox()).toEqual(['ops notice started']);
  world.config = aConfig({ destinations: [] });
  await world.memory.commit([noticeWrite({ ...notice, at: start + 1 }, 'n2')]);
  await world.passes(1);
  expect(await listAll(world.memory, 'notices')).toEqual([]);
});

describe('a destination', () => {
  test('at a new address is a new one; the old one is sent its end, then forgotten', async () => {
    const config = aConfig({ destinations: [destination('ops')] });
    const world = watchWorld([aCluster()], config);
    setStatus(world, 'Error');
    await world.passes(2);
    const [old] = world.partitions();
    world.config = { ...config, destinations: [destination('ops', { url: { kind: 'env', name: 'OTHER' } })] };
    await world.passes(1);
    setStatus(world, 'Running');
    await world.passes(4);
    const whats = async (name: string) =>
      (await listAll(world.memory, name)).map(
        ({ value }) => (value as never as { facts: { what: string } }).facts.what,
      );
    expect(world.partitions()).toHaveLength(2);
    for (const name of world.partitions()) expect(await whats(name)).toEqual(['open', 'resolve']);
    expect(await listAll(world.memory, 'destinations')).toHaveLength(2);
    for (const { key, version } of await listAll(world.memory, old!)) {
      await world.memory.commit([
        { kind: 'deleteIfVersion', key, version },
        { kind: 'putIfAbsent', key: { partition: 'hist', id: key.id }, value: 1 },
      ]);
    }
    await world.passes(1);
    expect(await listAll(world.memory, 'destinations')).toHaveLength(1);
  });

  test('removed outright is owed nothing', async () => {
    const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops')] }));
    setStatus(world, 'Error');
    await world.passes(2);
    world.config = aConfig({ destinations: [] });
    setStatus(world, 'Running');
    await world.passes(4);
    expect(await world.outbox()).toEqual(['ops open cluster.error']);
    expect(await listAll(world.memory, 'destinations')).toEqual([]);
  });
});

test('the same pass twice tells once', async () => {
  const world = watchWorld();
  setStatus(world, 'Error');
  await world.passes(1);
  await Promise.all([world.pass(), world.pass()]);
  await world.pass();
  expect(await world.outbox()).toEqual(['ops open cluster.error', 'pager open cluster.error']);
});

describe('a store that fails', () => {
  /** Fails the n-th commit of all, before or after it took effect. */
  function failing(store: Store, n: number, isApplied: boolean): Store {
    let count = 0;
    return {
      ...store,
      commit: async (writes) => {
        count += 1;
        if (count !== n) return store.commit(writes);
        if (isApplied) await store.commit(writes);
        throw new StoreError('the store is out of reach');
      },
    };
  }

  async function story(n: number, isApplied: boolean) {
    const world = watchWorld([aCluster(), aCluster({ id: 'c2', name: 'dev-2' })], aConfig());
    world.store = failing(world.memory, n, isApplied);
    await world.passes(1);
    setStatus(world, 'Error');
    await world.passes(4);
    setStatus(world, 'Running');
    await world.passes(5);
    world.clusters = world.clusters.slice(1);
    await world.passes(5);
    return (await world.outbox()).toSorted();
  }

  test('at any commit, before or after, tells the same in the end', async () => {
    const expected = await story(0, false);
    expect(expected).toEqual([
      'ops notice cluster.gone',
      'ops open cluster.error',
      'ops resolve cluster.error',
      'pager open cluster.error',
      'pager resolve cluster.error',
    ]);
    for (let n = 1; n <= 45; n += 1) {
      for (const isApplied of everyNth(2, n, [false, true]))
        expect([n, isApplied, await story(n, isApplied)]).toEqual([n, isApplied, expected]);
    }
  });

  /** The incidents cannot be written while `isBroken`; all else can. */
  function withoutIncidents(world: WatchWorld) {
    const state = { isBroken: false };
    world.store = {
      ...world.memory,
      commit: async (writes) => {
        const isIncident = writes.some(({ key }) => key.partition === 'incidents');
        if (state.isBroken && isIncident) throw new StoreError('the store is out of reach');
        return world.memory.commit(writes);
      },
    };
    return state;
  }

  test('in the very pass in which a cluster is gone, says so once, and ends its incident', async () => {
    const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops')] }));
    const state = withoutIncidents(world);
    setStatus(world, 'Error');
    await world.passes(2);
    world.clusters = [];
    await world.passes(1);
    state.isBroken = true;
    const report = await world.pass();
    expect(report.problems).toEqual([
      'the incident cluster.error of cluster dev-1 was not stored: the store is out of reach',
    ]);
    state.isBroken = false;
    world.now += 5 * minuteMs;
    await world.passes(5);
    expect((await world.outbox()).toSorted()).toEqual([
      'ops notice cluster.gone',
      'ops open cluster.error',
      'ops resolve cluster.error',
    ]);
  });

  test('and a second try at the same instant tells it', async () => {
    const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops')] }));
    const state = withoutIncidents(world);
    setStatus(world, 'Error');
    await world.passes(1);
    state.isBroken = true;
    await world.pass();
    state.isBroken = false;
    await world.pass();
    expect(await world.outbox()).toEqual(['ops open cluster.error']);
  });

  test('a pass that is killed at any commit leaves nothing half done', async () => {
    const expected = await killed(0);
    for (let n = 1; n <= 40; n += 1) expect([n, await killed(n)]).toEqual([n, expected]);
  });

  /** The process dies at the n-th commit, half the time after it took effect, and the next tick starts anew. */
  async function killed(n: number) {
    const world = watchWorld();
    let count = 0;
    world.store = {
      ...world.memory,
      commit: async (writes) => {
        count += 1;
        if (count === n && n % 2 === 0) await world.memory.commit(writes);
        if (count === n) throw new RangeError('killed');
        return world.memory.commit(writes);
      },
    };
    const tick = async (times: number) => {
      for (let i = 0; i < times; i += 1) {
        await world.pass().catch((error: unknown) => {
          if (!(error instanceof RangeError)) throw error;
        });
        world.now += 5 * minuteMs;
      }
    };
    await tick(1);
    setStatus(world, 'Error');
    await tick(4);
    setStatus(world, 'Running');
    await tick(5);
    return (await world.outbox()).toSorted();
  }
});
