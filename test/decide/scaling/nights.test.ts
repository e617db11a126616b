import { describe, expect, test } from 'vitest';
import type { Size } from '../../../lib/model/size.ts';
import {
  aConfig,
  aLease,
  aMatch,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
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
  type World,
} from '../../support/scaling-world.ts';

// 2026-03-02 is a Monday.
const remembered = aConfig({ rules: [aRule({ base: 'remembered' })] });

describe('a night', () => {
  test('the pool sleeps and wakes at its given base', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-03T12:00:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual([0, 3]);
    expect(world.puts.map((put) => new Date(put.at).toISOString().slice(11, 16))).toEqual(['19:00', '07:00']);
    expect(sizeOf(world, 'workers')).toBe(3);
    expect(memoryOf(world, 'workers')?.away).toBeUndefined();
  });

  test('planning again at the same instant plans nothing new', () => {
    const world = aWorld('2026-03-02T19:00:00Z', [aPool('workers', 3)]);
    expect(round(world).actions).toHaveLength(1);
    const again = round(world);
    expect(again.actions).toEqual([]);
    expect(again.holds.map((hold) => hold.code)).toEqual(['in-flight']);
  });

  test.each([
    ['at its base', 3],
    ['whose base is not known', 0],
  ])('a steady pool %s causes no write', (_title, size) => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', size)], { config: remembered });
    round(world);
    world.now += 5 * minute;
    expect(round(world).updates).toEqual([]);
  });

  test('a change that is tried again and again is one line of the history', () => {
    const world = aWorld('2026-03-02T19:00:00Z', [aPool('workers', 3)], { onPut: 'busy' });
    const plans = runUntil(world, '2026-03-02T20:00:00Z');
    const lines = plans.flatMap(({ plan }) => plan.updates.flatMap(({ decisions }) => decisions));
    expect(world.puts.length).toBeGreaterThan(10);
    expect(lines.map(({ kind }) => kind)).toEqual(['scale']);
  });

  test('an autoscaled pool: only its bounds, and back', () => {
    const rule = aRule({ base: { min: 2, max: 6 }, idle: { min: 0, max: 1 } });
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', { min: 2, max: 6 })], {
      config: aConfig({ rules: [rule] }),
    });
    runUntil(world, '2026-03-03T08:00:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual([
      { min: 0, max: 1 },
      { min: 2, max: 6 },
    ]);
  });

  test('a pin on an autoscaled pool sets both bounds', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', { min: 1, max: 4 })]);
    expect(round(world).actions.map(({ to }) => to)).toEqual([{ min: 0, max: 0 }]);
  });
});

