import { describe, expect, test } from 'vitest';
import { rehearse } from '../../../lib/decide/rehearsal/rehearse.ts';
import { totalOf } from '../../../lib/decide/rehearsal/totals.ts';
import {
  aConfig,
  aMatch,
  aPause,
  aPool,
  aRule,
  at,
  aWorld,
  minute,
  officeHours,
  runUntil,
} from '../../support/scaling-world.ts';
import { aCluster, iso, rehearsed } from './rehearsal-fleet.ts';

const dev = [aCluster('dev', [aPool('a', 3)])];
const monday = '2026-03-02T00:00:00Z';
const nextMonday = '2026-03-09T00:00:00Z';

describe('a rehearsed week', () => {
  test('starts from what is there: a pool that is up at night sleeps at once', () => {
    const { changes } = rehearsed(dev, monday, '2026-03-03T00:00:00Z');
    expect(changes.map(({ at: when, from, to }) => [iso(when), from, to])).toEqual([
      ['2026-03-02T00:00', 3, 0],
      ['2026-03-02T07:00', 0, 3],
      ['2026-03-02T19:00', 3, 0],
    ]);
  });

  test('node-hours of a week, by hand', () => {
    // Monday 00:00 up, 10 min to go down; then on five days 07:00 to 19:00, and 10 min each to go down: while a pool is
    // being resized it counts as the larger of both sizes.
    const week = rehearsed(dev, monday, nextMonday);
    const hours = 3 * (10 / 60 + 5 * (12 + 10 / 60));
    expect(week.pools[0]?.nodeHours).toBeCloseTo(hours, 6);
    const total = totalOf(week);
    expect(total).toMatchObject({ puts: 11, alwaysOnNodeHours: 3 * 168 });
    expect(total.savedPercent).toBeCloseTo((1 - hours / (3 * 168)) * 100, 6);
  });

  test.each([
    ['the week without an hour', '2026-03-23T00:00:00+01:00', '2026-03-30T00:00:00+02:00', 167],
    ['the week with an hour twice', '2026-10-19T00:00:00+02:00', '2026-10-26T00:00:00+01:00', 169],
  ])('%s: dark from Friday to the end, and as long as it really is', (_name, from, to, lasts) => {
    const schedules = [{ ...officeHours, zone: 'Europe/Berlin' }];
    const week = rehearsed(dev, from, to, { schedules });
    expect(week.pools[0]?.alwaysOnNodeHours).toBe(3 * lasts);
    expect(week.pools[0]?.nodeHours).toBeCloseTo(3 * (10 / 60 + 5 * (12 + 10 / 60)), 6);
  });

  test('a window across the night in which the clocks go back lasts an hour longer', () => {
    const night = {
      text: 'sat 22:00-06:00',
      size: 'base' as const,
      pieces: [{ from: 22 * 3600, to: 30 * 3600, days: [6 as const] }],
    };
    const schedules = [{ ...officeHours, zone: 'Europe/Berlin', windows: [night] }];
    const asleep = [aCluster('dev', [aPool('a', 0)])];
    const week = rehearsed(asleep, '2026-10-24T12:00:00+02:00', '2026-10-25T12:00:00+01:00', { schedules });
    expect(week.changes.map(({ at: when }) => iso(when))).toEqual(['2026-10-24T20:00', '2026-10-25T05:00']);
    expect(week.pools[0]?.nodeHours).toBeCloseTo(3 * (9 + 10 / 60), 6);
  });

  test('without lead a pool is ready as much later as its raise takes', () => {
    const asleep = [aCluster('dev', [aPool('a', 0)])];
    const { pools } = rehearsed(asleep, monday, '2026-03-02T12:00:00Z');
    expect(pools[0]?.boundaries).toMatchObject([
      { at: at('2026-03-02T07:00:00Z'), readyAt: at('2026-03-02T07:15:00Z'), isOpen: false },
    ]);
  });

  test('with lead auto it is ready in time, and the raise begins early enough', () => {
    const lead = { kind: 'auto' as const };
    const week = rehearsed([aCluster('dev', [aPool('a', 0)])], monday, '2026-03-02T12:00:00Z', {
      rules: [aRule({ lead })],
    });
    expect(week.changes.map(({ at: when }) => iso(when))).toEqual(['2026-03-02T06:40']);
    expect(totalOf(week)).toMatchObject({ boundaries: 1, readyInTime: 1, worst: undefined });
  });

  test('two pools of one cluster wait for each other, and the second one is the late one', () => {
    const week = rehearsed([aCluster('dev', [aPool('a', 0), aPool('b', 0)])], monday, '2026-03-02T12:00:00Z');
    const late = Object.fromEntries(week.pools.map(({ pool, boundaries }) => [pool, iso(boundaries[0]?.readyAt)]));
    expect(late).toEqual({ a: '2026-03-02T07:15', b: '2026-03-02T07:30' });
    expect(totalOf(week).worst?.pool.pool).toBe('b');
  });

  test('a raise takes as long as the pool took before', () => {
    const memory = { name: 'a', autoscale: false, raisesMs: [3 * minute, 30 * minute, 5 * minute] };
    const record = { schema: 1 as const, cluster: 'dev', pools: { 'id-a': memory } };
    const week = rehearsed([aCluster('dev', [aPool('a', 0)], { record })], monday, '2026-03-02T12:00:00Z');
    expect(week.changes[0]).toMatchObject({ doneAt: at('2026-03-02T07:05:00Z') });
  });

  test('the end of the rehearsal leaves a boundary open, not failed', () => {
    const week = rehearsed([aCluster('dev', [aPool('a', 0)])], monday, '2026-03-02T07:05:00Z');
    expect(week.pools[0]?.boundaries).toMatchObject([{ readyAt: undefined, isOpen: true }]);
    expect(totalOf(week)).toMatchObject({ boundaries: 0, readyInTime: 0 });
  });

  test('a pool that a pause holds at its boundary was never ready', () => {
    const asks = [aPause('2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z')];
    const span = { from: at(monday), to: at('2026-03-03T12:00:00Z') };
    const clusters = [aCluster('dev', [aPool('a', 0)])];
    const week = rehearse({ ...span, config: aConfig(), clusters, asks, storedRules: new Map() });
    expect(week.pools[0]?.boundaries.map(({ readyAt }) => iso(readyAt))).toEqual([undefined, '2026-03-03T07:15']);
    expect(totalOf(week)).toMatchObject({ boundaries: 2, readyInTime: 0 });
  });

  test('an autoscaled pool counts the nodes it has now, within its bounds', () => {
    const rule = aRule({ base: { min: 2, max: 6 }, idle: { min: 0, max: 1 } });
    const pool = { ...aPool('a', { min: 2, max: 6 }), size: 4 };
    const week = rehearsed([aCluster('dev', [pool])], '2026-03-02T12:00:00Z', '2026-03-03T00:00:00Z', {
      rules: [rule],
    });
    expect(week.pools[0]?.nodeHours).toBeCloseTo(4 * (7 + 10 / 60) + 1 * (5 - 10 / 60), 6);
    expect(week.pools[0]?.alwaysOnNodeHours).toBe(48);
  });

  const ranged = aRule({ base: { min: 3, max: 9 }, idle: { min: 1, max: 3 } });

  test('bounds that are raised bring their nodes', () => {
    const asleep = [aCluster('dev', [aPool('a', { min: 1, max: 3 })])];
    const { pools, findings } = rehearsed(asleep, '2026-03-02T06:00:00Z', '2026-03-02T18:00:00Z', { rules: [ranged] });
    expect(pools[0]?.boundaries.map(({ readyAt }) => iso(readyAt))).toEqual(['2026-03-02T07:15']);
    expect(findings).toEqual([]);
  });

  test.each([
    ['without its nodes is never ready', 0, {}, undefined],
    ['with fewer than it should have is not either', 2, {}, undefined],
    ['is ready when they come', 0, { short: { least: 3, since: at('2026-03-02T06:50:00Z') } }, '2026-03-02T07:05'],
    ['is ready in time with all of them', 3, {}, '2026-03-02T07:00'],
  ])('an autoscaled pool with its bounds %s', (_name, size, memory, readyAt) => {
    const pool = aPool('a', { min: 3, max: 9 }, { size });
    const pools = { [pool.id]: { name: 'a', autoscale: true, ...memory } };
    const record = { schema: 1 as const, cluster: 'dev', pools };
    const span = { from: at('2026-03-02T06:55:00Z'), to: at('2026-03-02T12:00:00Z') };
    const asks = [aPause('2026-03-02T06:00:00Z', '2026-03-02T20:00:00Z')];
    const clusters = [aCluster('dev', [pool], { record })];
    const week = rehearse({ ...span, config: aConfig({ rules: [ranged] }), clusters, asks, storedRules: new Map() });
    expect(week.pools[0]?.boundaries.map((one) => iso(one.readyAt))).toEqual([readyAt]);
  });

  test('a rule that only observes is rehearsed as though it acted, and marked', () => {
    const week = rehearsed(dev, monday, '2026-03-02T06:00:00Z', { rules: [aRule({ mode: 'observe' })] });
    expect(week.changes).toHaveLength(1);
    expect(week.pools[0]?.isObserved).toBe(true);
  });

  test('labels that an answer leaves out are those seen last', () => {
    const rules = [aRule({ match: { ...aMatch('dev/*'), labels: { team: 'x' } } })];
    const memory = { name: 'a', autoscale: false, labels: { team: 'x' } };
    const record = { schema: 1 as const, cluster: 'dev', pools: { 'id-a': memory } };
    const week = rehearsed([aCluster('dev', [aPool('a', 3)], { record })], monday, '2026-03-02T12:00:00Z', { rules });
    expect(week.pools.map(({ pool, schedule }) => [pool, schedule])).toEqual([['a', 'office-hours']]);
    expect(week.changes.map(({ at: when, to }) => [iso(when), to])).toEqual([
      ['2026-03-02T00:00', 0],
      ['2026-03-02T07:00', 3],
    ]);
  });

  test('an unknown base saves nothing and is said', () => {
    const rules = [aRule({ base: 'remembered' })];
    const week = rehearsed([aCluster('dev', [aPool('a', 0)])], monday, '2026-03-02T12:00:00Z', { rules });
    expect(week.pools[0]).toMatchObject({ base: undefined, nodeHours: 0, alwaysOnNodeHours: 0 });
    expect(week.findings.map(({ at: when, finding }) => [iso(when), finding.kind])).toContainEqual([
      '2026-03-02T07:00',
      'base.unknown',
    ]);
  });

  test('what no rule names is not told of', () => {
    const week = rehearsed([...dev, aCluster('prod', [aPool('x', 9)])], monday, nextMonday, {
      rules: [aRule({ match: aMatch('dev/*') })],
    });
    expect(week.pools.map(({ cluster }) => cluster)).toEqual(['dev']);
  });

  test('pools of regions that the config lacks stay as they are, each of them', () => {
    const elsewhere = (region: string, name: string, size: number) => {
      const one = aCluster(name, [aPool('x', size)]);
      return { ...one, cluster: { ...one.cluster, region } };
    };
    const others = [elsewhere('r2', 'dev', 4), elsewhere('r2', 'prod', 5), elsewhere('r3', 'dev', 6)];
    const week = rehearsed([...dev, ...others], monday, nextMonday);
    expect(week.pools.map(({ region, cluster }) => `${region}:${cluster}`)).toEqual(['r1:dev']);
    expect(week.bystanders.map(({ region, cluster, nodeHours }) => [region, cluster, nodeHours / 168])).toEqual([
      ['r2', 'dev', 4],
      ['r2', 'prod', 5],
      ['r3', 'dev', 6],
    ]);
  });

  test('it changes what the real rounds change, at the same instants', () => {
    const pools = [aPool('a', 3), aPool('b', 5), aPool('c', { min: 1, max: 4 })];
    const rules = [aRule({ base: 'remembered' })];
    const world = aWorld(monday, pools, { config: aConfig({ rules }), takes: 10 * minute });
    runUntil(world, '2026-03-06T00:00:00Z');
    const raisesMs = [10 * minute];
    const remembered = (name: string, autoscale: boolean) => [`id-${name}`, { name, autoscale, raisesMs }] as const;
    const known = {
      schema: 1 as const,
      cluster: 'dev',
      pools: Object.fromEntries([remembered('a', false), remembered('b', false), remembered('c', true)]),
    };
    const week = rehearsed([aCluster('dev', pools, { record: known })], monday, '2026-03-06T00:00:01Z', { rules });
    expect(week.changes.map((change) => [change.at, change.pool, change.to])).toEqual(
      world.puts.map((put) => [put.at, put.pool, put.to]),
    );
  });

  test('the same input gives the same rehearsal, and the fleet handed in is left as it was', () => {
    const clusters = structuredClone(dev);
    const first = rehearsed(clusters, monday, nextMonday);
    expect(clusters).toEqual(dev);
    expect(rehearsed(clusters, monday, nextMonday)).toEqual(first);
  });
});
