import { beforeAll, describe, expect, test } from 'vitest';
import { makeDeliveries } from '../../../lib/cli/run/deliveries.ts';
import { makeRunMetrics } from '../../../lib/cli/run/prometheus-metrics.ts';
import { makeRounds } from '../../../lib/cli/run/run-rounds.ts';
import { makeHourCounter } from '../../../lib/cli/run/saved-hours.ts';
import type { RoundFindings } from '../../../lib/decide/watching/scale-findings.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { putLease } from '../../../lib/jobs/records/ask-records.ts';
import { clusterWrite } from '../../../lib/jobs/records/cluster-records.ts';
import { listIncidents, listNotices } from '../../../lib/jobs/records/incident-records.ts';
import { writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { requestWake } from '../../../lib/jobs/records/wake-requests.ts';
import { aNight, type Night } from '../../support/night-app.ts';
import { aConfig, aLease, aMatch, aRule, at, hour, minute } from '../../support/scaling-world.ts';
import { good, loadJobs, pass, start } from './running.ts';

beforeAll(() => loadJobs(aNight(at('2026-03-02T12:00:00Z'), {})));

const rules = [aRule({ match: aMatch('dev-api/workers'), leases: { max: 9, longestMs: 24 * hour } })];

/** It saw no cluster, and found nothing. */
function emptyRound(at: number, region: string): RoundFindings {
  const shard = { index: 0, count: 1 };
  const found = { checkedClusters: [], pools: 0, clusters: 0, findings: [] };
  return { schema: 1, at, region, shard, configHash: 'x', isAnswered: true, ...found };
}

describe('the single process', () => {
  test('looks now, and again after every', async () => {
    const night = aNight(at('2026-03-02T12:00:00Z'), { rules });
    const run = start(night, () => good(night.config));
    await pass(night, minute);
    const lists = () => night.world.requests.filter(({ path }) => path === '/api/v1/cluster').length;
    const first = lists();
    expect(first).toBeGreaterThan(0);
    await pass(night, 4 * minute + 1000);
    expect(lists()).toBe(2 * first);
    expect((await run.metrics.render()).text).toContain('lamplighter_clusters{region="r1"} 6');
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test('after each whole round somebody outside is told, and not after a part of one', async () => {
    const beats: string[] = [];
    const heartbeat = { url: { kind: 'env', name: 'BEAT' }, insecure: false } as const;
    const night = aNight(
      at('2026-03-02T12:00:00Z'),
      { rules, heartbeat },
      {
        env: { BEAT: 'https://checks.test/ping/uuid' },
        through: (api) => (request, init) => {
          const url = new URL(request instanceof Request ? request.url : request);
          if (url.host !== 'checks.test') return api(request, init);
          beats.push(url.pathname);
          return Promise.resolve(new Response('OK'));
        },
      },
    );
    const run = start(night, () => good(night.config));
    await pass(night, 2 * minute);
    run.rounds.wake('r1', 'dev-api');
    await pass(night, minute);
    expect(beats).toEqual(['/ping/uuid']);
    await pass(night, 3 * minute);
    expect(beats).toEqual(['/ping/uuid', '/ping/uuid']);
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test('a wake brings a round for that cluster only, at once', async () => {
    const night = aNight(at('2026-03-02T22:00:00Z'), { rules });
    const run = start(night, () => good(night.config));
    await pass(night, 2 * minute);
    night.world.forgetRequests();
    await putLease(
      night.store,
      { ...aLease(5, '2026-03-02T22:02:00Z', '2026-03-02T23:30:00Z'), match: aMatch('dev-api/workers') },
      night.clock.now(),
    );
    run.rounds.wake('r1', 'dev-api');
    await pass(night, 1000);
    const sent = night.world.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/g, '*')}`);
    expect(sent.slice(0, 2)).toEqual(['GET /api/v1/cluster', 'GET /api/v1/cluster/*/node-pool']);
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test('a burst of events leaves every other moment to the events', async () => {
    const fault = () => ({ kind: 'delay', ms: 400 }) as const;
    const night = aNight(at('2026-03-02T22:00:00Z'), { rules }, { fault });
    const run = start(night, () => good(night.config));
    await pass(night, 2 * minute);
    night.world.forgetRequests();
    const lists = () => night.world.requests.filter(({ path }) => path === '/api/v1/cluster').length;
    for (let i = 0; i < 200; i += 1) {
      run.rounds.wake('r1', 'dev-api');
      await night.clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
      if (i === 1) expect(lists()).toBe(1);
    }
    // 20 s; a round waits for two answers, 800 ms, and rests as long.
    expect(lists()).toBeGreaterThanOrEqual(10);
    expect(lists()).toBeLessThanOrEqual(14);
    run.stop();
    await pass(night, 3000);
    await run.running;
  });

  test('whatever expired is collected each hour, however much that is', async () => {
    const night = aNight(at('2026-03-02T12:00:00Z'), { rules, everyMs: 30 * minute });
    for (let from = 0; from < 2500; from += 100) {
      const writes = Array.from({ length: 100 }, (_, n) => {
        const key = { partition: 'old', id: `${from + n}` };
        return { kind: 'putIfAbsent', key, value: 1, expiresAt: night.clock.now() } as const;
      });
      await night.store.commit(writes);
    }
    const run = start(night, () => good(night.config));
    await pass(night, hour + 2 * minute);
    expect(await night.store.list('old')).toEqual([]);
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test('nothing is collected by a clock that is ahead, and all is when it is right again', async () => {
    const night = aNight(at('2026-03-02T12:00:00Z'), { rules, everyMs: 30 * minute });
    const key = { partition: 'old', id: 'a' };
    await night.store.commit([{ kind: 'putIfAbsent', key, value: 1, expiresAt: night.clock.now() + minute }]);
    night.world.behaviour.dateSkewMs = -400 * 24 * hour;
    const run = start(night, () => good(night.config));
    await pass(night, 2 * hour + 2 * minute);
    expect(await night.store.list('old')).toHaveLength(1);
    night.world.behaviour.dateSkewMs = 0;
    await pass(night, hour);
    expect(await night.store.list('old')).toEqual([]);
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test.each([10 * minute, 3 * hour, 400 * 24 * hour])(
    'a clock that was %d ms ahead and is set back stops no round',
    async (aheadMs) => {
      let night: Night | undefined;
      let skewMs = aheadMs;
      const begun = at('2026-03-02T12:00:00Z') + aheadMs;
      const truth = { now: () => (night?.clock.now() ?? begun) - skewMs, sleep: async () => {} };
      night = aNight(begun, { rules }, { clock: truth });
      const run = start(night, () => good(night.config));
      await pass(night, 7 * minute);
      const lists = () => night.world.requests.filter(({ path }) => path === '/api/v1/cluster').length;
      const before = lists();
      const skewed = async () =>
        (await listIncidents(night.store)).filter(
          ({ record }) => record.kind === 'clock.skewed' && record.phase === 'open',
        );
      expect(await skewed()).toHaveLength(1);
      night.clock.suspend(-aheadMs);
      skewMs = 0;
      await pass(night, 5 * minute);
      expect(lists()).toBeGreaterThan(before);
      await pass(night, 12 * minute);
      expect(await skewed()).toHaveLength(0);
      run.stop();
      await pass(night, 1000);
      await run.running;
    },
  );

  test('an invalid config keeps the last good one, and is an incident', async () => {
    const night = aNight(at('2026-03-02T18:00:00Z'), { rules });
    let isBroken = false;
    const problem = {
      severity: 'error' as const,
      file: 'l.yml',
      line: 3,
      column: 1,
      path: 'pools',
      message: 'wrong',
      fix: '',
    };
    const warning = { ...problem, severity: 'warning' as const, message: 'odd' };
    const run = start(night, () =>
      isBroken ? { ok: false, config: night.config, changed: false, problems: [warning, problem] } : good(night.config),
    );
    await pass(night, minute);
    isBroken = true;
    await pass(night, hour + 30 * minute);
    const open = (await listIncidents(night.store)).filter(({ record }) => record.phase === 'open');
    const invalid = open.find(({ record }) => record.kind === 'config.invalid');
    expect(invalid?.record.text).toContain('wrong');
    expect(invalid?.record.text).not.toContain('odd');
    expect(night.world.pool('dev-api/workers').size).toBe(0);
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test('after a long absence it says so once', async () => {
    const night = aNight(at('2026-03-02T12:00:00Z'), { rules });
    await writeRoundFindings(night.store, emptyRound(at('2026-03-02T08:00:00Z'), 'r1'));
    let noticed: string[] = [];
    const commit = night.store.commit;
    const spied = {
      ...night.store,
      commit: async (writes: Parameters<typeof commit>[0]) => {
        noticed = [
          ...noticed,
          ...writes.flatMap((write) =>
            write.key.partition === 'notices' && 'value' in write ? [JSON.stringify(write.value)] : [],
          ),
        ];
        return commit(writes);
      },
    };
    const stop = new AbortController();
    const parts = { ...night.app.parts, env: {}, log: silentLog, redactor: makeRedactor() };
    const rounds = makeRounds({
      ...parts,
      opened: { app: night.app, store: spied },
      first: night.config,
      metrics: makeRunMetrics(),
      readConfig: async () => good(night.config),
    });
    const running = rounds.run(stop.signal);
    await pass(night, 12 * minute);
    stop.abort();
    await pass(night, 1000);
    await running;
    expect(noticed.filter((text) => text.includes('was-off'))).toHaveLength(1);
    expect(noticed.join()).toContain('2026-03-02T08:00:00Z');
    expect(await listNotices(night.store)).toEqual([]);
  });

  test('nobody was away where any region was read a moment ago', async () => {
    const region = aConfig().regions[0]!;
    const night = aNight(at('2026-03-02T12:00:00Z'), { rules, regions: [region, { ...region, name: 'r2' }] });
    for (const [name, time] of [
      ['r1', '2026-03-02T08:00:00Z'],
      ['r2', '2026-03-02T11:58:00Z'],
    ] as const) {
      await writeRoundFindings(night.store, emptyRound(at(time), name));
    }
    const commits: string[] = [];
    const store: Store = {
      ...night.store,
      commit: async (writes) => {
        commits.push(JSON.stringify(writes));
        return night.store.commit(writes);
      },
    };
    const run = start({ ...night, store }, () => good(night.config));
    await pass(night, minute);
    expect(commits.filter((text) => text.includes('was-off'))).toEqual([]);
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test.each([
    [{ kind: 'sqlite', path: ':memory:' }, 1],
    [{ kind: 'dynamodb', table: 't' }, 0],
  ] as const)(
    'what a person asks for is looked at within seconds where that costs nothing: %j',
    async (store, more) => {
      const night = aNight(at('2026-03-02T12:00:00Z'), { rules, store });
      const run = start(night, () => good(night.config));
      await pass(night, 21_000);
      const rounds = () => night.world.requests.filter(({ path }) => path === '/api/v1/cluster').length;
      const before = rounds();
      await requestWake(night.store, night.clock.now());
      await pass(night, 4000);
      expect(rounds() > before).toBe(more > 0);
      await pass(night, 10_000);
      expect(rounds()).toBeGreaterThan(before);
      run.stop();
      await pass(night, 1000);
      await run.running;
    },
  );

  test('a rest between bursts ends with the process', async () => {
    const fault = () => ({ kind: 'delay', ms: 900 }) as const;
    const night = aNight(at('2026-03-02T22:00:00Z'), { rules }, { fault });
    const run = start(night, () => good(night.config));
    await pass(night, minute);
    const lists = () => night.world.requests.filter(({ path }) => path === '/api/v1/cluster').length;
    const before = lists();
    run.rounds.wake('r1', 'dev-api');
    // One list and one cluster's pools take 1.8 s; then it rests for a second.
    for (let i = 0; i < 40 && night.clock.now() < at('2026-03-02T22:01:01.900Z'); i += 1) await pass(night, 100);
    expect(lists()).toBe(before + 1);
    run.stop();
    const late = pass(night, 20).then(() => 'late');
    expect(await Promise.race([run.running.then(() => 'over'), late])).toBe('over');
  });

  test('a store that fails for a while costs rounds, not the process', async () => {
    const night = aNight(at('2026-03-02T18:00:00Z'), { rules });
    let isDown = false;
    const store = {
      ...night.store,
      list: async (...args: Parameters<typeof night.store.list>) => {
        if (isDown) throw Object.assign(new Error('the disk is full'), { name: 'StoreError' });
        return night.store.list(...args);
      },
    };
    const broken = aNight(at('2026-03-02T18:00:00Z'), { rules }, { store });
    const run = start(broken, () => good(broken.config));
    await pass(broken, minute);
    const before = run.rounds.lastRoundAt();
    isDown = true;
    await pass(broken, 90 * minute);
    // What could not be read is no round: it is not ready.
    expect(run.rounds.lastRoundAt()).toBe(before);
    isDown = false;
    await pass(broken, 30 * minute);
    expect(broken.world.pool('dev-api/workers').size).toBe(0);
    run.stop();
    await pass(broken, 1000);
    await run.running;
  });

  test('after the stop nothing new is claimed', async () => {
    const night = aNight(at('2026-03-02T18:59:30Z'), { rules });
    const run = start(night, () => good(night.config));
    await pass(night, minute / 6);
    run.stop();
    await pass(night, hour);
    await run.running;
    expect(night.world.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});

test('the sender looks again when something is due, when rung, and every minute', async () => {
  const looks: number[] = [];
  const night = aNight(at('2026-03-02T12:00:00Z'), {});
  const start0 = night.clock.now();
  const app = {
    ...night.app,
    deliver: async () => {
      looks.push((night.clock.now() - start0) / 1000);
      const nextAt = looks.length === 1 ? night.clock.now() + 5000 : undefined;
      return {
        destinations: [
          {
            name: 'ops',
            id: 'ops',
            accepted: 0,
            confirmed: 0,
            parked: 0,
            dropped: 0,
            failed: 0,
            waiting: 0,
            nextAt,
            problem: undefined,
          },
        ],
        problems: [],
      };
    },
  };
  const parts = { ...night.app.parts, env: {}, log: silentLog, redactor: makeRedactor() };
  const deliveries = makeDeliveries(parts, { app, store: night.store }, () => night.config);
  const stop = new AbortController();
  const running = deliveries.run(stop.signal);
  await pass(night, 70_000);
  deliveries.ring();
  await pass(night, 1000);
  stop.abort();
  await pass(night, 1000);
  await running;
  expect(looks.map(Math.round)).toEqual([0, 5, 65, 70]);
});

/** The sender of a process whose outbox is `looks`: what the n-th look finds. */
function aSender(deliver: (looks: number[], now: number) => Promise<readonly (number | undefined)[]>) {
  const night = aNight(at('2026-03-02T12:00:00Z'), {});
  const begun = night.clock.now();
  const looks: number[] = [];
  const empty = { accepted: 0, confirmed: 0, parked: 0, dropped: 0, failed: 0, waiting: 0, problem: undefined };
  const app = {
    ...night.app,
    deliver: async () => {
      looks.push(Math.round((night.clock.now() - begun) / 1000));
      const due = await deliver(looks, night.clock.now());
      const destinations = due.map((nextAt, i) => ({ ...empty, name: `d${i}`, id: `d${i}`, nextAt }));
      return { destinations, problems: [] };
    },
  };
  const parts = { ...night.app.parts, env: {}, log: silentLog, redactor: makeRedactor() };
  const deliveries = makeDeliveries(parts, { app, store: night.store }, () => night.config);
  const stop = new AbortController();
  const running = deliveries.run(stop.signal);
  const end = async () => {
    stop.abort();
    await pass(night, 1000);
    await running;
  };
  return { night, looks, deliveries, end };
}

test('the sender looks again at what is due first, of whichever destination', async () => {
  const { night, looks, end } = aSender(async (all, now) =>
    all.length === 1 ? [undefined, now + 40_000, now + 7000] : [],
  );
  await pass(night, 30_000);
  expect(looks).toEqual([0, 7]);
  await end();
});

test('what rings while the sender is at work is looked at right after it', async () => {
  const sender = aSender(async (all) => {
    await Promise.resolve();
    if (all.length === 1) sender.deliveries.ring();
    return [];
  });
  await pass(sender.night, 3000);
  expect(sender.looks).toEqual([0, 0]);
  await sender.end();
});

test('a region that used more than its bases has saved nothing, and costs no round', async () => {
  const metrics = makeRunMetrics();
  metrics.countHours([
    { region: 'r1', used: 3, saved: -1 },
    { region: 'r2', used: 1, saved: 2 },
  ]);
  const { text } = await metrics.render();
  expect(text).toContain('lamplighter_node_hours_saved_total{region="r1"} 0');
  expect(text).toContain('lamplighter_node_hours_saved_total{region="r2"} 2');
});

test('what no longer waits is no longer shown as waiting', async () => {
  const metrics = makeRunMetrics();
  const standing = { incidents: { critical: 0, warning: 0, info: 0 }, eols: [], tokens: [] };
  metrics.showStanding({ ...standing, waiting: [{ destination: 'ops', count: 2, oldest: 5000 }] });
  expect((await metrics.render()).text).toContain('lamplighter_waiting_deliveries{destination="ops"} 2');
  metrics.showStanding({ ...standing, waiting: [] });
  expect((await metrics.render()).text).not.toContain('destination="ops"');
});

test('node-hours are of each region, though names are the same', async () => {
  const night = aNight(at('2026-03-02T12:00:00Z'), {});
  const region = aConfig().regions[0]!;
  const config = aConfig({ rules, regions: [region, { ...region, name: 'r2' }] });
  const memory = { name: 'workers', autoscale: false, base: 4, seen: { size: 4, at: night.clock.now() } };
  for (const { name } of config.regions) {
    const record = { schema: 1, cluster: 'dev-api', pools: { p: memory } } as const;
    await night.store.commit([clusterWrite(name, 'c', record, undefined)]);
  }
  const count = makeHourCounter();
  const nodes = [
    { region: 'r1', cluster: 'dev-api', pool: 'workers', nodes: 4 },
    { region: 'r2', cluster: 'dev-api', pool: 'workers', nodes: 1 },
  ];
  await count(night.store, config, nodes, night.clock.now());
  const hours = await count(night.store, config, nodes, night.clock.now() + 15 * minute);
  expect(hours).toEqual([
    { region: 'r1', used: 1, saved: -0.25 },
    { region: 'r2', used: 0.25, saved: 0.5 },
  ]);
});