describe('bases', () => {
  test('a remembered base comes back in the morning', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 7)], { config: remembered });
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
    expect(memoryOf(world, 'workers')?.away).toMatchObject({ base: 7, from: 'remembered' });
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(7);
    expect(memoryOf(world, 'workers')?.away).toBeUndefined();
  });

  test('first seen awake at night: what is seen is the base', () => {
    const world = aWorld('2026-03-02T22:00:00Z', [aPool('workers', 4)], { config: remembered });
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual([0, 4]);
  });

  test('first seen at 0: nothing is known, and that is critical at base time', () => {
    const world = aWorld('2026-03-02T22:00:00Z', [aPool('workers', 0)], { config: remembered });
    const plans = runUntil(world, '2026-03-03T09:00:00Z');
    expect(world.puts).toEqual([]);
    const last = plans.at(-1)?.plan;
    expect(last?.holds.map((hold) => hold.code)).toEqual(['base-unknown']);
    expect(last?.findings.map(({ kind, severity }) => [kind, severity])).toContainEqual(['base.unknown', 'critical']);
    expect(memoryOf(world, 'workers')?.away?.base).toBe('unknown');
  });

  test('an unknown base is known again when a person sets a size', () => {
    const world = aWorld('2026-03-03T08:00:00Z', [aPool('workers', 0)], { config: remembered });
    round(world);
    world.now += hour;
    byHand(world, 'workers', 5);
    runUntil(world, '2026-03-04T09:00:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual([0, 5]);
  });

  test('edited by day, a remembered base sleeps at night and comes back edited', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T14:00:00Z');
    byHand(world, 'workers', 5);
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual([0, 5]);
  });

  test.each([
    ['0', 0],
    ['the idle size', 1],
  ])('%s set by hand at base time is never a base', (_title, size) => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ base: 'remembered', idle: 1 })] }),
    });
    runUntil(world, '2026-03-02T14:00:00Z');
    byHand(world, 'workers', size);
    runUntil(world, '2026-03-02T18:00:00Z');
    expect(world.puts).toEqual([]);
    expect(memoryOf(world, 'workers')).toMatchObject({ base: 3, kept: { size } });
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('a lease at base time does not become the base', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ base: 'remembered', leases: { max: 9, longestMs: 24 * hour } })] }),
    });
    round(world);
    world.asks = [aLease(6, '2026-03-02T12:01:00Z', '2026-03-02T14:00:00Z')];
    runUntil(world, '2026-03-02T13:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(6);
    runUntil(world, '2026-03-02T15:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('a lease at night that equals the base does not forget the base', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.asks = [aLease(3, '2026-03-02T22:00:00Z', '2026-03-03T02:00:00Z')];
    runUntil(world, '2026-03-03T01:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
    expect(memoryOf(world, 'workers')?.away?.base).toBe(3);
    runUntil(world, '2026-03-03T06:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('a pool that changed its kind while away is held', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    change(world, 'id-workers', { autoscale: true, sizeMin: 0, sizeMax: 0 });
    const plans = runUntil(world, '2026-03-03T09:00:00Z');
    expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).toContain('base.unknown');
    expect(world.puts).toHaveLength(1);
  });

  test('the rule is gone at night: the base is given back, then forgotten', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.config = aConfig({ rules: [], hash: 'config-2' });
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
    expect(memoryOf(world, 'workers')).toBeUndefined();
  });

  test('the rule is gone and back in one night: the base is the same', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.config = aConfig({ rules: [], hash: 'config-2' });
    runUntil(world, '2026-03-02T23:00:00Z');
    world.config = remembered;
    runUntil(world, '2026-03-03T02:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('set to 0 while it had no rule: its base is not guessed', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.config = aConfig({ rules: [], hash: 'config-2' });
    runUntil(world, '2026-03-02T23:00:00Z');
    byHand(world, 'workers', 0);
    runUntil(world, '2026-03-03T01:00:00Z');
    world.config = remembered;
    const plans = runUntil(world, '2026-03-03T09:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
    expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).toContain('base.unknown');
  });

  test('the rule is gone and said leave: nothing happens', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ onRemove: 'leave' })] }),
    });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.config = aConfig({ rules: [], hash: 'config-2' });
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
    expect(memoryOf(world, 'workers')).toBeUndefined();
  });

  test('a pause binds giving back, too', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.config = aConfig({ rules: [], hash: 'config-2' });
    world.asks = [aPause('2026-03-02T22:00:00Z', '2026-03-03T02:00:00Z')];
    runUntil(world, '2026-03-03T01:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
    runUntil(world, '2026-03-03T03:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });
});

describe('people', () => {
  test('raised by hand at night: lasts until morning, then the base', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    byHand(world, 'workers', 1);
    const plans = runUntil(world, '2026-03-03T06:30:00Z');
    expect(sizeOf(world, 'workers')).toBe(1);
    expect(plans.flatMap(({ plan }) => plan.notices.map(({ kind }) => kind))).toEqual(['pool.changed-by-hand']);
    runUntil(world, '2026-03-03T09:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('enforce: it goes back at once', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ onHumanChange: 'enforce' })] }),
    });
    runUntil(world, '2026-03-02T22:00:00Z');
    byHand(world, 'workers', 1);
    const notices = runUntil(world, '2026-03-02T23:00:00Z').flatMap(({ plan }) => plan.notices);
    expect(notices.map(({ text }) => text)).toEqual([
      'dev/workers was changed from 0 to 1 by somebody else; it is changed back, since its rule says enforce',
    ]);
    expect(sizeOf(world, 'workers')).toBe(0);
  });

  test('three foreign changes in an hour: hold, and say who it probably is', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ onHumanChange: 'enforce' })] }),
      takes: 1 * minute,
    });
    runUntil(world, '2026-03-02T22:00:00Z');
    const before = world.puts.length;
    let last = round(world);
    for (let i = 0; i < 6; i += 1) {
      if (world.pools[0]?.status === 'Running') byHand(world, 'workers', 2);
      world.now += 5 * minute;
      last = round(world);
    }
    expect(world.puts.length - before).toBeLessThanOrEqual(3);
    expect(last.findings.find(({ kind }) => kind === 'pool.contended')?.text).toContain('Terraform');
  });

  test('after an outage over an edge the schedule acts: it is no person', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T18:30:00Z');
    world.now = at('2026-03-02T21:00:00Z');
    byHand(world, 'workers', 2);
    expect(round(world).actions.map(({ to }) => to)).toEqual([0]);
  });

  test('where nobody knows when the last look was, a size that was reached is proof enough', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T22:00:00Z');
    world.lookedAt = undefined;
    byHand(world, 'workers', 1);
    round(world);
    expect(memoryOf(world, 'workers')?.kept?.size).toBe(1);
  });

  test('where nobody knows when the last look was, a pool in motion was not seen a moment ago', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T18:30:00Z');
    // Rounds that were answered nothing, over the evening's edge; somebody's resize ends after it.
    world.now = at('2026-03-02T21:00:00Z');
    world.lookedAt = undefined;
    change(world, 'id-workers', { status: 'Scaling', updatedAt: world.now });
    round(world);
    world.now += 5 * minute;
    change(world, 'id-workers', { status: 'Running', size: 2, updatedAt: world.now });
    expect(round(world).actions.map(({ to }) => to)).toEqual([0]);
    expect(memoryOf(world, 'workers')?.kept).toBeUndefined();
  });

  test('a raise ahead of the morning is the schedule’s doing, though a size is kept until then', () => {
    const config = aConfig({ rules: [aRule({ lead: { kind: 'fixed', ms: 20 * minute } })] });
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config });
    runUntil(world, '2026-03-02T22:00:00Z');
    byHand(world, 'workers', 1);
    const actions = runUntil(world, '2026-03-03T07:00:00Z').flatMap(({ plan }) => plan.actions);
    expect(actions.map(({ to, who, reason }) => [to, who, reason])).toEqual([
      [3, 'schedule office-hours', 'schedule office-hours: 3, ready by 2026-03-03T07:00:00Z'],
    ]);
  });

  test('set by hand after a raise ahead of the morning: kept beyond the morning', () => {
    const config = aConfig({ rules: [aRule({ lead: { kind: 'fixed', ms: 30 * minute } })] });
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config });
    runUntil(world, '2026-03-03T06:45:00Z');
    byHand(world, 'workers', 5);
    round(world);
    expect(memoryOf(world, 'workers')?.kept).toMatchObject({ size: 5, until: at('2026-03-03T19:00:00Z') });
  });

  test('what is kept until a boundary ends at it', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T22:00:00Z');
    byHand(world, 'workers', 5);
    runUntil(world, '2026-03-03T06:55:00Z');
    expect(sizeOf(world, 'workers')).toBe(5);
    expect(round(world).actions.map(({ to }) => to)).toEqual([3]);
  });

  const resets: readonly [string, (world: World) => void, (world: World) => void][] = [
    [
      'a rule changed',
      () => undefined,
      (world) => (world.config = aConfig({ rules: [aRule({ hash: 'rule-2' })], hash: 'config-2' })),
    ],
    [
      'a lease ended',
      (world) => (world.asks = [aLease(1, '2026-03-06T22:00:00Z', '2026-03-07T22:00:00Z')]),
      (world) => (world.asks = []),
    ],
    [
      'a kept size ran out',
      (world) => byHand(world, 'workers', 1),
      (world) => (world.now = memoryOf(world, 'workers')!.kept!.until),
    ],
  ];

  test.each(resets)('once %s the schedule acts: what was set by hand meanwhile is not kept', (_title, before, then) => {
    const world = aWorld('2026-03-06T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-06T22:00:00Z');
    before(world);
    runUntil(world, '2026-03-06T22:30:00Z');
    then(world);
    byHand(world, 'workers', 2);
    expect(round(world).actions.map(({ to }) => to)).toEqual([0]);
  });

  test('put back by hand to what the schedule says: nothing is kept any more', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T22:00:00Z');
    byHand(world, 'workers', 1);
    round(world);
    byHand(world, 'workers', 0);
    expect(round(world).notices.map(({ text }) => text)).toEqual([
      'dev/workers was changed from 1 to 0 by somebody else; that is what the schedule says',
    ]);
    expect(memoryOf(world, 'workers')?.kept).toBeUndefined();
  });

  test('a lower that was put back names one size, for it never changed', () => {
    const world = aWorld('2026-03-02T18:55:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T19:00:00Z');
    world.resizing.clear();
    change(world, 'id-workers', { size: 3, status: 'Running', updatedAt: world.now });
    expect(round(world).notices.map(({ text }) => text)).toEqual([
      'dev/workers was changed to 3 by somebody else; kept until 2026-03-03T07:00:00Z',
    ]);
  });

  test('while a size is kept only later leases count', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ leases: { max: 9, longestMs: 24 * hour } })] }),
    });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.asks = [aLease(5, '2026-03-02T22:00:00Z', '2026-03-03T06:00:00Z')];
    runUntil(world, '2026-03-02T22:30:00Z');
    expect(sizeOf(world, 'workers')).toBe(5);
    byHand(world, 'workers', 1);
    runUntil(world, '2026-03-02T23:30:00Z');
    expect(sizeOf(world, 'workers')).toBe(1);
    world.asks = [...world.asks, aLease(4, '2026-03-02T23:30:00Z', '2026-03-03T05:00:00Z')];
    runUntil(world, '2026-03-03T00:30:00Z');
    expect(sizeOf(world, 'workers')).toBe(4);
  });

  test('a kept size lasts at most a day', () => {
    const world = aWorld('2026-03-06T18:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-06T22:00:00Z');
    byHand(world, 'workers', 2);
    runUntil(world, '2026-03-07T20:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(2);
    runUntil(world, '2026-03-08T00:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
  });
});

