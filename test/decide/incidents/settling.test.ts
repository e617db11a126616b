import { describe, expect, test } from 'vitest';
import type { IncidentRecord, KindRules } from '../../../lib/decide/incidents/incident.ts';
import { end, settle, track } from '../../../lib/decide/incidents/open-and-resolve.ts';
import { bad, hourMs, incidentWorld, minuteMs, ok, over, pool, start, told, unknown } from './incident-world.ts';

const rules: KindRules = { forMs: 5 * minuteMs, clearMs: 10 * minuteMs, badSightings: 2, okSightings: 2 };
const ago = (minutes: number) => start - minutes * minuteMs;

function record(patch: Partial<IncidentRecord> = {}): IncidentRecord {
  const tracked = track(undefined, bad('pool.error', pool, ago(60)), 'k', undefined);
  return { ...tracked!.record, phase: 'open', openedAt: ago(55), changes: [], ...patch };
}

const wellFor = (minutes: number, count = 2) => ({ seen: 'ok', since: ago(minutes), count }) as const;
const settled = (before: IncidentRecord, news: 'bad' | 'ok' | 'none', own = rules) =>
  settle({ record: before, news, at: start }, own, undefined, start);

describe('an open incident that is well', () => {
  const flips = (last: number) => [ago(last + 30), ago(last + 20), ago(last + 10), ago(last)];
  test.each<readonly [string, Partial<IncidentRecord>, boolean]>([
    ['for ten minutes is over', { run: wellFor(10) }, true],
    ['for less is not', { run: wellFor(9.99) }, false],
    ['seen once, however long ago, is not', { run: wellFor(50, 1) }, false],
    ['after flapping asks for twenty minutes', { flapping: true, run: wellFor(19) }, false],
    ['and has them', { flapping: true, run: wellFor(20) }, true],
    ['and came and went four times within the hour, likewise', { run: wellFor(15), changes: flips(15) }, false],
    ['for an hour since has forgotten it', { run: wellFor(15), changes: flips(30) }, true],
    ['after two ends within six hours is over', { run: wellFor(10), resolved: [ago(60), ago(120)] }, true],
    ['after three asks for an hour', { run: wellFor(59), resolved: [ago(359), ago(120), ago(180)] }, false],
    ['and has it', { run: wellFor(60), resolved: [ago(359), ago(120), ago(180)] }, true],
    ['six hours later has forgotten one', { run: wellFor(10), resolved: [ago(360), ago(120), ago(180)] }, true],
  ])('%s', (_, patch, isOver) => {
    expect(settled(record(patch), 'ok').phase).toBe(isOver ? 'quiet' : 'open');
  });

  test('begins to flap with its fourth change, and stays so', () => {
    const flapping = settled(record({ changes: flips(0), severity: 'warning' }), 'bad');
    expect(flapping).toMatchObject({ flapping: true, worst: 'critical' });
    expect(settled({ ...flapping, changes: [] }, 'bad').flapping).toBe(true);
    expect(settled(record({ changes: flips(30) }), 'bad').flapping).toBe(false);
  });
});

describe('what is pending', () => {
  const pending = (changes: readonly number[], run = { seen: 'bad' as const, since: changes.at(-1)!, count: 1 }) =>
    record({ phase: 'pending', changes, run });
  const comesAndGoes = [ago(50), ago(48), ago(45), ago(30), ago(26), ago(3)];

  test('opens when six changes within an hour left it bad for ten minutes of it', () => {
    const opened = settled(pending(comesAndGoes), 'bad');
    expect(opened).toMatchObject({ phase: 'open', episode: ago(48), openedAt: start, flapping: true });
  });
  test.each<readonly [string, readonly number[], number]>([
    ['bad for less of it', [...comesAndGoes.slice(0, 5), ago(3) + 1], 5],
    ['five of them within the hour', [ago(60), ...comesAndGoes.slice(1)], 5],
    ['bad for less than twice what its kind asks for', comesAndGoes, 6],
  ])('does not with %s', (_, changes, forMinutes) => {
    const waiting = settled(pending(changes), 'bad', { ...rules, forMs: forMinutes * minuteMs });
    expect(waiting).toMatchObject({
      phase: 'pending',
      why: [{ at: start, what: 'open', reason: `not bad for ${forMinutes} min yet` }],
    });
  });
  test('says which looks are missing where no time is', () => {
    const waiting = settled(pending([start]), 'bad', { ...rules, forMs: 0 });
    expect(waiting.why).toEqual([{ at: start, what: 'open', reason: 'seen bad fewer than 2 times' }]);
  });
  test('is steady with its second look when its time has passed', () => {
    const run = (minutes: number, count: number) => ({ seen: 'bad' as const, since: ago(minutes), count });
    expect(settled(pending([ago(5)], run(5, 2)), 'bad')).toMatchObject({ phase: 'open', episode: ago(5) });
    expect(settled(pending([ago(5)], run(4.99, 2)), 'bad').phase).toBe('pending');
    expect(settled(pending([ago(5)], run(5, 1)), 'bad').phase).toBe('pending');
  });
  test('stays as it is while nothing new is known', () => {
    const waiting = pending(comesAndGoes);
    expect(settled(waiting, 'none')).toBe(waiting);
    const quiet = record({ phase: 'quiet', run: wellFor(30) });
    expect(settled(quiet, 'ok')).toBe(quiet);
  });
});

