import { expect, test } from 'vitest';
import { planRound } from '../../../lib/decide/scaling/plan-round.ts';
import { startedNotice } from '../../../lib/decide/scaling/started.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import {
  aConfig,
  aLease,
  aPool,
  aRule,
  aWorld,
  runUntil,
  usualBrake,
  type World,
} from '../../support/scaling-world.ts';

function saidBy(world: World, record?: World['record']): string {
  const { now, config, asks } = world;
  const clusters = [{ cluster: world.cluster, pools: world.pools, record, lookedAt: undefined }];
  const plan = planRound({ now, config, clusters, asks, storedRules: world.storedRules, isWhole: true });
  return startedNotice(config, clusters, plan, now).text;
}

const pools = [aPool('build', 2), aPool('workers', 3)];
const tonight = '2026-03-02T20:00:00Z';
const asked = (config: Partial<CompiledConfig>) => ({ config: aConfig(config) });

// 2026-03-02 is a Monday.
test('by day: the lowers of the evening', () => {
  expect(saidBy(aWorld('2026-03-02T12:00:00Z', pools, asked({ rules: [aRule({ base: 'remembered' })] })))).toBe(
    '1 cluster, 2 pools matched, 0 unmatched; at 2026-03-02T19:00:00Z I will lower 2 pools by 5 nodes; no raise is due at the next change',
  );
});

test('by night, with pools awake: what happens now, and the raise of the morning', () => {
  expect(saidBy(aWorld(tonight, pools, asked({ rules: [aRule({ base: 'remembered' })] })))).toBe(
    '1 cluster, 2 pools matched, 0 unmatched; now I will lower 2 pools by 5 nodes; next raise 2026-03-03T07:00:00Z',
  );
});

test('a base that nobody knows is no lower, and is said', () => {
  const rules = [aRule({ base: 'remembered', idle: 4, limits: { min: 0, max: undefined } })];
  const said = saidBy(aWorld(tonight, [aPool('build', 0), aPool('workers', 4)], asked({ rules })));
  expect(said).toContain('nothing will be lowered soon');
  expect(said).toContain('; the base of 2 pools is not known, see: lamplighter rehearse');
});

test('mode observe only would', () => {
  const rules = [aRule({ base: 'remembered', mode: 'observe' })];
  expect(saidBy(aWorld(tonight, pools, asked({ rules })))).toContain('now I would lower (mode: observe) 2 pools');
});

test('what a lease keeps up is not lowered now', () => {
  const rules = [aRule({ base: 'remembered' })];
  const asks = [aLease(3, '2026-03-02T15:00:00Z', '2026-03-03T06:00:00Z')];
  const world = aWorld(tonight, [aPool('workers', 3)], { ...asked({ rules }), asks });
  expect(saidBy(world)).toContain('nothing will be lowered soon');
});

test('an autoscaled pool loses the nodes that it has, not those that it may have', () => {
  const rules = [aRule({ base: { min: 3, max: 9 }, idle: { min: 1, max: 2 } })];
  const world = aWorld(tonight, [{ ...aPool('workers', { min: 3, max: 9 }), size: 4 }], asked({ rules }));
  expect(saidBy(world)).toContain('now I will lower 1 pool by 2 nodes');
});

test('lowers that wait for a person are no lowers, and are said', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((name) => aPool(name, 3));
  const world = aWorld('2026-03-02T12:00:00Z', five);
  runUntil(world, '2026-03-03T12:00:00Z');
  const safety = { ...aConfig().safety, brake: usualBrake };
  world.config = aConfig({ rules: [aRule({ base: 1, hash: 'typo' })], hash: 'config-2', safety });
  expect(saidBy(world, world.record)).toMatch(/; the brake holds 5 lowers until: lamplighter approve$/);
});

test('clusters that did not answer are said', () => {
  const { now, config, cluster, record } = aWorld('2026-03-02T12:00:00Z', []);
  const clusters = [{ cluster, pools: undefined, record, lookedAt: undefined }];
  const { text } = startedNotice(config, clusters, { actions: [], holds: [] }, now);
  expect(text).toMatch(/^1 cluster, 0 pools matched, 0 unmatched; .*; the pools of 1 cluster could not be read$/);
});
