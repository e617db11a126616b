import { describe, expect, test } from 'vitest';
import type { IncidentRecord } from '../../../lib/decide/incidents/incident.ts';
import type { EndDate, Observation } from '../../../lib/decide/incidents/observation.ts';
import type { SilenceRecord } from '../../../lib/decide/incidents/silence.ts';
import { reminded, tellNotice } from '../../../lib/decide/incidents/who-is-told.ts';
import type { FindingKind, Severity, Subject } from '../../../lib/model/finding.ts';
import {
  bad,
  cluster,
  dayMs,
  destination,
  hash,
  hourMs,
  incidentWorld,
  match,
  minuteMs,
  noSilence,
  only,
  over,
  pool,
  start,
  told,
} from './incident-world.ts';

const at = (minutes: number) => start + minutes * minuteMs;
const ops = [destination('ops')];

function open(world: ReturnType<typeof incidentWorld>, kind: FindingKind, minute = 0, subject: Subject = pool) {
  for (const minutes of [minute, minute + 5]) world.pass(at(minutes), bad(kind, subject, at(minutes)));
}

describe('reminders', () => {
  /** Bad all the time, looked at in these hours after both opened; answers who was reminded in which hour. */
  function remindersOf(hours: readonly number[], laterByMinutes: number) {
    const world = incidentWorld(ops);
    open(world, 'pool.error');
    open(world, 'pool.refused', laterByMinutes);
    return hours.flatMap((hour) => {
      const now = at(5) + hour * hourMs;
      const sent = world.pass(now, bad('pool.error', pool, now), bad('pool.refused', pool, now));
      return sent.map(({ facts }) => `${facts.kind} ${facts.what} ${hour}`);
    });
  }
  test('of a day take along what is due within six hours', () => {
    expect(
      remindersOf([23, 24, 30], 6 * 60)
        .filter((one) => !one.includes(' 23'))
        .toSorted(),
    ).toEqual(['pool.error reminder 24', 'pool.refused reminder 24']);
  });
  test('take along nothing that is due later', () => {
    expect(remindersOf([23, 24, 30], 6 * 60 + 1).filter((one) => !one.includes(' 23'))).toEqual([
      'pool.error reminder 24',
    ]);
  });
  test('of the first hours take nothing along, and go along with nothing', () => {
    expect(remindersOf([1], 30)).toEqual(['pool.error reminder 1']);
    expect(remindersOf([23, 24], 22 * 60).filter((one) => one.startsWith('pool.refused'))).toEqual([
      'pool.refused reminder 23',
    ]);
  });
  test('that were missed are made up for by one, and the next comes in its time', () => {
    expect(remindersOf([1, 44, 48], 0).filter((one) => one.startsWith('pool.error'))).toEqual([
      'pool.error reminder 1',
      'pool.error reminder 44',
      'pool.error reminder 48',
    ]);
  });
  test.each<readonly [string, Partial<IncidentRecord>, number]>([
    ['are due while it is open and bad', {}, 3],
    ['are not before it opened', { phase: 'pending' }, 1],
    ['are not after its end', { phase: 'quiet' }, 1],
    ['are not while it is well', { run: { seen: 'ok', since: start, count: 1 } }, 1],
    ['are not of a date', { kind: 'version.eol' }, 1],
  ])('%s', (_, patch, expected) => {
    const world = incidentWorld(ops);
    open(world, 'pool.error');
    const record = { ...world.record('pool.error', pool)!, reminded: 1, ...patch };
    expect(reminded(record, at(5) + dayMs, false)).toBe(expected);
  });
});

test('what grows worse is told although something above it explains it; a reminder is not', () => {
  const world = incidentWorld(ops);
  const both = (minutes: number, severity: Severity) =>
    world.pass(at(minutes), bad('cluster.error', cluster, at(minutes)), bad('pool.error', pool, at(minutes), severity));
  world.pass(at(0), bad('pool.error', pool, at(0), 'warning'));
  world.pass(at(5), bad('pool.error', pool, at(5), 'warning'));
  both(10, 'warning');
  both(15, 'warning');
  const kindsAt = (minutes: number, severity: Severity) =>
    both(minutes, severity).map(({ facts }) => `${facts.kind} ${facts.what}`);
  expect(kindsAt(80, 'warning')).toEqual(['cluster.error reminder']);
  expect(kindsAt(85, 'critical')).toEqual(['pool.error update']);
});

test('forty destinations are told: what thirty-nine hear later takes no place of the fortieth', () => {
  const many = Array.from({ length: 39 }, (_, n) => destination(`d${n}`));
  const world = incidentWorld(many);
  for (const minutes of [0, 5]) world.pass(at(minutes), bad('pool.error', pool, at(minutes), 'warning'));
  world.destinations = [...many, destination('fortieth'), destination('next')];
  const sent = told(world.pass(at(10), bad('pool.error', pool, at(10), 'critical')));
  expect(sent.filter((one) => one.endsWith('update'))).toHaveLength(39);
  expect(sent.filter((one) => one.endsWith('open'))).toEqual(['fortieth open']);
});

