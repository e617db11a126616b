import { describe, expect, test } from 'vitest';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { ClusterInput } from '../../../lib/decide/scaling/plan.ts';
import { labelledNames, makeRuleBook } from '../../../lib/decide/scaling/rule-book.ts';
import {
  clusterLeads,
  lowerLookMs,
  ownLeadMs,
  type Resolver,
  resolveSays,
  resolveTerm,
  scheduledViews,
} from '../../../lib/decide/scaling/scheduled-size.ts';
import { makeTimeline } from '../../../lib/decide/schedule/timeline.ts';
import type { Rule } from '../../../lib/model/config.ts';
import type { Lead, Schedule } from '../../../lib/model/schedule.ts';
import type { Says, Size, Term } from '../../../lib/model/size.ts';
import { aConfig, aMatch, aPool, aRule, at, aWorld, hour, minute, officeHours } from '../../support/scaling-world.ts';

const limits = { min: 2, max: 4 };
const of = (patch: Partial<Resolver> = {}, rule: Partial<Rule> = {}): Resolver => {
  return { rule: aRule({ base: 'remembered', idle: 1, limits, ...rule }), autoscale: false, base: 9, ...patch };
};

describe('a term as a size', () => {
  test.each<[string, Term, Resolver, Size | undefined]>([
    ['leave is none', 'leave', of(), undefined],
    ['a remembered base has no limits', 'base', of(), 9],
    ['a given base has', 'base', of({}, { base: 9 }), 4],
    ['an unknown base is none', 'base', of({ base: undefined }, { base: 9 }), undefined],
    ['idle has limits', 'idle', of(), 2],
    ['idle may be none', 'idle', of({}, { idle: undefined }), undefined],
    ['a number has limits', 7, of(), 4],
    ['a number sets both bounds', 3, of({ autoscale: true }), { min: 3, max: 3 }],
    ['a number stays one where nobody read the pool', 3, of({ autoscale: undefined }), 3],
    ['a range is none of a fixed pool', { min: 2, max: 3 }, of(), undefined],
    ['a range has limits in both parts', { min: 1, max: 9 }, of({ autoscale: true }), limits],
    [
      'a range stays one where nobody read the pool',
      { min: 2, max: 3 },
      of({ autoscale: undefined }),
      { min: 2, max: 3 },
    ],
  ])('%s', (_, term, resolver, expected) => {
    expect(resolveTerm(term, resolver)).toEqual(expected);
  });

  test.each<[Says, Size | undefined, Size | undefined, boolean]>([
    [['base'], 3, 3, true],
    [['base', 'idle'], 3, 3, true],
    [['idle', 4], 3, 4, true],
    [['base', 4], undefined, 4, false],
    [['leave'], 3, undefined, true],
    [[], 3, undefined, true],
  ])('%j with the base %s is the largest: %s', (says, base, size, isWhole) => {
    expect(resolveSays(says, of({ base }))).toEqual({ size, isWhole });
  });
});

describe('the schedule’s sizes', () => {
  const opening = at('2026-03-03T07:00:00Z');
  const closing = at('2026-03-03T19:00:00Z');
  const leave: Schedule = { ...officeHours, otherwise: 'leave' };
  const resolver: Resolver = { rule: aRule({ base: 'remembered' }), autoscale: false, base: 3 };
  type Given = {
    schedule?: Schedule;
    leadMs?: number;
    kept?: { size: Size; since: number; until: number };
    base?: number | undefined;
    current?: number;
  };
  const views = (now: number, given: Given = {}) => {
    const { schedule = officeHours, leadMs = 0, kept, current = 0 } = given;
    const own = 'base' in given ? { ...resolver, base: given.base } : resolver;
    return scheduledViews(makeTimeline(schedule, [], now), now, leadMs, kept, own, current);
  };
  const none = { aheadOf: undefined, keptFor: undefined };
  const look = lowerLookMs(0);
  const kept = (until: number) => ({ size: 1, since: 0, until });

  test.each<[string, number, Given, object]>([
    ['by day', opening + hour, {}, { now: 3, up: 3, down: 3, ...none }],
    ['long before the morning', opening - look - 1, {}, { now: 0, up: 0, down: 0, ...none }],
    [
      'a quarter of an hour before it',
      opening - look,
      {},
      { now: 0, up: 0, down: 3, aheadOf: undefined, keptFor: opening },
    ],
    [
      'before a lead',
      opening - hour - 1,
      { leadMs: hour },
      { now: 0, up: 0, down: 3, aheadOf: undefined, keptFor: opening },
    ],
    ['in a lead', opening - hour, { leadMs: hour }, { now: 0, up: 3, down: 3, aheadOf: opening, keptFor: opening }],
    [
      'before an unknown base',
      opening - look,
      { base: undefined },
      { now: 0, up: 0, down: undefined, keptFor: opening },
    ],
    [
      'of an unknown base',
      opening + hour,
      { base: undefined },
      { now: undefined, up: undefined, down: undefined, aheadOf: undefined },
    ],
    ['before the evening', closing - 1, { leadMs: hour }, { now: 3, up: 3, down: 3, ...none }],
    ['of a kept size', opening - 2 * hour, { kept: kept(opening) }, { now: 1, up: 1, down: 1, ...none }],
    [
      'of one kept until a lead',
      opening - hour,
      { kept: kept(opening), leadMs: hour },
      { now: 1, up: 3, down: 3, aheadOf: opening, keptFor: opening },
    ],
    [
      'of one kept beyond it',
      opening - hour,
      { kept: kept(closing), leadMs: hour },
      { now: 1, up: 1, down: 1, ...none },
    ],
    [
      'of one kept before it',
      opening - hour,
      { kept: kept(opening - minute), leadMs: 30 * minute },
      { now: 1, up: 1, down: 1, ...none },
    ],
    ['that is left', opening - 2 * hour, { schedule: leave, current: 2 }, { now: 2, up: 2, down: 2, ...none }],
    [
      'that is left, in a lead',
      opening - hour,
      { schedule: leave, current: 2, leadMs: hour },
      { now: 2, up: 3, down: 3, aheadOf: opening, keptFor: opening },
    ],
    [
      'that is left at more, in a lead',
      opening - hour,
      { schedule: leave, current: 5, leadMs: hour },
      { now: 5, up: 5, down: 5, ...none },
    ],
    [
      'that is left for ever',
      opening,
      { schedule: { ...leave, windows: [] }, current: 2, leadMs: hour },
      { now: 2, up: 2, down: 2, ...none },
    ],
  ])('%s', (_, now, given, expected) => {
    expect(views(now, given)).toMatchObject(expected);
  });
});

