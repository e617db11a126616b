import { describe, expect, test } from 'vitest';
import type { CompiledConfig, Rule } from '../../../lib/model/config.ts';
import type { Schedule } from '../../../lib/model/schedule.ts';
import type { Term } from '../../../lib/model/size.ts';
import {
  aConfig,
  aLease,
  anOverride,
  aPool,
  aRule,
  at,
  aWorld,
  byHand,
  change,
  knownRules,
  memoryOf,
  minute,
  officeHours,
  round,
  runUntil,
  sizeOf,
  usualBrake,
  type World,
} from '../../support/scaling-world.ts';

function daily(from: number, to: number, size: Term): Schedule['windows'][number] {
  const end = to > from ? to : to + 24;
  return { text: `${from}:00-${to}:00`, size, pieces: [{ from: from * 3600, to: end * 3600 }] };
}

/** Lowered at 19:00; what people start from 07:00 on is theirs. */
const stopOnly: Schedule = { ...officeHours, windows: [daily(19, 7, 'idle')], otherwise: 'leave' };
/** Raised at 07:00; who goes home turns it off. */
const startOnly: Schedule = { ...officeHours, windows: [daily(7, 19, 'base')], otherwise: 'leave' };

function under(schedule: Schedule, rule: Partial<Rule> = {}): CompiledConfig {
  return aConfig({ schedules: [schedule], rules: [aRule({ lead: schedule.lead, ...rule })] });
}

const remembered = { base: 'remembered' as const };

/** A known rule and its config, so that the brake counts no first acts. */
function world(now: string, size: Parameters<typeof aPool>[1], config: CompiledConfig): World {
  return aWorld(now, [aPool('workers', size)], { config, storedRules: knownRules(config) });
}

function sizesAt(one: World, ...instants: readonly string[]): readonly unknown[] {
  return instants.map((instant) => {
    runUntil(one, instant);
    return sizeOf(one, 'workers');
  });
}

describe('stop only: idle at night, otherwise leave', () => {
  test('lowers in the evening and raises nothing in the morning', () => {
    const one = world('2026-03-02T12:00:00Z', 3, under(stopOnly, remembered));
    expect(sizesAt(one, '2026-03-02T18:55:00Z', '2026-03-02T19:30:00Z', '2026-03-03T12:00:00Z')).toEqual([3, 0, 0]);
    expect(one.puts).toHaveLength(1);
  });

  test('what people set by day stays, however often, and nobody is told', () => {
    const one = world('2026-03-02T12:00:00Z', 3, under(stopOnly, remembered));
    const plans = [...runUntil(one, '2026-03-03T08:00:00Z')];
    for (const [size, until] of [
      [5, '08:10'],
      [1, '08:20'],
      [0, '08:30'],
      [4, '08:40'],
      [2, '18:55'],
    ] as const) {
      byHand(one, 'workers', size);
      plans.push(...runUntil(one, `2026-03-03T${until}:00Z`));
      expect(sizeOf(one, 'workers')).toBe(size);
    }
    expect(plans.flatMap(({ plan }) => plan.notices)).toEqual([]);
    expect(plans.flatMap(({ plan }) => plan.findings)).toEqual([]);
    expect(memoryOf(one, 'workers')).toMatchObject({ base: 2 });
    expect(memoryOf(one, 'workers')?.away).toBeUndefined();
    expect(sizesAt(one, '2026-03-03T19:30:00Z')).toEqual([0]);
    expect(memoryOf(one, 'workers')?.away).toMatchObject({ base: 2 });
  });

  test('is not lowered ahead of the evening, nor by what follows', () => {
    const one = world('2026-03-02T18:00:00Z', 3, under({ ...stopOnly, lead: { kind: 'fixed', ms: 40 * minute } }));
    expect(sizesAt(one, '2026-03-02T18:55:00Z', '2026-03-02T19:10:00Z')).toEqual([3, 0]);
  });

  test('a size set at night is kept until the morning, and then left', () => {
    const one = world('2026-03-02T18:00:00Z', 3, under(stopOnly, remembered));
    runUntil(one, '2026-03-02T22:00:00Z');
    byHand(one, 'workers', 2);
    expect(sizesAt(one, '2026-03-03T06:00:00Z', '2026-03-03T18:00:00Z')).toEqual([2, 2]);
    expect(memoryOf(one, 'workers')).toMatchObject({ base: 2 });
    expect(memoryOf(one, 'workers')?.kept).toBeUndefined();
  });

  test('what was not lowered by the morning is left, and nothing is late', () => {
    const one = world('2026-03-02T18:00:00Z', 3, under(stopOnly));
    one.onPut = 'busy';
    runUntil(one, '2026-03-03T06:55:00Z');
    expect(memoryOf(one, 'workers')?.pending).toMatchObject({ target: 0 });
    one.onPut = 'apply';
    const plans = runUntil(one, '2026-03-03T12:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(3);
    expect(plans.flatMap(({ plan }) => plan.findings)).toEqual([]);
  });

  test('a pool in Error by day is not late', () => {
    const one = world('2026-03-02T18:00:00Z', 3, under(stopOnly));
    one.onPut = 'busy';
    runUntil(one, '2026-03-03T06:55:00Z');
    change(one, 'id-workers', { status: 'Error' });
    const plans = runUntil(one, '2026-03-03T12:00:00Z');
    expect(plans.flatMap(({ plan }) => plan.findings.map(({ kind }) => kind))).not.toContain('pool.late');
  });

  test('the first evening is braked like any first act', () => {
    const one = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], {
      config: { ...under(stopOnly), safety: { ...aConfig().safety, brake: usualBrake } },
    });
    const plans = runUntil(one, '2026-03-02T19:30:00Z');
    expect(plans.at(-1)?.plan.holds).toMatchObject([{ code: 'brake' }]);
  });

  test('pools that nobody ever started are no unknown bases', () => {
    const one = world('2026-03-02T12:00:00Z', 0, under(stopOnly, remembered));
    const plans = runUntil(one, '2026-03-03T12:00:00Z');
    expect(plans.flatMap(({ plan }) => plan.findings)).toEqual([]);
    expect(one.puts).toEqual([]);
  });
});

