import { describe, expect, test } from 'vitest';
import type { AskedMatch } from '../../../lib/cli/asks/asked-match.ts';
import {
  cutLease,
  leaseEffects,
  overrideEffects,
  refuseUntakable,
  rulesReached,
} from '../../../lib/cli/asks/asked-size.ts';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { Rule } from '../../../lib/model/config.ts';
import { hourMs } from '../../../lib/model/time.ts';
import { makeMatch, makeRule, now } from '../../decide/intake/fixtures.ts';

type Asked = AskedMatch['pools'][number];

function aPool(patch: Partial<Rule>, memory: Partial<PoolMemory> = {}, isOwn = false, pool = 'gpu'): Asked {
  const names = { region: 'r1', clusterId: 'c', cluster: 'ml', poolId: pool, pool };
  const known = { ...names, memory: { name: pool, autoscale: false, ...memory }, change: undefined };
  return { known, rule: makeRule('ml/gpu', patch), isOwn };
}

const asked = (...pools: readonly Asked[]): AskedMatch => ({ match: makeMatch('ml/*'), regions: ['r1'], pools });
const label = ({ pool }: { readonly pool: string }) => pool;
const bounds = (min: number, max?: number) => ({ limits: { min, max } });
const leases = (max: number | undefined, longest = 8) => ({ leases: { max, longestMs: longest * hourMs } });

describe('at least n', () => {
  test.each<[string, number, Asked, string]>([
    ['within its base', 3, aPool({ base: 3 }), 'gpu: at least 3'],
    ['above its base', 4, aPool({ base: 3 }), 'gpu: asked for 4; the rule allows 3 (its base)'],
    ['at the limit', 5, aPool({ base: 3, ...bounds(0, 5) }), 'gpu: at least 5'],
    ['above the limit', 6, aPool({ base: 3, ...bounds(0, 5) }), 'gpu: asked for 6; the rule allows 5 (limits.max)'],
    [
      'above what leases may have',
      9,
      aPool({ ...bounds(0, 5), ...leases(4) }),
      'asked for 9; the rule allows 4 (leases.max)',
    ],
    ['above both, the smaller of which counts', 9, aPool({ ...bounds(0, 5), ...leases(7) }), 'allows 5 (leases.max)'],
    ['below the least', 1, aPool({ base: 3, ...bounds(2) }), 'gpu: at least 2'],
    ['of a base between bounds', 5, aPool({ base: { min: 1, max: 4 } }, { autoscale: true }), 'allows 4 (its base)'],
    ['of a remembered base', 9, aPool({ base: 'remembered' }, { base: 6 }), 'allows 6 (its base)'],
    ['of an unknown base', 1, aPool({ base: 'remembered' }), 'refused, its base is unknown'],
    ['where nothing acts', 1, aPool({ schedule: undefined }), 'no rule acts on it, so nothing happens'],
    [
      'where it is only watched',
      2,
      aPool({ base: 3, mode: 'observe' }),
      'at least 2 (but its mode is observe: nothing is changed)',
    ],
  ])('%s', (_, atLeast, pool, text) => {
    expect(leaseEffects(asked(pool), atLeast, label)).toEqual([expect.stringContaining(text)]);
  });
});

