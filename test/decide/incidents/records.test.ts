import { describe, expect, test } from 'vitest';
import {
  describeSubject,
  type IncidentRecord,
  incidentKey,
  rulesOf,
  subjectId,
  withWhy,
} from '../../../lib/decide/incidents/incident.ts';
import { type Observation, strongest } from '../../../lib/decide/incidents/observation.ts';
import { isForgettable } from '../../../lib/decide/incidents/open-and-resolve.ts';
import { destinationId } from '../../../lib/decide/incidents/routing.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import type { Subject } from '../../../lib/model/finding.ts';
import {
  bad,
  cluster,
  dayMs,
  hash,
  hourMs,
  minuteMs,
  ok,
  over,
  pool,
  region,
  start,
  unknown,
} from './incident-world.ts';

/** As it stands once an incident is long over, and owes nothing. */
const past: IncidentRecord = {
  schema: 1,
  key: 'k',
  kind: 'pool.error',
  subject: pool,
  phase: 'quiet',
  run: { seen: 'ok', since: start, count: 1 },
  changes: [],
  resolved: [],
  episode: start,
  severity: 'critical',
  worst: 'critical',
  text: 'pool.error is bad',
  flapping: false,
  sequence: 2,
  reminded: 0,
  told: {},
  why: [],
};

describe('a subject', () => {
  const subjects: readonly (readonly [Subject, string, string])[] = [
    [region, 'region/r1', 'region r1'],
    [cluster, 'cluster/r1/c1', 'cluster dev-1'],
    [pool, 'pool/r1/c1/p1', 'pool dev-1/workers'],
    [{ kind: 'destination', destination: 'ops' }, 'destination/ops', 'destination ops'],
    [{ kind: 'secret', reference: 'env MKS_TOKEN' }, 'secret/env MKS_TOKEN', 'secret env MKS_TOKEN'],
    [{ kind: 'config', path: 'pools' }, 'config/pools', 'pools'],
    [{ kind: 'fleet' }, 'fleet', 'the fleet'],
  ];
  test.each(subjects)('%j has its own name', (subject, id, words) => {
    expect(subjectId(subject)).toBe(id);
    expect(describeSubject(subject)).toBe(words);
    // What stores of today are keyed by.
    expect(incidentKey('pool.error', subject, hash)).toBe(hash(`pool.error\n${id}`));
  });
});

describe('of two observations of one thing', () => {
  const sayings = [
    unknown('pool.error', pool),
    ok('pool.error', pool, start),
    { kind: 'pool.error', subject: pool, state: 'ends', at: start } as unknown as Observation,
    bad('pool.error', pool, start),
    over('pool.error', pool, start, 'gone'),
  ];
  const pairs = sayings.flatMap((weak, at) => sayings.slice(at + 1).map((strong) => [weak, strong] as const));
  test.each(pairs)('$0.state gives way to $1.state', (weak, strong) => {
    expect(strongest(weak, strong)).toBe(strong);
    expect(strongest(strong, weak)).toBe(strong);
  });
  test('of equal ones the newer counts, and the first of two at once', () => {
    const [older, newer, twin] = [0, 1, 1].map((after) => bad('pool.error', pool, start + after));
    expect(strongest(older!, newer!)).toBe(newer);
    expect(strongest(newer!, older!)).toBe(newer);
    expect(strongest(newer!, twin!)).toBe(newer);
    const [first, second] = [unknown('pool.error', pool), unknown('pool.error', pool)];
    expect(strongest(first, second)).toBe(first);
  });
});

describe('a record is forgotten', () => {
  const told = { ops: { at: start, episode: start, severity: 'critical' } } as const;
  test.each<readonly [string, Partial<IncidentRecord>, number, boolean]>([
    ['when it never was open', {}, 0, true],
    ['not while it is pending', { phase: 'pending' }, 30 * dayMs, false],
    ['not while it is open', { phase: 'open' }, 30 * dayMs, false],
    ['not while an end is owed', { told }, 30 * dayMs, false],
    ['not while its changes may make it flap', { changes: [start - hourMs, start] }, hourMs - 1, false],
    ['once they are an hour old', { changes: [start - hourMs, start] }, hourMs, true],
    ['not while its ends may ask for a longer calm', { resolved: [start - hourMs, start] }, 6 * hourMs - 1, false],
    ['once they are six hours old', { resolved: [start - hourMs, start] }, 6 * hourMs, true],
    ['not while people may ask for it', { endedAt: start }, 7 * dayMs - 1, false],
    ['a week after its end', { endedAt: start }, 7 * dayMs, true],
  ])('%s', (_, patch, afterMs, expected) => {
    expect(isForgettable({ ...past, ...patch }, start + afterMs)).toBe(expected);
  });
});