describe('a rule that goes', () => {
  test('by day gives nothing back that people have changed', () => {
    const one = world('2026-03-02T18:00:00Z', 5, under(stopOnly, { base: 5 }));
    runUntil(one, '2026-03-03T08:00:00Z');
    byHand(one, 'workers', 2);
    runUntil(one, '2026-03-03T09:00:00Z');
    one.config = aConfig({ rules: [] });
    expect(sizesAt(one, '2026-03-03T12:00:00Z')).toEqual([2]);
  });

  test('gives back what nobody has touched since it was lowered', () => {
    const one = world('2026-03-02T18:00:00Z', 5, under(stopOnly, remembered));
    runUntil(one, '2026-03-03T08:00:00Z');
    one.config = aConfig({ rules: [] });
    expect(sizesAt(one, '2026-03-03T09:00:00Z')).toEqual([5]);
  });

  test('says nothing of a pool that it never moved', () => {
    const one = world('2026-03-02T12:00:00Z', 0, under(stopOnly, remembered));
    runUntil(one, '2026-03-02T13:00:00Z');
    one.config = aConfig({ rules: [] });
    const plans = runUntil(one, '2026-03-02T14:00:00Z');
    expect(plans.flatMap(({ plan }) => plan.findings)).toEqual([]);
  });
});

describe('start only: base by day, otherwise leave', () => {
  test('raises in the morning what people turned off, and lowers nothing', () => {
    const one = world('2026-03-02T12:00:00Z', 3, under(startOnly, remembered));
    runUntil(one, '2026-03-02T20:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(3);
    byHand(one, 'workers', 0);
    expect(sizesAt(one, '2026-03-03T06:55:00Z', '2026-03-03T07:10:00Z')).toEqual([0, 3]);
  });

  test.each([1, 2, 8])('a size of the night (%i) is not the base', (size) => {
    const one = world('2026-03-02T12:00:00Z', 3, under(startOnly, remembered));
    runUntil(one, '2026-03-02T20:00:00Z');
    byHand(one, 'workers', size);
    expect(sizesAt(one, '2026-03-03T06:55:00Z', '2026-03-03T08:00:00Z')).toEqual([size, 3]);
    expect(memoryOf(one, 'workers')).toMatchObject({ base: 3 });
  });

  test('nor where nobody looked at night', () => {
    const one = world('2026-03-02T12:00:00Z', 3, under(startOnly, remembered));
    runUntil(one, '2026-03-02T18:00:00Z');
    one.now = at('2026-03-03T07:30:00Z');
    byHand(one, 'workers', 1);
    expect(sizesAt(one, '2026-03-03T08:00:00Z')).toEqual([3]);
  });

  test('a size set by day is the base', () => {
    const one = world('2026-03-02T12:00:00Z', 3, under(startOnly, remembered));
    runUntil(one, '2026-03-03T08:00:00Z');
    byHand(one, 'workers', 4);
    runUntil(one, '2026-03-03T20:00:00Z');
    byHand(one, 'workers', 1);
    expect(sizesAt(one, '2026-03-04T08:00:00Z')).toEqual([4]);
  });

  test('is raised ahead of the morning, and late when it is not there', () => {
    const one = world('2026-03-02T12:00:00Z', 3, under({ ...startOnly, lead: { kind: 'fixed', ms: 20 * minute } }));
    runUntil(one, '2026-03-02T20:00:00Z');
    byHand(one, 'workers', 0);
    expect(sizesAt(one, '2026-03-03T06:35:00Z', '2026-03-03T06:50:00Z')).toEqual([0, 3]);
    expect(one.puts).toHaveLength(1);
    runUntil(one, '2026-03-03T20:00:00Z');
    byHand(one, 'workers', 0);
    one.onPut = 'busy';
    const plans = runUntil(one, '2026-03-04T08:00:00Z');
    expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).toContain('pool.late');
  });

  test('an autoscaled pool raised ahead still teaches how long that takes', () => {
    const base = { min: 2, max: 4 };
    const one = world('2026-03-02T12:00:00Z', base, under({ ...startOnly, lead: { kind: 'auto' } }, { base }));
    runUntil(one, '2026-03-02T20:00:00Z');
    byHand(one, 'workers', { min: 0, max: 1 });
    runUntil(one, '2026-03-03T08:00:00Z');
    expect(sizeOf(one, 'workers')).toEqual(base);
    expect(memoryOf(one, 'workers')?.raisesMs).toHaveLength(1);
  });
});

