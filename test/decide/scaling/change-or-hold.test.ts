import { describe, expect, test } from 'vitest';
import { type ChangeOrHoldInput, changeOrHold } from '../../../lib/decide/scaling/change-or-hold.ts';
import { findingsOfPool } from '../../../lib/decide/scaling/findings.ts';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { type PoolView, poolView } from '../../../lib/decide/scaling/pool-view.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { Size } from '../../../lib/model/size.ts';
import { aPool, aRule, at, aWorld, hour, minute } from '../../support/scaling-world.ts';

const now = at('2026-03-02T20:00:00Z');
const edge = now - hour;
const { cluster } = aWorld('2026-03-02T20:00:00Z', []);
const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-a', pool: 'a' };

/** A Running pool of 3 that is wanted at 0 since an hour. */
function aView(
  patch: Partial<PoolView> = {},
  memory: Partial<PoolMemory> = {},
  pool: Partial<ObservedPool> = {},
): PoolView {
  const size: Size = patch.current ?? 3;
  const own = aPool('a', size, pool);
  const common = {
    names,
    cluster,
    pool: own,
    rule: aRule(),
    memory: { name: 'a', autoscale: own.autoscale, ...memory },
  };
  const view = {
    current: size,
    running: size,
    target: 0,
    lastEdgeAt: edge,
    who: 'w',
    reason: 'r',
    isLateSuppressed: false,
  };
  return poolView({ ...common, ...view, ...patch });
}

function finished(view: PoolView, patch: Partial<ChangeOrHoldInput> = {}) {
  return changeOrHold({ view, target: view.target, change: undefined, now, keptNodesReason: undefined, ...patch });
}

describe('a pool at its size', () => {
  const there = { current: 3, target: 3 };
  test.each<[string, Partial<PoolMemory>, number]>([
    ['has arrived now', {}, now],
    ['arrived at the edge', { reachedAt: edge }, edge],
    ['arrived before the edge, so now', { reachedAt: edge - 1 }, now],
    ['arrived at the reset', { reachedAt: edge + 9, resetAt: edge + 9 }, edge + 9],
    ['arrived before the reset, so now', { reachedAt: edge + 8, resetAt: edge + 9 }, now],
    ['arrived after a reset of long ago', { reachedAt: edge, resetAt: edge - 9 }, edge],
  ])('%s', (_, memory, reachedAt) => {
    for (const view of [aView(there, memory), aView({ ...there, isLeft: true }, memory)]) {
      const { want, hold, memory: after } = finished(view);
      expect([after.reachedAt, want, hold]).toEqual([reachedAt, undefined, undefined]);
    }
  });

  const owed = { pending: { target: 3, since: edge }, busySince: edge, refusals: [] as never[] };
  test('owes nothing', () => {
    const given = { pending: undefined, busySince: undefined, refusals: undefined };
    expect(finished(aView(there, owed)).memory).toMatchObject(given);
    expect(
      finished(aView({ ...there, isLeft: true }, { ...owed, short: { least: 3, since: 7 } })).memory,
    ).toMatchObject({
      ...given,
      short: undefined,
    });
  });

  test('of its cluster keeps its refusals', () => {
    const view = aView({ current: 3, target: 0 }, owed);
    expect(finished(view, { target: 3, keptNodesReason: 'k' }).memory.refusals).toEqual([]);
    expect(finished(aView(there, owed), { keptNodesReason: 'k' }).memory.refusals).toBeUndefined();
  });

  test.each([
    [30 * minute, true],
    [30 * minute + 1, false],
    [-30 * minute, true],
    [undefined, false],
  ])('may show late what was given up %s ms ago: %s', (ago, isKnown) => {
    const notApplied = { target: 3, count: 1, ...(ago !== undefined && { at: now - ago }) };
    for (const isLeft of [false, true])
      expect(finished(aView({ ...there, isLeft }, { notApplied })).memory.notApplied !== undefined).toBe(isKnown);
  });

  test('that is left has arrived only where it is seen Running', () => {
    expect(finished(aView({ running: undefined, isLeft: true })).memory.reachedAt).toBeUndefined();
    expect(finished(aView({ isLeft: true, target: 3 })).memory.reachedAt).toBe(now);
  });

  test('shows nothing in an old answer', () => {
    const view = aView({ ...there, block: { code: 'stale', reason: 'old' } });
    expect(finished(view).memory).toBe(view.memory);
    expect(finished(view).view).toBe(view);
  });
});

