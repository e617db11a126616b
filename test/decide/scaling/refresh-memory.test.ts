import { describe, expect, test } from 'vitest';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { PoolInput } from '../../../lib/decide/scaling/pool-view.ts';
import { forgetSizes, refreshMemory } from '../../../lib/decide/scaling/refresh-memory.ts';
import { makeTimeline } from '../../../lib/decide/schedule/timeline.ts';
import type { PoolAsks } from '../../../lib/model/asks.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import { aPool, aRule, at, aWorld, hour, minute, officeHours } from '../../support/scaling-world.ts';

const now = at('2026-03-02T20:00:00Z');
const timeline = makeTimeline(officeHours, [], now);
const { cluster } = aWorld('2026-03-02T20:00:00Z', []);
const noAsks: PoolAsks = { override: undefined, leases: [], pause: undefined, fingerprint: '' };

function refreshed(memory: PoolMemory | undefined, patch: Partial<PoolInput> = {}): PoolMemory {
  const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-a', pool: 'a' };
  const common = { now, names, cluster, rule: aRule(), scheduleName: 'office-hours', timeline, asks: noAsks };
  const none = { inFlight: undefined, evidence: undefined, leadMs: 0, lookedAt: now - 5 * minute };
  return refreshMemory({ ...common, ...none, pool: aPool('a', 3), memory, ...patch });
}

/** As a round of five minutes ago left it, with nothing open. */
function aMemory(patch: Partial<PoolMemory> = {}): PoolMemory {
  const seen = { size: 3, at: now - hour, updatedAt: aPool('a', 3).updatedAt };
  return { ...refreshed(undefined, { now: now - hour }), seen, ...patch };
}

/** Those that are expected, also where nothing is. */
function fieldsOf(memory: PoolMemory, expected: Partial<PoolMemory>): Partial<PoolMemory> {
  return Object.fromEntries(Object.keys(expected).map((key) => [key, memory[key as keyof PoolMemory]]));
}

describe('a pool that is seen for the first time', () => {
  test('is met now, under its rule', () => {
    expect(refreshed(undefined)).toEqual({
      name: 'a',
      autoscale: false,
      asks: '',
      ruleHash: 'rule-1',
      metAt: now,
      onRemove: 'restore',
    });
    expect(Object.keys(refreshed(undefined))).not.toContain('flavor');
    expect(Object.keys(refreshed(undefined))).not.toContain('labels');
  });

  test.each<[string, Partial<ObservedPool>, boolean | undefined, Partial<PoolMemory>]>([
    ['its flavor and labels', { flavor: 'eo1', labels: { a: 'b' } }, undefined, { flavor: 'eo1', labels: { a: 'b' } }],
    ['its age under a known rule', { createdAt: 7 }, true, { thereSince: 7 }],
    ['no age under a new one', { createdAt: 7 }, false, {}],
    ['no age that is not known', { createdAt: undefined }, true, {}],
  ])('with %s', (_, patch, isRuleKnown, expected) => {
    const pool = aPool('a', 3, patch);
    const given = isRuleKnown === undefined ? { pool } : { pool, isRuleKnown };
    expect(refreshed(undefined, given)).toEqual({ ...refreshed(undefined), ...expected });
    expect('thereSince' in refreshed(undefined, given)).toBe('thereSince' in expected);
  });

  test.each<[boolean, ObservedPool]>([
    [true, aPool('a', { min: 0, max: 3 })],
    [false, aPool('a', { min: 0, max: 3 }, { size: undefined })],
    [false, aPool('a', 3)],
  ])('tells its nodes: %s', (expected, pool) => {
    expect(refreshed(undefined, { pool }).tellsNodes).toBe(expected ? true : undefined);
    expect('tellsNodes' in refreshed(undefined, { pool })).toBe(expected);
  });
});

