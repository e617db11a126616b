import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Looks, nextLooks } from '../../../lib/decide/past/gaps.ts';
import { isNextCount, nodesRecord } from '../../../lib/decide/past/node-counts.ts';
import { pastSteps, readPast } from '../../../lib/decide/past/pool-past.ts';
import { changesOf, sizeChanges, sizesRecord } from '../../../lib/decide/past/size-changes.ts';
import type { ClusterRecord, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { at, hour, minute } from '../../support/scaling-world.ts';

const now = at('2026-03-02T12:00:00Z');
const tick = 5 * minute;

function record(pools: Record<string, Partial<PoolMemory>>, patch: Partial<ClusterRecord> = {}): ClusterRecord {
  const whole = Object.entries(pools).map(([id, memory]) => [id, { name: id, autoscale: false, ...memory }] as const);
  return { schema: 1, cluster: 'dev', pools: Object.fromEntries(whole), ...patch };
}

function seen(size: number): Partial<PoolMemory> {
  return { seen: { size, at: now - hour } };
}

function shown(size: number | undefined, status = 'Running'): PoolMemory['look'] {
  const never = { sizeMin: undefined, sizeMax: undefined, createdAt: undefined, updatedAt: undefined };
  return { status, autoscale: false, size, ...never };
}

function aChange(from: number, to: number, claimedAt: number) {
  return { poolId: 'a', from, to, claimedAt, wroteAway: true, reason: 'schedule' };
}

describe('what a round writes down', () => {
  test.each([
    ['nothing where nothing changed', record({ a: seen(3) }), record({ a: seen(3) }), []],
    ['a first sight', undefined, record({ a: seen(3) }), [{ at: now, before: undefined, after: 3 }]],
    [
      'our own change, from its claim on',
      record({ a: seen(3) }, { change: aChange(3, 0, now - 10 * minute) }),
      record({ a: seen(0) }),
      [{ at: now - 10 * minute, before: 3, after: 0 }],
    ],
    [
      'one that got stuck and ended after all',
      record({ a: { ...seen(3), stuck: aChange(3, 0, now - hour) } }),
      record({ a: seen(0) }),
      [{ at: now - hour, before: 3, after: 0 }],
    ],
    [
      "a person's in its place, when it was seen",
      record({ a: seen(3) }, { change: aChange(3, 0, now - 10 * minute) }),
      record({ a: seen(7) }),
      [{ at: now, before: 3, after: 7 }],
    ],
    [
      "a person's, from the first look that did not show the old size",
      record({ a: { ...seen(3), movingSince: now - 3 * tick } }),
      record({ a: seen(7) }),
      [{ at: now - 3 * tick, before: 3, after: 7 }],
    ],
    [
      'what was set while its base is unknown, and it is not judged',
      record({ a: { ...seen(0), look: shown(0) } }),
      record({ a: { ...seen(0), look: shown(6) } }),
      [{ at: now, before: 0, after: 6 }],
    ],
    [
      'another kind, held at what is known of the old one',
      record({ a: { seen: { size: { min: 0, max: 0 }, at: now - hour }, autoscale: true } }),
      record({ a: { seen: { size: { min: 0, max: 0 }, at: now - hour }, autoscale: true, look: shown(2) } }),
      [{ at: now, before: { min: 0, max: 0 }, after: 2 }],
    ],
    [
      'nothing by an answer older than one seen before',
      record({ a: seen(3) }),
      record({ a: { ...seen(3), olderSince: now, look: shown(0) } }),
      [],
    ],
    [
      'that nobody knows a size that is left out',
      record({ a: seen(3) }),
      record({ a: { ...seen(3), look: shown(undefined) } }),
      [{ at: now, before: 3, after: undefined }],
    ],
    [
      'nothing while it is resized',
      record({ a: seen(3) }),
      record({ a: { ...seen(3), look: shown(0, 'Scaling') } }),
      [],
    ],
    [
      'a pool that is missing',
      record({ a: seen(3) }),
      record({ a: { ...seen(3), missingSince: now } }),
      [{ at: now, before: 3, after: undefined }],
    ],
    [
      'a cluster that is missing',
      record({ a: seen(3) }),
      record({ a: seen(3) }, { missingSince: now }),
      [{ at: now, before: 3, after: undefined }],
    ],
    ['a pool whose rule is gone', record({ a: seen(3) }), record({}), [{ at: now, before: 3, after: undefined }]],
  ] as const)('%s', (_title, before, after, expected) => {
    expect(sizeChanges(before, after, now)).toEqual(expected.map((one) => ({ pool: 'dev/a', ...one })));
  });

  test('comes back from the store as it was, to the minute', () => {
    const size = fc.option(
      fc.oneof(
        fc.nat(500),
        fc.tuple(fc.nat(50), fc.nat(50)).map(([min, more]) => ({ min, max: min + more })),
      ),
      {
        nil: undefined,
      },
    );
    const changes = fc.uniqueArray(
      fc.record({
        minutes: fc.nat(2000),
        pool: fc.oneof(fc.string(), fc.constant('__proto__')),
        before: size,
        after: size,
      }),
      { selector: ({ pool }) => pool },
    );
    fc.assert(
      fc.property(changes, (some) => {
        const all = some.map(({ minutes, ...change }) => ({ ...change, at: now - minutes * minute }));
        const stored = JSON.parse(JSON.stringify(sizesRecord(now, all))) as ReturnType<typeof sizesRecord>;
        const sorted = (list: typeof all) => list.toSorted((a, b) => a.at - b.at || (a.pool < b.pool ? -1 : 1));
        expect(sorted([...changesOf(stored)])).toEqual(sorted(all));
      }),
    );
  });
});

describe('nodes', () => {
  test.each([
    ['12:29', '12:31', true],
    ['12:31', '13:29', false],
    ['12:31', '13:30', true],
    ['12:31', '18:00', true],
  ])('counted at %s are counted again at %s: %s', (before, later, isNext) => {
    expect(isNextCount(at(`2026-03-02T${before}:00Z`), at(`2026-03-02T${later}:00Z`))).toBe(isNext);
  });

  test('are written whole once a day and part, then what changed', () => {
    const count = (nodes: object) => new Map(Object.entries(nodes) as [string, number][]);
    const first = nodesRecord(now, '0/2', count({ 'ml/a': 1, 'ml/b': 2 }), []);
    expect(first).toMatchObject({ isWhole: true, nodes: { 'ml/a': 1, 'ml/b': 2 } });
    const today = first ? [first] : [];
    expect(nodesRecord(now + hour, '0/2', count({ 'ml/a': 1, 'ml/b': 3 }), today)).toMatchObject({
      isWhole: false,
      nodes: { 'ml/b': 3 },
    });
    expect(nodesRecord(now + hour, '0/2', count({ 'ml/a': 1, 'ml/b': 2 }), today)).toBeUndefined();
    expect(nodesRecord(now + hour, '1/2', count({ 'ml/c': 0 }), today)).toMatchObject({ isWhole: true });
    expect(nodesRecord(now, '0/2', new Map(), [])).toBeUndefined();
  });
});

describe('looks', () => {
  const round = (minutes: number, isAnswered = true) => ({
    at: now + minutes * minute,
    isAnswered,
    isWhole: isAnswered,
  });
  const after = (...rounds: readonly ReturnType<typeof round>[]) =>
    rounds.reduce<Looks | undefined>((looks, one) => nextLooks(looks, one, tick), undefined);

  test('without a gap hold the last whole round', () => {
    expect(after(round(0), round(5), round(20))).toEqual({
      since: now,
      answeredAt: now + 20 * minute,
      wholeAt: now + 20 * minute,
    });
  });

  test('that failed are a gap as well', () => {
    expect(after(round(0), round(5, false), round(10, false), round(30))?.gaps).toEqual([[now, now + 30 * minute]]);
  });

  test('keep the last 20 gaps', () => {
    const gaps = after(...Array.from({ length: 30 }, (_, i) => round(i * 60)))?.gaps ?? [];
    expect(gaps).toHaveLength(20);
    expect(gaps.at(-1)).toEqual([now + 28 * hour, now + 29 * hour]);
  });
});

describe('steps of a pool', () => {
  const none = readPast([], []);
  const poolAt = (patch: Partial<PoolMemory>, change?: ReturnType<typeof aChange>) => {
    return { memory: { name: 'a', autoscale: false, ...patch }, change };
  };
  const past = (...changes: readonly (readonly [number, number | undefined, number | undefined])[]) =>
    readPast(
      changes.map(([when, before, after]) => sizesRecord(when, [{ at: when, pool: 'dev/a', before, after }])),
      [],
    );

  test('go back to what stood before the first change', () => {
    const steps = pastSteps(
      past([now - hour, 4, 0]),
      'dev/a',
      poolAt({ seen: { size: 0, at: now - hour } }),
      now - 3 * hour,
    );
    expect(steps).toEqual([
      { from: now - 3 * hour, size: 4, nodes: 4 },
      { from: now - hour, size: 0, nodes: 0 },
    ]);
  });

  test('without a record go back as far as the memory does', () => {
    expect(pastSteps(none, 'dev/a', poolAt({ seen: { size: 4, at: now - hour } }), now - 3 * hour)).toEqual([
      { from: now - 3 * hour, size: undefined, nodes: 0 },
      { from: now - hour, size: 4, nodes: 4 },
    ]);
  });

  test('show a change that has not settled from its claim on', () => {
    const steps = pastSteps(
      none,
      'dev/a',
      poolAt({ seen: { size: 4, at: now - hour } }, aChange(4, 0, now - 5 * minute)),
      now - hour,
    );
    expect(steps.map(({ from, size }) => [from, size])).toEqual([
      [now - hour, 4],
      [now - 5 * minute, 0],
    ]);
  });

  test('mend what no record says by what the memory knows', () => {
    const lost = pastSteps(
      past([now - 2 * hour, 4, 0]),
      'dev/a',
      poolAt({ seen: { size: 4, at: now - hour } }),
      now - 3 * hour,
    );
    expect(lost.map(({ size }) => size)).toEqual([4, 0, 4]);
  });

  test('show what the last look did, also of a pool that is not judged', () => {
    const memory = { seen: { size: 0, at: now - 9 * hour }, unseenSince: now - hour, look: shown(6) };
    const steps = pastSteps(none, 'dev/a', poolAt(memory), now - 2 * hour);
    expect(steps.map(({ from, size }) => [from, size])).toEqual([
      [now - 2 * hour, undefined],
      [now - hour, 6],
    ]);
  });

  test('keep the order in which rounds saw changes', () => {
    const seenAt = now - hour + 2344;
    const sizes = [
      sizesRecord(seenAt, [{ at: seenAt, pool: 'dev/a', before: 1, after: 3 }]),
      // Claimed by the same round; a store keeps whole minutes before the round that saw it settled.
      sizesRecord(now - 50 * minute, [{ at: seenAt, pool: 'dev/a', before: 3, after: 1 }]),
    ];
    const pool = poolAt({ seen: { size: 1, at: now - 50 * minute } });
    const steps = pastSteps(readPast(sizes, []), 'dev/a', pool, now - 2 * hour);
    expect(steps.map(({ from, size }) => [from, size])).toEqual([
      [now - 2 * hour, 1],
      [seenAt, 3],
      [seenAt, 1],
    ]);
  });

  test('are what the rounds read, one after the other', () => {
    const rounds = fc.array(
      fc.record({ afterMs: fc.integer({ min: 1, max: hour }), lateMs: fc.nat(2 * hour), size: fc.nat(9) }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(rounds, (some) => {
        let [when, before] = [now, 9];
        const written = some.map(({ afterMs, lateMs, size }) => {
          when += afterMs;
          const record = sizesRecord(when, [{ at: when - lateMs, pool: 'dev/a', before, after: size }]);
          before = size;
          return record;
        });
        const pool = poolAt({ seen: { size: before, at: when } });
        const steps = pastSteps(readPast(written, []), 'dev/a', pool, now - 3 * hour);
        const all = [now - 3 * hour, ...written.map(({ at: wroteAt }) => wroteAt)];
        expect(steps.map((step) => step.size)).toEqual([9, ...some.map(({ size: read }) => read)]);
        expect(steps).toEqual(steps.toSorted((a, b) => a.from - b.from));
        expect(steps.filter(({ from }, i) => from > (all[i] ?? 0))).toEqual([]);
      }),
    );
  });

  test('of an autoscaled pool have the nodes counted, within the bounds', () => {
    const wide = { min: 1, max: 9 };
    const sizes = [sizesRecord(now, [{ at: now, pool: 'dev/a', before: { min: 1, max: 2 }, after: wide }])];
    const counted = (when: number, nodes: number) => {
      return { schema: 1, at: when, shard: '0/1', isWhole: true, nodes: { 'dev/a': nodes } } as const;
    };
    const all = readPast(sizes, [counted(now - hour, 7), counted(now + hour, 6)]);
    const steps = pastSteps(all, 'dev/a', poolAt({ autoscale: true, seen: { size: wide, at: now } }), now - 2 * hour);
    expect(steps.map(({ from, nodes }) => [(from - now) / hour, nodes])).toEqual([
      [-2, 1],
      [-1, 2],
      [0, 7],
      [1, 6],
    ]);
  });
});
