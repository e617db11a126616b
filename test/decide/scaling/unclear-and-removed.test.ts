import { describe, expect, test } from 'vitest';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { PoolInput } from '../../../lib/decide/scaling/pool-view.ts';
import { type RemovedInput, viewRemoved } from '../../../lib/decide/scaling/removed-rule.ts';
import { blockedView, blockOf, isLateSuppressed } from '../../../lib/decide/scaling/unclear-pool.ts';
import { makeTimeline } from '../../../lib/decide/schedule/timeline.ts';
import type { PoolAsks } from '../../../lib/model/asks.ts';
import type { Rule } from '../../../lib/model/config.ts';
import type { Size } from '../../../lib/model/size.ts';
import { anOverride, aPause, aPool, aRule, at, aWorld, minute, officeHours } from '../../support/scaling-world.ts';

const noon = '2026-03-02T12:00:00Z';
const now = at(noon);
const edge = at('2026-03-02T07:00:00Z');
const { cluster } = aWorld(noon, []);
const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-a', pool: 'a' };
const noAsks: PoolAsks = { override: undefined, leases: [], pause: undefined, fingerprint: '' };
const pause = aPause('2026-03-02T10:00:00Z', '2026-03-02T14:00:00Z');
const away = { base: 3, from: 'remembered', since: 7 } as const;
const fixed = aPool('a', 3);
const auto = aPool('a', { min: 1, max: 3 });
const bounds = { min: 1, max: 2 };

function aMemory(patch: Partial<PoolMemory> = {}): PoolMemory {
  return { name: 'a', autoscale: false, ...patch };
}