describe('why nobody was told', () => {
  const why = { at: start, what: 'open', destination: 'ops', reason: 'the destination is retired' };
  const first = withWhy(past, why);
  test('a reason that stands is written once an episode', () => {
    expect(first.why).toEqual([why]);
    expect(withWhy(first, { ...why, at: start + minuteMs })).toBe(first);
  });
  test('in the next episode it is written anew, once', () => {
    const later = { ...why, at: start + hourMs };
    expect(withWhy({ ...first, episode: start + 1 }, later).why).toEqual([later]);
  });
  test.each([{ what: 'update' }, { destination: 'other' }, { reason: 'only critical or worse' }])(
    'another is kept beside it: %j',
    (patch) => {
      const other = { ...why, ...patch };
      expect(withWhy(first, other).why).toEqual([why, other]);
      expect(withWhy({ ...first, episode: start + 1 }, { ...other, at: start + 2 }).why).toHaveLength(2);
    },
  );
  test('sixty are kept, the latest', () => {
    const all = Array.from({ length: 61 }, (_, n) => ({ ...why, destination: `d${n}` }));
    const kept = all.reduce(withWhy, past).why;
    expect(kept.map(({ destination }) => destination)).toEqual(all.slice(1).map(({ destination }) => destination));
  });
});

test('a kind whose row names no time is bad for as long as the config says', () => {
  const configured = { forMs: 7 * minuteMs, clearMs: 11 * minuteMs };
  const twice = { clearMs: 11 * minuteMs, badSightings: 2, okSightings: 2 };
  expect(rulesOf('pool.error', configured)).toEqual({ ...twice, forMs: 7 * minuteMs });
  const own = ['api.refused', 'cluster.stuck', 'pool.stuck', 'pool.late', 'pool.contended', 'rounds.missed'] as const;
  for (const kind of [...own, 'calendar.stale'] as const) {
    expect(rulesOf(kind, configured)).toEqual({ ...twice, forMs: 0 });
  }
  expect(rulesOf('clock.skewed', configured)).toEqual({ forMs: 0, clearMs: 0, badSightings: 1, okSightings: 1 });
});

describe('what a destination is kept under', () => {
  type Address = Pick<DestinationConfig, 'name' | 'url' | 'key' | 'mail' | 'topic'>;
  const none: Address = { name: 'ops', url: undefined, key: undefined };
  const url = { kind: 'env', name: 'OPS' } as const;
  const mail = (...to: readonly string[]) => ({ to }) as unknown as NonNullable<Address['mail']>;
  const id = (patch: Partial<Address>) => destinationId({ ...none, ...patch }, hash);
  test.each<readonly [string, Partial<Address>, string]>([
    ['a variable', { url }, 'env OPS\n'],
    ['a plain address', { url: { kind: 'plain', url: 'https://a' } }, 'plain https://a\n'],
    ['a file', { url: { kind: 'file', path: '/run/a' } }, 'file /run/a\n'],
    [
      'a command',
      { url: { kind: 'command', argv: ['pass', 'ops'] } as unknown as Address['url'] },
      'command pass\nops\n',
    ],
    ['an address and a key', { url, key: { kind: 'env', name: 'KEY' } }, 'env OPS\nenv KEY'],
    ['a topic', { topic: 'arn:x' }, 'arn:x'],
    ['people', { mail: mail('b@x', 'a@x') }, 'a@x\nb@x'],
  ])('%s', (_, address, reference) => {
    expect(id(address)).toBe(`ops~${hash(reference).slice(0, 8)}`);
  });
});
