import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../lib/io/http/exchange.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { sendHeartbeat } from '../../lib/jobs/deliver/heartbeat.ts';
import { putLease } from '../../lib/jobs/records/ask-records.ts';
import { listClusterRecords } from '../../lib/jobs/records/cluster-records.ts';
import { listIncidents } from '../../lib/jobs/records/incident-records.ts';
import { listRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import { aNight as aNightOf, type Night, onlyClusters } from '../support/night-app.ts';
import { aMatch, aRule, at, hour, minute } from '../support/scaling-world.ts';

const rules = [
  aRule({ match: aMatch('dev-*/*'), base: 'remembered' }),
  aRule({ match: aMatch('ml/gpu'), base: { min: 0, max: 4 }, idle: 0, hash: 'gpu' }),
];
/** Without the clusters that nothing here is about. */
const aNight: typeof aNightOf = (start, config, options) =>
  aNightOf(start, config, { fleet: onlyClusters('dev-api', 'ml', 'mgmt'), ...options });

const morning = at('2026-03-03T08:00:00Z');

/** Ten in the morning, by a clock that is so far ahead. */
async function aheadBy(ms: number, through?: (api: Fetch) => Fetch): Promise<Night> {
  const night = aNight(morning, { rules }, through ? { through } : {});
  for (let i = 0; i < 3; i += 1) await round(night);
  await night.clock.advance(ms);
  night.world.behaviour.dateSkewMs = -ms;
  return night;
}

async function round(night: Night): Promise<Awaited<ReturnType<Night['app']['scale']>>> {
  const report = await night.app.scale(night.config);
  await night.app.watch(night.config);
  await night.clock.advance(5 * minute);
  return report;
}

const puts = ({ world }: Night) => world.requests.filter(({ method }) => method === 'PUT').length;
const open = async ({ store }: Night) =>
  (await listIncidents(store)).flatMap(({ record }) => (record.phase === 'open' ? [record.kind] : []));

describe('a clock that is twelve hours ahead', () => {
  test('puts nothing to sleep, changes no memory, and is told with both times', async () => {
    const night = await aheadBy(12 * hour);
    const before = await listClusterRecords(night.store, 'r1');
    const { plan, problems, results } = await round(night);
    expect([puts(night), results, plan.actions, plan.updates]).toEqual([0, [], [], []]);
    expect(plan.findings).toEqual([
      expect.objectContaining({
        kind: 'clock.skewed',
        severity: 'critical',
        subject: { kind: 'region', region: 'r1' },
      }),
    ]);
    for (const text of [plan.findings[0]!.text, problems[0]!.reason]) {
      expect(text).toContain('2026-03-03T20:15:00Z');
      expect(text).toContain('2026-03-03T08:15:00Z');
    }
    expect(problems[0]!.reason).toContain(`; ${plan.findings[0]!.fix}`);
    expect(plan.holds.map(({ code, pool }) => [code, pool])).toContainEqual(['wrong-clock', 'gpu']);
    expect(await listClusterRecords(night.store, 'r1')).toEqual(before);
  });

  test('misses no cluster, and says nothing of what a new config would do', async () => {
    const night = await aheadBy(12 * hour);
    night.world.deleteCluster('mgmt');
    night.world.deleteCluster('dev-api');
    await night.clock.advance(hour);
    const before = await listClusterRecords(night.store, 'r1');
    expect((await night.app.scale({ ...night.config, hash: 'next' })).started).toBeUndefined();
    expect(await listClusterRecords(night.store, 'r1')).toEqual(before);
    night.world.behaviour.dateSkewMs = 0;
    expect((await night.app.scale({ ...night.config, hash: 'next' })).started).toBeDefined();
    expect(await listClusterRecords(night.store, 'r1')).not.toEqual(before);
  });

  test('does not act on a lease either', async () => {
    const night = await aheadBy(12 * hour);
    const now = night.clock.now();
    const asked = { schema: 1, id: 'lease/1', region: 'r1', who: 'ada@lab', reason: undefined, askedAt: now } as const;
    const lease = { kind: 'lease', match: aMatch('ml/gpu'), atLeast: 6, until: now + 4 * hour, time: now } as const;
    await putLease(night.store, { ...asked, ...lease }, now);
    await round(night);
    expect(puts(night)).toBe(0);
    night.world.behaviour.dateSkewMs = 0;
    await round(night);
    expect(puts(night)).toBeGreaterThan(0);
  });

  test('opens its incident at first sight, ends it when it is set right, and goes on watching', async () => {
    const night = await aheadBy(12 * hour);
    night.world.setClusterError('mgmt', 'disk full');
    await round(night);
    expect(await open(night)).toContain('clock.skewed');
    await round(night);
    await round(night);
    expect(await open(night)).toContain('cluster.error');
    const heartbeat = { url: { kind: 'env' as const, name: 'BEAT' }, insecure: false };
    const { beat } = await sendHeartbeat(night.app.deliverParts({ ...night.config, heartbeat }));
    expect(beat).toEqual({ kind: 'ping' });
    night.world.behaviour.dateSkewMs = 0;
    await round(night);
    expect(await open(night)).not.toContain('clock.skewed');
  });

  test('takes back nothing that was found before', async () => {
    const night = await aheadBy(0);
    night.world.makeStuck('dev-api/workers');
    night.world.personResizes('dev-api/workers', { size: 0 });
    for (let i = 0; i < 12; i += 1) await round(night);
    const found = await open(night);
    expect(found).toContain('pool.stuck');
    night.world.behaviour.dateSkewMs = -12 * hour;
    for (let i = 0; i < 4; i += 1) await round(night);
    expect(await open(night)).toEqual(expect.arrayContaining(found));
  });

  test('takes no version that has years left for one that is near its end', async () => {
    const night = await aheadBy(3 * 365 * 24 * hour);
    const before = await open(night);
    for (let i = 0; i < 3; i += 1) await round(night);
    expect((await open(night)).sort()).toEqual([...before, 'clock.skewed'].sort());
  });

  test('holds a round of a part of the fleet as well', async () => {
    const night = await aheadBy(12 * hour);
    await night.app.scale(night.config, { only: ({ name }) => name === 'dev-api' });
    await night.app.scale(night.config, { shard: { index: 0, count: 2 } });
    expect(puts(night)).toBe(0);
  });
});

const dated =
  (change: (headers: Headers, url: URL) => void) =>
  (api: Fetch): Fetch =>
  async (input, init) => {
    const response = await api(input, init);
    const headers = new Headers(response.headers);
    change(headers, new URL(input instanceof Request ? input.url : String(input)));
    return new Response(response.body, { status: response.status, headers });
  };
const old = (headers: Headers, ms: number) =>
  headers.set('date', new Date(Date.parse(headers.get('date') ?? '') - ms).toUTCString());

describe('answers whose Date says nothing about our clock', () => {
  test.each<[string, (headers: Headers, url: URL) => void]>([
    ['no Date', (headers) => headers.delete('date')],
    ['one that is no date', (headers) => headers.set('date', 'yesterday')],
    ['a server without a clock', (headers) => headers.set('date', new Date(0).toUTCString())],
    [
      'a cache that says the age of its answers',
      (headers) => {
        old(headers, 2 * hour);
        headers.set('age', '7200');
      },
    ],
    [
      'one answer of many out of an old cache',
      (headers, { pathname }) => pathname.endsWith('/cluster') && old(headers, 9 * hour),
    ],
    ['5 minutes, to the second', (headers) => old(headers, 5 * minute)],
  ])('%s: the evening comes as ever', async (_what, change) => {
    const night = aNight(at('2026-03-03T18:50:00Z'), { rules }, { through: dated(change) });
    for (let i = 0; i < 4; i += 1) await round(night);
    expect(puts(night)).toBeGreaterThan(0);
    expect(await open(night)).not.toContain('clock.skewed');
  });

  test('a Date that is more than 5 minutes ahead of our clock holds as well', async () => {
    const ahead = dated((headers) => old(headers, -6 * minute));
    const night = aNight(at('2026-03-03T18:50:00Z'), { rules }, { through: ahead });
    for (let i = 0; i < 4; i += 1) await round(night);
    expect(puts(night)).toBe(0);
    expect(await open(night)).toContain('clock.skewed');
  });
});

test('a clock that jumps between the look and the change has its last say before the change', async () => {
  const late = dated((headers, { pathname }) => /node-pool\/./.test(pathname) && old(headers, 12 * hour));
  const night = aNight(at('2026-03-03T19:00:00Z'), { rules }, { through: late });
  const { results, problems } = await round(night);
  expect(puts(night)).toBe(0);
  expect(results.every(({ result }) => result === 'dropped')).toBe(true);
  expect(problems[0]?.reason).toContain('12 h apart');
  const [record] = [...(await listClusterRecords(night.store, 'r1')).values()];
  expect(record?.record.change).toBeUndefined();
});

test('a region whose clock agrees goes on', async () => {
  const regions = ['r1', 'r2'].map((name) => ({
    name,
    url: `http://${name}.example/api/v1`,
    mksRegion: undefined,
    token: { kind: 'env' as const, name: 'TOKEN' },
  }));
  const wrongInR2 = dated((headers, { host }) => host === 'r2.example' && old(headers, 12 * hour));
  const night = aNight(at('2026-03-03T19:00:00Z'), { rules, regions }, { through: wrongInR2 });
  const { plan, results } = await round(night);
  expect(new Set(results.map(({ region, result }) => `${region} ${result}`))).toEqual(new Set(['r1 sent']));
  expect(new Set(plan.holds.flatMap(({ code, region }) => (code === 'wrong-clock' ? [region] : [])))).toEqual(
    new Set(['r2']),
  );
  const rounds = await Promise.all(['r1', 'r2'].map((name) => listRoundFindings(night.store, name)));
  expect(rounds.flat().map(({ isClockWrong }) => isClockWrong)).toEqual([undefined, true]);
});

describe('a machine that sleeps for forty minutes', () => {
  /** The first time that it comes by after it was told to. */
  function aSleeper() {
    let asleepMs = 0;
    const fallAsleep = (night: Night) => {
      night.clock.suspend(asleepMs);
      asleepMs = 0;
    };
    const evening = async (night: Night) => {
      for (let i = 0; i < 3; i += 1) await round(night);
      await night.clock.advance(at('2026-03-03T19:02:00Z') - night.clock.now());
      asleepMs = 40 * minute;
    };
    return { fallAsleep, evening };
  }

  test('while answers are on their way, has no wrong clock', async () => {
    const { fallAsleep, evening } = aSleeper();
    const through =
      (api: Fetch): Fetch =>
      async (input, init) => {
        const answer = await api(input, init);
        const url = input instanceof Request ? input.url : String(input);
        if (!url.includes('/node-pool')) return answer;
        await new Promise((resolve) => setImmediate(resolve));
        fallAsleep(night);
        return answer;
      };
    const night = aNight(morning, { rules }, { through });
    await evening(night);
    const before = await open(night);
    const { plan, problems } = await round(night);
    expect(night.clock.now()).toBeGreaterThan(at('2026-03-03T19:42:00Z'));
    expect([plan.findings.map(({ kind }) => kind), problems]).toEqual([[], []]);
    await round(night);
    expect(await open(night)).toEqual(before);
  });

  test('between plan and change, plans anew', async () => {
    const { fallAsleep, evening } = aSleeper();
    let ids = 0;
    const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
    const commit: Store['commit'] = async (writes) => {
      fallAsleep(night);
      return store.commit(writes);
    };
    const night = aNight(morning, { rules }, { store: { ...store, commit } });
    await evening(night);
    const report = await night.app.scale({ ...night.config, hash: 'next' });
    expect(report.plan.actions.length).toBeGreaterThan(1);
    expect(new Set(report.results.map(({ result }) => result))).toEqual(new Set(['no-time']));
    expect(puts(night)).toBe(0);
    await round(night);
    expect(puts(night)).toBe(report.plan.actions.length);
  });
});
