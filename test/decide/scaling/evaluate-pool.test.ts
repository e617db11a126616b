import { describe, expect, test } from 'vitest';
import { evaluatePool } from '../../../lib/decide/scaling/evaluate-pool.ts';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { PoolInput } from '../../../lib/decide/scaling/pool-view.ts';
import { makeTimeline } from '../../../lib/decide/schedule/timeline.ts';
import type { PoolAsks } from '../../../lib/model/asks.ts';
import type { Rule } from '../../../lib/model/config.ts';
import type { Schedule } from '../../../lib/model/schedule.ts';
import type { Size } from '../../../lib/model/size.ts';
import {
  aLease,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
  aWorld,
  hour,
  minute,
  officeHours,
} from '../../support/scaling-world.ts';

const noon = at('2026-03-02T12:00:00Z');
const edge = at('2026-03-02T07:00:00Z');
const night = at('2026-03-02T22:00:00Z');
const evening = at('2026-03-02T19:00:00Z');
const { cluster } = aWorld('2026-03-02T12:00:00Z', []);
const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-a', pool: 'a' };
const noAsks: PoolAsks = { override: undefined, leases: [], pause: undefined, fingerprint: '' };
const later = '2026-03-03T00:00:00Z';
const override: PoolAsks = { ...noAsks, override: anOverride(5, '2026-03-02T10:00:00Z', later) };
const lease: PoolAsks = { ...noAsks, leases: [aLease(2, '2026-03-02T10:00:00Z', later)] };
const pause: PoolAsks = { ...noAsks, pause: aPause('2026-03-02T10:00:00Z', later) };
const leave: Schedule = { ...officeHours, otherwise: 'leave' };

type Given = Partial<PoolInput> & {
  readonly size?: Size;
  readonly ruled?: Partial<Rule>;
  readonly schedule?: Schedule;
};

/** A pool with a remembered base that was seen at 3, five minutes ago too. */
function seen(memory: Partial<PoolMemory> | undefined, given: Given = {}) {
  const { size = 3, ruled = {}, schedule = officeHours, now = noon, ...patch } = given;
  const rule = aRule({ base: 'remembered', ...ruled });
  const pool = aPool('a', size);
  const known: PoolMemory = {
    name: 'a',
    autoscale: pool.autoscale,
    asks: (patch.asks ?? noAsks).fingerprint,
    ruleHash: 'rule-1',
    seen: { size: 3, at: now - hour, updatedAt: pool.updatedAt },
    base: 3,
    reachedAt: now - hour,
    ...memory,
  };
  const timeline = makeTimeline(schedule, [], now);
  const common = { now, names, cluster, pool, rule, scheduleName: 'office-hours', timeline, asks: noAsks };
  const none = { inFlight: undefined, evidence: undefined, leadMs: 0, lookedAt: now - 5 * minute };
  return evaluatePool({ ...common, ...none, memory: memory === undefined ? undefined : known, ...patch });
}

const inFlight = { poolId: 'id-a', from: 3, to: 0, claimedAt: noon, wroteAway: false, reason: '' };
const away = { base: 4, from: 'remembered', since: 7 } as const;

test('a pool at its base by day', () => {
  expect(seen({})).toMatchObject({
    names,
    current: 3,
    running: 3,
    target: 3,
    base: 3,
    baseFrom: 'remembered',
    who: 'schedule office-hours',
    reason: 'schedule office-hours: 3',
    boundary: edge,
    lastEdgeAt: edge,
    isLeft: false,
    isOverridden: false,
    isLateSuppressed: false,
    pause: undefined,
    block: undefined,
    findings: [],
    notices: [],
    decisions: [],
  });
});

describe('it is seen Running', () => {
  test.each<[string, Partial<PoolMemory>, Given, Size | undefined]>([
    ['at rest', {}, {}, 3],
    ['not during our change', {}, { inFlight }, undefined],
    ['not while that hangs', { stuck: inFlight }, {}, undefined],
    ['not while it is not', {}, { pool: aPool('a', 3, { status: 'Error' }) }, undefined],
  ])('%s', (_, memory, given, running) => {
    expect(seen(memory, given).running).toBe(running);
  });

  test.each<[string, Partial<PoolMemory>, Given, Size | undefined, string]>([
    ['an old answer', { seen: { size: 3, at: 7, updatedAt: noon } }, {}, undefined, 'stale'],
    ['a status that is not known', {}, { pool: aPool('a', 3, { status: 'X' }) }, 3, 'unknown-status'],
    ['a range that does not fit', {}, { ruled: { idle: { min: 1, max: 2 } } }, 3, 'mismatch'],
    ['a name that was cut', {}, { pool: aPool('a', 3, { unreadable: 'w' }) }, 3, 'unreadable'],
    ['another form', { away, autoscale: true }, {}, 3, 'base-unknown'],
  ])('not in %s', (_, memory, given, current, code) => {
    const view = seen(memory, given);
    expect([view.running, view.current, view.block?.code]).toEqual([undefined, current, code]);
    expect(view.memory.seen).toEqual(memory.seen ?? { size: 3, at: noon - hour, updatedAt: aPool('a', 3).updatedAt });
  });
});

