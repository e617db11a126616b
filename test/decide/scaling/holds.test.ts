import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/decide/scaling/plan.ts';
import {
  aConfig,
  aLease,
  aMatch,
  anOverride,
  aPause,
  aPool,
  aRule,
  aWorld,
  byHand,
  change,
  hour,
  memoryOf,
  minute,
  officeHours,
  round,
  runUntil,
  sizeOf,
} from '../../support/scaling-world.ts';

const evening = '2026-03-02T20:00:00Z';
const safety = aConfig().safety;

function reasons(plan: Plan | undefined): readonly string[] {
  return (plan?.holds ?? []).map(({ code, reason }) => `${code}: ${reason}`);
}

describe('a hold says why, and until when where it ends by itself', () => {
  test('a pause: who, until when, and why', () => {
    const world = aWorld(evening, [aPool('workers', 3)]);
    world.asks = [{ ...aPause('2026-03-02T18:00:00Z', '2026-03-02T22:00:00Z'), reason: 'load test' }];
    expect(reasons(round(world))).toEqual(['paused: paused by ana@desk until 2026-03-02T22:00:00Z (load test)']);
  });

  test('a young pool: until it is old enough', () => {
    const world = aWorld(evening, [aPool('workers', 3, { createdAt: Date.parse('2026-03-02T19:45:00Z') })]);
    expect(reasons(round(world))).toEqual([
      'grace: created at 2026-03-02T19:45:00Z: not lowered before 2026-03-02T20:15:00Z',
    ]);
  });

  test('raised ahead: until the boundary', () => {
    const led = (lead: number) => aConfig({ rules: [aRule({ lead: { kind: 'fixed', ms: lead } })] });
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('workers', 0)], { config: led(60 * minute) });
    runUntil(world, '2026-03-03T06:20:00Z');
    world.config = led(0);
    expect(reasons(round(world))).toEqual(['ahead: raised ahead of 2026-03-03T07:00:00Z: not lowered before it']);
  });

  test('a refusal: until the next try', () => {
    const world = aWorld(evening, [aPool('workers', 3)], { onPut: 'refuse' });
    round(world);
    expect(reasons(round(world))).toEqual([
      'cool-down: 0 was refused (size 0 is not allowed): tried again at 2026-03-02T20:05:00Z',
    ]);
  });

  test('somebody else’s third change: an hour from the first', () => {
    const world = aWorld('2026-03-02T19:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ onHumanChange: 'enforce' })] }),
      takes: minute,
    });
    runUntil(world, '2026-03-02T21:00:00Z');
    for (let i = 0; i < 4; i += 1) {
      byHand(world, 'workers', 2);
      runUntil(world, new Date(world.now + 5 * minute).toISOString());
    }
    const held = reasons(round(world))[0];
    expect(held).toMatch(/^contended: .*three times within an hour.*: it is left alone until 2026-03-02T22:05:00Z$/);
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
  });

  test('a change in flight: what, and since when', () => {
    const world = aWorld(evening, [aPool('workers', 3)]);
    round(world);
    expect(reasons(round(world))).toEqual([
      'in-flight: the change from 3 to 0 is under way since 2026-03-02T20:00:00Z',
    ]);
  });
});

describe('a range on a fixed pool', () => {
  test('of a window is held and said while that is open', () => {
    const window = { text: '12:00-14:00', size: { min: 1, max: 2 }, pieces: [{ from: 12 * 3600, to: 14 * 3600 }] };
    const schedules = [{ ...officeHours, windows: [...officeHours.windows, window] }];
    const world = aWorld('2026-03-02T11:55:00Z', [aPool('workers', 3)], { config: aConfig({ schedules }) });
    expect(round(world).holds).toEqual([]);
    world.now += 5 * minute;
    expect(reasons(round(world))).toEqual(['mismatch: the rule gives a range, and dev/workers is a fixed pool']);
  });

  test('asked for by an override is held and said', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    world.asks = [anOverride({ min: 1, max: 2 }, '2026-03-02T12:00:00Z', '2026-03-02T14:00:00Z')];
    const plan = round(world);
    expect(reasons(plan)).toEqual([
      'mismatch: the override by ana@desk gives a range, and dev/workers is a fixed pool',
    ]);
    expect(plan.findings.map(({ kind }) => kind)).toEqual(['config.mismatch']);
  });
});