describe('asks', () => {
  test('an override beats everything, both ways, and ends by itself', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    round(world);
    world.asks = [
      anOverride(1, '2026-03-02T12:01:00Z', '2026-03-02T15:00:00Z'),
      aLease(3, '2026-03-02T12:01:00Z', '2026-03-02T15:00:00Z'),
    ];
    runUntil(world, '2026-03-02T14:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(1);
    runUntil(world, '2026-03-02T16:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('limits clamp a lease, an override and the schedule', () => {
    const rule = aRule({ limits: { min: 1, max: 4 } });
    const world = aWorld('2026-03-02T22:00:00Z', [aPool('workers', 3)], { config: aConfig({ rules: [rule] }) });
    runUntil(world, '2026-03-02T22:30:00Z');
    expect(sizeOf(world, 'workers')).toBe(1);
    world.asks = [aLease(40, '2026-03-02T22:30:00Z', '2026-03-02T23:30:00Z')];
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(4);
    world.asks = [anOverride(0, '2026-03-02T23:00:00Z', '2026-03-03T01:00:00Z')];
    runUntil(world, '2026-03-02T23:59:00Z');
    expect(sizeOf(world, 'workers')).toBe(1);
  });

  test('a lease without limits is capped at the base', () => {
    const world = aWorld('2026-03-02T22:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T22:30:00Z');
    world.asks = [aLease(40, '2026-03-02T22:30:00Z', '2026-03-02T23:30:00Z')];
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('a lease on an autoscaled pool raises min and keeps max', () => {
    const rule = aRule({
      base: { min: 1, max: 6 },
      idle: { min: 0, max: 2 },
      leases: { max: 4, longestMs: 24 * hour },
    });
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', { min: 1, max: 6 })], {
      config: aConfig({ rules: [rule] }),
    });
    world.asks = [aLease(4, '2026-03-02T12:00:00Z', '2026-03-02T13:00:00Z')];
    expect(round(world).actions.map(({ to }) => to)).toEqual([{ min: 4, max: 6 }]);
  });

  test('a pause holds; when it ends the schedule acts', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)]);
    world.asks = [aPause('2026-03-02T18:00:00Z', '2026-03-02T22:00:00Z')];
    const plans = runUntil(world, '2026-03-02T21:55:00Z');
    expect(plans.at(-1)?.plan.holds.map(({ code }) => code)).toEqual(['paused']);
    byHand(world, 'workers', 2);
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
  });
});