test('an end keeps the ends of six hours, and nothing of how it came and went', () => {
  const ended = end(
    record({ resolved: [ago(360), ago(359)], changes: [ago(3)], flapping: true }),
    'gone',
    ago(2),
    start,
  );
  expect(ended).toMatchObject({ phase: 'quiet', endedAt: ago(2), cause: 'gone', changes: [], flapping: false });
  expect(ended).toMatchObject({ resolved: [ago(359), start], run: { seen: 'ok', since: ago(2), count: 1 } });
});

describe('an observation', () => {
  const after = (before: IncidentRecord, minutes: number, seen: 'bad' | 'ok', lastKnown?: number) =>
    track(before, (seen === 'bad' ? bad : ok)('pool.error', pool, ago(minutes)), 'k', lastKnown);
  const pending = record({ phase: 'pending', run: { seen: 'bad', since: ago(60), count: 1 }, changes: [ago(60)] });

  test('of the first trouble is a record without a past', () => {
    const finding = { fix: 'look', since: ago(90), facts: { n: 1 } };
    const first = { ...bad('pool.error', pool, start) } as { finding: object };
    const tracked = track(undefined, { ...first, finding: { ...first.finding, ...finding } } as never, 'k', undefined);
    expect(tracked?.record).toEqual({
      schema: 1,
      key: 'k',
      kind: 'pool.error',
      subject: pool,
      phase: 'pending',
      episode: start,
      run: { seen: 'bad', since: start, count: 1 },
      changes: [start],
      resolved: [],
      flapping: false,
      severity: 'critical',
      worst: 'critical',
      text: 'pool.error is bad',
      ...finding,
      sequence: 0,
      reminded: 0,
      told: {},
      why: [],
    });
    // The next look says less: nothing old stays.
    const next = after(tracked!.record, -5, 'bad')?.record;
    expect([next?.fix, next?.since, next?.facts]).toEqual([undefined, undefined, undefined]);
  });
  test('that is no newer than the last one is no news', () => {
    expect(after(pending, 60, 'bad')).toEqual({ record: pending, news: 'none', at: ago(60) });
    expect(after(pending, 30, 'ok', ago(30))).toEqual({ record: pending, news: 'none', at: ago(30) });
    expect(after(pending, 29, 'ok', ago(30))?.news).toBe('ok');
  });
  test('that turns begins a run, and forgets changes of an hour ago', () => {
    const turned = after({ ...pending, changes: [ago(61), ago(60), ago(59)] }, 0, 'ok', ago(4))?.record;
    expect(turned).toMatchObject({ phase: 'quiet', lastBadAt: ago(4), changes: [ago(59), start] });
    expect(after(record(), 0, 'ok')?.record.phase).toBe('open');
  });
  test.each([
    ['half an hour after the last is its successor', 30, { since: ago(60), count: 2 }, ago(60)],
    ['later than that begins anew', 31, { since: start, count: 1 }, start],
  ])('%s', (_, last, run, episode) => {
    expect(after(pending, 0, 'bad', ago(last))?.record).toMatchObject({ run, episode });
  });
  test('of a calm of which nothing was known for long begins it anew; the episode stays', () => {
    const calm = record({ run: { seen: 'ok', since: ago(40), count: 1 } });
    expect(after(calm, 0, 'ok')?.record).toMatchObject({ run: { since: start, count: 1 }, episode: calm.episode });
  });
  test.each([
    ['thirty seconds after the first counts as the second', 30_000, 2],
    ['a moment after it does not', 29_999, 1],
  ])('%s', (_, afterMs, count) => {
    const twin = track(pending, bad('pool.error', pool, ago(60) + afterMs), 'k', undefined);
    expect(twin?.record.run.count).toBe(count);
  });
  test('that carries on what is steady changes nothing', () => {
    for (const steady of [record(), { ...pending, run: { ...pending.run, count: 2 } }]) {
      expect(after(steady, 0, 'bad', ago(4))?.record).toEqual(steady);
    }
    const quiet = record({ phase: 'quiet', run: { seen: 'ok', since: ago(60), count: 1 } });
    expect(after(quiet, 0, 'ok', ago(4))?.record).toBe(quiet);
  });
});

