import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../lib/decide/incidents/observation.ts';
import type { FindingKind, Subject } from '../../../lib/model/finding.ts';
import {
  bad,
  cluster,
  incidentWorld,
  minuteMs,
  ok,
  over,
  pool,
  region,
  start,
  told,
  unknown,
} from './incident-world.ts';

const at = (minutes: number) => start + minutes * minuteMs;

/** One letter per five minutes: b bad, o ok, ? unknown, G gone. Answers the minutes at which something was told. */
function life(letters: string, kind: FindingKind = 'pool.error', subject: Subject = pool, everyMinutes = 5) {
  const world = incidentWorld();
  const said = Array.from(letters).flatMap((letter, index) => {
    const now = at(index * everyMinutes);
    const deliveries = world.pass(now, observed(letter, kind, subject, now));
    return deliveries.map(({ facts }) => `${facts.what} ${index * everyMinutes}`);
  });
  return { world, said };
}

function observed(letter: string, kind: FindingKind, subject: Subject, now: number): Observation {
  if (letter === 'b') return bad(kind, subject, now);
  if (letter === 'o') return ok(kind, subject, now);
  return letter === 'G' ? over(kind, subject, now, 'the cluster is gone') : unknown(kind, subject);
}

describe('opening and resolving', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['one bad look says nothing', 'boooooo', []],
    ['bad for five minutes opens, ok for ten resolves', 'bbooo', ['open 5', 'resolve 20']],
    ['one ok look resolves nothing', 'bbobbb', ['open 5']],
    ['unknown opens nothing', '??????????', []],
    ['unknown between two bad looks resets nothing', 'b???b', ['open 20']],
    ['unknown resolves nothing', 'bb????????', ['open 5']],
    ['unknown between two ok looks resets nothing', 'bbo???o', ['open 5', 'resolve 30']],
    ['a gap of more than 30 minutes starts a pending opening anew', 'b???????bb', ['open 45']],
    ['a gap of more than 30 minutes starts a pending resolve anew', 'bbo???????ooo', ['open 5', 'resolve 60']],
    ['a gap never touches an open incident', 'bb????????????bboo', ['open 5']],
    ['what is gone resolves at once', 'bbG', ['open 5', 'resolve 10']],
    ['what is gone before it opened says nothing', 'bG', []],
  ];
  test.each(cases)('%s', (_title, letters, expected) => {
    const { said } = life(letters);
    expect(said.filter((one) => !one.startsWith('reminder'))).toEqual(expected);
  });

  test('the episode is the first bad look, the end the first ok one', () => {
    const { world } = life('obbbooo');
    const [open, resolve] = world.sent;
    expect(open).toMatchObject({ episode: at(5), facts: { since: at(5), until: undefined } });
    expect(resolve).toMatchObject({ episode: at(5), facts: { until: at(20), cause: 'recovered' } });
  });

  test('what is gone says so', () => {
    expect(life('bbG').world.sent.at(-1)?.facts).toMatchObject({ what: 'resolve', cause: 'the cluster is gone' });
  });

  test('a second episode is another one, with other ids', () => {
    const { world } = life('bboobbb'.replace('oo', 'ooo'));
    const opens = world.sent.filter(({ facts }) => facts.what === 'open');
    expect(opens).toHaveLength(2);
    expect(new Set(opens.map(({ id }) => id)).size).toBe(2);
    expect(opens[0]?.key).toBe(opens[1]?.key);
  });
});

describe('kinds with a time or a count of their own', () => {
  const cases: readonly (readonly [FindingKind, Subject, number])[] = [
    ['api.unreachable', region, 10],
    ['api.refused', region, 5],
    ['cluster.unseen', cluster, 30],
    ['cluster.error', cluster, 5],
    ['pool.error', pool, 5],
    ['cluster.stuck', cluster, 5],
    ['pool.stuck', pool, 5],
    ['pool.late', pool, 5],
    ['pool.refused', pool, 5],
    ['pool.contended', pool, 5],
    ['pool.unclear', pool, 5],
    ['pool.outside-bounds', pool, 60],
    ['base.unknown', pool, 5],
    ['token.cannot-scale', region, 5],
    ['clock.skewed', region, 0],
    ['rounds.missed', { kind: 'fleet' }, 5],
    ['config.brake', { kind: 'config', path: 'safety.brake' }, 0],
    ['config.mismatch', { kind: 'config', path: 'pools' }, 0],
    ['config.invalid', { kind: 'config', path: 'lamplighter.yml' }, 0],
    ['destination.broken', { kind: 'destination', destination: 'pager' }, 0],
  ];
  test.each(cases.map(([kind, subject, minutes]) => ({ kind, subject, minutes })))(
    '$kind opens after $minutes min',
    ({ kind, subject, minutes }) => {
      const { said } = life('b'.repeat(14), kind, subject);
      expect(said[0]).toBe(`open ${minutes}`);
    },
  );

  test('with ticks of a minute, two looks are enough where no time is named', () => {
    expect(life('bb', 'api.refused', region, 1).said).toEqual(['open 1']);
    expect(life('bbbbb', 'pool.error', pool, 1).said).toEqual([]);
    expect(life('bbbbbb', 'pool.error', pool, 1).said).toEqual(['open 5']);
  });

  test('facts of the config are over at first sight', () => {
    expect(life('bo', 'config.invalid', { kind: 'config', path: 'l.yml' }).said).toEqual(['open 0', 'resolve 5']);
  });
});

test('a doubled tick counts once', () => {
  const world = incidentWorld();
  world.pass(at(0), bad('api.refused', region, at(0)));
  expect(world.pass(at(0) + 900, bad('api.refused', region, at(0) + 900))).toEqual([]);
});

test('the same look twice says one thing once', () => {
  const world = incidentWorld();
  world.pass(at(0), bad('pool.error', pool, at(0)));
  world.pass(at(5), bad('pool.error', pool, at(5)));
  expect(world.pass(at(5), bad('pool.error', pool, at(5)))).toEqual([]);
  expect(told(world.sent)).toEqual(['ops open']);
});

test('an older look than the last one says nothing', () => {
  const world = incidentWorld();
  world.pass(at(0), bad('pool.late', pool, at(0)));
  world.pass(at(10), ok('pool.late', pool, at(10)));
  expect(world.pass(at(15), bad('pool.late', pool, at(9)))).toEqual([]);
  expect(world.record('pool.late', pool)?.phase).toBe('quiet');
});

test('a steady incident is not written each pass', () => {
  const { world } = life('bbbbbbbbbb');
  expect(world.written).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('what is well is not written at all', () => {
  expect(life('oooo').world.written).toEqual([0, 0, 0, 0]);
});

test('the key knows neither names nor words', () => {
  const world = incidentWorld();
  world.pass(at(0), bad('pool.error', pool, at(0)));
  world.pass(at(5), bad('pool.error', { ...pool, pool: 'renamed' } as Subject, at(5), 'warning'));
  expect(world.records).toHaveLength(1);
  expect(told(world.sent)).toEqual(['ops open']);
});
