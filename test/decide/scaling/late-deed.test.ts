import { describe, expect, test } from 'vitest';
import { deadlineOf, lateFinding, latePools, whatWasDone } from '../../../lib/decide/scaling/late.ts';
import type { Change, PoolMemory, Refusal } from '../../../lib/decide/scaling/memory.ts';
import type { Hold } from '../../../lib/decide/scaling/plan.ts';
import { type PoolView, poolView } from '../../../lib/decide/scaling/pool-view.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import { aPool, aRule, at, aWorld, hour, minute } from '../../support/scaling-world.ts';

const stuck: Change = {
  poolId: 'p1',
  from: 0,
  to: 3,
  claimedAt: Date.UTC(2026, 10, 24, 6),
  wroteAway: false,
  reason: 'schedule office: base (3)',
};
const refusal: Refusal = {
  target: 3,
  count: 1,
  invalid: 0,
  until: 0,
  why: 'quota',
  detail: 'quota exceeded',
  ruleHash: 'r',
  poolUpdatedAt: undefined,
};

test.each<[string, Partial<PoolMemory>, string | undefined]>([
  ['nothing yet', {}, undefined],
  ['another size', { lastSet: 2, stuck: { ...stuck, to: 2 }, refusals: [{ ...refusal, target: 2 }] }, undefined],
  ['a change that was taken', { lastSet: 3 }, 'asked for 3, which the API accepted'],
  ['no effect', { lastSet: 3, notApplied: { target: 3, count: 2 } }, 'asked for 3 2 times, and nothing changed'],
  ['no effect, once', { notApplied: { target: 3, count: 1 } }, 'asked for 3 once, and nothing changed'],
  ['a change that is stuck', { stuck }, 'asked for 3 at 2026-11-24T06:00:00Z, not done yet'],
  ['a refusal', { stuck, refusals: [refusal] }, 'asked for 3, which was refused: quota exceeded'],
])('what was done for a late pool: %s', (_, memory, deed) => {
  expect(whatWasDone({ name: 'workers', autoscale: false, ...memory }, 3)).toBe(deed);
});