describe('a pool that is not at its size', () => {
  test.each<[string, Partial<PoolView>, Partial<PoolMemory>, Partial<ChangeOrHoldInput>, PoolMemory['pending']]>([
    ['is due since now', {}, {}, {}, { target: 0, since: now }],
    ['is due since then', {}, { pending: { target: 0, since: edge } }, {}, { target: 0, since: edge }],
    ['is due for another size', { target: 1 }, { pending: { target: 0, since: edge } }, {}, { target: 1, since: edge }],
    [
      'is due nothing where nothing is wanted',
      { target: undefined },
      { pending: { target: 0, since: edge } },
      {},
      undefined,
    ],
    [
      'is due while it is changed',
      { running: undefined, target: 3 },
      {},
      { change: { poolId: 'id-a', from: 0, to: 3, claimedAt: now, wroteAway: false, reason: '' } },
      { target: 3, since: now },
    ],
    [
      'is due while it was',
      { running: undefined, target: 3 },
      { pending: { target: 0, since: edge } },
      {},
      { target: 3, since: now },
    ],
    ['is due nothing while it is there and not Running', { running: undefined, target: 3 }, {}, {}, undefined],
  ])('%s', (_, view, memory, patch, expected) => {
    expect(finished(aView(view, memory), patch).memory.pending).toEqual(expected);
  });
});

describe('the nodes of an autoscaled pool at its bounds', () => {
  const bounds = { min: 3, max: 9 };
  const there = { current: bounds, target: bounds };
  const short = { least: 3, since: edge, claimedAt: now - 10 * minute };
  const raisesMs = Array.from({ length: 10 }, (_, n) => n);

  test.each<[string, Partial<PoolMemory>, number | undefined, Partial<PoolMemory>]>([
    ['are missing since now', {}, 1, { short: { least: 3, since: now } }],
    [
      'are missing since they were wanted',
      { pending: { target: bounds, since: edge } },
      1,
      { short: { least: 3, since: edge } },
    ],
    ['are missing since then', { short }, 1, { short }],
    ['are more than those before', { short: { ...short, least: 2 } }, 1, { short: { least: 3, since: edge } }],
    ['are unknown', { short }, undefined, { short }],
    [
      'are there, which took ten minutes',
      { short, raisesMs },
      3,
      { short: undefined, raisesMs: [...raisesMs.slice(1), 10 * minute] },
    ],
    [
      'are there, and nobody knows for how long they were missing',
      { short: { least: 3, since: edge } },
      3,
      { short: undefined, raisesMs: undefined },
    ],
    ['are those of another raise', { short: { ...short, least: 2 } }, 3, { short: undefined, raisesMs: undefined }],
    ['are there', {}, 4, { short: undefined }],
  ])('%s', (_, memory, size, expected) => {
    const after = finished(aView(there, memory, { size })).memory;
    expect({ short: after.short, raisesMs: after.raisesMs }).toEqual({ raisesMs: undefined, ...expected });
  });

  test.each<[string, Partial<PoolView>, number | undefined, PoolMemory['short']]>([
    ['are missing', {}, 1, short],
    ['came', {}, 3, undefined],
    ['are no longer wanted', { target: { min: 1, max: 9 } }, 1, undefined],
    ['are fewer', { target: { min: 2, max: 9 } }, 1, { ...short, least: 2 }],
    ['are wanted by nobody', { target: undefined }, 1, undefined],
  ])('while it is not Running %s', (_, view, size, expected) => {
    expect(finished(aView({ ...there, running: undefined, ...view }, { short }, { size })).memory.short).toEqual(
      expected,
    );
  });

  test('are as missing as before in an answer without a size', () => {
    const view = { ...aView(there, { short }), current: undefined, running: undefined };
    expect(finished(view).memory.short).toEqual(short);
  });
});