describe('a round', () => {
  test('takes the graver of two observations of one thing, whichever comes first', () => {
    for (const order of [1, -1]) {
      const world = incidentWorld();
      const both = [bad('pool.error', pool, start), ok('pool.error', pool, start)];
      world.pass(start, ...(order === 1 ? both : both.toReversed()));
      expect(world.record('pool.error', pool)?.phase).toBe('pending');
    }
  });
  test('keeps its records in the order of their keys', () => {
    const world = incidentWorld();
    const kinds = ['pool.error', 'pool.late', 'pool.stuck', 'pool.refused'] as const;
    world.pass(start, ...kinds.map((kind) => bad(kind, pool, start)));
    world.pass(start + minuteMs, bad('pool.unclear', pool, start));
    const keys = world.records.map(({ key }) => key);
    expect(keys).toEqual(keys.toSorted());
    expect(keys).toHaveLength(5);
  });
  test('that finds gone what never opened says why, and what is over or unknown is not written', () => {
    const world = incidentWorld();
    world.pass(start, bad('pool.error', pool, start));
    world.pass(start + minuteMs, over('pool.error', pool, start + minuteMs, 'the pool is gone'));
    const gone = world.record('pool.error', pool);
    expect(gone).toMatchObject({ phase: 'quiet', why: [{}, { what: 'open', reason: 'the pool is gone' }] });
    expect(gone).not.toHaveProperty('endedAt');
    world.pass(start + 2 * minuteMs, over('pool.error', pool, start + 2 * minuteMs, 'it is still gone'));
    world.pass(start + 3 * minuteMs, unknown('pool.error', pool));
    world.pass(start + 4 * minuteMs, over('pool.late', pool, start, 'never was'));
    expect(world.written).toEqual([1, 1, 0, 0, 0]);
  });
  test('remembers when something was last known, of what has a record', () => {
    const world = incidentWorld();
    world.pass(start, ok('pool.late', pool, start));
    expect(world.lastKnown).toEqual({});
    world.pass(start, bad('pool.error', pool, start));
    world.pass(start + minuteMs, unknown('pool.error', pool));
    world.pass(start + 2 * minuteMs, over('pool.error', pool, start + 2 * minuteMs, 'gone'));
    expect(Object.values(world.lastKnown)).toEqual([start]);
  });
});

test('the end of what a person would read about is told with its words', () => {
  const world = incidentWorld();
  const finding = {
    severity: 'critical',
    text: 'it hangs',
    fix: 'look',
    since: start - hourMs,
    facts: { did: 'raised', n: 3 },
  };
  for (const minutes of [0, 5]) {
    const now = start + minutes * minuteMs;
    const seen = { kind: 'pool.error', subject: pool, state: 'bad', at: now } as const;
    world.pass(now, { ...seen, finding: { kind: 'pool.error', subject: pool, ...finding } } as never);
  }
  expect(told(world.sent)).toEqual(['ops open']);
  expect(world.sent[0]?.facts).toMatchObject({ text: 'it hangs', fix: 'look', did: 'raised', facts: { n: 3 } });
  expect(world.sent[0]?.facts.since).toBe(start - hourMs);
  expect(world.sent[0]?.facts.facts).not.toHaveProperty('did');
});