describe('lead', () => {
  const led = (ms: number) => aConfig({ rules: [aRule({ lead: { kind: 'fixed', ms } })] });

  test('raised ahead of the boundary, lowered after it', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], { config: led(20 * minute) });
    runUntil(world, '2026-03-03T12:00:00Z');
    expect(world.puts.map((put) => [new Date(put.at).toISOString().slice(11, 16), put.to])).toEqual([
      ['19:00', 0],
      ['06:40', 3],
    ]);
  });

  test.each([
    [15, []],
    [20, [0, 3]],
  ])('a raise that is coming in %s minutes: lowered only where it is more than 15', (minutes, sizes) => {
    const again = { text: 'again', size: 'base' as const, pieces: [{ from: 19 * 3600 + minutes * 60, to: 20 * 3600 }] };
    const schedule = { ...officeHours, windows: [...officeHours.windows, again] };
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: aConfig({ schedules: [schedule] }) });
    runUntil(world, '2026-03-02T19:30:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual(sizes);
  });

  test('raised ahead, and by a lease above it: not lowered before the boundary either', () => {
    const leased = (ms: number) =>
      aConfig({ rules: [aRule({ lead: { kind: 'fixed', ms }, leases: { max: 9, longestMs: hour } })] });
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('workers', 0)], { config: leased(50 * minute) });
    runUntil(world, '2026-03-03T06:20:00Z');
    world.config = leased(5 * minute);
    world.asks = [aLease(5, '2026-03-03T06:20:00Z', '2026-03-03T06:35:00Z')];
    runUntil(world, '2026-03-03T07:30:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual([3, 5, 3]);
  });

  test('raised ahead: a shorter lead afterwards lowers nothing', () => {
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('workers', 0)], { config: led(50 * minute) });
    runUntil(world, '2026-03-03T06:20:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
    world.config = led(5 * minute);
    runUntil(world, '2026-03-03T07:30:00Z');
    expect(world.puts).toHaveLength(1);
  });

  test('auto: pools with different boundaries do not queue behind each other', () => {
    const late = { ...officeHours, name: 'late', windows: officeHours.windows.map(tenMinutesLater) };
    const lead = { kind: 'auto' } as const;
    const rules = [
      aRule({ match: aMatch('dev/a'), lead, hash: 'a' }),
      aRule({ match: aMatch('dev/b'), lead, hash: 'b', schedule: 'late' }),
      aRule({ match: aMatch('dev/c'), lead, hash: 'c' }),
    ];
    const pools = ['a', 'b', 'c'].map((name) => aPool(name, 0));
    const config = aConfig({ rules, schedules: [officeHours, late] });
    const world = aWorld('2026-03-03T04:00:00Z', pools, { config, takes: 2 * minute });
    runUntil(world, '2026-03-03T08:00:00Z');
    // Unknown raises count 15 min + one tick; c also waits for a, b for nobody.
    expect(world.puts.map((put) => [put.pool, new Date(put.at).toISOString().slice(11, 16)])).toEqual([
      ['c', '06:20'],
      ['a', '06:40'],
      ['b', '06:50'],
    ]);
  });

  test.each([
    ['30', [1]],
    ['15', []],
  ])('nothing is lowered while the base that comes in %s minutes is unknown', (minutes, sizes) => {
    const one = { text: 'night', size: 1, pieces: [{ from: 0, to: 7 * 3600 }] };
    const schedule = { ...officeHours, windows: [...officeHours.windows, one] };
    const config = aConfig({ schedules: [schedule], rules: [aRule({ base: 'remembered' })] });
    const away = { base: 'unknown', from: 'observed', since: at('2026-03-02T20:00:00Z') } as const;
    const record = { schema: 1, cluster: 'dev', pools: { 'id-a': { name: 'a', autoscale: false, away } } } as const;
    const start = new Date(at('2026-03-03T07:00:00Z') - Number(minutes) * minute).toISOString();
    const world = aWorld(start, [aPool('a', 4)], { config, record });
    round(world);
    expect(world.puts.map(({ to }) => to)).toEqual(sizes);
  });

  test('raised ahead: a person may lower it all the same', () => {
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('workers', 0)], { config: led(50 * minute) });
    runUntil(world, '2026-03-03T06:20:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
    world.asks = [anOverride(1, '2026-03-03T06:20:00Z', '2026-03-03T06:50:00Z')];
    runUntil(world, '2026-03-03T06:40:00Z');
    expect(world.puts.map(({ to }) => to)).toEqual([3, 1]);
  });

  test('auto: learns from the pool, and queues behind its siblings', () => {
    const rule = aRule({ lead: { kind: 'auto' } });
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('a', 3), aPool('b', 3)], {
      config: aConfig({ rules: [rule] }),
      takes: 8 * minute,
    });
    runUntil(world, '2026-03-03T08:00:00Z');
    const raises = world.puts
      .filter(({ to }) => to === 3)
      .map((put) => [put.pool, new Date(put.at).toISOString().slice(11, 16)]);
    // Unknown raises count 15 min + one tick; b also waits for a.
    expect(raises).toEqual([
      ['b', '06:20'],
      ['a', '06:40'],
    ]);
    runUntil(world, '2026-03-04T08:00:00Z');
    const learnt = world.puts
      .filter(({ to }) => to === 3)
      .slice(2)
      .map((put) => new Date(put.at).toISOString().slice(11, 16));
    // 1.25 × 8 min + 2 min + 5 min = 17 min each.
    expect(learnt).toEqual(['06:30', '06:45']);
  });
});