describe('what is asked for while a schedule says leave', () => {
  const noon = '2026-03-03T12:00:00Z';

  function atNoon(size: number): World {
    const one = world(
      '2026-03-03T11:00:00Z',
      size,
      under(stopOnly, { ...remembered, leases: { max: 9, longestMs: 1e9 } }),
    );
    runUntil(one, '2026-03-03T11:55:00Z');
    return one;
  }

  test('a lease raises, and when it ends nothing is lowered', () => {
    const one = atNoon(2);
    one.asks = [aLease(5, noon, '2026-03-03T14:00:00Z')];
    expect(sizesAt(one, '2026-03-03T12:30:00Z', '2026-03-03T18:55:00Z', '2026-03-03T19:30:00Z')).toEqual([5, 5, 0]);
    expect(memoryOf(one, 'workers')).toMatchObject({ base: 2, away: { base: 2 } });
  });

  test('a smaller lease changes nothing', () => {
    const one = atNoon(6);
    one.asks = [aLease(5, noon, '2026-03-03T14:00:00Z')];
    expect(sizesAt(one, '2026-03-03T12:30:00Z', '2026-03-03T18:55:00Z')).toEqual([6, 6]);
    expect(one.puts).toEqual([]);
  });

  test('who sets less than a live lease is heard', () => {
    const one = atNoon(2);
    one.asks = [aLease(5, noon, '2026-03-03T16:00:00Z')];
    runUntil(one, '2026-03-03T12:30:00Z');
    byHand(one, 'workers', 1);
    const plans = runUntil(one, '2026-03-03T13:00:00Z');
    expect(plans.flatMap(({ plan }) => plan.notices.map(({ kind }) => kind))).toEqual(['pool.changed-by-hand']);
    expect(sizesAt(one, '2026-03-03T15:00:00Z', '2026-03-03T18:55:00Z')).toEqual([1, 1]);
  });

  test.each([0, 7])('an override of %i holds, and what it made stays', (exactly) => {
    const one = atNoon(2);
    one.asks = [anOverride(exactly, noon, '2026-03-03T14:00:00Z')];
    expect(sizesAt(one, '2026-03-03T12:30:00Z', '2026-03-03T18:55:00Z')).toEqual([exactly, exactly]);
  });

  test('a size set below an override is not put back', () => {
    const one = atNoon(2);
    one.asks = [anOverride(7, noon, '2026-03-03T14:00:00Z')];
    runUntil(one, '2026-03-03T12:30:00Z');
    byHand(one, 'workers', 4);
    const plans = runUntil(one, '2026-03-03T13:30:00Z');
    expect(plans.flatMap(({ plan }) => plan.notices.map(({ text }) => text))).toEqual([
      expect.stringMatching(/the override by .* beats it until .*14:00.*, and the size that it sets stays$/),
    ]);
    expect(memoryOf(one, 'workers')?.kept).toBeUndefined();
    expect(sizesAt(one, '2026-03-03T14:30:00Z', '2026-03-03T18:55:00Z')).toEqual([7, 7]);
  });

  // Found by seed 374 of the simulation, at eight times the usual faults.
  test('a lease after a kept size lowers nothing', () => {
    const one = keptBelowLease();
    one.asks = [...one.asks, aLease(3, '2026-03-03T13:00:00Z', '2026-03-03T14:00:00Z')];
    expect(sizesAt(one, '2026-03-03T13:30:00Z', '2026-03-03T15:00:00Z', '2026-03-03T18:55:00Z')).toEqual([3, 3, 3]);
  });

  test('nor does an override after one', () => {
    const one = keptBelowLease();
    one.asks = [...one.asks, anOverride(4, '2026-03-03T13:00:00Z', '2026-03-03T14:00:00Z')];
    expect(sizesAt(one, '2026-03-03T13:30:00Z', '2026-03-03T15:00:00Z', '2026-03-03T18:55:00Z')).toEqual([4, 4, 4]);
  });

  /** A live lease for 5, and 1 set by hand below it. */
  function keptBelowLease(): World {
    const one = atNoon(2);
    one.asks = [aLease(5, noon, '2026-03-03T18:00:00Z')];
    runUntil(one, '2026-03-03T12:30:00Z');
    byHand(one, 'workers', 1);
    runUntil(one, '2026-03-03T12:55:00Z');
    expect(memoryOf(one, 'workers')?.kept).toMatchObject({ size: 1 });
    return one;
  }

  test('a size set after an early raise outlasts the morning', () => {
    const lead = { kind: 'fixed' as const, ms: 40 * minute };
    const one = world('2026-03-02T12:00:00Z', 0, under({ ...startOnly, lead }));
    runUntil(one, '2026-03-02T20:00:00Z');
    byHand(one, 'workers', 0);
    runUntil(one, '2026-03-03T06:40:00Z');
    expect(sizeOf(one, 'workers')).toBe(3);
    byHand(one, 'workers', 1);
    expect(sizesAt(one, '2026-03-03T06:55:00Z', '2026-03-03T12:00:00Z')).toEqual([1, 1]);
  });

  test('enforce puts nothing back', () => {
    const one = world('2026-03-03T08:00:00Z', 3, under(stopOnly, { onHumanChange: 'enforce' }));
    runUntil(one, '2026-03-03T09:00:00Z');
    byHand(one, 'workers', 1);
    expect(sizesAt(one, '2026-03-03T18:00:00Z')).toEqual([1]);
  });
});