describe('a pool that cannot be judged', () => {
  function anInput(patch: Partial<PoolInput> = {}, rule: Partial<Rule> = {}): PoolInput {
    const timeline = makeTimeline(officeHours, [], now);
    const common = { now, names, cluster, pool: fixed, rule: aRule(rule), scheduleName: 'office-hours', timeline };
    const none = { asks: noAsks, memory: undefined, inFlight: undefined, evidence: undefined, leadMs: 0 };
    return { ...common, ...none, lookedAt: undefined, ...patch };
  }
  const withSchedule = (size: Size) =>
    makeTimeline({ ...officeHours, windows: [{ ...officeHours.windows[0]!, size }] }, [], now);
  const override = (exactly: Size) => ({ ...noAsks, override: anOverride(exactly, noon, '2026-03-02T14:00:00Z') });
  const older = { seen: { size: 3, at: 7, updatedAt: now } };
  const mismatch = 'the rule gives a range, and dev/a is a fixed pool';

  test.each<
    [string, Partial<PoolInput>, Partial<Rule>, Partial<PoolMemory>, Size | undefined, readonly unknown[] | undefined]
  >([
    ['is one that nothing speaks against', {}, {}, {}, 3, undefined],
    [
      'is not to be read',
      { pool: { ...fixed, unreadable: 'w' } },
      {},
      {},
      3,
      ['unreadable', 'dev/a cannot be read: w: it is not changed', 'pool.unclear'],
    ],
    [
      'became fixed',
      {},
      {},
      { away, autoscale: true },
      3,
      ['base-unknown', 'dev/a became fixed while it was below its base: its base is now unknown', 'base.unknown'],
    ],
    [
      'became autoscaled',
      { pool: auto },
      {},
      { away },
      3,
      ['base-unknown', 'dev/a became autoscaled while it was below its base: its base is now unknown', 'base.unknown'],
    ],
    ['became autoscaled at its base', { pool: auto }, {}, {}, 3, undefined],
    [
      'has a new status',
      { pool: { ...fixed, status: 'X' } },
      {},
      {},
      3,
      ['unknown-status', 'dev/a has the status "X", which is not known: it is not changed', 'pool.unclear'],
    ],
    [
      'has no size',
      {},
      {},
      {},
      undefined,
      ['absent-size', 'the API gives no size for dev/a, which is not the same as 0', 'pool.unclear'],
    ],
    [
      'has no bounds',
      { pool: auto },
      {},
      { autoscale: true },
      undefined,
      ['absent-size', 'the API gives no size_min or size_max for dev/a, which is not the same as 0', 'pool.unclear'],
    ],
    [
      'has no size while it scales',
      { pool: { ...fixed, status: 'Scaling' } },
      {},
      {},
      undefined,
      ['absent-size', 'the API gives no size for dev/a, which is not the same as 0'],
    ],
    ['has the range of a base', {}, { base: bounds }, {}, 3, ['mismatch', mismatch, 'config.mismatch']],
    ['has the range of idle', {}, { idle: bounds }, {}, 3, ['mismatch', mismatch, 'config.mismatch']],
    [
      'has the range of a window',
      { timeline: withSchedule(bounds) },
      {},
      {},
      3,
      ['mismatch', mismatch, 'config.mismatch'],
    ],
    ['has no idle size', {}, { idle: undefined }, {}, 3, undefined],
    [
      'has ranges that fit',
      { pool: auto, asks: override(bounds) },
      { base: bounds, idle: bounds },
      {},
      bounds,
      undefined,
    ],
    [
      'has the range of an override',
      { asks: override(bounds) },
      {},
      {},
      3,
      ['mismatch', 'the override by ana@desk gives a range, and dev/a is a fixed pool', 'config.mismatch'],
    ],
    ['has an override that fits', { asks: override(2) }, {}, {}, 3, undefined],
    ['is older', {}, {}, older, 3, ['stale', 'this answer of the API is older than an earlier one']],
    ['scales', { pool: { ...fixed, status: 'Scaling' } }, {}, {}, 3, ['pool-not-running', 'the pool is Scaling']],
  ])('%s', (_, patch, rule, memory, size, expected) => {
    const block = blockOf(anInput(patch, rule), aMemory(memory), size);
    const found = block && [block.code, block.reason, ...block.findings.map(({ kind }) => kind)];
    expect(found).toEqual(expected);
  });

  test('says what to do', () => {
    const fixOf = (input: PoolInput, memory: PoolMemory) => blockOf(input, memory, 3)?.findings[0];
    expect(fixOf(anInput(), aMemory({ away, autoscale: true }))).toMatchObject({
      severity: 'critical',
      fix: 'give the rule a base that fits, or run: lamplighter base "dev/a" set <size>',
    });
    expect(fixOf(anInput({}, { base: bounds }), aMemory())?.fix).toBe(
      'give this pool a number, or switch its autoscaling on',
    );
  });

  const seen = (
    code: 'stale' | 'absent-size' | 'unknown-status' | 'mismatch',
    patch: Partial<PoolInput> = {},
    rule = {},
  ) => {
    const {
      target,
      base,
      boundary,
      lastEdgeAt,
      isLateSuppressed: isQuiet,
      reason,
      who,
    } = blockedView(anInput(patch, rule), aMemory(), undefined, { code, reason: 'b', findings: [] });
    expect([reason, who]).toEqual(['b', 'schedule office-hours']);
    return [target, base, boundary, lastEdgeAt, isQuiet];
  };
  test.each(['stale', 'absent-size', 'unknown-status'] as const)('is late all the same: %s', (code) => {
    expect(seen(code)).toEqual([3, 3, edge, edge, false]);
    expect(seen(code, { asks: { ...noAsks, pause } })).toEqual([3, 3, edge, edge, true]);
    expect(seen(code, {}, { base: 'remembered' })).toEqual([undefined, undefined, edge, edge, true]);
  });
  test('is not late where nobody knows what it is', () => {
    expect(seen('mismatch')).toEqual([undefined, undefined, undefined, Number.NEGATIVE_INFINITY, true]);
    expect(blockedView(anInput(), aMemory(), undefined, undefined)).toMatchObject({
      reason: 'nothing is known about this pool',
      findings: [],
      block: { code: 'absent-size', reason: 'the API gives no size' },
    });
  });

  test.each<[string, Partial<PoolInput>, Partial<Rule>, Partial<PoolMemory>, boolean]>([
    ['nothing', {}, {}, {}, false],
    ['a pause', { asks: { ...noAsks, pause } }, {}, {}, true],
    ['an override', { asks: override(2) }, {}, {}, true],
    ['a kept size', {}, {}, { kept: { size: 2, since: 7, until: now } }, true],
    ['observe at its base', {}, { mode: 'observe' }, {}, true],
    ['observe below it', {}, { mode: 'observe' }, { away }, false],
    ['act below it', {}, {}, { away }, false],
  ])('is late unless a person asked for that: %s', (_, patch, rule, memory, expected) => {
    expect(isLateSuppressed(anInput(patch, rule), aMemory(memory))).toBe(expected);
  });
});

