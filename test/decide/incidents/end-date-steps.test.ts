import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { severityOf, stepOf } from '../../../lib/decide/incidents/end-date-steps.ts';
import type { EndDate, Observation } from '../../../lib/decide/incidents/observation.ts';
import { endDateOf, followEndDate } from '../../../lib/decide/watching/end-dates.ts';
import type { EndDateMemory } from '../../../lib/decide/watching/watch-memory.ts';
import { cluster, dayMs, destination, hourMs, incidentWorld, only, over, start, told } from './incident-world.ts';

const words = {
  what: 'support for Kubernetes 1.32.6 of cluster dev-1',
  ifReplaced: 'upgraded',
  fix: undefined,
  facts: {},
  zone: 'UTC',
};

function due(date: number, patch: Partial<EndDate> = {}): EndDate {
  return { date, of: 'v1', armedAt: 0, below: undefined, ...words, ...patch };
}

function dueAt(now: number, what: EndDate): Observation {
  return { kind: 'version.eol', subject: cluster, state: 'ends', at: now, ends: what };
}

/** A world in which the date is read through the memory that the watch keeps. */
function readingWorld(destinations = [destination('ops')]) {
  const world = incidentWorld(destinations);
  let memory: EndDateMemory | undefined;
  return {
    ...world,
    world,
    read: (now: number, date: number | undefined, of = 'v1') => {
      memory = followEndDate(memory, { of, date, zone: 'UTC' }, now);
      const counted = memory && date !== undefined && memory.of === of ? endDateOf(memory, words) : undefined;
      return counted === undefined ? world.pass(now) : world.pass(now, dueAt(now, counted));
    },
  };
}

const steps = [90, 60, 30, 14, 7, 3, 1, 0];

describe('steps', () => {
  test.each([
    [91, undefined, undefined],
    [90, 90, 'info'],
    [60.01, 90, 'info'],
    [60, 60, 'info'],
    [31, 60, 'info'],
    [30, 30, 'warning'],
    [14, 14, 'warning'],
    [7, 7, 'warning'],
    [3, 3, 'critical'],
    [1, 1, 'critical'],
    [0.5, 1, 'critical'],
    [0, 0, 'critical'],
    [-400, 0, 'critical'],
  ] as const)('%s days before the date: step %s, %s', (days, step, severity) => {
    expect(stepOf({ date: start + days * dayMs, zone: 'UTC' }, start)).toBe(step);
    if (step !== undefined) expect(severityOf(step)).toBe(severity);
  });
});

test('each step is told once, whatever the gaps between passes; after downtime only the most urgent', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 40 * 24 * 60 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 0, max: 120 }), (gapMinutes, firstDays) => {
      const world = incidentWorld([destination('ops'), destination('other')]);
      const date = start + firstDays * dayMs;
      let now = start;
      const seen = new Set<number>();
      for (const gap of gapMinutes) {
        now += gap * 60_000;
        const deliveries = world.pass(now, dueAt(now, due(date)));
        const step = stepOf({ date, zone: 'UTC' }, now);
        const isNew = step !== undefined && !seen.has(step);
        expect(deliveries.map(({ destination }) => destination)).toEqual(isNew ? ['ops', 'other'] : []);
        if (step !== undefined) seen.add(step);
      }
      const mine = world.sent.filter(({ destination }) => destination === 'ops');
      expect(mine).toHaveLength(seen.size);
      expect([...seen].every((step) => steps.includes(step))).toBe(true);
    }),
  );
});

test('31 days ahead, 19 days of downtime: one more message, the 14-day step', () => {
  const world = incidentWorld();
  const date = start + 31 * dayMs;
  world.pass(start, dueAt(start, due(date)));
  const later = start + 19 * dayMs;
  const deliveries = world.pass(later, dueAt(later, due(date)));
  expect(told(deliveries)).toEqual(['ops update']);
  expect(deliveries[0]?.facts.text).toContain('ends in 12 days');
  expect(world.pass(later + hourMs, dueAt(later + hourMs, due(date)))).toEqual([]);
});