describe('whether it is changed', () => {
  const young = { createdAt: now - 29 * minute };
  const status = (text: string) => ({ cluster: { ...cluster, status: text } });
  const stuck = { poolId: 'id-a', from: 3, to: 1, claimedAt: edge, wroteAway: false, reason: '' };
  const refusal = {
    target: 0,
    count: 3,
    invalid: 3,
    until: now,
    why: 'invalid',
    detail: 'no',
    ruleHash: 'rule-1',
  } as const;
  const refused = { refusals: [{ ...refusal, poolUpdatedAt: aPool('a', 3).updatedAt }] };
  const code = (view: PoolView, patch: Partial<ChangeOrHoldInput> = {}) => {
    const { hold, want } = finished(view, patch);
    return hold?.code ?? want?.to;
  };

  test.each<[string, PoolView, string | Size]>([
    ['as wanted', aView(), 0],
    ['not while it hangs', aView({}, { stuck }), 'stuck'],
    ['not while its base is unknown', aView({ target: undefined }), 'base-unknown'],
    ['not while it is blocked', aView({ block: { code: 'mismatch', reason: 'm' } }), 'mismatch'],
    ['not while it is young', aView({}, {}, young), 'grace'],
    ['at the end of its grace', aView({}, {}, { createdAt: now - 30 * minute }), 0],
    ['of no age', aView({}, {}, { createdAt: undefined }), 0],
    ['upwards while it is young', aView({ target: 5 }, {}, young), 5],
    [
      'in the part that is raised while it is young',
      aView({ current: { min: 3, max: 9 }, target: { min: 4, max: 4 } }, {}, young),
      { min: 4, max: 9 },
    ],
    ['not while it is raised ahead', aView({}, { ahead: now + 1 }), 'ahead'],
    ['at the boundary it was raised for', aView({}, { ahead: now }), 0],
    ['by an override, though raised ahead', aView({ isOverridden: true }, { ahead: now + 1 }), 0],
    ['upwards while its cluster is in Error', aView({ target: 5, ...status('Error') }), 5],
    ['not downwards while its cluster is in Error', aView(status('Error')), 'cluster-not-running'],
    ['not while its cluster changes', aView({ target: 5, ...status('Creating') }), 'cluster-not-running'],
    ['not while others do', aView({}, { foreign: [now - 1, now - 2, now - 3] }), 'contended'],
    ['not after three refusals', aView({}, refused), 'refused'],
    ['after two', aView({}, { refusals: [{ ...refused.refusals[0]!, invalid: 2 }] }), 0],
    ['after three under another rule', aView({}, { refusals: [{ ...refused.refusals[0]!, ruleHash: 'x' }] }), 0],
    [
      'after three of a pool that changed since',
      aView({}, { refusals: [{ ...refused.refusals[0]!, poolUpdatedAt: 7 }] }),
      0,
    ],
    ['upwards after three', aView({ target: 5 }, { refusals: [{ ...refused.refusals[0]!, target: 5 }] }), 5],
    ['not while it cools down', aView({}, { refusals: [{ ...refused.refusals[0]!, until: now + 1 }] }), 'cool-down'],
  ])('%s', (_, view, expected) => {
    expect(code(view)).toEqual(expected);
  });

  test('is told with what it is and why', () => {
    const { want, hold } = finished(aView());
    expect([want?.from, want?.to, want?.raise, want?.view.reason, hold]).toEqual([3, 0, false, 'r', undefined]);
    expect(finished(aView({ target: 5 })).want?.raise).toBe(true);
    expect(finished(aView({ target: 0 }), { target: 1, keptNodesReason: 'k' }).want?.view.reason).toBe('r; k');
    expect(finished(aView(status('Creating'))).hold).toEqual({
      kind: 'hold',
      ...names,
      code: 'cluster-not-running',
      from: 3,
      to: 0,
      reason: 'the cluster is Creating',
      who: 'w',
    });
  });

  test('of our change what it comes from', () => {
    const change = { ...stuck, from: 3, to: 0 };
    expect(finished(aView({ current: 1 }), { change }).hold).toMatchObject({ code: 'in-flight', from: 3, to: 0 });
  });

  test('of the least nodes, where it would be less', () => {
    const view = aView({ target: 0 });
    expect(finished(view, { target: 3, keptNodesReason: 'k' }).hold).toMatchObject({
      code: 'min-nodes',
      reason: 'k',
      to: 0,
    });
    expect(finished(aView({ target: 3 }), { keptNodesReason: 'k' }).hold).toBeUndefined();
  });

  test.each([
    ['Error', 'of 2026-03-02T19:00:00Z failed: the pool is in Error'],
    ['Scaling', 'has not settled since 2026-03-02T19:00:00Z'],
  ])('not while a change hangs in %s', (text, why) => {
    expect(finished(aView({}, { stuck }, { status: text })).hold?.reason).toBe(`the change from 3 to 1 ${why}`);
  });
});

