import { describe, expect, test } from 'vitest';
import type { Watched } from '../../../lib/decide/incidents/observation.ts';
import {
  type Ending,
  endDateOf,
  endings,
  followEndDate,
  isRuled,
  isWatched,
  newerVersions,
} from '../../../lib/decide/watching/end-dates.ts';
import { staleCalendar } from '../../../lib/decide/watching/observe-calendars.ts';
import {
  isChecked,
  observeRounds,
  type RoundFindings,
  scaleMade,
} from '../../../lib/decide/watching/scale-findings.ts';
import {
  type EndDateMemory,
  isAccepted,
  present,
  remember,
  type Seen,
  withIncidentSubjects,
} from '../../../lib/decide/watching/watch-memory.ts';
import type { FindingKind, Subject } from '../../../lib/model/finding.ts';
import { aConfig } from '../../support/receivers/outbox-world.ts';
import { aRule } from '../../support/scaling-world.ts';
import { match } from '../incidents/incident-world.ts';
import { at, minuteMs, start } from './watching-world.ts';

const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const region: Subject = { kind: 'region', region: 'r1' };
const cluster: Subject = { kind: 'cluster', region: 'r1', clusterId: 'c1', cluster: 'dev-1' };
const pool: Subject = { kind: 'pool', region: 'r1', clusterId: 'c1', poolId: 'p1', cluster: 'dev-1', pool: 'workers' };

describe('what was seen', () => {
  const seen: Seen = { id: 'c1', name: 'dev-1', updatedAt: start, acceptedAt: start };
  test.each<readonly [string, Seen | undefined, number | undefined, number, boolean]>([
    ['at first', undefined, 1, 0, true],
    ['as old as before', seen, start, 0, true],
    ['older', seen, start - 1, 30, false],
    ['older, for more than half an hour', seen, start - 1, 30.01, true],
    ['without its age', seen, undefined, 0, true],
  ])('is accepted: %s', (_, before, updatedAt, minutes, expected) => {
    expect(isAccepted(before, updatedAt, at(minutes))).toBe(expected);
  });
  const sighting = { id: 'c1', name: 'dev-1', status: 'Scaling', updatedAt: 7 };
  const changing = (as: string): Seen => ({ ...seen, changing: { as, since: start - hourMs } });
  test.each<readonly [string, Seen | undefined, number, number]>([
    ['from the first look', undefined, 0, 0],
    ['on, within half an hour of the last look', changing('Scaling 3'), 30, -60],
    ['anew after a longer silence', changing('Scaling 3'), 30.01, 30.01],
    ['anew with other sizes', changing('Scaling 4'), 5, 5],
    ['anew after it stood still', seen, 5, 5],
  ])('counts a change %s', (_, before, minutes, since) => {
    expect(remember(before, sighting, '3', at(minutes))).toEqual({
      id: 'c1',
      name: 'dev-1',
      updatedAt: 7,
      acceptedAt: at(minutes),
      changing: { as: 'Scaling 3', since: at(since) },
    });
  });
  test('of what stands still has no change, and no age where none was said', () => {
    const still = { ...sighting, status: 'Running', updatedAt: undefined };
    expect(remember(changing('Scaling 3'), still, '3', at(1))).toEqual({ id: 'c1', name: 'dev-1', acceptedAt: at(1) });
    expect(remember(undefined, sighting, '', start).changing?.as).toBe('Scaling');
    expect(present({ ...seen, missingSince: 3 })).toEqual(seen);
  });
  test('has what its incidents are about, of its own region, each once', () => {
    const known = { ...seen, pools: [{ id: 'p1', name: 'workers', acceptedAt: 5 }] };
    const other = { ...pool, poolId: 'p2', pool: 'gpu' } as Subject;
    const gone = { ...pool, clusterId: 'c2', cluster: 'old' } as Subject;
    const elsewhere = { ...cluster, region: 'r2', clusterId: 'c9' } as Subject;
    const incidents = [pool, other, gone, elsewhere, region, cluster].map(
      (subject): Watched => ({ kind: 'pool.error', subject }),
    );
    const memory = withIncidentSubjects({ region: 'r1', clusters: [known] }, incidents, at(9));
    expect(memory).toEqual({
      region: 'r1',
      clusters: [
        { ...known, pools: [...known.pools, { id: 'p2', name: 'gpu', acceptedAt: at(9) }] },
        { id: 'c2', name: 'old', acceptedAt: at(9), pools: [{ id: 'p1', name: 'workers', acceptedAt: at(9) }] },
      ],
    });
  });
});