test.each([
  ['2026-11-28T07:32:00Z', '2026-12-05', 'UTC', 'ends in 7 days, on 2026-12-05', 7, 7],
  ['2026-11-27T23:59:00Z', '2026-12-05', 'UTC', 'ends in 8 days, on 2026-12-05', 8, 14],
  ['2026-11-27T23:59:00Z', '2026-12-05', 'Europe/Berlin', 'ends in 7 days, on 2026-12-05', 7, 7],
  ['2026-11-28T02:00:00Z', '2026-12-05', 'America/New_York', 'ends in 8 days, on 2026-12-05', 8, 14],
  ['2026-12-03T12:00:00Z', '2026-12-05', 'UTC', 'ends in 2 days, on 2026-12-05', 2, 3],
  ['2026-12-04T23:59:00Z', '2026-12-05', 'UTC', 'ends in 1 day, on 2026-12-05', 1, 1],
  ['2026-12-05T00:30:00Z', '2026-12-05', 'UTC', 'ends today, on 2026-12-05', 0, 0],
  ['2026-12-05T23:30:00Z', '2026-12-05', 'UTC', 'ends today, on 2026-12-05', 0, 0],
  ['2026-12-05T23:30:00Z', '2026-12-05', 'Europe/Berlin', 'ended on 2026-12-05', -1, 0],
  ['2026-12-06T03:00:00Z', '2026-12-05', 'America/New_York', 'ends today, on 2026-12-05', 0, 0],
  ['2026-12-06T01:00:00Z', '2026-12-05', 'UTC', 'ended on 2026-12-05', -1, 0],
  ['2026-12-05T01:00:00Z', '2026-12-05T18:00:00Z', 'UTC', 'ends today, on 2026-12-05T18:00:00Z', 0, 1],
  ['2026-12-05T19:00:00Z', '2026-12-05T18:00:00Z', 'UTC', 'ended on 2026-12-05T18:00:00Z', 0, 0],
])(
  'at %s, what ends on %s in %s %s: days as on a calendar, hours only for an instant',
  (at, date, zone, text, days, step) => {
    const now = Date.parse(at);
    const world = incidentWorld();
    const [first] = world.pass(now, dueAt(now, due(Date.parse(date), { zone })));
    expect(first?.facts.text).toMatch(new RegExp(`${text}$`));
    expect(first?.facts.facts).toMatchObject({ daysLeft: days });
    expect(stepOf({ date: Date.parse(date), zone }, now)).toBe(step);
  },
);

test('what the region offers stays in every message', () => {
  const world = incidentWorld();
  const date = start + 31 * dayMs;
  const fix = 'Upgrade the cluster';
  const [first] = world.pass(start, dueAt(start, due(date, { fix, offers: ['1.33.2', '1.34.1'] })));
  const later = start + 2 * dayMs;
  const [second] = world.pass(later, dueAt(later, due(date, { fix })));
  for (const one of [first, second]) expect(one?.facts.fix).toContain('the region offers 1.33.2, 1.34.1');
  const last = start + 20 * dayMs;
  const [third] = world.pass(last, dueAt(last, due(date, { fix, offers: [] })));
  expect(third?.facts.fix).toBe('Upgrade the cluster');
});

test('a date already past at first sight tells step 0 once', () => {
  const world = incidentWorld();
  for (let day = 0; day < 10; day += 1) world.pass(start + day * dayMs, dueAt(start + day * dayMs, due(start - dayMs)));
  expect(told(world.sent)).toEqual(['ops open']);
  expect(world.sent[0]?.facts).toMatchObject({ severity: 'critical' });
});

test('has no reminders', () => {
  const world = incidentWorld();
  for (let hour = 0; hour < 60; hour += 1) {
    const now = start + hour * hourMs;
    world.pass(now, dueAt(now, due(start + 29 * dayMs)));
  }
  expect(told(world.sent)).toEqual(['ops open']);
});

