import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/decide/scaling/plan.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import { aConfig, aPool, aRule, at, aWorld, minute, round, type World } from '../../support/scaling-world.ts';

/** An autoscaled pool in the hours of its base, whose bounds stand. */
function aMorning(patch: Partial<ObservedPool>): World {
  const rules = [aRule({ base: { min: 3, max: 9 }, idle: { min: 0, max: 0 } })];
  return aWorld('2026-03-03T09:00:00Z', [aPool('web', { min: 3, max: 9 }, patch)], { config: aConfig({ rules }) });
}

/** Rounds every five minutes, each with what its answer shows of the pool. */
function rounds(world: World, count: number, patch: Partial<ObservedPool> = {}): Plan {
  let plan: Plan | undefined;
  for (let i = 0; i < count; i += 1) {
    world.pools = world.pools.map((pool) => ({ ...pool, ...patch }));
    world.now += 5 * minute;
    plan = round(world);
  }
  if (plan === undefined) throw new Error('no round');
  return plan;
}

const said = ({ findings }: Plan) => findings.map(({ kind, severity, text }) => ({ kind, severity, text }));
const memoryOf = (world: World) => Object.values(world.record?.pools ?? {})[0];

describe('nodes that an answer leaves out', () => {
  // Simulation, seed 66: no node all morning, 0 was left out of every answer, and nothing was said.
  test('are late, where answers told them before', () => {
    const world = aMorning({ size: 3 });
    rounds(world, 1);
    expect(said(rounds(world, 9, { size: undefined }))).toEqual([]);
    expect(said(rounds(world, 3, { size: undefined }))).toEqual([
      {
        kind: 'pool.late',
        severity: 'critical',
        text: 'dev/web should have at least 3 nodes, and the API does not say how many it has (Running)',
      },
    ]);
    expect(said(rounds(world, 1, { size: 3 }))).toEqual([]);
  });

  test('are unclear, where no answer ever told them', () => {
    const world = aMorning({ size: undefined });
    expect(said(rounds(world, 9))).toEqual([]);
    expect(said(rounds(world, 4))).toEqual([expect.objectContaining({ kind: 'pool.unclear', severity: 'warning' })]);
    expect(said(rounds(world, 1, { size: 4 }))).toEqual([]);
  });

  test('are no news for a look or two', () => {
    const world = aMorning({ size: 3 });
    for (let i = 0; i < 20; i += 1) {
      expect(said(rounds(world, 2, { size: undefined }))).toEqual([]);
      expect(said(rounds(world, 1, { size: 3 }))).toEqual([]);
    }
  });

  test('are not missed, where none is wanted', () => {
    const world = aMorning({ size: undefined });
    world.config = aConfig({ rules: [aRule({ base: { min: 0, max: 9 }, idle: { min: 0, max: 0 } })] });
    world.pools = [aPool('web', { min: 0, max: 9 }, { size: undefined })];
    expect(said(rounds(world, 40))).toEqual([]);
  });

  test('are not learnt as nodes that came', () => {
    const world = aMorning({ size: 0, sizeMin: 0, sizeMax: 0 });
    world.onPut = 'ignore';
    rounds(world, 1);
    expect(memoryOf(world)?.tellsNodes).toBe(true);
    rounds(world, 5, { sizeMin: 3, sizeMax: 9, size: undefined, updatedAt: world.now + 2 * minute });
    expect(world.record?.change).toBeUndefined();
    expect(memoryOf(world)?.raisesMs).toBeUndefined();
    rounds(world, 1, { size: 3, updatedAt: world.now + 4 * minute });
    const [tookMs = 0] = memoryOf(world)?.raisesMs ?? [];
    expect(tookMs / minute).toBeGreaterThan(25);
  });
});

// Simulation, seed 88: nodes that came while their pool was in Error were said to be missing.
test.each(['Error', 'Scaling', 'Upgrading'])('nodes that came under %s are missed no more', (status) => {
  const world = aMorning({ size: 1 });
  expect(said(rounds(world, 13)).map(({ text }) => text)).toEqual([
    'dev/web should have at least 3 nodes and has 1 (Running), though its bounds are 3..9',
  ]);
  expect(said(rounds(world, 1, { status })).map(({ kind }) => kind)).toContain('pool.late');
  expect(said(rounds(world, 1, { status, size: 7 })).map(({ kind }) => kind)).not.toContain('pool.late');
});

describe('an answer that is older than one before', () => {
  const older = { updatedAt: at('2026-03-02T06:00:00Z') };

  test('proves no nodes', () => {
    const world = aMorning({ size: 1, updatedAt: at('2026-03-03T06:00:00Z') });
    rounds(world, 13);
    expect(said(rounds(world, 1, { size: 7, ...older }))).toEqual([
      {
        kind: 'pool.late',
        severity: 'critical',
        text: 'dev/web should have at least 3 nodes, and this answer of the API is older than an earlier one (Running)',
      },
    ]);
  });

  test('makes nobody punctual, however often it comes', () => {
    const world = aMorning({ size: 0, sizeMin: 0, sizeMax: 0, updatedAt: at('2026-03-03T06:00:00Z') });
    world.onPut = 'busy';
    const now = { updatedAt: at('2026-03-03T06:00:00Z') };
    for (let i = 0; i < 5; i += 1) {
      rounds(world, 1, now);
      rounds(world, 1, older);
    }
    expect(said(rounds(world, 1, older))).toEqual([
      expect.objectContaining({ kind: 'pool.late', severity: 'critical' }),
    ]);
    expect(said(rounds(world, 1, now))).toEqual([expect.objectContaining({ kind: 'pool.late', severity: 'critical' })]);
  });

  test('makes nobody late who is not', () => {
    const world = aMorning({ size: 3, updatedAt: at('2026-03-03T06:00:00Z') });
    rounds(world, 3);
    for (let i = 0; i < 4; i += 1) expect(said(rounds(world, 5, older))).toEqual([]);
  });
});