describe('exactly n', () => {
  const many = { min: 1, max: 9 };
  test.each<[string, number | typeof many, Asked, string]>([
    ['at the least', 2, aPool(bounds(2, 5)), 'gpu: exactly 2'],
    ['below the least', 1, aPool(bounds(2, 5)), 'asked for 1; the rule allows 2 (limits of rule "ml/gpu")'],
    ['at the most', 5, aPool(bounds(2, 5)), 'gpu: exactly 5'],
    ['above the most', 6, aPool(bounds(2, 5)), 'asked for 6; the rule allows 5 (limits of rule "ml/gpu")'],
    [
      'bounds, of an autoscaled pool',
      many,
      aPool(bounds(2, 5), { autoscale: true }),
      'asked for 1..9; the rule allows 2..5',
    ],
    ['bounds, of a pool that became autoscaled', many, aPool({}, { became: true }), 'gpu: exactly 1..9'],
    ['bounds, of a fixed pool', many, aPool({}), 'not autoscaled, so bounds cannot be set'],
    ['bounds, of a pool that became fixed', many, aPool({}, { autoscale: true, became: false }), 'not autoscaled'],
    ['below the one node of its own pool', 0, aPool(bounds(1, 5), {}, true), 'allows 1 (Lamplighter runs on this pool'],
    [
      'from one node up, above the most of its own pool',
      many,
      aPool(bounds(1, 5), { autoscale: true }, true),
      'allows 1..5 (limits of rule',
    ],
    ['above the most of its own pool', 6, aPool(bounds(1, 5), {}, true), 'allows 5 (limits of rule "ml/gpu")'],
    ['where nothing acts', 1, aPool({ schedule: undefined }), 'no rule acts on it, so nothing happens'],
  ])('%s', (_, exactly, pool, text) => {
    expect(overrideEffects(asked(pool), exactly, label)).toEqual([expect.stringContaining(text)]);
  });
});

describe('bounds that nobody can take are refused', () => {
  const bound = { min: 1, max: 3 };
  const [fixed, auto, unruled] = [
    aPool({}, {}, false, 'fixed'),
    aPool({}, { autoscale: true }, false, 'auto'),
    aPool({ schedule: undefined }, { autoscale: true }, false, 'unruled'),
  ];

  test.each<[string, readonly Asked[]]>([
    ['one fixed pool', [fixed]],
    ['fixed pools alone', [fixed, aPool({}, {}, false, 'other')]],
    ['a fixed pool beside one that no rule acts on', [unruled, fixed]],
  ])('%s', (_, pools) => {
    const lines = pools.filter((pool) => pool !== unruled).map(({ known }) => `${known.pool}: not autoscaled, .*`);
    expect(() => refuseUntakable(asked(...pools), bound, label)).toThrow(new RegExp(`^${lines.join('\n')}$`));
  });

  test.each<[string, readonly Asked[]]>([
    ['one that can, last', [fixed, auto]],
    ['one that can, first', [auto, fixed]],
    ['none that a rule acts on', [unruled]],
    ['none at all', []],
  ])('but not with %s', (_, pools) => {
    expect(() => refuseUntakable(asked(...pools), bound, label)).not.toThrow();
  });
});

test('a lease is cut to the shortest that its rules allow', () => {
  const [long, short] = [makeRule('ml/*', leases(undefined, 8)), makeRule('ml/gpu', leases(undefined, 3))];
  for (const rules of [
    [long, short],
    [short, long],
  ]) {
    const cut = cutLease(now + 5 * hourMs, now, rules);
    expect(cut).toMatchObject({ until: now + 3 * hourMs, note: expect.stringContaining('rule "ml/gpu"') });
  }
  expect(cutLease(now + 3 * hourMs, now, [long, short])).toEqual({ until: now + 3 * hourMs, note: undefined });
  expect(cutLease(now + 99 * hourMs, now, [])).toEqual({ until: now + 99 * hourMs, note: undefined });
});

test('the rules that a match reaches are those of its pools, else those that may name the same', () => {
  const [own, other, none] = [makeRule('ml/gpu'), makeRule('ml/*'), makeRule('ml/*', { schedule: undefined })];
  const rules = [none, own, other];
  const unruled = { ...aPool({}), rule: undefined };
  expect(rulesReached(asked({ ...aPool({}), rule: own }, unruled), { rules })).toEqual([own]);
  expect(rulesReached(asked(unruled), { rules })).toEqual([own, other]);
  expect(rulesReached(asked({ ...aPool({}), rule: none }), { rules })).toEqual([]);
});
