import { describe, expect, test } from 'vitest';
import { planRound } from '../../../lib/decide/scaling/plan-round.ts';
import type { Approval } from '../../../lib/model/asks.ts';
import type { Size } from '../../../lib/model/size.ts';
import {
  aConfig,
  aMatch,
  anOverride,
  aPool,
  aRule,
  aWorld,
  hour,
  knownRules,
  minute,
  round,
  runUntil,
  sizeOf,
  usualBrake,
} from '../../support/scaling-world.ts';

const safety = aConfig().safety;
const braked = { ...safety, brake: usualBrake };

describe('the brake', () => {
  const day = aConfig({ rules: [aRule({ base: 3 })], safety: braked });
  const pools = ['a', 'b', 'c', 'd', 'e'].map((name) => aPool(name, 3));

  test('an ordinary evening of many pools is never braked', () => {
    const world = aWorld('2026-03-02T12:00:00Z', pools, { config: day, storedRules: knownRules(day) });
    runUntil(world, '2026-03-03T12:00:00Z');
    runUntil(world, '2026-03-03T22:00:00Z');
    expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
  });

  test('a new config that lowers what the old one did not waits for approve', () => {
    const world = aWorld('2026-03-02T12:00:00Z', pools, { config: day, storedRules: knownRules(day) });
    runUntil(world, '2026-03-03T12:00:00Z');
    world.config = aConfig({ rules: [aRule({ base: 1, hash: 'typo' })], hash: 'config-2', safety: braked });
    const puts = world.puts.length;
    const plans = runUntil(world, '2026-03-03T14:00:00Z');
    expect(world.puts).toHaveLength(puts);
    expect(plans.at(-1)?.plan.holds.map(({ code }) => code)).toEqual(['brake', 'brake', 'brake', 'brake', 'brake']);
    expect(plans.at(-1)?.plan.findings.find(({ kind }) => kind === 'config.brake')?.text).toContain('5 pools');
    const approval: Approval = {
      schema: 1,
      kind: 'approval',
      id: 'approval',
      region: 'r1',
      who: 'ana',
      reason: undefined,
      askedAt: world.now,
      configHash: 'config-2',
      until: world.now + 24 * hour,
    };
    world.asks = [approval];
    runUntil(world, '2026-03-03T17:00:00Z');
    expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('the other filters', () => {
  test('mode observe: only says what it would do', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('a', 3)], {
      config: aConfig({ rules: [aRule({ mode: 'observe' })] }),
    });
    const plan = round(world);
    expect(plan.actions).toEqual([]);
    expect(plan.holds[0]).toMatchObject({ code: 'observe', from: 3, to: 0 });
    expect(plan.holds[0]?.reason).toContain('3 → 0');
  });

  test('maxChangesPerRound holds further lowers, never raises', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('a', 3)], {
      config: aConfig({ safety: { ...safety, maxChangesPerRound: 0 } }),
    });
    expect(round(world).holds.map(({ code }) => code)).toEqual(['max-changes']);
    const morning = aWorld('2026-03-03T08:00:00Z', [aPool('a', 0)], {
      config: aConfig({ safety: { ...safety, maxChangesPerRound: 0 } }),
    });
    expect(round(morning).actions).toHaveLength(1);
  });

  test('minNodesPerCluster raises the last lower instead of dropping it', () => {
    const config = aConfig({ safety: { ...safety, minNodesPerCluster: 4 } });
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('a', 3), aPool('b', 3)], { config });
    runUntil(world, '2026-03-02T23:00:00Z');
    expect([sizeOf(world, 'a'), sizeOf(world, 'b')]).toEqual([1, 3]);
    const morning = runUntil(world, '2026-03-03T09:00:00Z');
    expect([sizeOf(world, 'a'), sizeOf(world, 'b')]).toEqual([3, 3]);
    expect(morning.at(-1)?.plan.holds).toEqual([]);
  });

  // Simulation, seed 1318 with ten clusters: each pool forgot its refusal while the other was tried.
  test('minNodesPerCluster: two pools that take turns in being kept are not tried more often for it', () => {
    const config = aConfig({ safety: { ...safety, minNodesPerCluster: 3 } });
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('a', 3), aPool('b', 3)], { config, onPut: 'refuse' });
    runUntil(world, '2026-03-02T21:00:00Z');
    const alone = aWorld('2026-03-02T20:00:00Z', [aPool('a', 3)], { onPut: 'refuse' });
    runUntil(alone, '2026-03-02T21:00:00Z');
    expect(alone.puts.length).toBeGreaterThan(0);
    for (const name of ['a', 'b']) {
      const own = world.puts.filter(({ pool }) => pool === name);
      expect(own.length).toBeLessThanOrEqual(alone.puts.length);
    }
  });

  test('minNodesPerCluster counts pools that no rule matches', () => {
    const config = aConfig({
      safety: { ...safety, minNodesPerCluster: 4 },
      rules: [aRule({ match: aMatch('dev/a') })],
    });
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('a', 3), aPool('system', 4)], { config });
    expect(round(world).actions.map(({ to, reason }) => [to, reason])).toEqual([[0, 'schedule office-hours: 0']]);
  });

  test('the pool Lamplighter lives on never goes below 1', () => {
    const config = aConfig({ safety: { ...safety, runsOn: aMatch('dev/a') } });
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('a', 3)], { config });
    expect(round(world).actions.map(({ to }) => to)).toEqual([1]);
  });

  test.each<[string, Size, Size]>([
    ['fixed', 3, 1],
    ['autoscaled', { min: 2, max: 5 }, { min: 1, max: 1 }],
  ])('nor does it when it is %s, whatever an override asks', (_title, size, expected) => {
    const config = aConfig({ safety: { ...safety, runsOn: aMatch('dev/a') } });
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('a', size)], { config });
    world.asks = [anOverride(0, '2026-03-02T12:00:00Z', '2026-03-02T14:00:00Z')];
    expect(round(world).actions.map(({ to }) => to)).toEqual([expected]);
  });

  test('an exactly named pool that does not exist is said', () => {
    const config = aConfig({ rules: [aRule({ match: aMatch('dev/wrokers') }), aRule()] });
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], { config });
    expect(round(world).findings.map(({ kind, text }) => [kind, text.includes('dev/wrokers')])).toEqual([
      ['config.mismatch', true],
    ]);
  });

  test('so is a runsOn that protects nothing, unless its cluster could not be read', () => {
    const config = aConfig({ safety: { ...safety, runsOn: aMatch('dev/sytem') } });
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('system', 1)], { config });
    expect(round(world).findings.map(({ kind, subject, text }) => [kind, subject, text.includes('dev/sytem')])).toEqual(
      [['config.mismatch', { kind: 'config', path: 'safety.runsOn' }, true]],
    );
    const { now, asks, storedRules } = world;
    const clusters = [{ cluster: world.cluster, pools: undefined, record: undefined, lookedAt: undefined }];
    expect(planRound({ now, config, clusters, asks, storedRules, isWhole: true }).findings).toEqual([]);
  });
});

test('ticks of 1 to 15 minutes, any phase: the same sizes away from boundaries', () => {
  const endings = [1, 2, 5, 7, 15].flatMap((step) =>
    [0, 3, 11].map((phase) => {
      const world = aWorld('2026-03-02T12:00:00Z', [aPool('a', 3), aPool('b', 5)], {
        config: aConfig({ rules: [aRule({ base: 'remembered' })] }),
      });
      world.now += phase * minute;
      const sizes = [
        '2026-03-02T18:00:00Z',
        '2026-03-03T00:00:00Z',
        '2026-03-03T12:00:00Z',
        '2026-03-04T03:00:00Z',
      ].map((until) => {
        runUntil(world, until, step * minute);
        return [sizeOf(world, 'a'), sizeOf(world, 'b')];
      });
      return JSON.stringify(sizes);
    }),
  );
  expect([...new Set(endings)]).toEqual([
    JSON.stringify([
      [3, 5],
      [0, 0],
      [3, 5],
      [0, 0],
    ]),
  ]);
});