describe('a scaling round', () => {
  const round = (patch: Partial<RoundFindings> = {}): RoundFindings => {
    const empty = { clusters: 1, pools: 1, findings: [], checkedClusters: [] };
    return {
      schema: 1,
      at: start,
      region: 'r1',
      shard: { index: 0, count: 1 },
      configHash: 'h',
      isAnswered: true,
      ...empty,
      ...patch,
    };
  };
  const states = (rounds: readonly RoundFindings[], kind: FindingKind, subject: Subject, freshSince = start) =>
    observeRounds(rounds, [{ kind, subject }], ['r1', 'r2'], freshSince).map((one) => [
      one.state,
      'at' in one && one.at,
    ]);
  const finding = { kind: 'pool.late', subject: pool, severity: 'critical', text: 'late' } as const;
  test('that found it says so; others find nothing', () => {
    expect(states([round({ findings: [finding] })], 'pool.late', pool)).toEqual([['bad', start]]);
    expect(states([round({ findings: [finding] })], 'pool.late', { ...pool, poolId: 'p2' })).toEqual([['bad', start]]);
  });
  test.each<readonly [string, readonly RoundFindings[], FindingKind, Subject, unknown]>([
    ['that read its cluster', [round({ checkedClusters: ['c1'] })], 'pool.late', pool, [['ok', start]]],
    ['that did not', [round({ checkedClusters: ['c2'] })], 'pool.late', pool, []],
    ['too old', [round({ checkedClusters: ['c1'], at: start - 1 })], 'pool.late', pool, []],
    [
      'of several, the newest',
      [round({ checkedClusters: ['c1'], at: start + 5 }), round({ checkedClusters: ['c1'] })],
      'pool.late',
      pool,
      [['ok', start + 5]],
    ],
    ['on what the watch sees', [round({ checkedClusters: ['c1'] })], 'pool.error', pool, []],
    ['on its region', [round()], 'clock.skewed', region, [['ok', start]]],
    ['on its region that was not answered', [round({ isAnswered: false })], 'clock.skewed', region, []],
    ['on its region by a wrong clock', [round({ isClockWrong: true })], 'clock.skewed', region, []],
    ['on a part of its region', [round({ shard: { index: 0, count: 2 } })], 'clock.skewed', region, []],
    [
      'on all parts of it',
      [0, 1].map((index) => round({ at: start + index, shard: { index, count: 2 } })),
      'clock.skewed',
      region,
      [['ok', start + 1]],
    ],
    [
      'on parts of an earlier cut',
      [round({ shard: { index: 0, count: 2 } }), round({ at: start + 9, shard: { index: 1, count: 3 } })],
      'clock.skewed',
      region,
      [],
    ],
    ['on one of two regions', [round()], 'config.brake', { kind: 'config', path: 'safety.brake' }, []],
    [
      'on both',
      [round(), round({ region: 'r2', at: start + 3 })],
      'config.brake',
      { kind: 'config', path: 'safety.brake' },
      [['ok', start + 3]],
    ],
    ['on another region', [round({ region: 'r2' })], 'clock.skewed', region, []],
  ])('%s', (_, rounds, kind, subject, expected) => {
    expect(states(rounds, kind, subject)).toEqual(expected);
  });
  test('tells which clusters it read', () => {
    expect(isChecked('c1', [round(), round({ checkedClusters: ['c1'] })])).toBe(true);
    expect(isChecked('c1', [round()])).toBe(false);
    expect(scaleMade.has('pool.late')).toBe(true);
  });
});