describe('acting', () => {
  test('one change per cluster: raises first, then lowers, by name', () => {
    const rules = [
      aRule({ match: { ...aRule().match, text: 'dev/c', pool: 'c', exactPool: true }, base: 5, idle: 5, hash: 'c' }),
      aRule(),
    ];
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('b', 3), aPool('a', 3), aPool('c', 1)], {
      config: aConfig({ rules }),
    });
    runUntil(world, '2026-03-02T21:00:00Z');
    expect(world.puts.map(({ pool }) => pool)).toEqual(['c', 'a', 'b']);
  });

  test('of two raises that are due, the one due first goes first', () => {
    const windows = [{ ...officeHours.windows[0]!, pieces: [{ from: 6 * 3600, to: 19 * 3600 }] }];
    const rules = [
      aRule({ match: { ...aRule().match, pool: 'b', exactPool: true }, schedule: 'early', hash: 'early' }),
      aRule(),
    ];
    const config = aConfig({ rules, schedules: [officeHours, { ...officeHours, name: 'early', windows }] });
    const world = aWorld('2026-03-03T05:00:00Z', [aPool('a', 0), aPool('b', 0)], { config, onPut: 'busy' });
    runUntil(world, '2026-03-03T07:30:00Z');
    expect(round(world).actions.map(({ pool }) => pool)).toEqual(['b']);
  });

  test.each<[string, Partial<World['cluster']>, Size, Size, number]>([
    ['a cluster in Error: raise', { status: 'Error' }, 1, 3, 1],
    ['a cluster in Error: no lower', { status: 'Error' }, 5, 3, 0],
    ['a cluster that upgrades: nothing', { status: 'Upgrading' }, 1, 3, 0],
    ['a status nobody knows: nothing', { status: 'Sleeping' }, 1, 3, 0],
  ])('%s', (_title, patch, from, _to, puts) => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', from)]);
    world.cluster = { ...world.cluster, ...patch };
    round(world);
    expect(world.puts).toHaveLength(puts);
  });

  test.each(['Scaling', 'Upgrading', 'Error', 'Deleting', 'Awaiting Network', 'Nonsense'])(
    'hands off a pool that is %s',
    (status) => {
      const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 3, { status })]);
      const plan = round(world);
      expect(plan.actions).toEqual([]);
      expect(plan.holds).toHaveLength(1);
      if (status === 'Nonsense') expect(plan.findings.map(({ kind }) => kind)).toContain('pool.unclear');
    },
  );

  test('a pool in motion takes the slot, for 30 minutes at most', () => {
    const moving = aPool('other', 2, { status: 'Scaling', updatedAt: at('2026-03-02T19:50:00Z') });
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 3), { ...moving, name: 'unmatched' }], {
      config: aConfig({ rules: [aRule({ match: { ...aRule().match, pool: 'workers' } })] }),
    });
    const first = round(world);
    expect(first.holds.map(({ code }) => code)).toEqual(['slot']);
    // Nothing else in the history says that somebody moves a pool.
    expect(first.updates.flatMap(({ decisions }) => decisions)).toMatchObject([{ kind: 'hold', code: 'slot' }]);
    world.now = at('2026-03-02T20:20:00Z');
    expect(round(world).holds.map(({ code }) => code)).toEqual(['slot']);
    world.now += minute;
    expect(round(world).actions).toHaveLength(1);
  });

  test('an absent size is unknown, unless we set 0', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 3, { size: undefined })]);
    const plan = round(world);
    expect(plan.holds.map(({ code }) => code)).toEqual(['absent-size']);
    expect(plan.findings.map(({ kind }) => kind)).toContain('pool.unclear');
    const ours = aWorld('2026-03-02T19:00:00Z', [aPool('workers', 3)]);
    round(ours);
    ours.now += 10 * minute;
    round(ours);
    change(ours, 'id-workers', { size: undefined });
    ours.now += 5 * minute;
    expect(round(ours).holds).toEqual([]);
  });

  test('a young pool is not lowered, but raised', () => {
    const created = at('2026-03-02T19:45:00Z');
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 3, { createdAt: created })]);
    expect(round(world).holds.map(({ code }) => code)).toEqual(['grace']);
    world.now = at('2026-03-02T20:15:00Z');
    expect(round(world).actions).toHaveLength(1);
  });

  test('a range on a fixed pool is a hold with a finding', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 3)], {
      config: aConfig({ rules: [aRule({ base: { min: 1, max: 3 } })] }),
    });
    const plan = round(world);
    expect(plan.holds.map(({ code }) => code)).toEqual(['mismatch']);
    expect(plan.findings.map(({ kind }) => kind)).toEqual(['config.mismatch']);
  });

  test('two pools of one name: neither is touched', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 3), { ...aPool('workers', 3), id: 'other' }]);
    const plan = round(world);
    expect(plan.actions).toEqual([]);
    expect(plan.holds.map(({ code }) => code)).toEqual(['ambiguous', 'ambiguous']);
  });
});

