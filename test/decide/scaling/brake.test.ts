import { describe, expect, test } from 'vitest';
import type { Exception } from '../../../lib/decide/compiled-config.ts';
import {
  aConfig,
  aMatch,
  aPool,
  aRule,
  aWorld,
  memoryOf,
  minute,
  round,
  runUntil,
  sizeOf,
} from '../../support/scaling-world.ts';

const pools = ['a', 'b', 'c', 'd', 'e'].map((name) => aPool(name, 3));

function anException(match: string, size: Exception['size']): Exception {
  return {
    match: aMatch(match),
    start: '2026-03-03T12:00:00',
    end: '2026-03-03T16:00:00',
    size,
    reason: undefined,
    position: { file: 'lamplighter.yml', line: 9 },
  };
}

/** Slept and woke once, so that every pool was acted on under the first rule. */
function afterANight(exceptions: readonly Exception[]) {
  const world = aWorld('2026-03-02T12:00:00Z', pools, { config: aConfig({ exceptions }) });
  runUntil(world, '2026-03-03T11:55:00Z');
  return world;
}

describe('the brake and exceptions', () => {
  test('an exception for other pools is none for these: the old rule wanted them up', () => {
    const world = afterANight([anException('prod/*', 'idle')]);
    world.now = Date.parse('2026-03-03T13:00:00Z');
    world.config = aConfig({ rules: [aRule({ base: 1, hash: 'typo' })], hash: 'config-2' });
    expect(round(world).holds.map(({ code }) => code)).toEqual(['brake', 'brake', 'brake', 'brake', 'brake']);
  });

  test('an exception that the old rule knew brakes nothing when it begins', () => {
    const world = afterANight([anException('dev/*', 'idle')]);
    world.config = aConfig({
      rules: [aRule({ hash: 'rule-2' })],
      exceptions: [anException('dev/*', 'idle')],
      hash: 'config-2',
    });
    runUntil(world, '2026-03-03T13:30:00Z');
    expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
  });

  test('an exception taken out of the config lets nothing fall that it held up', () => {
    const world = aWorld('2026-03-02T12:00:00Z', pools, {
      config: aConfig({ exceptions: [{ ...anException('dev/*', 'base'), end: '2026-03-03T23:00:00' }] }),
    });
    runUntil(world, '2026-03-03T21:00:00Z');
    expect(sizeOf(world, 'a')).toBe(3);
    world.config = aConfig({ rules: [aRule({ hash: 'rule-2' })], hash: 'config-2' });
    const plans = runUntil(world, '2026-03-03T22:55:00Z');
    expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).toContain('config.brake');
    expect(sizeOf(world, 'a')).toBe(3);
  });
});

test('a claim that was taken back is no act: the brake still asks the rule that acted', () => {
  const world = afterANight([]);
  world.onPut = 'busy';
  world.config = aConfig({ rules: [aRule({ base: 4, hash: 'rule-2' })], hash: 'config-2' });
  round(world);
  world.now += minute;
  expect(memoryOf(world, 'a')?.actedRule).toBe('rule-1');
});