describe('an incident of what is not there any more', () => {
  const rules = [aRule({ match: match('dev-*', { pool: 'workers' }) })];
  const regions = [{ name: 'r1', url: 'https://a', mksRegion: undefined, token: { kind: 'env', name: 'T' } }] as const;
  const config = aConfig([], { regions, rules });
  const round = { checkedClusters: ['c9'] } as unknown as RoundFindings;
  const ending = (patch: Partial<Ending> = {}): Ending => {
    return { config, now: start, gone: new Map(), references: ['env T'], freshRounds: [], ...patch };
  };
  const watching = (clusters: 'all' | readonly string[]) =>
    aConfig([], {
      regions,
      rules,
      watch: { ...config.watch, clusters: clusters === 'all' ? clusters : clusters.map((text) => match(text)) },
    });
  const unruled = aConfig([], {
    regions,
    rules: [aRule({ match: match('dev-*', { pool: 'workers' }), schedule: undefined }), ...rules],
  });
  const none = aConfig([], { regions });
  const asking = { ...match('dev-*'), labels: { team: 'data' } };
  const labelled = aConfig([], { regions, rules: [aRule({ match: asking })] });
  const spared = aConfig([], { regions, rules: [aRule({ match: asking, schedule: undefined })] });
  const cases: readonly (readonly [string, FindingKind, Subject, Partial<Ending>, string | undefined])[] = [
    ['a region of the config', 'api.refused', region, {}, undefined],
    [
      'a region that left it',
      'api.refused',
      { kind: 'region', region: 'r9' },
      {},
      'the region was removed from the config',
    ],
    [
      'a cluster of a region that left it',
      'cluster.error',
      { ...cluster, region: 'r9' },
      {},
      'the region was removed from the config',
    ],
    ['a cluster', 'cluster.error', cluster, {}, undefined],
    ['a cluster that is gone', 'cluster.error', cluster, { gone: new Map([['r1\nc1', 'deleted']]) }, 'deleted'],
    ['a pool whose cluster is gone', 'pool.error', pool, { gone: new Map([['r1\nc1', 'deleted']]) }, 'deleted'],
    [
      'a pool that is gone',
      'pool.error',
      pool,
      {
        gone: new Map([
          ['r1\nc1', 'deleted'],
          ['r1\np1', 'the pool is gone'],
        ]),
      },
      'the pool is gone',
    ],
    ['a cluster that is watched', 'cluster.error', cluster, { config: watching(['dev-*']) }, undefined],
    [
      'a cluster that is watched no more',
      'cluster.error',
      cluster,
      { config: watching(['prod-*']) },
      'no longer watched',
    ],
    [
      'a destination that left',
      'destination.broken',
      { kind: 'destination', destination: 'ops' },
      {},
      'the destination was removed from the config',
    ],
    ['a token in use', 'token.expiry', { kind: 'secret', reference: 'env T' }, {}, undefined],
    [
      'a token that is not',
      'token.expiry',
      { kind: 'secret', reference: 'env X' },
      {},
      'the config no longer names this secret',
    ],
    ['a file', 'config.invalid', { kind: 'config', path: 'a' }, {}, undefined],
    ['the fleet', 'rounds.missed', { kind: 'fleet' }, {}, undefined],
    ['a pool with a rule', 'pool.late', pool, { freshRounds: [round] }, undefined],
    [
      'a pool without one',
      'pool.late',
      pool,
      { config: none, freshRounds: [round] },
      'no rule of the config matches it any more',
    ],
    [
      'a pool that is only watched',
      'pool.late',
      pool,
      { config: unruled, freshRounds: [round] },
      'no rule of the config matches it any more',
    ],
    ['a pool whose rule asks for labels', 'pool.late', pool, { config: labelled, freshRounds: [round] }, undefined],
    [
      'a pool that only one with labels spares',
      'pool.late',
      pool,
      { config: spared, freshRounds: [round] },
      'no rule of the config matches it any more',
    ],
    [
      'a pool without one that a round still looks at',
      'pool.late',
      pool,
      { config: none, freshRounds: [{ ...round, checkedClusters: ['c1'] }] },
      undefined,
    ],
    ['a pool without one, while no round came', 'pool.late', pool, { config: none }, undefined],
    ['what the watch sees too', 'pool.stuck', pool, { config: none, freshRounds: [round] }, undefined],
    ['what the watch sees as well', 'pool.unclear', pool, { config: none, freshRounds: [round] }, undefined],
    ['what the watch alone sees', 'pool.error', pool, { config: none, freshRounds: [round] }, undefined],
  ];
  test.each(cases)('%s', (_, kind, subject, patch, cause) => {
    const expected = cause === undefined ? [] : [{ kind, subject, state: 'over', at: start, cause }];
    expect(endings([{ kind, subject }], ending(patch))).toEqual(expected);
  });
  test('is watched, and ruled, by name', () => {
    const names = { region: 'r1', cluster: 'dev-1', pool: 'workers' };
    expect([
      isWatched(watching('all'), names),
      isWatched(watching([]), names),
      isWatched(watching(['dev-*']), names),
    ]).toEqual([true, false, true]);
    expect([isRuled(config, names), isRuled(none, names), isRuled(unruled, names)]).toEqual([true, false, false]);
  });
});