describe('a pool that is seen again', () => {
  const kept = { size: 2, since: now - hour, until: now + hour };
  const ruled = { rule: aRule({ hash: 'rule-2', onRemove: 'leave' }) };
  const asked = { asks: { ...noAsks, fingerprint: 'pause until 7' } };
  const change = { poolId: 'id-a', from: 3, to: 0, claimedAt: now, wroteAway: false, reason: '' };
  const scaling = (patch: Partial<ObservedPool> = {}) => ({ pool: aPool('a', 3, { status: 'Scaling', ...patch }) });

  test('is remembered as it was where nothing is new', () => {
    const memory = aMemory();
    expect(refreshed(memory)).toBe(memory);
  });

  test.each<[string, Partial<PoolMemory>, Partial<PoolInput>, Partial<PoolMemory>]>([
    ['has its new name', {}, { pool: aPool('b', 3) }, { name: 'b' }],
    ['has its new flavor', { flavor: 'eo1' }, { pool: aPool('a', 3, { flavor: 'eo2' }) }, { flavor: 'eo2' }],
    ['keeps a flavor that is left out', { flavor: 'eo1' }, {}, { flavor: 'eo1' }],
    ['has no labels where nobody asks', { labels: { a: 'b' } }, {}, { labels: undefined }],
    ['told its nodes once', { tellsNodes: true }, {}, { tellsNodes: true }],
    [
      'is reset by a new rule',
      { metAt: 7 },
      ruled,
      { resetAt: now, ruleHash: 'rule-2', onRemove: 'leave', metAt: now },
    ],
    [
      'was met under a rule that acted',
      { metAt: 7, actedRule: 'r' },
      ruled,
      { metAt: 7, thereSince: undefined, ruledSince: now },
    ],
    ['is ruled since, where no rule acted', { metAt: 7 }, ruled, { ruledSince: undefined }],
    ['is ruled since, under the same rule', { actedRule: 'r', ruledSince: 7 }, {}, { ruledSince: 7 }],
    [
      'was there when it was created',
      { metAt: 7 },
      { ...ruled, pool: aPool('a', 3, { createdAt: 5 }) },
      { thereSince: 5 },
    ],
    [
      'was there since it was known',
      { metAt: 7, thereSince: 6 },
      { ...ruled, pool: aPool('a', 3, { createdAt: undefined }) },
      { thereSince: 6 },
    ],
    [
      'was there since it was met',
      { metAt: 7 },
      { ...ruled, pool: aPool('a', 3, { createdAt: undefined }) },
      { thereSince: 7 },
    ],
    ['was there since, under the same rule', { metAt: 7 }, {}, { metAt: 7, thereSince: undefined }],
    ['is reset by an ask', {}, asked, { resetAt: now, asks: 'pause until 7' }],
    ['is not reset by none', { resetAt: 7, asks: undefined }, {}, { resetAt: 7 }],
    ['is not reset by the same', { resetAt: 7 }, {}, { resetAt: 7 }],
    ['is kept', { kept, resetAt: 7 }, {}, { kept, resetAt: 7 }],
    ['is kept until its end', { kept: { ...kept, until: now } }, {}, { kept: undefined, resetAt: now }],
    ['is kept until a new rule', { kept }, ruled, { kept: undefined, resetAt: now }],
    ['was raised ahead', { ahead: now + 1 }, {}, { ahead: now + 1 }],
    ['was raised until the boundary', { ahead: now }, {}, { ahead: undefined }],
    ['was changed by others', { foreign: [now - 2 * hour, now - minute] }, {}, { foreign: [now - minute] }],
    ['is missed no more', { missingSince: 7 }, {}, { missingSince: undefined }],
    ['is moved by somebody', {}, scaling(), { movingSince: now }],
    ['has been moved since', { movingSince: 7 }, scaling(), { movingSince: 7 }],
    ['is moved by us', { movingSince: 7 }, { ...scaling(), inFlight: change }, { movingSince: undefined }],
    ['is moved no more', { movingSince: 7 }, {}, { movingSince: undefined }],
    [
      'shows what is older',
      { seen: { size: 3, at: 7, updatedAt: now } },
      {},
      { olderSince: now, unseenSince: now - 5 * minute },
    ],
    ['is not seen, as far as it was looked at', {}, scaling(), { unseenSince: now - 5 * minute }],
    ['is not seen since it was', {}, { ...scaling(), lookedAt: undefined }, { unseenSince: now - hour }],
    ['is not seen since before', { unseenSince: 7 }, scaling(), { unseenSince: 7 }],
    ['was never seen', { seen: undefined }, scaling(), { unseenSince: undefined }],
    ['is not looked for during our change', {}, { ...scaling(), inFlight: change }, { unseenSince: undefined }],
    ['is not seen without a size', {}, { pool: aPool('a', 3, { size: undefined }) }, { unseenSince: now - 5 * minute }],
    ['is seen', { unseenSince: undefined }, {}, { unseenSince: undefined }],
  ])('%s', (_, memory, patch, expected) => {
    expect(fieldsOf(refreshed(aMemory(memory), patch), expected)).toEqual(expected);
  });
});

describe('a pool that became autoscaled', () => {
  const sizes = { seen: { size: 3, at: 7 }, base: 3, kept: { size: 3, since: 7, until: now + hour }, reachedAt: 7 };
  const more = { ...sizes, lastSet: 3, short: { least: 3, since: 7 } };
  const away = { base: 3, from: 'remembered', since: 7 } as const;
  const pool = aPool('a', { min: 1, max: 3 });
  const given = aRule({ base: { min: 1, max: 3 }, hash: 'rule-2' });
  const forgotten = { seen: undefined, base: undefined, kept: undefined, reachedAt: undefined, lastSet: undefined };

  test('has no size of the other form', () => {
    expect(forgetSizes(aMemory({ ...more, became: true }), true)).toEqual({
      ...aMemory(),
      ...forgotten,
      autoscale: true,
    });
  });

  test.each<[string, Partial<PoolMemory>, Partial<PoolInput>, Partial<PoolMemory>]>([
    ['at its base starts anew', { became: true }, { pool }, { ...forgotten, autoscale: true, became: undefined }],
    ['below it is known as it was', { away }, { pool }, { autoscale: false, became: true, away, base: 3 }],
    [
      'below it has the base of a new rule',
      { away },
      { pool, rule: given },
      { ...forgotten, autoscale: true, away: undefined },
    ],
    [
      'below it has none of an old one',
      { away, ruleHash: 'rule-2' },
      { pool, rule: given },
      { autoscale: false, became: true, away },
    ],
    [
      'below it has none that does not fit',
      { away },
      { pool: aPool('a', 3), rule: given, memory: aMemory({ ...more, away, autoscale: true }) },
      { autoscale: true, became: false, away },
    ],
    [
      'and fixed again never did',
      { away, became: true },
      { pool: aPool('a', 3) },
      { autoscale: false, became: undefined },
    ],
  ])('%s', (_, memory, patch, expected) => {
    expect(fieldsOf(refreshed(aMemory({ ...more, ...memory }), patch), expected)).toEqual(expected);
  });
});
