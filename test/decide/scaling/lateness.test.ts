import { describe, expect, test } from 'vitest';
import { owedSince, pendingFor } from '../../../lib/decide/scaling/late.ts';
import type { Pending } from '../../../lib/decide/scaling/memory.ts';
import type { Size } from '../../../lib/model/size.ts';
import {
  aConfig,
  aLease,
  aPool,
  aRule,
  at,
  aWorld,
  byHand,
  hour,
  minute,
  round,
  runUntil,
} from '../../support/scaling-world.ts';

const lateAt = (plans: { at: number; plan: { findings: readonly { kind: string }[] } }[]) => {
  const first = plans.find(({ plan }) => plan.findings.some(({ kind }) => kind === 'pool.late'));
  return first && new Date(first.at).toISOString().slice(11, 16);
};

describe('what has been owed, and since when', () => {
  const six = at('2026-03-03T06:00:00Z');
  const seven = six + hour;
  const wanted = (target: Size, since = six): Pending => ({ target, since });

  test.each<[string, Size | undefined, Pending | undefined, Size, Pending]>([
    ['the first size wanted counts from now', 0, undefined, 3, wanted(3, seven)],
    [
      'more than before: the first part of the way is owed since then',
      0,
      wanted(3),
      8,
      {
        ...wanted(8, seven),
        owed: wanted(3),
      },
    ],
    ['less than before, the same way: owed since then', 0, wanted(8), 3, wanted(3)],
    ['back to what was owed first', 0, { ...wanted(8, six + 30 * minute), owed: wanted(3) }, 3, wanted(3)],
    [
      'more again: the oldest debt stays',
      0,
      { ...wanted(5, six + 30 * minute), owed: wanted(3) },
      8,
      {
        ...wanted(8, seven),
        owed: wanted(3),
      },
    ],
    ['the other way: nothing is owed of before', 4, wanted(8), 2, wanted(2, seven)],
    ['a lower that goes further', 8, wanted(4), 2, { ...wanted(2, seven), owed: wanted(4) }],
    ['where it is already: nothing is owed of before', 3, wanted(8), 3, wanted(3, seven)],
    ['what has been reached meanwhile is owed no more', 3, wanted(3), 8, wanted(8, seven)],
    ['what is not seen owes nothing of before', undefined, wanted(3), 8, wanted(8, seven)],
    [
      'each part for itself',
      { min: 0, max: 0 },
      wanted({ min: 0, max: 4 }),
      { min: 8, max: 8 },
      {
        ...wanted({ min: 8, max: 8 }, seven),
        owed: wanted({ min: 0, max: 4 }),
      },
    ],
    [
      'a max beyond what is wanted now is not on the way to it',
      { min: 0, max: 0 },
      wanted({ min: 0, max: 9 }),
      { min: 8, max: 8 },
      wanted({ min: 8, max: 8 }, seven),
    ],
    [
      'parts that go different ways owe nothing of before',
      { min: 2, max: 2 },
      wanted({ min: 1, max: 4 }),
      {
        min: 3,
        max: 3,
      },
      wanted({ min: 3, max: 3 }, seven),
    ],
  ])('%s', (_title, current, before, target, expected) => {
    expect(pendingFor(before, current, target, seven)).toEqual(expected);
  });

  test('what was owed first counts as long as the pool is not there', () => {
    const pending = { ...wanted(8, seven), owed: wanted(3) };
    expect(owedSince(pending, 0)).toBe(six);
    expect(owedSince(pending, 2)).toBe(six);
    expect(owedSince(pending, 3)).toBe(seven);
    expect(owedSince(pending, 5)).toBe(seven);
    expect(owedSince(pending, undefined)).toBe(seven);
  });
});