describe('a pool whose rule is gone', () => {
  const view = (memory: Partial<PoolMemory>, patch: Partial<RemovedInput> = {}) => {
    const given = { now, names, cluster, pool: aPool('a', 0), asks: noAsks, isInFlight: false };
    return viewRemoved({ ...given, memory: aMemory({ onRemove: 'restore', ...memory }), ...patch });
  };
  const lowered = { away, seen: { size: 0, at: 7, updatedAt: fixed.updatedAt } };
  const stuck = { poolId: 'id-a', from: 3, to: 0, claimedAt: 7, wroteAway: false, reason: '' };

  test.each<[string, Partial<PoolMemory>, Partial<RemovedInput>]>([
    ['it never moved', {}, {}],
    ['it was to be left', { ...lowered, onRemove: 'leave' }, {}],
    ['it has its base', lowered, { pool: fixed }],
  ])('is forgotten where %s', (_, memory, patch) => {
    expect(view(memory, patch)).toBeUndefined();
  });

  const same = { target: undefined, current: undefined };
  test.each<[string, Partial<PoolMemory>, Partial<RemovedInput>, object]>([
    ['it is below its base', lowered, {}, { target: 3, base: 3, current: 0, running: 0, baseFrom: 'remembered' }],
    ['it is changed, and at its base', {}, { isInFlight: true }, { ...same, baseFrom: 'observed' }],
    ['it is changed, and was to be left', { ...lowered, onRemove: 'leave' }, { isInFlight: true }, same],
    ['it is changed', lowered, { isInFlight: true, pool: fixed }, { target: 3, current: 3, running: undefined }],
    ['its change hangs', { ...lowered, stuck }, {}, { target: 3, current: 0, running: undefined }],
    [
      'it scales at its base',
      lowered,
      { pool: { ...fixed, status: 'Scaling' } },
      {
        target: 3,
        running: undefined,
        block: { code: 'pool-not-running', reason: 'the pool is Scaling', findings: [] },
      },
    ],
    [
      'an old answer shows its base',
      { ...lowered, seen: { size: 0, at: 7, updatedAt: now } },
      { pool: fixed },
      { current: undefined, running: undefined, block: { code: 'stale' }, findings: [] },
    ],
    [
      'its size is left out',
      { away },
      { pool: { ...fixed, size: undefined } },
      { target: 3, current: undefined, block: { code: 'absent-size' }, findings: [{ kind: 'pool.unclear' }] },
    ],
    [
      'its base is unknown',
      { away: { ...away, base: 'unknown' } },
      {},
      {
        target: undefined,
        current: 0,
        block: { code: 'base-unknown' },
        findings: [{ kind: 'base.unknown', severity: 'critical' }],
      },
    ],
    ['it became autoscaled', { away }, { pool: auto }, { target: undefined, block: { code: 'base-unknown' } }],
    [
      'its base does not fit',
      { away: { ...away, base: bounds } },
      {},
      { target: undefined, block: { code: 'base-unknown' } },
    ],
    ['it is paused', lowered, { asks: { ...noAsks, pause } }, { pause, isLateSuppressed: true }],
    ['it is not paused', lowered, {}, { pause: undefined, isLateSuppressed: false }],
  ])('is given back its base: %s', (_, memory, patch, expected) => {
    expect(view(memory, patch)).toMatchObject(expected);
  });

  test('is said to be where nobody knows its base', () => {
    const text = 'dev/a was removed from the config while it was below its base, and its base is not known';
    const found = view({ away: { ...away, base: 'unknown' } });
    expect(found?.block).toEqual({ code: 'base-unknown', reason: text });
    expect(found?.findings).toMatchObject([
      { text, fix: 'set its size by hand, then run: lamplighter base "dev/a" set <size>' },
    ]);
  });

  test('is held by no limit, grace or mode', () => {
    expect(view(lowered)).toMatchObject({
      findings: [],
      who: 'onRemove: restore',
      rule: { limits: { min: 0, max: undefined }, graceMs: 0, mode: 'act', lead: { kind: 'none' }, hash: 'removed' },
    });
    expect(view({ ...lowered, onRemove: undefined })?.rule.onRemove).toBe('restore');
  });

  test('has what its last rule asked of it no more', () => {
    const kept = { size: 2, since: 7, until: now };
    const foreign = [now - 2 * 60 * minute, now - minute];
    const memory = { ...lowered, kept, ahead: now, missingSince: 7, foreign, labels: { a: 'b' }, asks: 'x' };
    expect(view(memory)?.memory).toMatchObject({
      kept: undefined,
      ahead: undefined,
      missingSince: undefined,
      labels: undefined,
      foreign: [now - minute],
      asks: '',
    });
  });
});
