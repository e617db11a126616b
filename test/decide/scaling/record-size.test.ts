import { describe, expect, test } from 'vitest';
import type { ClusterRecord } from '../../../lib/decide/scaling/memory.ts';
import {
  aConfig,
  aLease,
  anOverride,
  aPool,
  aRule,
  at,
  aWorld,
  byHand,
  hour,
  memoryOf,
  minute,
  round,
  runUntil,
} from '../../support/scaling-world.ts';

const bytesOf = (record: ClusterRecord | undefined) => Buffer.byteLength(JSON.stringify(record));
const day = 24 * hour;

describe('a cluster’s record stays below 100 KB', () => {
  test('with 100 pools and everything that can be remembered of them at once', () => {
    const names = Array.from({ length: 100 }, (_, n) => `a-pool-with-a-rather-long-name-${n}`);
    const world = aWorld(
      '2026-03-02T12:00:00Z',
      names.map((name) => aPool(name, { min: 100, max: 200 })),
      { config: aConfig({ rules: [aRule({ base: 'remembered', lead: { kind: 'auto' } })] }), takes: minute },
    );
    world.asks = [
      aLease(120, '2026-03-02T20:00:00Z', '2026-03-03T06:00:00Z'),
      anOverride(150, '2026-03-02T21:00:00Z', '2026-03-02T23:00:00Z'),
    ];
    runUntil(world, '2026-03-02T23:00:00Z', 10 * minute);
    for (const name of names) byHand(world, name, { min: 101, max: 199 });
    runUntil(world, '2026-03-03T12:00:00Z', 10 * minute);
    const pools = Object.fromEntries(
      Object.entries(world.record?.pools ?? {}).map(([id, memory]) => [
        id,
        {
          ...memory,
          raisesMs: Array.from({ length: 10 }, () => 1_234_567),
          foreign: [world.now, world.now, world.now],
          notApplied: { target: { min: 100, max: 200 }, count: 1, inRow: 2, at: world.now, byRule: memory.ruleHash },
        },
      ]),
    );
    expect(Object.keys(pools)).toHaveLength(100);
    expect(bytesOf({ schema: 1, cluster: 'dev', pools })).toBeLessThan(100_000);
  });

  test('with pools that come and go every few minutes, and what is away is kept first', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('asleep', 3)]);
    round(world);
    runUntil(world, '2026-03-02T20:15:00Z');
    for (let n = 0; n < 400; n += 1) {
      world.pools = [aPool(`runner-${n}`, 0)];
      world.now += 5 * minute;
      round(world);
    }
    expect(bytesOf(world.record)).toBeLessThan(100_000);
    expect(memoryOf(world, 'asleep')?.away?.base).toBe(3);
    expect(memoryOf(world, 'runner-398')).toBeDefined();
    world.now += 8 * day;
    round(world);
    expect(Object.keys(world.record?.pools ?? {})).toEqual(['id-runner-399']);
  });

  test('with a server that explains each refusal at length', () => {
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('workers', 9)], { onPut: 'refuse' });
    world.refusal = 'x'.repeat(5000);
    for (let n = 1; n < 8; n += 1) {
      world.asks = [anOverride(n, '2026-03-02T20:00:00Z', '2026-03-04T20:00:00Z')];
      round(world);
      world.now = at('2026-03-02T20:00:00Z') + n * minute;
    }
    expect(bytesOf(world.record)).toBeLessThan(1500);
    expect(round(world).holds[0]?.reason).toContain('xxx…');
  });
});
