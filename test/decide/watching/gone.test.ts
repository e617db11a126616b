import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../lib/model/answer.ts';
import {
  aCluster,
  answersOf,
  aPool,
  at,
  notFound,
  okAnswer,
  regionWorld,
  start,
  unknownAnswer,
} from './watching-world.ts';

/** n 404, o there by id, ? unknown, l listed, x the list itself fails; one every given minutes. */
function clusterLife(letters: string, everyMinutes = 5) {
  const world = regionWorld();
  world.look(start);
  const byId: { [letter: string]: Answer<ReturnType<typeof aCluster>> } = {
    n: notFound,
    o: okAnswer(aCluster()),
    '?': unknownAnswer,
  };
  return Array.from(letters).map((letter, index) => {
    const now = at((index + 1) * everyMinutes);
    if (letter === 'l') return world.look(now).notices.length;
    if (letter === 'x') return world.look(now, answersOf({ list: unknownAnswer, clusters: [] })).notices.length;
    const missing = [{ clusterId: 'c1', answer: byId[letter] ?? unknownAnswer }];
    return world.look(now, answersOf({ missing }, [])).notices.length;
  });
}

describe('a cluster is gone', () => {
  test.each([
    ['n', [0]],
    ['nn', [0, 1]],
    ['nnn', [0, 1, 0]],
    ['non', [0, 0, 0]],
    ['nonn', [0, 0, 0, 1]],
    ['nln', [0, 0, 0]],
    ['n?n', [0, 0, 1]],
    ['nxxn', [0, 0, 0, 1]],
    ['????', [0, 0, 0, 0]],
  ])('%s', (letters, expected) => {
    expect(clusterLife(letters)).toEqual(expected);
  });

  test('only after five minutes between the two looks', () => {
    expect(clusterLife('nnnnnnn', 1)).toEqual([0, 0, 0, 0, 0, 1, 0]);
  });

  test('with its notice and its end', () => {
    const world = regionWorld();
    world.look(start);
    const missing = [{ clusterId: 'c1', answer: notFound }];
    world.look(at(5), answersOf({ missing }, []));
    const sight = world.look(at(10), answersOf({ missing }, []));
    expect(sight.notices).toMatchObject([{ kind: 'cluster.gone', at: at(5) }]);
    expect([...sight.gone]).toEqual([['c1', 'the cluster is gone']]);
    expect(world.memory.clusters).toEqual([]);
  });

  test('not while it is listed, whatever its own calls say', () => {
    const world = regionWorld();
    const answers = answersOf();
    const clusters = answers.clusters.map((one) => ({ ...one, cluster: notFound, pools: notFound }));
    const gone = [0, 5, 10, 15].flatMap((minutes) => [...world.look(at(minutes), { ...answers, clusters }).gone]);
    expect(gone).toEqual([]);
  });
});

describe('a node pool is gone', () => {
  const without = (answer: Answer<unknown>) => {
    const answers = answersOf({}, [aCluster()], []);
    return {
      ...answers,
      clusters: answers.clusters.map((one) => ({ ...one, missingPools: [{ poolId: 'p1', answer }] })),
    };
  };

  test('after two looks without it', () => {
    const world = regionWorld();
    world.look(start);
    expect(world.look(at(5), without(notFound)).notices).toEqual([]);
    expect(world.look(at(10), without(notFound)).notices).toMatchObject([{ kind: 'pool.gone' }]);
    expect(world.look(at(15), without(notFound)).notices).toEqual([]);
  });

  test('not when it was found by its id between two looks', () => {
    const world = regionWorld();
    world.look(start);
    const answers = [notFound, okAnswer(aPool()), notFound];
    const notices = answers.flatMap((answer, index) => world.look(at(5 * (index + 1)), without(answer)).notices);
    expect(notices).toEqual([]);
  });

  test('not when one list left it out', () => {
    const world = regionWorld();
    world.look(start);
    world.look(at(5), without(notFound));
    world.look(at(10));
    expect(world.look(at(15), without(notFound)).notices).toEqual([]);
    expect(world.look(at(16), without(okAnswer(aPool()))).notices).toEqual([]);
    expect(world.memory.clusters[0]?.pools).toHaveLength(1);
  });
});
