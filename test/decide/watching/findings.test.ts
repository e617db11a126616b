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
  states,
  unknownAnswer,
} from './watching-world.ts';

describe('the API of a region', () => {
  const unreachable = ['api.unreachable bad'];
  const refused = ['api.unreachable ok', 'api.refused bad'];
  const rows: readonly (readonly [string, Answer<never>, readonly string[]])[] = [
    ['a block page', unknownAnswer, unreachable],
    ['a token refused', { kind: 'unauthorized', detail: 'invalid token' }, refused],
    ['a role missing', { kind: 'forbidden', detail: 'no role' }, refused],
    ['no token to be had', { kind: 'not-sent', reason: 'no-token', detail: 'secret not found' }, unreachable],
    ['a path that does not exist', notFound, unreachable],
    ['an answer nobody expects of a list', { kind: 'refused', reason: 'invalid', detail: 'bad request' }, unreachable],
    ['busy', { kind: 'busy', detail: 'busy' }, unreachable],
  ];
  test.each(rows)('%s', (_title, list, expected) => {
    const { observations } = regionWorld().look(start, answersOf({ list, clusters: [] }));
    expect(states(observations)).toEqual(expected);
  });

  test('that answers is well', () => {
    const { observations } = regionWorld().look(start);
    expect(states(observations, 'api.unreachable')).toEqual(['api.unreachable ok']);
    expect(states(observations, 'api.refused')).toEqual(['api.refused ok']);
  });

  test('that does not answer leaves the memory as it was', () => {
    const world = regionWorld();
    world.look(start);
    const before = world.memory;
    world.look(at(5), answersOf({ list: unknownAnswer, clusters: [] }));
    expect(world.memory).toEqual(before);
  });
});

describe('what is not watched meanwhile is said as what is wrong, and advice is nothing but advice', () => {
  const listed = aCluster();
  const unseen = [{ listed, cluster: unknownAnswer, pools: unknownAnswer, missingPools: [] }];
  const rows = [
    { title: 'a region without an answer', answers: answersOf({ list: unknownAnswer, clusters: [] }), advice: 'Check' },
    {
      title: 'a region silent after its list',
      answers: answersOf({ silence: 'no answer in 15 s' }),
      advice: 'Look at',
    },
    { title: 'a cluster without an answer', answers: answersOf({ clusters: unseen }, [listed]), advice: 'If other' },
  ];
  test.each(rows)('$title', ({ answers, advice }) => {
    const { observations } = regionWorld().look(start, answers);
    const [finding] = observations.flatMap((one) => (one.state === 'bad' ? one.finding : []));
    expect(finding?.text).toMatch(/(?:N|n)othing is watched or scaled|neither watched nor scaled/u);
    expect(finding?.fix?.startsWith(advice)).toBe(true);
  });
});

