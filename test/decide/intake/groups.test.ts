import { describe, expect, test } from 'vitest';
import { exactMatch, leaseId, mergedId, ownerPrefix, poolLeasesPrefix } from '../../../lib/decide/intake/judge-ask.ts';
import { mergeAsk, mostFinished, mostLiveLeases, planGroup } from '../../../lib/decide/intake/merge-asks.ts';
import type { Lease, Release } from '../../../lib/model/asks.ts';
import { dayMs, hourMs, minuteMs, now } from './fixtures.ts';

type Ask = Lease | Release;
const prefix = 'lease/';
const common = { schema: 1, region: 'r1', who: 'event:ci', reason: undefined, askedAt: now, time: now } as const;
const match = exactMatch({ region: 'r1', cluster: 'ml', pool: 'gpu' });

const lease = (id: string, patch: Partial<Lease> = {}): Lease => {
  return { ...common, id: `${prefix}${id}`, kind: 'lease', match, atLeast: 3, until: now + hourMs, ...patch };
};
const release = (id: string, patch: Partial<Release> = {}): Release => {
  return { ...common, id: `${prefix}${id}`, kind: 'release', time: now + 1, until: now + 14 * dayMs, ...patch };
};
const ended = { time: now - dayMs, until: now - hourMs };
const newer = { time: now + 1 };
const live = (count: number) => Array.from({ length: count }, (_, n) => lease(`live-${n}`));
const merged = (patch: Partial<Lease> = {}) => ({ ...lease('x', patch), id: mergedId(prefix) });

function plan(stored: readonly Ask[], asked: readonly Ask[], isWhole = true, at = now) {
  const asks = new Map(stored.map((ask) => [ask.id, ask]));
  return planGroup({ prefix, asks, isWhole }, asked, at);
}
const kinds = (stored: readonly Ask[], asked: readonly Ask[], isWhole = true, at = now) =>
  plan(stored, asked, isWhole, at)?.outcomes.map(({ kind }) => kind);

describe('a group of leases', () => {
  test('takes new ones until a hundred live, then one for all the others', () => {
    expect(kinds(live(mostLiveLeases - 1), [lease('a'), lease('b')])).toEqual(['stored', 'merged']);
    expect(kinds(live(mostLiveLeases - 2), [lease('a'), lease('b')])).toEqual(['stored', 'stored']);
    // The one for all the others is none of the hundred.
    expect(kinds([...live(mostLiveLeases - 1), merged()], [lease('a')])).toEqual(['stored']);
  });
  test.each<readonly [string, readonly Ask[], readonly string[]]>([
    ['one that is let go makes room', [release('live-0'), lease('a')], ['stored', 'stored']],
    ['one that had ended makes none', [release('over'), lease('a')], ['stored', 'merged']],
    ['one that is asked for longer takes none', [lease('live-0', { ...newer, until: now + 2 * hourMs })], ['stored']],
    ['an end that comes first is kept', [release('other')], ['stored']],
    ['one that had ended and comes again is a new one', [lease('over', newer)], ['merged']],
  ])('at its bound: %s', (_, asked, outcomes) => {
    expect(kinds([...live(mostLiveLeases), lease('over', ended)], asked)).toEqual(outcomes);
  });
  test('below its bound, longer or ended ones are not counted twice', () => {
    const stored = [...live(mostLiveLeases - 1), lease('over', ended)];
    const longer = lease('live-0', { ...newer, until: now + 2 * hourMs });
    expect(kinds(stored, [longer, lease('a'), lease('b')])).toEqual(['stored', 'stored', 'merged']);
    expect(kinds(stored, [release('over'), lease('a'), lease('b')])).toEqual(['stored', 'stored', 'merged']);
    expect(kinds(stored, [release('live-0'), lease('a'), lease('b')])).toEqual(['stored', 'stored', 'stored']);
  });
  test('says what was nothing new', () => {
    expect(plan([lease('a')], [lease('a')])).toEqual({
      outcomes: [{ kind: 'unchanged', reason: 'nothing new' }],
      puts: [],
      deletes: [],
    });
  });
});