describe('a date', () => {
  const date = start + 40 * dayMs;
  const read = (patch: object = {}) => ({ of: 'v1', date, zone: 'UTC', ...patch });
  const known: EndDateMemory = { of: 'v1', date, armedAt: 1 };
  const candidate = (patch: object = {}) => ({ of: 'v1', date: date + dayMs, at: start, ...patch });
  test.each<readonly [string, EndDateMemory | undefined, object, number, EndDateMemory | undefined]>([
    ['that nobody knows', undefined, { date: undefined }, 0, undefined],
    ['at first counts at once', undefined, {}, 0, { of: 'v1', date, armedAt: start }],
    [
      'that is not said stays',
      { ...known, candidate: candidate() },
      { date: undefined },
      0,
      { ...known, candidate: candidate() },
    ],
    ['that is the same forgets what was read once', { ...known, candidate: candidate() }, {}, 0, known],
    ['that is another one waits', known, { date: date + dayMs }, 0, { ...known, candidate: candidate() }],
    [
      'that is read again too soon still waits',
      { ...known, candidate: candidate() },
      { date: date + dayMs },
      hourMs - 1,
      { ...known, candidate: candidate() },
    ],
    [
      'that is read again after an hour counts',
      { ...known, candidate: candidate() },
      { date: date + dayMs },
      hourMs,
      { ...known, date: date + dayMs },
    ],
    [
      'that is a third one waits anew',
      { ...known, candidate: candidate() },
      { date: date + 2 * dayMs },
      hourMs,
      { ...known, candidate: candidate({ date: date + 2 * dayMs, at: start + hourMs }) },
    ],
    [
      'of another thing waits anew',
      { ...known, candidate: candidate() },
      { of: 'v2', date: date + dayMs },
      hourMs,
      { ...known, candidate: candidate({ of: 'v2', at: start + hourMs }) },
    ],
    [
      'that moved by a week is armed again, below its step',
      { ...known, candidate: candidate({ date: date + 7 * dayMs }) },
      { date: date + 7 * dayMs },
      hourMs,
      { of: 'v1', date: date + 7 * dayMs, armedAt: start + hourMs, below: 60 },
    ],
    [
      'that moved by less is not',
      { ...known, candidate: candidate({ date: date + 7 * dayMs - 1 }) },
      { date: date + 7 * dayMs - 1 },
      hourMs,
      { ...known, date: date + 7 * dayMs - 1 },
    ],
    [
      'that came nearer by a week is',
      { ...known, candidate: candidate({ date: date - 7 * dayMs }) },
      { date: date - 7 * dayMs },
      hourMs,
      { of: 'v1', date: date - 7 * dayMs, armedAt: start + hourMs, below: 60 },
    ],
    [
      'beyond its steps has none below',
      { ...known, candidate: candidate({ date: date + 90 * dayMs }) },
      { date: date + 90 * dayMs },
      hourMs,
      { of: 'v1', date: date + 90 * dayMs, armedAt: start + hourMs },
    ],
    [
      'of another thing, twice, is armed again',
      { ...known, candidate: candidate({ of: 'v2', date }) },
      { of: 'v2' },
      hourMs,
      { of: 'v2', date, armedAt: start + hourMs, below: 60 },
    ],
    [
      'of another thing without one counts as none',
      { ...known, candidate: { of: 'v2', at: start } },
      { of: 'v2', date: undefined },
      hourMs,
      { of: 'v2', armedAt: start + hourMs },
    ],
  ])('%s', (_, memory, patch, laterMs, expected) => {
    expect(followEndDate(memory, read(patch), start + laterMs)).toEqual(expected);
  });
  test('is due once it is known', () => {
    const words = { zone: 'UTC', what: 'x', ifReplaced: 'y', fix: undefined, facts: {} };
    expect(endDateOf({ of: 'v1', armedAt: 1 }, words)).toBeUndefined();
    expect(endDateOf({ ...known, below: 30 }, words)).toEqual({ of: 'v1', date, armedAt: 1, below: 30, ...words });
  });
});