describe('a cluster', () => {
  const rows = [
    { title: 'Running', patch: {}, expected: 'ok' },
    { title: 'in Error', patch: { status: 'Error' }, expected: 'bad' },
    { title: 'Running with errors', patch: { errors: ['quota exceeded'] }, expected: 'bad' },
    { title: 'Upgrading', patch: { status: 'Upgrading' }, expected: 'ok' },
  ];
  test.each(rows)('$title: cluster.error $expected', ({ patch, expected }) => {
    const { observations } = regionWorld().look(start, answersOf({}, [aCluster(patch)]));
    expect(states(observations, 'cluster.error')).toEqual([`cluster.error ${expected}`]);
  });

  test('says that the reason is not given', () => {
    const { observations } = regionWorld().look(start, answersOf({}, [aCluster({ status: 'Error' })]));
    const found = observations.find(({ kind }) => kind === 'cluster.error');
    expect(found?.state === 'bad' && found.finding.text).toContain('the reason is not given');
  });

  test('whose own calls fail is unseen, and its errors are unknown', () => {
    const listed = aCluster();
    const clusters = [{ listed, cluster: unknownAnswer, pools: unknownAnswer, missingPools: [] }];
    const { observations } = regionWorld().look(start, answersOf({ clusters }, [listed]));
    expect(states(observations, 'cluster.unseen')).toEqual(['cluster.unseen bad']);
    expect(states(observations, 'cluster.error')).toEqual([]);
    expect(states(observations).filter((one) => one.startsWith('pool.'))).toEqual([]);
  });

  test('whose own calls fail but whose list entry says Error is in Error', () => {
    const listed = aCluster({ status: 'Error' });
    const clusters = [{ listed, cluster: unknownAnswer, pools: unknownAnswer, missingPools: [] }];
    const { observations } = regionWorld().look(start, answersOf({ clusters }, [listed]));
    expect(states(observations, 'cluster.error')).toEqual(['cluster.error bad']);
  });

  test('that fails does not hide its neighbours', () => {
    const [one, other] = [aCluster(), aCluster({ id: 'c2', name: 'dev-2', status: 'Error' })];
    const answers = answersOf({}, [one, other]);
    const clusters = [{ ...answers.clusters[0]!, cluster: unknownAnswer, pools: unknownAnswer }, answers.clusters[1]!];
    const { observations } = regionWorld().look(start, { ...answers, clusters });
    expect(states(observations, 'cluster.error')).toEqual(['cluster.error bad']);
    expect(states(observations, 'pool.error')).toEqual(['pool.error ok']);
  });
});

describe('a node pool', () => {
  const rows = [
    { title: 'Running', patch: {}, kind: 'pool.error', expected: 'ok' },
    { title: 'in Error', patch: { status: 'Error' }, kind: 'pool.error', expected: 'bad' },
    { title: 'with errors', patch: { errors: ['no flavour'] }, kind: 'pool.error', expected: 'bad' },
    { title: 'Scaling', patch: { status: 'Scaling' }, kind: 'pool.unclear', expected: 'ok' },
    { title: 'Awaiting Network', patch: { status: 'Awaiting Network' }, kind: 'pool.unclear', expected: 'ok' },
    { title: 'awaiting_network', patch: { status: 'awaiting_network' }, kind: 'pool.unclear', expected: 'ok' },
    { title: 'of a status nobody knows', patch: { status: 'Hibernating' }, kind: 'pool.unclear', expected: 'bad' },
    { title: 'at 0', patch: { size: 0 }, kind: 'pool.unclear', expected: 'ok' },
    {
      title: 'within its bounds',
      patch: { autoscale: true, size: 3, sizeMin: 1, sizeMax: 5 },
      kind: 'pool.outside-bounds',
      expected: 'ok',
    },
    {
      title: 'asleep with bounds of 0',
      patch: { autoscale: true, size: 0, sizeMin: 0, sizeMax: 0 },
      kind: 'pool.outside-bounds',
      expected: 'ok',
    },
    {
      title: 'outside its bounds',
      patch: { autoscale: true, size: 9, sizeMin: 1, sizeMax: 5 },
      kind: 'pool.outside-bounds',
      expected: 'bad',
    },
    {
      title: 'fixed, whatever its bounds say',
      patch: { size: 9, sizeMin: 1, sizeMax: 5 },
      kind: 'pool.outside-bounds',
      expected: 'ok',
    },
  ];
  test.each(rows)('$title: $kind $expected', ({ patch, kind, expected }) => {
    const { observations } = regionWorld().look(start, answersOf({}, [aCluster()], [aPool(patch)]));
    expect(states(observations, kind)).toEqual([`${kind} ${expected}`]);
  });

  test('is not judged by its bounds while it changes', () => {
    const pool = aPool({ status: 'Scaling', autoscale: true, size: 9, sizeMin: 1, sizeMax: 5 });
    const { observations } = regionWorld().look(start, answersOf({}, [aCluster()], [pool]));
    expect(states(observations, 'pool.outside-bounds')).toEqual([]);
  });

  test.each([
    [true, 'ok'],
    [false, 'bad'],
  ])('without a size, scaled by a rule %s: %s', (isRuled, expected) => {
    const answers = answersOf({}, [aCluster()], [aPool({ size: undefined })]);
    const { observations } = regionWorld(30 * 60_000, isRuled).look(start, answers);
    expect(states(observations, 'pool.unclear')).toEqual([`pool.unclear ${expected}`]);
  });
});

