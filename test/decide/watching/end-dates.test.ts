import fc from 'fast-check';
import { expect, test } from 'vitest';
import { followEndDate, newerVersions } from '../../../lib/decide/watching/end-dates.ts';
import { aCluster, answersOf, at, regionWorld, start, states } from './watching-world.ts';

const dayMs = 86_400_000;
const version = (id: string, number: string, eol?: number) => ({ id, version: number, eol });

test('a date within reach is an end, one that is not given is unknown', () => {
  const look = (eol: number | undefined) =>
    states(
      regionWorld().look(start, answersOf({}, [aCluster({ version: version('v1', '1.32.6', eol) })])).observations,
      'version.eol',
    );
  expect(look(start + 30 * dayMs)).toEqual(['version.eol ends']);
  expect(look(undefined)).toEqual([]);
});

test('an upgrade to a version without a date is over once it was read twice', () => {
  const world = regionWorld();
  const look = (minutes: number, is: ReturnType<typeof version>) =>
    states(world.look(at(minutes), answersOf({}, [aCluster({ version: is })])).observations, 'version.eol');
  look(0, version('v1', '1.32.6', start + 5 * dayMs));
  expect(look(5, version('v2', '1.33.1'))).toEqual([]);
  expect(look(65, version('v2', '1.33.1'))).toEqual(['version.eol over']);
});

test('a token’s expiry is an end, by what its secret is kept under', () => {
  const token = { reference: 'awsSecret lamplighter/r1', expires: start + 5 * dayMs };
  const { observations } = regionWorld().look(start, answersOf({ token }));
  expect(observations.find(({ kind }) => kind === 'token.expiry')).toMatchObject({
    state: 'ends',
    subject: { kind: 'secret', reference: 'awsSecret lamplighter/r1' },
  });
});

test('no sequence of readings within one hour changes a date', () => {
  const reading = fc.record({
    of: fc.constantFrom('v1', 'v2'),
    date: fc.option(fc.integer({ min: 0, max: 1e12 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 30 }), (readings) => {
      const first = { of: 'v1', date: 5e11, armedAt: start };
      const last = readings.reduce(
        (memory, read, index) => followEndDate(memory, { ...read, zone: 'UTC' }, start + index * 100_000) ?? memory,
        first as NonNullable<ReturnType<typeof followEndDate>>,
      );
      expect({ of: last.of, date: last.date, armedAt: last.armedAt }).toEqual(first);
    }),
  );
});

test('newer versions are those ahead by number and not past their end', () => {
  const offered = ['1.9.0', '1.31.2', '1.33.10', '1.33.9', '1.34.0'].map((number) => version(number, number));
  const ended = version('x', '1.35.0', start - dayMs);
  expect(newerVersions(version('v1', '1.32.6'), [...offered, ended], start)).toEqual(['1.33.9', '1.33.10', '1.34.0']);
});

const hourMs = 3_600_000;
type Memory = NonNullable<ReturnType<typeof followEndDate>>;
const before: Memory = { of: 'v1', date: start + 20 * dayMs, armedAt: start - dayMs };

/** Readings an hour apart; each is what it belongs to and its days from now. */
function read(...readings: readonly (readonly [of: string, days: number | undefined])[]): Memory {
  return readings.reduce((memory, [of, days], index) => {
    const date = days === undefined ? undefined : start + days * dayMs;
    return followEndDate(memory, { of, date, zone: 'UTC', isDay: true }, start + index * hourMs) ?? memory;
  }, before);
}

const daysOf = ({ of, date }: Memory) => [of, date === undefined ? undefined : (date - start) / dayMs];

test.each<[string, readonly (readonly [string, number | undefined])[], readonly unknown[]]>([
  ['one reading', [['v1', 40]], ['v1', 20]],
  [
    'the same twice',
    [
      ['v1', 40],
      ['v1', 40],
    ],
    ['v1', 40],
  ],
  [
    'two different ones',
    [
      ['v1', 40],
      ['v1', 50],
    ],
    ['v1', 20],
  ],
  [
    'two different ones, then the second again',
    [
      ['v1', 40],
      ['v1', 50],
      ['v1', 50],
    ],
    ['v1', 50],
  ],
  [
    'two that take turns',
    [
      ['v1', 40],
      ['v1', 50],
      ['v1', 40],
      ['v1', 50],
    ],
    ['v1', 20],
  ],
  [
    'one that was taken back between',
    [
      ['v1', 40],
      ['v1', 20],
      ['v1', 40],
    ],
    ['v1', 20],
  ],
  ['its old date under a new version, once', [['v2', 20]], ['v1', 20]],
  [
    'its old date under a new version, twice',
    [
      ['v2', 20],
      ['v2', 20],
    ],
    ['v2', 20],
  ],
  [
    'a new date under the old version, then under the new one',
    [
      ['v1', 40],
      ['v2', 40],
    ],
    ['v1', 20],
  ],
  [
    'a new version with and without a date',
    [
      ['v2', 40],
      ['v2', undefined],
    ],
    ['v1', 20],
  ],
  [
    'a new version without a date, twice',
    [
      ['v2', undefined],
      ['v2', undefined],
    ],
    ['v2', undefined],
  ],
])('what counts after %s', (_, readings, expected) => {
  expect(daysOf(read(...readings))).toEqual(expected);
});

test.each<[string, readonly [string, number], number | undefined]>([
  ['less than a week away begins nothing anew', ['v1', 26.9], undefined],
  ['a week away begins a new ladder', ['v1', 27], 30],
  ['a week earlier begins one as well', ['v1', 13], 14],
  ['near the old one, of another version, begins a new ladder', ['v2', 21], 30],
  ['the old one, of another version, begins a new ladder', ['v2', 20], 30],
])('a date %s', (_, reading, below) => {
  const { armedAt, below: step } = read(reading, reading);
  expect([armedAt, step]).toEqual(below === undefined ? [before.armedAt, undefined] : [start + hourMs, below]);
});

test('until the upgrade was read twice nothing is said of the old version’s end', () => {
  const world = regionWorld();
  const look = (minutes: number, is: ReturnType<typeof version>) =>
    world
      .look(at(minutes), answersOf({}, [aCluster({ version: is })]))
      .observations.flatMap((one) => (one.state === 'ends' ? [one.ends.what] : []));
  const soon = start + 5 * dayMs;
  expect(look(0, version('v1', '1.32.6', soon))).toEqual(['support for Kubernetes 1.32.6 of cluster dev-1']);
  expect(look(5, version('v2', '1.33.1', soon + 300 * dayMs))).toEqual([]);
  expect(look(65, version('v2', '1.33.1', soon + 300 * dayMs))).toEqual([
    'support for Kubernetes 1.33.1 of cluster dev-1',
  ]);
});

test('another token has a ladder of its own, at once', () => {
  const world = regionWorld();
  const look = (minutes: number, reference: string, days: number) => {
    const token = { reference, expires: start + days * dayMs };
    const { observations } = world.look(at(minutes), answersOf({ token }));
    return observations.flatMap((one) =>
      one.state === 'ends' ? [[one.ends.of, (one.ends.date - start) / dayMs, one.ends.armedAt, one.ends.below]] : [],
    );
  };
  expect(look(0, 'env A', 5)).toEqual([['env A', 5, start, undefined]]);
  expect(look(5, 'env B', 6)).toEqual([['env B', 6, at(5), undefined]]);
  expect(look(10, 'env B', 60)).toEqual([['env B', 6, at(5), undefined]]);
});