describe('a part of a group', () => {
  test.each<readonly [string, readonly Ask[], Ask, boolean]>([
    ['what is there and live', [lease('a')], lease('a', { ...newer, atLeast: 4 }), true],
    ['the end of what is there', [lease('a')], release('a'), true],
    ['what is new, while the group was just full', [merged()], lease('a', { atLeast: 4 }), true],
    ['not what is new', [], lease('a'), false],
    ['not what had ended', [lease('a', ended)], lease('a', newer), false],
    ['not the end of what is not there', [], release('a'), false],
    ['not the end of what is forgotten', [release('a', { until: now })], release('a', newer), false],
    ['not what is new, when it was full ten seconds ago', [merged({ askedAt: now - 10_000 })], lease('a'), false],
    ['not what is new, when the one for all has ended', [merged({ until: now })], lease('a'), false],
  ])('is enough to change %s', (_, stored, asked, isEnough) => {
    const planned = plan(stored, [asked], false);
    expect(planned !== undefined).toBe(isEnough);
    if (planned) expect(planned).toMatchObject({ puts: [{}], deletes: [] });
  });
});

describe('the lease for all the others', () => {
  const full = live(mostLiveLeases);
  const odd = now + hourMs + 1;
  test('lasts to the full minute, and names no event and no caller', () => {
    const planned = plan(full, [lease('a', { until: odd, events: ['e1'] })]);
    const put = { ...lease('a'), id: mergedId(prefix), until: now + hourMs + minuteMs };
    expect(planned?.puts).toEqual([{ ...put, reason: 'many asks at once, merged into the largest' }]);
    expect(planned?.outcomes).toEqual([
      {
        kind: 'merged',
        isHeldAlready: false,
        reason:
          'this pool has 100 leases of this source: merged into one that lasts until 2026-11-23T09:31:00Z and cannot be released',
      },
    ]);
  });
  test.each<readonly [string, Partial<Lease>, number, boolean]>([
    ['as much', {}, 999, true],
    ['less', { atLeast: 1, until: now + minuteMs }, 999, true],
    ['as much, a second later', {}, 1000, false],
    ['more nodes', { atLeast: 4 }, 0, false],
    ['a longer time', { until: odd }, 0, false],
  ])('holds already what asks for %s', (_, patch, laterMs, isHeld) => {
    const planned = plan([...full, merged()], [lease('a', patch)], true, now + laterMs);
    expect(planned?.outcomes).toMatchObject([{ kind: 'merged', isHeldAlready: isHeld }]);
    expect(planned?.puts).toHaveLength(isHeld ? 0 : 1);
    if (isHeld) expect(planned?.outcomes).toMatchObject([{ reason: expect.stringContaining('2026-11-23T09:30:00Z') }]);
  });
  test('is dated by the newest of what is in it', () => {
    const [old, young] = [
      { time: now - 5, askedAt: now - 5 },
      { time: now + 5, askedAt: now + 5 },
    ];
    for (const [stored, asked] of [
      [old, young],
      [young, old],
    ] as const) {
      const planned = plan([...full, merged(stored)], [lease('a', { ...asked, atLeast: 9 })]);
      expect(planned?.puts).toMatchObject([{ ...young, atLeast: 9 }]);
    }
  });
  test('that has ended begins anew', () => {
    const planned = plan([...full, merged({ atLeast: 9, until: now })], [lease('a')]);
    expect(planned?.puts).toMatchObject([{ atLeast: 3, until: now + hourMs }]);
  });
});

describe('what is finished', () => {
  const finished = (count: number) =>
    Array.from({ length: count }, (_, n) => lease(`old-${n}`, { time: now - dayMs, until: now - hourMs + n }));
  const deletes = (stored: readonly Ask[], asked: readonly Ask[] = [lease('a')]) => plan(stored, asked)?.deletes;
  test('is kept up to three hundred, then the first to be forgotten goes', () => {
    expect(deletes(finished(10))).toEqual([]);
    expect(deletes(finished(mostFinished))).toEqual([]);
    expect(deletes(finished(mostFinished + 2).toReversed())).toEqual(['lease/old-0', 'lease/old-1']);
    // A release is forgotten at its end, an ended lease a fortnight after it.
    const soon = release('soon', { until: now + dayMs });
    expect(deletes([...finished(mostFinished), soon])).toEqual(['lease/soon']);
  });
  test('goes fifty at a time, and never what was just written', () => {
    expect(deletes(finished(mostFinished + 80))).toHaveLength(50);
    expect(deletes(finished(mostFinished + 1), [release('old-0')])).toEqual(['lease/old-1']);
  });
  test('is nothing that lives', () => {
    expect(deletes([...live(90), ...finished(mostFinished)])).toEqual([]);
  });
});