test('ends when the thing is gone, once', () => {
  const world = incidentWorld();
  world.pass(start, dueAt(start, due(start + 5 * dayMs)));
  world.pass(start + hourMs, over('version.eol', cluster, start + hourMs, 'the cluster is gone'));
  expect(told(world.sent)).toEqual(['ops open', 'ops resolve']);
});

describe('a date that moves', () => {
  const later = (hours: number) => start + hours * hourMs;

  test('counts when read twice, an hour apart', () => {
    const { read, world } = readingWorld();
    read(start, start + 10 * dayMs);
    read(later(1), start + 200 * dayMs);
    read(later(1.5), start + 200 * dayMs);
    expect(told(world.sent)).toEqual(['ops open']);
    read(later(2), start + 200 * dayMs);
    expect(told(world.sent)).toEqual(['ops open', 'ops resolve']);
  });

  test('one lying reading changes nothing', () => {
    const { read, world } = readingWorld();
    read(start, start + 200 * dayMs);
    read(later(1), start - dayMs);
    read(later(3), start + 200 * dayMs);
    read(later(4), start - dayMs);
    expect(world.sent).toEqual([]);
  });

  test('by a week or more re-arms the steps ahead and tells nothing at once', () => {
    const { read, world } = readingWorld();
    read(start, start + 13 * dayMs);
    read(later(1), start + 25 * dayMs);
    read(later(2), start + 25 * dayMs);
    expect(told(world.sent)).toEqual(['ops open']);
    const said = read(start + 12 * dayMs, start + 25 * dayMs);
    expect(told(said)).toEqual(['ops update']);
    expect(said[0]?.facts.text).toContain('13 days');
  });

  test('by less than a week re-arms nothing', () => {
    const { read, world } = readingWorld();
    read(start, start + 13 * dayMs);
    read(later(1), start + 18 * dayMs);
    read(later(2), start + 18 * dayMs);
    expect(read(start + 5 * dayMs, start + 18 * dayMs)).toEqual([]);
    expect(told(world.sent)).toEqual(['ops open']);
  });

  test('an unknown date is neither past nor a change', () => {
    const { read, world } = readingWorld();
    read(start, start + 13 * dayMs);
    for (let hour = 1; hour < 100; hour += 1) read(later(hour), undefined);
    expect(told(world.sent)).toEqual(['ops open']);
  });

  test('an upgrade resolves what was told for the old version, and tells nothing new at once', () => {
    const { read, world } = readingWorld();
    read(start, start + 2 * dayMs);
    read(later(1), start + 20 * dayMs, 'v2');
    read(later(2), start + 20 * dayMs, 'v2');
    read(later(3), start + 20 * dayMs, 'v2');
    expect(told(world.sent)).toEqual(['ops open', 'ops resolve']);
    expect(world.sent.at(-1)?.facts.cause).toBe('upgraded');
    expect(told(read(start + 7 * dayMs, start + 20 * dayMs, 'v2'))).toEqual(['ops open']);
  });

  test('a destination of urgent steps only is owed a resolve, and begins anew later', () => {
    const pager = destination('pager', { kind: 'pagerduty', only: only('critical') });
    const { read, world } = readingWorld([destination('ops'), pager]);
    read(start, start + 0.9 * dayMs);
    expect(told(world.sent)).toEqual(['ops open', 'pager open']);
    read(later(1), start + 20 * dayMs);
    read(later(2), start + 20 * dayMs);
    read(later(3), start + 20 * dayMs);
    expect(told(world.sent)).toEqual(['ops open', 'pager open', 'pager resolve']);
    read(start + 19.5 * dayMs, start + 20 * dayMs);
    const episodes = world.sent.filter(({ destination }) => destination === 'pager').map(({ episode }) => episode);
    expect(episodes[0]).toBe(episodes[1]);
    expect(episodes[2]).toBe(start + 19.5 * dayMs);
    expect(told(world.sent).at(-2)).toBe('ops update');
  });
});
