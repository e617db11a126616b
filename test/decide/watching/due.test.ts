import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advanceDue, newerVersions } from '../../../lib/decide/watching/end-dates.ts';
import { aCluster, answersOf, at, regionWorld, start, states } from './watching-world.ts';

const dayMs = 86_400_000;
const version = (id: string, number: string, eol?: number) => ({ id, version: number, eol });

test('a date within reach is due, one that is not given is unknown', () => {
  const look = (eol: number | undefined) =>
    states(
      regionWorld().look(start, answersOf({}, [aCluster({ version: version('v1', '1.32.6', eol) })])).observations,
      'version.eol',
    );
  expect(look(start + 30 * dayMs)).toEqual(['version.eol due']);
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

test('a token’s expiry is due, by what its secret is kept under', () => {
  const token = { reference: 'awsSecret lamplighter/r1', expires: start + 5 * dayMs };
  const { observations } = regionWorld().look(start, answersOf({ token }));
  expect(observations.find(({ kind }) => kind === 'token.expiry')).toMatchObject({
    state: 'due',
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
        (memory, read, index) => advanceDue(memory, { ...read, zone: 'UTC' }, start + index * 100_000) ?? memory,
        first as NonNullable<ReturnType<typeof advanceDue>>,
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