describe('what is wrong with a pool', () => {
  const stuck = { poolId: 'id-a', from: 3, to: 1, claimedAt: edge, wroteAway: false, reason: '' };
  const refusal = { target: 0, count: 1, invalid: 0, until: now, detail: 'no', ruleHash: '', poolUpdatedAt: undefined };
  const told = (view: PoolView, target: Size | undefined = view.target) =>
    findingsOfPool(view, view.memory, target, now);
  const at3 = (code: 'pool-not-running' | 'unknown-status' | 'absent-size', current?: Size) => ({
    ...aView({ running: undefined, block: { code, reason: 'b' } }, {}, { status: 'Upgrading' }),
    current,
    target: undefined,
  });

  test.each<[string, PoolView, string | undefined]>([
    ['Running', aView({ target: undefined }), '(it is at 3)'],
    ['Running and blocked', aView({ target: undefined, block: { code: 'stale', reason: 'b' } }), undefined],
    ['not Running, at 0', at3('pool-not-running', 0), '(it is Upgrading, at 0)'],
    ['of an unknown status, at 0', at3('unknown-status', 0), '(it is Upgrading, at 0)'],
    ['blocked otherwise, at 0', at3('absent-size', 0), undefined],
    ['not Running, at 3', at3('pool-not-running', 3), undefined],
    ['without a size', at3('absent-size'), '(it is Upgrading, at unknown)'],
    ['without a size and a known status', at3('unknown-status'), '(it is Upgrading, at unknown)'],
    ['without a size and not Running', at3('pool-not-running'), undefined],
    ['not to be judged, without a block', { ...at3('absent-size', 0), block: undefined }, undefined],
    ['without a size or a block', { ...at3('absent-size'), block: undefined }, undefined],
  ])('is a base that nobody knows: %s', (_, view, where) => {
    const found = findingsOfPool(view, view.memory, undefined, now).map(({ kind, severity, text }) => [
      kind,
      severity,
      text,
    ]);
    const text = `dev/a should be at its base, and its base is not known ${where}`;
    expect(found).toEqual(where === undefined ? [] : [['base.unknown', 'critical', text]]);
  });

  test.each<[string, Partial<PoolMemory>, string, readonly unknown[]]>([
    ['nothing', {}, 'Running', []],
    [
      'a change that hangs',
      { stuck },
      'Scaling',
      [['pool.stuck', edge, 'dev/a should have gone from 3 to 1 at 2026-03-02T19:00:00Z and is still Scaling']],
    ],
    [
      'a change that failed',
      { stuck },
      'Error',
      [['pool.stuck', edge, 'dev/a should have gone from 3 to 1 at 2026-03-02T19:00:00Z and went to Error']],
    ],
    [
      'a refusal',
      { refusals: [{ ...refusal, why: 'quota' }] },
      'Running',
      [['pool.refused', undefined, 'dev/a: size 0 was refused: no']],
    ],
    ['not one that is the token’s', { refusals: [{ ...refusal, why: 'forbidden' }] }, 'Running', []],
    ['not one of another size', { refusals: [{ ...refusal, target: 1, why: 'quota' }] }, 'Running', []],
    [
      'a busy hour',
      { busySince: edge },
      'Running',
      [['pool.contended', edge, 'dev/a could not be changed for an hour: the cluster says it is busy']],
    ],
    ['not less', { busySince: edge + 1 }, 'Running', []],
    [
      'three foreign changes',
      { foreign: [1, 2, 3] },
      'Running',
      [
        [
          'pool.contended',
          undefined,
          'dev/a was changed three times within an hour by somebody else, probably Terraform or another installation',
        ],
      ],
    ],
    [
      'a busy hour and three foreign changes, once',
      { busySince: edge, foreign: [1, 2, 3] },
      'Running',
      [
        [
          'pool.contended',
          edge,
          'dev/a could not be changed for an hour: the cluster says it is busy; dev/a was changed three times within an hour by somebody else, probably Terraform or another installation',
        ],
      ],
    ],
  ])('is %s', (_, memory, status, expected) => {
    expect(told(aView({}, memory, { status })).map(({ kind, since, text }) => [kind, since, text])).toEqual(expected);
  });

  test('says what to do', () => {
    expect(told(aView({ target: undefined }), undefined)[0]?.fix).toBe(
      'give the rule a base, or run: lamplighter base "dev/a" set <size>',
    );
    expect(told(aView({}, { foreign: [1, 2, 3] }))[0]?.fix).toBe('let Terraform ignore size, size_min and size_max');
  });
});