describe('a pool is late', () => {
  test.each([
    ['without lead: 45 min', aRule(), 1, '07:46'],
    ['with lead: 15 min', aRule({ lead: { kind: 'fixed', ms: 10 * minute } }), 1, '07:16'],
    ['with a long lead: from the boundary on', aRule({ lead: { kind: 'fixed', ms: 30 * minute } }), 1, '07:16'],
    ['one sibling more: 17 min more', aRule(), 2, '08:03'],
  ])('%s', (_title, rule, count, expected) => {
    const pools = ['a', 'b'].slice(0, count).map((name) => aPool(name, 0));
    const world = aWorld('2026-03-03T06:00:00Z', pools, { config: aConfig({ rules: [rule] }), onPut: 'busy' });
    const plans = runUntil(world, '2026-03-03T09:00:00Z', minute);
    expect(lateAt(plans)).toBe(expected);
    const late = plans.at(-1)?.plan.findings.filter(({ kind }) => kind === 'pool.late');
    expect(late?.every(({ severity }) => severity === 'critical')).toBe(true);
  });

  test('since its deadline, and what is wanted, seen and done about it are facts for machines', () => {
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('a', 0)], { onPut: 'refuse', refusal: 'no' });
    const plan = runUntil(world, '2026-03-03T08:30:00Z').at(-1)?.plan;
    expect(plan?.findings.find(({ kind }) => kind === 'pool.late')).toMatchObject({
      since: at('2026-03-03T07:45:00Z'),
      facts: { wanted: '3', seen: '0', status: 'Running', did: 'asked for 3, which was refused: no' },
    });
  });

  test('what can be run names the pool as a shell takes it', () => {
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('my pool', 0)], { onPut: 'busy' });
    const late = runUntil(world, '2026-03-03T09:00:00Z')
      .at(-1)
      ?.plan.findings.find(({ kind }) => kind === 'pool.late');
    expect(late?.fix).toBe('run: lamplighter explain "dev/my pool", and look at the pool in the console');
  });

  test('a pause, an override and a kept size silence it; a cluster not Running does not', () => {
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('a', 0)]);
    world.cluster = { ...world.cluster, status: 'Upgrading' };
    expect(lateAt(runUntil(world, '2026-03-03T09:00:00Z'))).toBe('07:50');
    byHand(world, 'a', 0);
    world.asks = [
      {
        schema: 1,
        kind: 'pause',
        id: 'p',
        region: 'r1',
        who: 'ana',
        reason: undefined,
        askedAt: world.now,
        match: undefined,
        until: world.now + hour,
      },
    ];
    expect(round(world).findings).toEqual([]);
  });

  // Simulation, seed 1120: a queue that asks for more every few minutes kept a dark pool from ever being late.
  test('whoever asks for more meanwhile does not make it punctual', () => {
    const config = aConfig({ rules: [aRule({ leases: { max: 9, longestMs: 24 * hour } })] });
    const world = aWorld('2026-03-03T06:00:00Z', [aPool('a', 0)], { config, onPut: 'busy' });
    const plans = runUntil(world, '2026-03-03T07:30:00Z');
    for (const nodes of [4, 5, 6, 7, 8]) {
      const asked = new Date(world.now).toISOString();
      world.asks = [aLease(nodes, asked, '2026-03-03T12:00:00Z')];
      plans.push(...runUntil(world, new Date(world.now + 10 * minute).toISOString()));
    }
    expect(lateAt(plans)).toBe('07:50');
    const since = plans.findIndex(({ at: instant }) => instant === at('2026-03-03T07:50:00Z'));
    const told = plans.slice(since).map(({ plan }) => plan.findings.find(({ kind }) => kind === 'pool.late')?.severity);
    expect(new Set(told)).toEqual(new Set(['critical']));
    expect(
      plans
        .at(-1)
        ?.plan.findings.map(({ text }) => text)
        .join(),
    ).toContain('should be at 8 and is at 0');
  });

  test('more asked for while a raise is under way is not late at once', () => {
    const config = aConfig({ rules: [aRule({ leases: { max: 9, longestMs: 24 * hour } })] });
    const world = aWorld('2026-03-03T06:55:00Z', [aPool('a', 0)], { config, takes: 10 * minute });
    runUntil(world, '2026-03-03T07:40:00Z');
    world.onPut = 'busy';
    world.asks = [aLease(8, '2026-03-03T07:40:00Z', '2026-03-03T12:00:00Z')];
    expect(lateAt(runUntil(world, '2026-03-03T09:00:00Z'))).toBe('08:35');
  });
});