test.each<[string, Partial<PoolMemory>, Given, Size | undefined]>([
  ['an old answer', { seen: { size: 3, at: 7, updatedAt: noon } }, {}, 3],
  ['a status that is not known', {}, { pool: aPool('a', 3, { status: 'X' }) }, 3],
  ['a range that does not fit', {}, { ruled: { idle: { min: 1, max: 2 } } }, undefined],
  ['a name that was cut', {}, { pool: aPool('a', 3, { unreadable: 'w' }) }, undefined],
  ['another form', { away, autoscale: true }, {}, undefined],
])('what is wanted is known where it can be: %s', (_, memory, given, target) => {
  expect(seen(memory, given).target).toBe(target);
});

test('a size that is left out during our change to 0 is that', () => {
  const pool = aPool('a', 3, { status: 'Scaling', size: undefined });
  expect(seen({}, { pool, inFlight }).current).toBe(0);
  expect(seen({ stuck: inFlight }, { pool }).current).toBe(0);
});

describe('what a person sets', () => {
  const changed = (memory: Partial<PoolMemory>, given: Given) => {
    const view = seen(memory, given);
    const { base, kept } = view.memory;
    return { base, kept: kept?.size, notices: view.notices.length, kinds: view.decisions.map(({ kind }) => kind) };
  };
  test.each<[string, Partial<PoolMemory>, Given, object]>([
    ['by day is the base', {}, { size: 5 }, { base: 5, kept: undefined, notices: 1, kinds: ['base'] }],
    [
      'by day is the base, also ending a kept size',
      { kept: { size: 3, since: 7, until: noon + hour } },
      { size: 5 },
      { base: 5, kept: undefined, notices: 1, kinds: ['base'] },
    ],
    ['at idle is kept', {}, { size: 1, ruled: { idle: 1 } }, { base: 3, kept: 1, notices: 1, kinds: ['kept'] }],
    ['at 0 is kept', {}, { size: 0, ruled: { idle: 1 } }, { base: 3, kept: 0, notices: 1, kinds: ['kept'] }],
    [
      'is the base without idle',
      {},
      { size: 1, ruled: { idle: undefined } },
      { base: 1, kept: undefined, notices: 1, kinds: ['base'] },
    ],
    ['beside a lease is kept', {}, { size: 5, asks: lease }, { base: 3, kept: 5, notices: 1, kinds: ['kept'] }],
    ['beside an override is kept', {}, { size: 4, asks: override }, { base: 3, kept: 4, notices: 1, kinds: ['kept'] }],
    ['while paused is not looked at', {}, { size: 5, asks: pause }, { kept: undefined, notices: 0 }],
    [
      'before the edge is not theirs',
      { reachedAt: edge - 1 },
      { size: 5, lookedAt: edge - 1 },
      { kept: undefined, notices: 0 },
    ],
    [
      'at the size that is wanted is no news',
      {},
      { size: 5, asks: override },
      { base: 3, kept: undefined, notices: 0, kinds: [] },
    ],
    [
      'back to the old size is kept',
      { seen: { size: 3, at: noon - hour } },
      { evidence: 'undone', ruled: { idle: 1 } },
      { kept: undefined, notices: 1, kinds: [] },
    ],
  ])('%s', (_, memory, given, expected) => {
    expect(changed(memory, given)).toMatchObject(expected);
  });

  test('is told in the history', () => {
    const line = { schema: 1, ...names, at: noon, who: 'somebody else' };
    expect(seen({}, { size: 5 }).decisions).toEqual([
      { ...line, kind: 'base', code: 'base', from: 3, to: 5, reason: 'the remembered base is now 5' },
    ]);
    expect(seen({}, { size: 1, ruled: { idle: 1 } }).decisions).toEqual([
      { ...line, kind: 'kept', code: 'kept', from: 3, to: 1, reason: 'set by hand, kept until 2026-03-02T19:00:00Z' },
    ]);
    expect(seen({ base: undefined }, {}).decisions).toEqual([]);
    expect(seen({ kept: { size: 3, since: 7, until: evening } }, {}).decisions).toEqual([]);
  });
});