describe('leave beside other sizes', () => {
  test('of windows that are open together, the one with a size counts', () => {
    const windows = [daily(7, 19, 'base'), daily(12, 14, 'leave')];
    const one = world('2026-03-02T06:00:00Z', 0, under({ ...officeHours, windows }));
    expect(sizesAt(one, '2026-03-02T13:00:00Z')).toEqual([3]);
  });

  test('an exception that says leave stands above the schedule', () => {
    const holiday = { start: '2026-03-02T00:00:00', end: '2026-03-03T00:00:00', size: 'leave' as const };
    const match = aRule().match;
    const exception = { match, ...holiday, reason: undefined, position: { file: 'f', line: 1 } };
    const one = world('2026-03-01T12:00:00Z', 2, { ...under(officeHours), exceptions: [exception] });
    expect(sizesAt(one, '2026-03-01T20:00:00Z', '2026-03-02T12:00:00Z', '2026-03-03T12:00:00Z')).toEqual([0, 0, 3]);
  });

  test('so does a calendar day', () => {
    const calendarDays = [{ date: '2026-03-02', size: 'leave' as const }];
    const one = world('2026-03-02T06:00:00Z', 1, under({ ...officeHours, calendarDays }));
    expect(sizesAt(one, '2026-03-02T23:00:00Z', '2026-03-03T01:00:00Z')).toEqual([1, 0]);
  });
});

test('a config that newly says idle where the old one said leave is braked', () => {
  const old = under(stopOnly);
  const next = aConfig({
    hash: 'config-2',
    rules: [aRule({ hash: 'rule-2' })],
    schedules: [{ ...officeHours, windows: [] }],
    safety: { ...aConfig().safety, brake: usualBrake },
  });
  const one = world('2026-03-02T18:00:00Z', 3, old);
  runUntil(one, '2026-03-03T08:00:00Z');
  byHand(one, 'workers', 3);
  runUntil(one, '2026-03-03T09:00:00Z');
  one.config = next;
  expect(round(one).holds).toMatchObject([{ code: 'brake' }]);
});
