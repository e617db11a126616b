import { describe, expect, test } from 'vitest';
import {
  type BaseInput,
  baseOf,
  findBase,
  givenBase,
  hasNodes,
  isLeftOut,
  isSaidAlone,
  missingNodes,
  observedNodes,
  observedSize,
  observedSizeDuring,
  rememberedBase,
} from '../../../lib/decide/scaling/base.ts';
import type { Away, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { Says, Size } from '../../../lib/model/size.ts';
import { aPool, aRule } from '../../support/scaling-world.ts';

const remembered = aRule({ base: 'remembered' });
const limited = { min: 2, max: 4 };

function aMemory(patch: Partial<PoolMemory> = {}): PoolMemory {
  return { name: 'workers', autoscale: false, ...patch };
}

function away(base: Away['base'], from: Away['from'] = 'remembered'): Away {
  return { base, from, since: 0 };
}

/** A pool that was seen Running at 5 while nobody asks for anything. */
function found(says: Says, memory: Partial<PoolMemory> = {}, patch: Partial<BaseInput> = {}) {
  const input = { rule: remembered, autoscale: false, running: 5, scheduledWithoutBase: undefined, isQuiet: true };
  const { base, from, isLearnt } = findBase({ ...input, says, memory: aMemory(memory), ...patch });
  return [base, from, isLearnt];
}

describe('a base that the rule gives', () => {
  test.each<[string, Size | 'remembered', boolean, Size | undefined]>([
    ['is that', 3, false, 3],
    ['is within the limits', 1, false, 2],
    ['of a range is in both parts', { min: 1, max: 9 }, true, { min: 2, max: 4 }],
    ['of a number sets both bounds', 3, true, { min: 3, max: 3 }],
    ['of a range is none of a fixed pool', { min: 1, max: 9 }, false, undefined],
    ['is none where it is remembered', 'remembered', false, undefined],
  ])('%s', (_, base, autoscale, expected) => {
    const rule = aRule({ base, limits: limited });
    expect(givenBase(rule, autoscale)).toEqual(expected);
    if (base !== 'remembered')
      expect(found(['base'], { base: 8, away: away(9) }, { rule, autoscale })).toEqual([expected, 'config', false]);
  });
});

describe('a base that is remembered', () => {
  test.each<[string, Says, Partial<PoolMemory>, Partial<BaseInput>, readonly unknown[]]>([
    ['is what is seen while the base is said', ['base'], {}, {}, [5, 'remembered', true]],
    ['also where it was another', ['base'], { base: 3 }, {}, [5, 'remembered', true]],
    ['also beside idle', ['base', 'idle'], {}, {}, [5, 'remembered', true]],
    ['not beside another size', ['base', 6], { base: 3 }, {}, [3, 'remembered', false]],
    ['not while idle is said', ['idle'], { base: 3 }, {}, [3, 'remembered', false]],
    ['not while somebody asks', ['base'], { base: 3 }, { isQuiet: false }, [3, 'remembered', false]],
    ['not while it is in motion', ['base'], { base: 3 }, { running: undefined }, [3, 'remembered', false]],
    ['not at 0', ['base'], { base: 3 }, { running: 0 }, [3, 'remembered', false]],
    ['not at idle', ['base'], { base: 3 }, { rule: { ...remembered, idle: 5 } }, [3, 'remembered', false]],
    [
      'at any size without an idle one',
      ['base'],
      {},
      { rule: { ...remembered, idle: undefined } },
      [5, 'remembered', true],
    ],
    [
      'not at a size that we sent and did not see',
      ['base'],
      { base: 3, notApplied: { target: 5, count: 1 } },
      {},
      [3, 'remembered', false],
    ],
    [
      'at a size beside one that we sent',
      ['base'],
      { notApplied: { target: 4, count: 1 } },
      {},
      [5, 'remembered', true],
    ],
    ['not at a size set during leave', ['base'], { base: 3 }, { wasLeft: () => true }, [3, 'remembered', false]],
    ['at one set at no such time', ['base'], { base: 3 }, { wasLeft: () => false }, [5, 'remembered', true]],
    ['at one set during leave, where none is known', ['base'], {}, { wasLeft: () => true }, [5, 'remembered', true]],
    ['at its own after leave', ['base'], { base: 5 }, { wasLeft: () => true }, [5, 'remembered', true]],
    ['is else what is seen', ['idle'], {}, {}, [5, 'observed', false]],
    ['but not the scheduled size', ['idle'], {}, { scheduledWithoutBase: 5 }, [undefined, 'observed', false]],
    ['nor 0', ['idle'], {}, { running: 0 }, [undefined, 'observed', false]],
    ['and unknown while nothing is seen', ['idle'], {}, { running: undefined }, [undefined, 'observed', false]],
  ])('%s', (_, says, memory, patch, expected) => {
    expect(found(says, memory, patch)).toEqual(expected);
  });

  const ownTime = { isOwnTime: true };
  test.each<[string, Partial<PoolMemory>, Partial<BaseInput>, readonly unknown[]]>([
    ['is what people set', { base: 3 }, ownTime, [5, 'remembered', true]],
    ['also while away', { away: away(3) }, ownTime, [5, 'remembered', true]],
    ['not what we set', { base: 3, lastSet: 5 }, ownTime, [3, 'remembered', false]],
    ['not while somebody asks', { base: 3 }, { ...ownTime, isQuiet: false }, [3, 'remembered', false]],
    ['not 0', { base: 3 }, { ...ownTime, running: 0 }, [3, 'remembered', false]],
    ['not in another schedule', { base: 3 }, {}, [3, 'remembered', false]],
  ])('under a schedule that only leaves %s', (_, memory, patch, expected) => {
    expect(found(['leave'], memory, patch)).toEqual(expected);
  });

  test.each<[string, Says, Away, Partial<PoolMemory>, Partial<BaseInput>, readonly unknown[]]>([
    ['is what it was moved from', ['base'], away(3), { base: 2 }, {}, [3, 'remembered', false]],
    ['as first seen', ['base'], away(3, 'observed'), {}, {}, [3, 'observed', false]],
    ['within limits, where a rule gave it', ['idle'], away(9, 'config'), {}, {}, [4, 'config', false]],
    ['of a person is beyond them', ['idle'], away(9, 'person'), {}, {}, [9, 'person', false]],
    ['of a person may be 0', ['idle'], away(0, 'person'), {}, {}, [0, 'person', false]],
    ['is what a person sets, where it is unknown', ['base'], away('unknown'), {}, {}, [5, 'person', true]],
    ['not what we set', ['base'], away('unknown'), { lastSet: 5 }, {}, [undefined, 'person', false]],
    ['not 0', ['base'], away('unknown'), {}, { running: 0 }, [undefined, 'person', false]],
    ['only while the base is said', ['idle'], away('unknown'), {}, {}, [undefined, 'person', false]],
    ['only while nobody asks', ['base'], away('unknown'), {}, { isQuiet: false }, [undefined, 'person', false]],
  ])('while away %s', (_, says, from, memory, patch, expected) => {
    const rule = { ...remembered, limits: limited };
    expect(found(says, { ...memory, away: from }, { rule, ...patch })).toEqual(expected);
  });

  test.each([
    [0, [5, 'person', true]],
    [1, [1, 'config', false]],
  ])('that another rule gave as %i is one unless it is 0', (base, expected) => {
    expect(found(['base'], { away: away(base, 'config') })).toEqual(expected);
  });
});

describe('a base, as far as it is known without an answer', () => {
  test.each<[string, PoolMemory | undefined, Size | undefined]>([
    ['of nothing', undefined, undefined],
    ['of a pool that was never moved', aMemory({ base: 3 }), 3],
    ['of one that was', aMemory({ base: 3, away: away(4) }), 4],
    ['of one that was moved from nobody knows what', aMemory({ base: 3, away: away('unknown') }), undefined],
  ])('%s', (_, memory, expected) => {
    expect(rememberedBase(memory)).toBe(expected);
    expect(baseOf(remembered, memory)).toBe(expected);
    expect(baseOf(aRule({ base: 7 }), memory)).toBe(7);
  });

  const seen = { size: 5, at: 0 };
  test.each<[string, PoolMemory, Parameters<typeof baseOf>[0], Size | undefined]>([
    ['is what was seen last', aMemory({ seen }), remembered, 5],
    ['also without a rule', aMemory({ seen }), undefined, 5],
    ['not idle', aMemory({ seen }), { base: 'remembered', idle: 5 }, undefined],
    ['not 0', aMemory({ seen: { ...seen, size: 0 } }), { base: 'remembered', idle: 5 }, undefined],
    [
      'not idle bounds',
      aMemory({ autoscale: true, seen: { size: { min: 1, max: 1 }, at: 0 } }),
      aRule({ base: 'remembered', idle: 1 }),
      undefined,
    ],
    ['not where it is unknown', aMemory({ seen, away: away('unknown') }), remembered, undefined],
    ['nothing where nothing was seen', aMemory(), remembered, undefined],
  ])('%s', (_, memory, rule, expected) => {
    expect(baseOf(rule, memory)).toEqual(expected);
  });
});

test.each<[Says, boolean]>([
  [['base'], true],
  [['base', 'idle'], true],
  [['idle'], false],
  [['base', 6], false],
  [['base', { min: 1, max: 6 }], false],
  [['leave'], false],
  [[], false],
])('%j says the base and nothing that could be larger: %s', (says, expected) => {
  expect(isSaidAlone(says)).toBe(expected);
});

describe('a size in an answer', () => {
  const bounds = { min: 2, max: 5 };
  const fixed = (size: number | undefined) => aPool('a', 3, { size });
  const auto = (sizeMin: number | undefined, sizeMax: number | undefined) => aPool('a', bounds, { sizeMin, sizeMax });
  const set = (lastSet: Size) => aMemory({ lastSet });
  const sent = (target: Size) => aMemory({ notApplied: { target, count: 1 } });

  test.each<[string, ObservedPool, PoolMemory | undefined, Size | undefined]>([
    ['is that', fixed(3), undefined, 3],
    ['is 0 where it says so', fixed(0), undefined, 0],
    ['is unknown where it is left out', fixed(undefined), undefined, undefined],
    ['is our 0 where it is left out', fixed(undefined), set(0), 0],
    ['is our 0 that we did not see', fixed(undefined), sent(0), 0],
    ['is unknown where we set another', fixed(undefined), set(3), undefined],
    ['is unknown where we sent another', fixed(undefined), sent(3), undefined],
    ['is both bounds', auto(2, 5), undefined, bounds],
    ['is unknown without a min', auto(undefined, 5), undefined, undefined],
    ['is unknown without a max', auto(2, undefined), undefined, undefined],
    ['has our min of 0', auto(undefined, 5), set({ min: 0, max: 5 }), { min: 0, max: 5 }],
    ['has our max of 0', auto(undefined, undefined), set({ min: 0, max: 0 }), { min: 0, max: 0 }],
    ['has no max of 0 by a min of 0', auto(undefined, undefined), set({ min: 0, max: 5 }), undefined],
  ])('%s', (_, pool, memory, expected) => {
    expect(observedSize(pool, memory)).toEqual(expected);
  });

  test.each<[string, ObservedPool, PoolMemory | undefined, Size, Size, Size | undefined]>([
    ['is that', fixed(2), set(0), 0, 3, 2],
    ['left out is the end that is 0', fixed(undefined), set(7), 3, 0, 0],
    ['left out is the beginning that is 0', fixed(undefined), set(7), 0, 3, 0],
    ['left out is neither of two others', fixed(undefined), set(0), 2, 3, undefined],
    ['left out is none that was given up', fixed(undefined), sent(0), 2, 3, undefined],
    ['left out is unknown of a pool without memory', fixed(undefined), undefined, 3, 0, undefined],
  ])('during a change %s', (_, pool, memory, from, to, expected) => {
    expect(observedSizeDuring(pool, memory, { from, to })).toEqual(expected);
  });

  test.each<[boolean, ObservedPool]>([
    [false, fixed(0)],
    [true, fixed(undefined)],
    [false, auto(0, 0)],
    [true, auto(undefined, 5)],
    [true, auto(2, undefined)],
    [false, aPool('a', bounds, { size: undefined })],
  ])('is left out: %s', (expected, pool) => {
    expect(isLeftOut(pool)).toBe(expected);
  });
});

describe('nodes', () => {
  const nodes = (autoscale: boolean, size: number | undefined) => ({ autoscale, size });
  test.each<[boolean, number | undefined, Size, number, boolean | undefined]>([
    [true, 1, { min: 3, max: 9 }, 2, false],
    [true, 3, { min: 3, max: 9 }, 0, true],
    [true, 4, { min: 3, max: 9 }, 0, true],
    [true, undefined, { min: 3, max: 9 }, 0, undefined],
    [true, undefined, { min: 0, max: 9 }, 0, true],
    [false, 1, 3, 0, true],
    [false, undefined, 3, 0, true],
  ])('autoscaled: %s, %s nodes to %j: %i are missing, all are there: %s', (autoscale, size, target, missing, has) => {
    expect(missingNodes(nodes(autoscale, size), target)).toBe(missing);
    expect(hasNodes(nodes(autoscale, size), target)).toBe(has);
  });

  test.each<[Partial<ObservedPool>, number]>([
    [{ size: 4, sizeMin: 2 }, 4],
    [{ size: 0, sizeMin: 2 }, 0],
    [{ size: undefined, sizeMin: 2 }, 2],
    [{ size: undefined, sizeMin: undefined }, 0],
  ])('that are there of %j are %i', (patch, expected) => {
    expect(observedNodes(aPool('a', { min: 1, max: 3 }, patch))).toBe(expected);
  });
});