describe('a late pool is told', () => {
  const since = at('2026-03-02T08:00:00Z');
  const { cluster } = aWorld('2026-03-02T10:00:00Z', []);
  const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-a', pool: 'a' };
  const aView = (patch: Partial<PoolView> = {}, pool: Partial<ObservedPool> = {}): PoolView => {
    const own = aPool('a', patch.current ?? 0, pool);
    const common = { names, cluster, pool: own, rule: aRule(), memory: aMemory({}), who: 'w', reason: 'r' };
    return poolView({ ...common, current: 0, running: 0, target: 3, base: 3, isLateSuppressed: false, ...patch });
  };
  const aMemory = (patch: Partial<PoolMemory>): PoolMemory => ({ name: 'a', autoscale: false, ...patch });
  const owed = aMemory({ pending: { target: 3, since } });
  const hold = (poolId: string, reason: string) => ({ poolId, reason }) as Hold;
  const told = (view: PoolView, memory: PoolMemory, holds: readonly Hold[] = []) =>
    lateFinding({ view, memory }, [view], holds);

  test('with what is wanted, what is there, and what was done', () => {
    expect(told(aView(), aMemory({ ...owed, lastSet: 3 }))).toEqual({
      kind: 'pool.late',
      severity: 'critical',
      subject: { kind: 'pool', ...names },
      text: 'dev/a should be at 3 and is at 0 (Running): r; it is changed now',
      since: since + 45 * minute,
      fix: 'run: lamplighter explain "dev/a", and look at the pool in the console',
      facts: { wanted: '3', seen: '0', status: 'Running', did: 'asked for 3, which the API accepted' },
    });
    expect(told(aView(), owed).facts).not.toHaveProperty('did');
  });

  test('as set and not done, where its size is what is wanted', () => {
    const { text, facts } = told(aView({ current: 3 }, { status: 'Scaling' }), owed);
    expect(text).toBe('dev/a should be at 3, which is set, and is still Scaling: r; it is changed now');
    expect(facts).toMatchObject({ wanted: '3', seen: '3', status: 'Scaling' });
  });

  test('with its own hold', () => {
    const holds = [hold('id-b', 'other'), hold('id-a', 'own')];
    expect(told(aView(), owed, holds).text).toBe('dev/a should be at 3 and is at 0 (Running): own');
  });

  test.each<[string, Partial<PoolView>, number, string]>([
    ['a raise', {}, 3, 'critical'],
    ['a lower', { current: 5 }, 3, 'warning'],
    ['an unknown size at base time', { current: undefined }, 3, 'critical'],
    ['an unknown size at another', { current: undefined }, 1, 'warning'],
  ])('as what it is: %s', (_, view, target, severity) => {
    expect(told({ ...aView(), ...view }, aMemory({ pending: { target, since } })).severity).toBe(severity);
  });

  const bounds = { min: 3, max: 9 };
  const short = aMemory({ autoscale: true, short: { least: 3, since } });
  test.each<[string, number | undefined, Partial<PoolView>, Partial<PoolMemory>, readonly unknown[]]>([
    [
      'some',
      1,
      {},
      {},
      ['pool.late', 'critical', 1, 'should have at least 3 nodes and has 1 (Running), though its bounds are 3..9'],
    ],
    [
      'unknown',
      undefined,
      {},
      {},
      [
        'pool.unclear',
        'warning',
        'unknown',
        'should have at least 3 nodes, and the API does not say how many it has (Running)',
      ],
    ],
    [
      'told once',
      undefined,
      {},
      { tellsNodes: true },
      [
        'pool.late',
        'critical',
        'unknown',
        'should have at least 3 nodes, and the API does not say how many it has (Running)',
      ],
    ],
    [
      'blocked',
      1,
      { current: undefined, block: { code: 'stale', reason: 'b' } },
      {},
      ['pool.late', 'critical', 'unknown', 'should have at least 3 nodes, and b (Running)'],
    ],
    [
      'blocked with a size',
      undefined,
      { block: { code: 'stale', reason: 'b' } },
      {},
      [
        'pool.unclear',
        'warning',
        'unknown',
        'should have at least 3 nodes, and the API does not say how many it has (Running)',
      ],
    ],
    [
      'not shown',
      1,
      { current: undefined },
      {},
      [
        'pool.late',
        'critical',
        'unknown',
        'should have at least 3 nodes, and the API does not say how many it has (Running)',
      ],
    ],
  ])('that its nodes are missing: %s', (_, size, view, memory, [kind, severity, seen, text]) => {
    const found = told({ ...aView({ current: bounds }, { size }), ...view }, { ...short, ...memory });
    expect(found).toMatchObject({ kind, severity, text: `dev/a ${text as string}`, since: since + 45 * minute });
    expect(found.facts).toEqual({ wanted: 3, seen, status: 'Running' });
    expect(found.fix).toBe('look at the pool in the console: its autoscaler should have added the nodes');
  });

  test('as one that owes a size, where it lacks nodes too', () => {
    const both = { ...short, pending: { target: { min: 4, max: 9 }, since } };
    expect(told(aView({ current: bounds }), both).text).toContain('should be at 4..9 and is at 3..9');
  });

  test.each<[string, Partial<PoolView>, Partial<PoolView>, number]>([
    ['45 minutes', {}, {}, 45],
    ['15 minutes with a lead', { rule: aRule({ lead: { kind: 'fixed', ms: 1 } }) }, {}, 15],
    ['17 more for another pool of its boundary', { boundary: since }, { boundary: since }, 62],
    ['none for one of another', { boundary: since }, { boundary: since - 1 }, 45],
    ['none for one without, where it has none', {}, {}, 45],
    ['as long after its boundary', { boundary: since + hour }, {}, 105],
  ])('after %s', (_, own, other, minutes) => {
    const view = aView(own);
    const sibling = { ...aView(other), names: { ...names, poolId: 'id-b' } };
    expect(deadlineOf(view, owed, [view, sibling])).toBe(since + minutes * minute);
    const late = (ms: number) => latePools([{ view, memory: owed }], [view, sibling], since + minutes * minute + ms);
    expect([late(0).length, late(1).length]).toEqual([0, 1]);
    expect(latePools([{ view: { ...view, isLateSuppressed: true }, memory: owed }], [view], Infinity)).toEqual([]);
    expect(latePools([{ view, memory: aMemory({}) }], [view], Infinity)).toEqual([]);
  });
});
