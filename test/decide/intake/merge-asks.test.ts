import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactMatch, mergedId } from '../../../lib/decide/intake/judge-ask.ts';
import { mergeAsk, mostLiveLeases, planGroup } from '../../../lib/decide/intake/merge-asks.ts';
import type { Lease, Release } from '../../../lib/model/asks.ts';
import { dayMs, hourMs, now } from './fixtures.ts';

type Ask = Lease | Release;
const common = { schema: 1, id: 'lease/x', region: 'r1', who: 'event:ci', reason: undefined, askedAt: now } as const;
const match = exactMatch({ region: 'r1', cluster: 'ml', pool: 'gpu' });

function lease(time: number, atLeast: number, untilHours: number, event = `${time}/${atLeast}/${untilHours}`): Lease {
  return {
    ...common,
    kind: 'lease',
    match,
    atLeast,
    until: now + untilHours * hourMs,
    time: now + time,
    events: [event],
  };
}

function release(time: number): Release {
  return { ...common, kind: 'release', until: now + 14 * dayMs, time: now + time, events: [`r${time}`] };
}

function fold(asks: readonly Ask[], at = now): Ask | undefined {
  return asks.reduce<Ask | undefined>((stored, ask) => {
    const merged = mergeAsk(stored, ask, at);
    return merged.kind === 'changed' ? merged.ask : stored;
  }, undefined);
}

/** What counts: the events remembered may differ with the order. */
function meaning(ask: Ask | undefined): unknown {
  if (ask?.kind === 'lease') return [ask.kind, ask.time, ask.atLeast, ask.until];
  return [ask?.kind, ask?.time];
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

describe('request, extension and cancel', () => {
  const story = [lease(0, 3, 1), lease(1, 3, 2), lease(2, 5, 3), release(3)];

  test.each(permutations(story).map((order) => [order.map(({ time }) => time - now).join(' '), order] as const))(
    'in the order %s end released',
    (_, order) => {
      expect(meaning(fold(order))).toEqual(['release', now + 3]);
    },
  );

  test.each(permutations([lease(0, 3, 1), release(1), lease(2, 2, 5)]))('cancel then ask again holds', (...order) => {
    expect(meaning(fold(order))).toEqual(['lease', now + 2, 2, now + 5 * hourMs]);
  });

  test('a release wins ties', () => {
    expect(fold([release(1), lease(1, 3, 1)])?.kind).toBe('release');
    expect(fold([lease(1, 3, 1), release(1)])?.kind).toBe('release');
  });

  test('the same event id with another content is one', () => {
    expect(meaning(fold([lease(0, 3, 1, 'a'), lease(5, 8, 8, 'a')]))).toEqual(['lease', now, 3, now + hourMs]);
  });

  test('a tombstone is forgotten after 14 days, and an ended lease with it', () => {
    expect(fold([release(1), lease(0, 3, 24 * 20)], now + 14 * dayMs - 1)?.kind).toBe('release');
    expect(fold([release(1), lease(0, 3, 24 * 20)], now + 14 * dayMs)?.kind).toBe('lease');
    expect(fold([lease(1, 3, 1), lease(0, 9, 24 * 20)], now + 14 * dayMs)).toMatchObject({ atLeast: 3 });
  });

  test('the ids of events do not pile up', () => {
    const many = Array.from({ length: 50 }, (_, at) => lease(at, 3, 1));
    expect(fold(many)?.events).toHaveLength(20);
    expect(fold(many)?.events?.at(-1)).toBe('49/3/1');
  });
});

const anyAsk: fc.Arbitrary<Ask> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }))
    .map((args) => lease(...args)),
  fc.integer({ min: 0, max: 4 }).map(release),
);

describe('any asks', () => {
  test('mean the same in any order and number', () => {
    fc.assert(
      fc.property(fc.array(anyAsk, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (asks, chance) => {
        const shuffled = [...asks, ...asks]
          .map((ask) => ({ ask, at: chance.next().value }))
          .sort((a, b) => a.at - b.at);
        expect(meaning(fold(shuffled.map(({ ask }) => ask)))).toEqual(meaning(fold(asks)));
      }),
    );
  });

  test('are the latest time, a release first, then the largest in each part', () => {
    fc.assert(
      fc.property(fc.array(anyAsk, { minLength: 1, maxLength: 8 }), (asks) => {
        const last = asks.filter(({ time }) => time === Math.max(...asks.map((ask) => ask.time)));
        const leases = last.filter((ask) => ask.kind === 'lease');
        const held = [
          'lease',
          last[0]!.time,
          Math.max(...leases.map((one) => one.atLeast)),
          Math.max(...leases.map((one) => one.until)),
        ];
        const isReleased = last.some(({ kind }) => kind === 'release');
        expect(meaning(fold(asks))).toEqual(isReleased ? ['release', last[0]!.time] : held);
      }),
    );
  });
});

test.each([
  ['more nodes, for a shorter time', [4, 3], [6, 1], [6, 3]],
  ['fewer nodes, for a longer time', [6, 1], [4, 3], [6, 3]],
  ['more nodes, for a longer time', [4, 1], [6, 3], [6, 3]],
  ['fewer nodes, for a shorter time', [6, 3], [4, 1], [6, 3]],
])('the merged lease of a full group after one of %s keeps the most of both', (_, first, second, expected) => {
  for (const laterMs of [0, 999, 1000, 5000]) expect(mergedOf(first, second, laterMs)).toEqual(expected);
});

/** Nodes and hours of the one lease that holds what two more asks want; both came so long after the group was full. */
function mergedOf(first: readonly number[], second: readonly number[], laterMs: number): readonly number[] {
  const own = (n: number) => [`lease/${n}`, { ...lease(0, 1, 9), id: `lease/${n}` }] as const;
  const asks = new Map<string, Ask>(Array.from({ length: mostLiveLeases }, (_none, n) => own(n)));
  const add = ([atLeast = 0, hours = 0]: readonly number[], id: string) => {
    const plan = planGroup(
      { prefix: 'lease/', isWhole: true, asks },
      [{ ...lease(1, atLeast, hours), id }],
      now + laterMs,
    );
    for (const put of plan?.puts ?? []) asks.set(put.id, put);
  };
  add(first, 'lease/one');
  add(second, 'lease/two');
  const merged = asks.get(mergedId('lease/')) as Lease;
  return [merged.atLeast, (merged.until - now) / hourMs];
}