describe('lateness', () => {
  const late = (plan: Plan | undefined) => plan?.findings.filter(({ kind }) => kind === 'pool.late') ?? [];

  test('is not said of a size that nobody wants any more', () => {
    const world = aWorld('2026-03-03T08:00:00Z', [aPool('workers', 0)], {
      config: aConfig({ rules: [aRule({ base: 'remembered', leases: { max: 9, longestMs: 24 * hour } })] }),
      onPut: 'busy',
    });
    world.asks = [aLease(6, '2026-03-03T08:00:00Z', '2026-03-03T08:30:00Z')];
    const plans = runUntil(world, '2026-03-03T10:00:00Z');
    expect(late(plans.at(-1)?.plan)).toEqual([]);
  });

  test('is said of a pool whose status nobody knows, unless it is paused', () => {
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('workers', 0)]);
    round(world);
    change(world, 'id-workers', { status: 'Hibernating' });
    expect(late(runUntil(world, '2026-03-03T08:00:00Z').at(-1)?.plan)).toHaveLength(1);
    world.asks = [aPause('2026-03-03T08:00:00Z', '2026-03-03T10:00:00Z')];
    expect(late(round(world))).toEqual([]);
  });

  test.each(['Configuring', 'Awaiting Network'])(
    'a pool that is %s is waited for, and nothing is unclear',
    (status) => {
      const world = aWorld(evening, [aPool('workers', 3, { status })]);
      const plan = round(world);
      expect(plan.findings.filter(({ kind }) => kind === 'pool.unclear')).toEqual([]);
      expect(reasons(plan)).toEqual([`pool-not-running: the pool is ${status}`]);
    },
  );

  test('says what holds the pool, also where that is another pool of its cluster', () => {
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('a', 0), aPool('b', 0)], { takes: 6 * hour });
    const text = late(runUntil(world, '2026-03-03T08:30:00Z').at(-1)?.plan).map((finding) => finding.text);
    expect(text).toEqual([
      expect.stringMatching(
        /^dev\/a should be at 3 and is at 0 \(Scaling\): the change from 0 to 3 has not settled since/,
      ),
      expect.stringMatching(
        /^dev\/b should be at 3 and is at 0 \(Scaling\): the change from 0 to 3 has not settled since/,
      ),
    ]);
    const waits = aWorld('2026-03-03T06:00:00Z', [aPool('a', 0), aPool('b', 0)], { onPut: 'busy' });
    const plan = runUntil(waits, '2026-03-03T08:30:00Z').at(-1)?.plan;
    expect(late(plan).map((finding) => finding.text)).toEqual([
      'dev/a should be at 3 and is at 0 (Running): schedule office-hours: 3; it is changed now',
      'dev/b should be at 3 and is at 0 (Running): waits until a has settled (one change per cluster at a time)',
    ]);
  });

  test('is said of a lease, though a size is kept', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T22:00:00Z');
    byHand(world, 'workers', 1);
    runUntil(world, '2026-03-02T22:10:00Z');
    world.onPut = 'busy';
    world.asks = [aLease(3, '2026-03-02T22:15:00Z', '2026-03-03T02:00:00Z')];
    expect(late(runUntil(world, '2026-03-02T23:30:00Z').at(-1)?.plan)).toHaveLength(1);
  });
});