describe('what changes for too long', () => {
  const statuses = ['Creating', 'Upgrading', 'Deleting', 'Scaling', 'Awaiting Network'];
  const look = (world: ReturnType<typeof regionWorld>, minutes: number, status: string, size = 3) =>
    world.look(at(minutes), answersOf({}, [aCluster({ status: 'Running' })], [aPool({ status, size })])).observations;

  test.each(statuses)('%s: stuck only after 30 min', (status) => {
    const world = regionWorld();
    const found = [0, 10, 20, 30, 31].map((minutes) => states(look(world, minutes, status), 'pool.stuck')[0]);
    expect(found).toEqual([...Array.from({ length: 4 }, () => 'pool.stuck ok'), 'pool.stuck bad']);
  });

  test('a cluster as well', () => {
    const world = regionWorld();
    const found = [0, 20, 40].map((minutes) => {
      const { observations } = world.look(at(minutes), answersOf({}, [aCluster({ status: 'Upgrading' })]));
      return states(observations, 'cluster.stuck')[0];
    });
    expect(found).toEqual(['cluster.stuck ok', 'cluster.stuck ok', 'cluster.stuck bad']);
  });

  test('a night of resizes, one after the other, is none', () => {
    const world = regionWorld();
    const sizes = [0, 1, 2, 3, 4, 5, 6, 7].map((size, index) =>
      states(look(world, index * 10, 'Scaling', size), 'pool.stuck'),
    );
    expect(new Set(sizes.flat())).toEqual(new Set(['pool.stuck ok']));
  });

  test('time in which nobody looked does not count', () => {
    const world = regionWorld();
    look(world, 0, 'Scaling');
    expect(states(look(world, 600, 'Scaling'), 'pool.stuck')).toEqual(['pool.stuck ok']);
  });
});

describe('observations are monotone in updated_at', () => {
  const pools = (updatedAt: number | undefined, status: string) =>
    answersOf({}, [aCluster()], [aPool({ updatedAt, status })]);
  test.each([
    ['equal', 1000, ['pool.error bad']],
    ['newer', 2000, ['pool.error bad']],
    ['without a time', undefined, ['pool.error bad']],
    ['older', 999, []],
  ] as const)('%s', (_title, updatedAt, expected) => {
    const world = regionWorld();
    world.look(start, pools(1000, 'Running'));
    expect(states(world.look(at(5), pools(updatedAt, 'Error')).observations, 'pool.error')).toEqual(expected);
  });

  test('an older one is ignored for 30 min, then believed', () => {
    const world = regionWorld();
    world.look(start, pools(1000, 'Running'));
    const found = [10, 30, 31].map((minutes) =>
      states(world.look(at(minutes), pools(999, 'Error')).observations, 'pool.error'),
    );
    expect(found).toEqual([[], [], ['pool.error bad']]);
  });

  test('a cluster’s older answer by id falls back to its newer list entry', () => {
    const world = regionWorld();
    world.look(start, answersOf({}, [aCluster({ updatedAt: 1000 })]));
    const answers = answersOf({}, [aCluster({ updatedAt: 2000 })]);
    const stale = okAnswer(aCluster({ updatedAt: 500, errors: ['old trouble'] }));
    const clusters = answers.clusters.map((cluster) => ({ ...cluster, cluster: stale }));
    const { observations } = world.look(at(5), { ...answers, clusters });
    expect(states(observations, 'cluster.error')).toEqual([]);
    expect(states(observations, 'cluster.stuck')).toEqual(['cluster.stuck ok']);
  });
});