describe('versions one can go to', () => {
  const version = (text: string, eol?: number) => ({ id: text, version: text, eol });
  const from = version('1.32.6');
  const offers = (offered: readonly string[], ends?: number) =>
    newerVersions(
      from,
      offered.map((text) => version(text, ends)),
      start,
    );
  test('are the newer ones, oldest first, each once, eight at most', () => {
    expect(offers(['1.33.0', '1.9.0', '1.32.10', '1.33.0', '1.32.6', '1.32', '2.0', '1.32.6.1'])).toEqual([
      '1.32.6.1',
      '1.32.10',
      '1.33.0',
      '2.0',
    ]);
    expect(offers(Array.from({ length: 9 }, (_, n) => `1.${40 + n}.0`))).toHaveLength(8);
  });
  test('are not past their own end', () => {
    expect([offers(['1.33.0'], start + 1), offers(['1.33.0'], start)]).toEqual([['1.33.0'], []]);
  });
});

test('a calendar that is stale says what to do', () => {
  const calendar = { name: 'holidays', insecure: false, address: { kind: 'env', name: 'CAL' } } as const;
  const about = {
    kind: 'calendar.stale',
    severity: 'warning',
    subject: { kind: 'config', path: 'calendars.holidays' },
  };
  expect(staleCalendar(calendar, start)).toEqual({
    ...about,
    text: 'The calendar holidays could not be fetched yet, so its days count as ordinary ones',
    fix: 'Check its address and the network: lamplighter doctor',
  });
  const old = start - 31 * dayMs;
  expect(staleCalendar({ ...calendar, fetchedAt: old }, start)).toMatchObject({
    ...about,
    facts: { fetched: '2026-10-23' },
    fix: expect.stringContaining('doctor'),
  });
  expect(staleCalendar({ name: 'holidays', insecure: false, fetchedAt: old }, start)).toMatchObject({
    ...about,
    facts: { fetched: '2026-10-23' },
    fix: 'Deploy again: this fetches it',
  });
});