describe('a step towards a date', () => {
  const words = {
    what: 'support for Kubernetes 1.32.6 of cluster dev-1',
    ifReplaced: 'upgraded',
    facts: {},
    zone: 'UTC',
  };
  const date = Date.UTC(2027, 0, 1);
  const due = (patch: Partial<EndDate> = {}): EndDate => {
    return { date, of: 'v1', armedAt: 0, below: undefined, fix: undefined, ...words, ...patch };
  };
  const seen = (daysBefore: number, patch: Partial<EndDate> = {}): readonly [number, Observation] => {
    const now = (patch.date ?? date) - daysBefore * dayMs;
    return [now, { kind: 'version.eol', subject: cluster, state: 'ends', at: now, ends: due(patch) }];
  };
  const silence: SilenceRecord = {
    schema: 1,
    id: 's1',
    scope: { kind: 'match', match: match('dev-*') },
    until: date,
    who: 'ada',
    reason: undefined,
    askedAt: start,
  };

  test('that is silenced is not told, and it is written why', () => {
    const world = incidentWorld(ops);
    world.pass(...seen(50));
    world.silences = { ...noSilence, asked: [silence] };
    expect(world.pass(...seen(20))).toEqual([]);
    expect(world.record('version.eol', cluster)?.why).toMatchObject([
      { what: 'step 30', destination: 'ops', reason: 'silenced by ada' },
    ]);
  });
  test('that a destination does not take any more is not told there', () => {
    const world = incidentWorld(ops);
    world.pass(...seen(50));
    world.destinations = [destination('ops', { only: only('critical') })];
    expect(world.pass(...seen(20))).toEqual([]);
    expect(world.record('version.eol', cluster)?.why).toMatchObject([
      { what: 'step 30', reason: 'only critical or worse' },
    ]);
  });
  test('says what ends, in a sentence, with what one can go to', () => {
    const world = incidentWorld(ops);
    const [first] = world.pass(
      ...seen(50, { fix: 'upgrade it', offers: ['1.33.2', '1.34.0'], facts: { version: 'a' } }),
    );
    expect(first?.facts).toMatchObject({
      text: 'Support for Kubernetes 1.32.6 of cluster dev-1 ends in 50 days, on 2027-01-01',
      fix: 'upgrade it; the region offers 1.33.2, 1.34.0',
      facts: { version: 'a', offers: '1.33.2, 1.34.0', date: '2027-01-01', daysLeft: 50 },
    });
    // A later round did not ask: what was known stays.
    const [later] = world.pass(...seen(20, { fix: 'upgrade it' }));
    expect(later?.facts).toMatchObject({ fix: 'upgrade it; the region offers 1.33.2, 1.34.0', severity: 'warning' });
    const [none] = world.pass(...seen(10, { fix: 'upgrade it', offers: [] }));
    expect(none?.facts.fix).toBe('upgrade it');
    expect(none?.facts.facts).not.toHaveProperty('offers');
    const [unasked] = world.pass(...seen(5, { offers: ['1.35.0'] }));
    expect(unasked?.facts.fix).toBeUndefined();
  });
  test('is over with its instant', () => {
    const instant = Date.UTC(2027, 0, 1, 18);
    const world = incidentWorld(ops);
    const [end] = world.pass(...seen(0, { date: instant }));
    expect(end?.facts.text).toMatch(/ ended on 2027-01-01T18:00:00Z$/);
    const [day] = incidentWorld(ops).pass(...seen(0.1, { date: instant, isDay: true }));
    expect(day?.facts.text).toMatch(/ ends today, on 2027-01-01$/);
  });
  test('of another date is another story, with messages of its own', () => {
    const world = incidentWorld(ops);
    world.pass(...seen(50));
    expect(told(world.pass(...seen(49, { of: 'v2' })))).toEqual(['ops resolve']);
    expect(told(world.pass(...seen(48, { of: 'v2' })))).toEqual(['ops open']);
    const ids = world.sent.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(world.sent.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(world.sent[1]?.facts.cause).toBe('upgraded');
  });
  test('that was moved beyond ninety days ends it', () => {
    const world = incidentWorld(ops);
    world.pass(...seen(50));
    const now = date - 50 * dayMs;
    const moved: Observation = {
      kind: 'version.eol',
      subject: cluster,
      state: 'ends',
      at: now + 1,
      ends: due({ date: date + 60 * dayMs }),
    };
    expect(world.pass(now + 1, moved)[0]?.facts).toMatchObject({
      what: 'resolve',
      cause: 'the date is now 2027-03-02',
    });
  });
});

describe('what explains the trouble below it', () => {
  const opensWith = (above: (now: number) => Observation) => {
    const world = incidentWorld(ops);
    open(world, 'cluster.error', 0, cluster);
    for (const minutes of [10, 15]) world.pass(at(minutes), above(at(minutes)), bad('pool.error', pool, at(minutes)));
    return world.record('pool.error', pool)?.phase === 'open';
  };
  test('does while it is bad, and not once it is gone', () => {
    expect(opensWith((now) => bad('cluster.error', cluster, now))).toBe(false);
    expect(opensWith((now) => over('cluster.error', cluster, now, 'gone'))).toBe(true);
  });
  test.each(['pool.unclear', 'version.eol', 'cluster.gone'] as const)('is not %s of its cluster', (kind) => {
    const world = incidentWorld(ops);
    for (const minutes of [0, 5]) {
      const above = bad(kind as FindingKind, cluster, at(minutes));
      world.pass(at(minutes), above, bad('pool.error', pool, at(minutes)));
    }
    expect(world.record('pool.error', pool)?.phase).toBe('open');
  });
});

test('a notice has its facts, and what was done apart', () => {
  const notice = {
    kind: 'cluster.gone',
    subject: cluster,
    text: 'gone',
    at: start,
    facts: { did: 3, pools: 2 },
  } as const;
  const telling = { now: start + 1000, hash, destinations: ops, silences: noSilence };
  expect(tellNotice(notice, telling)[0]?.facts).toMatchObject({ did: '3', facts: { pools: 2 }, fix: undefined });
  const { facts: _facts, ...bare } = notice;
  const [plain] = tellNotice(bare, telling);
  expect(plain?.facts.did).toBeUndefined();
  expect(plain?.facts.facts).toEqual({});
});