describe('a pool that cannot be judged', () => {
  const unclear = [
    ['its size is left out', { size: undefined }],
    ['its status is not known', { size: 0, status: 'Hibernating' }],
  ] as const;

  test.each(unclear)('%s: past its deadline in the hours of its base, that is critical', (_title, patch) => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 3)], { config: aConfig({ rules: [aRule()] }) });
    runUntil(world, '2026-03-02T21:00:00Z');
    change(world, 'id-workers', { ...patch, updatedAt: world.now });
    const lateAt = (text: string) => {
      const plans = runUntil(world, text);
      return plans
        .at(-1)
        ?.plan.findings.filter(({ kind }) => kind === 'pool.late')
        .map(({ severity }) => severity);
    };
    world.record = {
      ...world.record!,
      pools: { 'id-workers': { ...memoryOf(world, 'workers')!, lastSet: undefined } },
    };
    expect(lateAt('2026-03-03T07:30:00Z')).not.toContain('critical');
    expect(lateAt('2026-03-03T08:00:00Z')).toEqual(['critical']);
    expect(world.puts.filter(({ to }) => to === 3)).toEqual([]);
  });
});

describe('a base that is not known', () => {
  test.each([
    ['in Error', { status: 'Error' }],
    ['Upgrading', { status: 'Upgrading' }],
    ['Running, its 0 left out', { size: undefined }],
  ])('a pool at 0, %s: critical in the hours of its base', (_title, patch) => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 0)], { config: remembered });
    round(world);
    change(world, 'id-workers', { ...patch, updatedAt: world.now });
    const night = runUntil(world, '2026-03-03T06:00:00Z').at(-1)?.plan;
    expect(night?.findings.map(({ kind }) => kind)).not.toContain('base.unknown');
    const day = runUntil(world, '2026-03-03T08:00:00Z').at(-1)?.plan;
    expect(day?.findings.filter(({ severity }) => severity === 'critical').map(({ kind }) => kind)).toEqual([
      'base.unknown',
    ]);
  });
});

function tenMinutesLater<T extends { readonly pieces: readonly { readonly from: number; readonly to: number }[] }>(
  window: T,
): T {
  return {
    ...window,
    pieces: window.pieces.map((piece) => ({ ...piece, from: piece.from + 600, to: piece.to + 600 })),
  };
}

test('a pool that is being deleted is no namesake of the one that takes its place', () => {
  const [old, next] = [aPool('a', 3, { id: 'old', status: 'Deleting' }), aPool('a', 3, { id: 'next' })];
  for (const pools of [
    [old, next],
    [next, old],
  ]) {
    const world = aWorld('2026-03-02T20:00:00Z', pools);
    const plan = round(world);
    expect(plan.actions.map(({ poolId, to }) => [poolId, to])).toEqual([['next', 0]]);
    expect(plan.findings.filter(({ kind }) => kind === 'config.mismatch')).toEqual([]);
  }
  const twins = round(aWorld('2026-03-02T20:00:00Z', [aPool('a', 3), aPool('a', 3, { id: 'next' })]));
  expect(twins.holds.map(({ code }) => code)).toEqual(['ambiguous', 'ambiguous']);
});