describe('a lead', () => {
  test.each<[Lead, readonly number[] | undefined, number]>([
    [{ kind: 'none' }, [hour], 0],
    [{ kind: 'fixed', ms: 7 }, [hour], 7],
    [{ kind: 'auto' }, undefined, 20 * minute],
    [{ kind: 'auto' }, [], 20 * minute],
    [{ kind: 'auto' }, [4 * minute, 8 * minute], 17 * minute],
    [{ kind: 'auto' }, [hour], hour],
  ])('%j after raises of %j is %i', (lead, raisesMs, expected) => {
    expect(ownLeadMs(lead, { name: 'a', autoscale: false, ...(raisesMs && { raisesMs }) }, 5 * minute)).toBe(expected);
  });

  const now = at('2026-03-03T06:30:00Z');
  const { cluster } = aWorld('2026-03-03T06:30:00Z', []);
  const auto = { kind: 'auto' } as const;
  const later = {
    ...officeHours,
    name: 'later',
    windows: [{ ...officeHours.windows[0]!, pieces: [{ from: 7.25 * 3600, to: 19 * 3600 }] }],
  };

  /** Each pool has a rule of its own; its memory may say how long its raises take. */
  function leads(
    given: Readonly<Record<string, { rule?: Partial<Rule>; size?: Size | undefined; memory?: Partial<PoolMemory> }>>,
  ) {
    const entries = Object.entries(given);
    const pools = entries.map(([name, { size = 0 }]) => aPool(name, size, size === 9 ? { size: undefined } : {}));
    const rules = entries.map(([name, { rule }]) =>
      aRule({ match: aMatch(`dev/${name}`), lead: auto, hash: name, ...rule }),
    );
    const book = makeRuleBook(aConfig({ rules, schedules: [officeHours, later] }), now);
    const memories = Object.fromEntries(
      entries.map(([name, { memory }]) => [
        `id-${name}`,
        { name, autoscale: false, raisesMs: [4 * minute], ...memory },
      ]),
    );
    const input = { now, everyMs: 5 * minute, pools, cluster } as unknown as ClusterInput;
    const applied = new Map(pools.map((pool) => [pool.id, book.appliedRule(labelledNames(cluster, pool))]));
    const settled = { change: undefined, pools: memories, evidence: {}, decisions: [] };
    const found = clusterLeads(input, settled, applied);
    return pools.map(({ id }) => (found.get(id) ?? -minute) / minute);
  }

  // 1.25 × 4 + 2 + 5 minutes each.
  test.each<[string, Parameters<typeof leads>[0], readonly number[]]>([
    ['is its own', { a: {} }, [12]],
    ['has those before it by name', { b: {}, a: {}, c: {} }, [24, 12, 36]],
    ['is an hour at most', { a: { memory: { raisesMs: [hour] } }, b: {} }, [60, 60]],
    ['has no pool of another boundary before it', { a: {}, b: { rule: { schedule: 'later' } } }, [12, 12]],
    ['has no pool that is up before it', { a: { size: 3 }, b: {} }, [12, 12]],
    ['has no pool above its base before it', { a: { size: 5 }, b: {} }, [12, 12]],
    ['has no pool of unknown size before it', { a: { size: 9 }, b: {} }, [12, 12]],
    ['has no pool of unknown base before it', { a: { rule: { base: 'remembered' } }, b: {} }, [12, 12]],
    [
      'has a pool of remembered base before it',
      { a: { rule: { base: 'remembered' }, memory: { base: 3 } }, b: {} },
      [12, 24],
    ],
    ['has a fixed lead before it', { a: { rule: { lead: { kind: 'fixed', ms: 10 * minute } } }, b: {} }, [10, 22]],
    ['has no pool without a lead before it', { a: { rule: { lead: { kind: 'none' } } }, b: {} }, [0, 12]],
    ['that is fixed waits for nobody', { a: {}, b: { rule: { lead: { kind: 'fixed', ms: 10 * minute } } } }, [12, 10]],
    [
      'of pools that are fixed is their own',
      { a: { rule: { lead: { kind: 'fixed', ms: minute } } }, b: { rule: { lead: { kind: 'fixed', ms: minute } } } },
      [1, 1],
    ],
    ['is none without a rule', { a: { rule: { schedule: undefined } }, b: {} }, [-1, 12]],
  ])('%s', (_, given, expected) => {
    expect(leads(given)).toEqual(expected);
  });
});