describe('what is remembered of a pool', () => {
  const lowered: Partial<PoolMemory> = { seen: { size: 0, at: 7, updatedAt: 7 }, lastSet: 0, base: undefined };
  test.each<[string, Partial<PoolMemory>, Given, Partial<PoolMemory>]>([
    ['the size it has', { seen: undefined }, {}, { seen: { size: 3, at: noon, updatedAt: aPool('a', 3).updatedAt } }],
    ['since when', { seen: { size: 3, at: 7 } }, {}, { seen: { size: 3, at: 7 } }],
    ['that it is seen', { unseenSince: 7 }, {}, { unseenSince: undefined }],
    ['what we set', { lastSet: 3 }, {}, { lastSet: 3 }],
    ['not what is no longer there', { lastSet: 4 }, {}, { lastSet: undefined }],
    ['what we sent', { notApplied: { target: 3, count: 1 } }, {}, { lastSet: 3 }],
    [
      'who sent what shows late',
      { actedRule: 'before', notApplied: { target: 3, count: 1, byRule: 'now' } },
      {},
      { actedRule: 'now' },
    ],
    [
      'who acted, where that was not taken back',
      { actedRule: 'now', notApplied: { target: 3, count: 1 } },
      {},
      { actedRule: 'now' },
    ],
    [
      'who acted, while another size shows',
      { actedRule: 'before', notApplied: { target: 2, count: 1, byRule: 'now' } },
      {},
      { actedRule: 'before' },
    ],
    [
      'who acted, where somebody else set the size hours later',
      { actedRule: 'before', notApplied: { target: 3, count: 1, at: at('2017-12-31T00:00:00Z'), byRule: 'now' } },
      {},
      { actedRule: 'before' },
    ],
    ['no base of a rule that gives one', {}, { ruled: { base: 3 } }, { base: undefined }],
    ['that it is home', { away: { ...away, base: 3 } }, {}, { away: undefined, base: 3 }],
    [
      'that it is home ahead of the morning',
      { away: { ...away, base: 3 } },
      { now: at('2026-03-03T06:50:00Z'), leadMs: 20 * minute },
      { away: undefined, base: 3 },
    ],
    ['that it is not', { away }, {}, { away, base: 3 }],
    [
      'that it is not, by an override',
      { away: { ...away, base: 5 } },
      { size: 5, asks: override },
      { away: { ...away, base: 5 } },
    ],
    [
      'that it is not, while a size is kept',
      { away: { ...away, base: 3 }, kept: { size: 3, since: 7, until: evening } },
      {},
      { away: { ...away, base: 3 } },
    ],
    [
      'that it is not, at night',
      { ...lowered, away: { ...away, base: 3 } },
      { now: night, size: 0 },
      { away: { ...away, base: 3 } },
    ],
    [
      'that its base is unknown',
      lowered,
      { now: night, size: 0 },
      { away: { base: 'unknown', from: 'observed', since: night } },
    ],
    ['nothing of a base that is left', { ...lowered }, { now: night, size: 0, schedule: leave }, { away: undefined }],
    [
      'that its base is known again',
      { ...lowered, away: { base: 'unknown', from: 'observed', since: 7 } },
      { size: 5 },
      { away: undefined, base: 5 },
    ],
    [
      'what others set while it is left',
      { ...lowered, away },
      { now: night, size: 2, schedule: leave },
      { away: undefined, base: 4 },
    ],
    ['what we set while it is left', { ...lowered, away }, { now: night, size: 0, schedule: leave }, { away }],
    [
      'what a lease asks while it is left',
      { ...lowered, away },
      { now: night, size: 2, schedule: leave, asks: lease },
      { away },
    ],
  ])('%s', (_, memory, given, expected) => {
    const found = seen(memory, given).memory;
    const fields = Object.keys(expected).map((key) => [key, found[key as keyof PoolMemory]]);
    expect(Object.fromEntries(fields)).toEqual(expected);
  });
});

describe('its reason', () => {
  test.each<[string, Partial<PoolMemory> | undefined, Given, string]>([
    [
      'says what is taken as its base',
      undefined,
      { now: night },
      'schedule office-hours: 0; its size now, 3, is taken as its base',
    ],
    ['not of a base that is known', {}, { now: night }, 'schedule office-hours: 0'],
    [
      'not of one that was moved',
      { base: undefined, away: { ...away, base: 3, from: 'observed' } },
      { now: night },
      'schedule office-hours: 0',
    ],
    ['not where it stays', undefined, { now: night, ruled: { idle: 3 } }, 'schedule office-hours: 3'],
  ])('%s', (_, memory, given, reason) => {
    expect(seen(memory, given).reason).toBe(reason);
  });
});

describe('it is late', () => {
  test.each<[string, Partial<PoolMemory>, Given, boolean]>([
    ['by the schedule', {}, {}, false],
    ['not by a size that is kept', { kept: { size: 3, since: 7, until: evening } }, {}, true],
    [
      'by a lease above a size that is kept',
      { kept: { size: 3, since: 7, until: evening } },
      {
        asks: { ...noAsks, leases: [aLease(5, '2026-03-02T10:00:00Z', later)] },
        ruled: { leases: { max: 9, longestMs: 1 } },
      },
      false,
    ],
    ['not by an override', {}, { asks: override }, true],
  ])('%s', (_, memory, given, isQuiet) => {
    expect(seen(memory, given).isLateSuppressed).toBe(isQuiet);
  });

  test('never, where the schedule has no edge', () => {
    const always: Schedule = { ...officeHours, windows: [], otherwise: 'base' };
    expect(seen({}, { schedule: always })).toMatchObject({ boundary: undefined, lastEdgeAt: Number.NEGATIVE_INFINITY });
    expect(seen({}, { asks: override }).isOverridden).toBe(true);
    expect(seen({}, { asks: pause }).pause?.id).toBe('pause/1');
  });
});