describe('an ask that meets an older or newer one', () => {
  const alert = (patch: Partial<Lease> = {}) => lease('a', { isRepeated: true, askedAt: now + hourMs, ...patch });
  const unchanged = (reason: string) => ({ kind: 'unchanged', reason });
  test.each<readonly [string, Ask, Ask, object]>([
    [
      'an event that was seen',
      lease('a', { events: ['e1'] }),
      lease('a', { ...newer, events: ['e1', 'e2'] }),
      unchanged('seen before'),
    ],
    [
      'an older request',
      lease('a', newer),
      lease('a'),
      unchanged('the lease has a newer ask (event time 2026-11-23T08:30:00Z)'),
    ],
    [
      'a request from before the end',
      release('a', newer),
      lease('a'),
      unchanged('the lease was released (event time 2026-11-23T08:30:00Z)'),
    ],
    ['a request of the end’s own time', release('a', newer), lease('a', newer), unchanged('the lease was released')],
    ['the same request', lease('a'), lease('a'), unchanged('nothing new')],
    ['a smaller one of the same time', lease('a'), lease('a', { atLeast: 1 }), unchanged('nothing new')],
    [
      'a longer one of the same time',
      lease('a'),
      lease('a', { atLeast: 1, until: now + 2 * hourMs }),
      { kind: 'changed', ask: lease('a', { until: now + 2 * hourMs }) },
    ],
    [
      'the end of the same time',
      lease('a'),
      release('a', { time: now }),
      { kind: 'changed', ask: release('a', { time: now }) },
    ],
    [
      'the first event of a lease without any',
      lease('a'),
      lease('a', { ...newer, events: ['e1'] }),
      { kind: 'changed', ask: lease('a', { ...newer, events: ['e1'] }) },
    ],
    [
      'an alert that still fires',
      lease('a', newer),
      alert({ until: now + 2 * hourMs }),
      { kind: 'changed', ask: lease('a', { ...newer, until: now + 2 * hourMs }) },
    ],
    [
      'an alert that fires again',
      release('a', { time: now }),
      alert(),
      { kind: 'changed', ask: alert({ time: now + 1 }) },
    ],
    [
      'an alert overtaken by its end',
      release('a', { askedAt: now + hourMs - minuteMs }),
      alert(),
      unchanged('the lease was released a moment ago'),
    ],
    [
      'an alert a minute after its end',
      release('a', { askedAt: now + hourMs - minuteMs - 1 }),
      alert(),
      { kind: 'changed', ask: alert({ time: now + 2 }) },
    ],
    [
      'an alert whose end came by a clock ahead',
      release('a', { askedAt: now + hourMs + minuteMs }),
      alert(),
      unchanged('the lease was released a moment ago'),
    ],
    [
      'an alert that a person let go',
      release('a', { who: 'person:ada' }),
      alert(),
      unchanged('the lease was released by person:ada'),
    ],
    [
      'an alert that began anew',
      release('a', { who: 'person:ada' }),
      alert({ time: now + 2 }),
      { kind: 'changed', ask: alert({ time: now + 2 }) },
    ],
  ])('%s', (_, stored, asked, expected) => {
    expect(mergeAsk(stored, asked, now)).toEqual(expected);
  });
});

test('whoever asked, the ids of their leases cannot be another’s', () => {
  const pool = { cluster: 'a/b', pool: 'c d' };
  const owners = [
    [{ kind: 'event', source: 'ci/x' } as const, 'lease/event%3Aci%2Fx/'],
    [{ kind: 'person', who: 'ada' } as const, 'lease/person%3Aada/'],
    [{ kind: 'link', destination: 'ops' } as const, 'lease/link%3Aops/'],
  ] as const;
  for (const [owner, own] of owners) {
    expect(ownerPrefix(owner)).toBe(own);
    expect(poolLeasesPrefix(owner, pool)).toBe(`${own}a%2Fb/c%20d/`);
    expect(leaseId(owner, pool, '=merged')).toBe(`${own}a%2Fb/c%20d/%3Dmerged`);
  }
});