describe('minNodesPerCluster', () => {
  const config = aConfig({ safety: { ...safety, minNodesPerCluster: 4 } });

  test.each([2, 5])('of an autoscaled pool the min counts, and its max of %i is left alone', (max) => {
    const rule = aRule({ base: { min: 3, max: 9 }, idle: { min: 0, max } });
    const world = aWorld(evening, [aPool('a', { min: 3, max: 9 }), aPool('system', 2)], {
      config: { ...config, rules: [{ ...rule, match: aMatch('dev/a') }] },
    });
    expect(round(world).actions.map(({ to }) => to)).toEqual([{ min: 2, max }]);
  });

  test('bounds that move both ways keep as many: what is raised is the max', () => {
    const rule = aRule({ base: { min: 6, max: 6 }, idle: { min: 0, max: 9 } });
    const world = aWorld(evening, [aPool('a', { min: 6, max: 6 })], { config: { ...config, rules: [rule] } });
    expect(round(world).actions.map(({ to }) => to)).toEqual([{ min: 4, max: 9 }]);
  });

  test('the pool whose time was up first is lowered first', () => {
    const windows = [{ ...officeHours.windows[0]!, pieces: [{ from: 7 * 3600, to: 17 * 3600 }] }];
    const world = aWorld(evening, [aPool('a', 4), aPool('b', 4)], {
      config: {
        ...config,
        schedules: [officeHours, { ...officeHours, name: 'early', windows }],
        rules: [aRule({ match: aMatch('dev/a') }), aRule({ match: aMatch('dev/b'), schedule: 'early', hash: 'early' })],
      },
    });
    runUntil(world, '2026-03-02T21:00:00Z');
    expect([sizeOf(world, 'a'), sizeOf(world, 'b')]).toEqual([4, 0]);
  });

  test('what a change in flight takes away is not taken twice', () => {
    const world = aWorld(evening, [aPool('a', 4), aPool('b', 6)], { config });
    round(world);
    expect(round(world).holds.map(({ code, to }) => [code, to])).toEqual([
      ['in-flight', 0],
      ['slot', 4],
    ]);
  });

  test.each([
    ['fixed', aPool('system', 0, { size: undefined })],
    ['autoscaled', { ...aPool('system', { min: 0, max: 9 }), sizeMin: undefined }],
  ])('a %s pool whose size is left out keeps nothing', (_title, unclear) => {
    const world = aWorld(evening, [aPool('a', 6), unclear], {
      config: { ...config, rules: [aRule({ match: aMatch('dev/a') })] },
    });
    expect(round(world).actions.map(({ to }) => to)).toEqual([4]);
  });

  test.each([
    [4, '4 nodes'],
    [1, '1 node'],
  ])('the action says why it stops short, at %i', (least, nodes) => {
    const own = aConfig({ safety: { ...safety, minNodesPerCluster: least } });
    const world = aWorld(evening, [aPool('a', 6)], { config: own });
    expect(round(world).actions.map(({ to, reason }) => [to, reason])).toEqual([
      [least, `schedule office-hours: 0; kept at ${least} so that the cluster keeps ${nodes}`],
    ]);
  });

  const pauseOfA = { ...aPause('2026-03-02T18:00:00Z', '2026-03-03T06:00:00Z'), match: aMatch('dev/a') };

  test.each([
    ['observed', 'Running', [aRule({ match: aMatch('dev/a'), mode: 'observe', hash: 'seen' }), aRule()], []],
    ['paused', 'Running', [aRule()], [pauseOfA]],
    ['upgrading', 'Upgrading', [aRule()], []],
  ])('what a pool that is %s would be lowered by is not taken from its neighbour', (_title, status, rules, asks) => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('a', 3, { status }), aPool('b', 3)], {
      config: { ...config, rules },
      asks: [...asks],
    });
    runUntil(world, '2026-03-02T21:00:00Z');
    expect([sizeOf(world, 'a'), sizeOf(world, 'b')]).toEqual([3, 1]);
  });
});

describe('a rule that is gone', () => {
  test('while nobody knows the base: critical, and the pool is held', () => {
    const world = aWorld('2026-03-02T22:00:00Z', [aPool('workers', 0)], {
      config: aConfig({ rules: [aRule({ base: 'remembered' })] }),
    });
    round(world);
    world.config = aConfig({ rules: [], hash: 'config-2' });
    const plan = round(world);
    expect(plan.holds.map(({ code }) => code)).toEqual(['base-unknown']);
    expect(plan.findings.map(({ kind, severity }) => [kind, severity])).toEqual([['base.unknown', 'critical']]);
  });

  test('somebody else’s changes before hold the giving back for an hour, not for ever', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ base: 'remembered', onHumanChange: 'enforce' })] }),
      takes: minute,
    });
    runUntil(world, '2026-03-02T22:00:00Z');
    for (let i = 0; i < 4; i += 1) {
      byHand(world, 'workers', 2);
      runUntil(world, new Date(world.now + 5 * minute).toISOString());
    }
    world.config = aConfig({ rules: [], hash: 'config-2' });
    runUntil(world, '2026-03-03T00:30:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
    expect(memoryOf(world, 'workers')).toBeUndefined();
  });

  test('an answer from the day before does not end its being away', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    const day = [...world.pools];
    runUntil(world, '2026-03-02T22:00:00Z');
    world.config = aConfig({ rules: [], hash: 'config-2' });
    const night = world.pools;
    world.pools = day;
    expect(reasons(round(world))).toEqual(['stale: this answer of the API is older than an earlier one']);
    world.pools = night;
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });
});
