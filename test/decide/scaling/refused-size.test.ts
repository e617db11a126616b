import { describe, expect, test } from 'vitest';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { addRefusal, type NewRefusal, sizeSentAlong } from '../../../lib/decide/scaling/refusal.ts';
import type { Size } from '../../../lib/model/size.ts';
import { aConfig, aPool, aRule, aWorld, change, minute, round, type World } from '../../support/scaling-world.ts';

const evening = '2026-03-02T20:00:00Z';
const autoscaled = aRule({ base: { min: 3, max: 9 }, idle: { min: 0, max: 2 } });

/** Asked for once and refused; the cool-down is over. */
function refused(bounds: Size, size: number | undefined, now = evening, patch: Partial<World> = {}): World {
  const pool = aPool('workers', bounds, { size });
  const world = aWorld(now, [pool], { config: aConfig({ rules: [autoscaled] }), onPut: 'refuse', ...patch });
  round(world);
  world.now += 6 * minute;
  return world;
}

describe('bounds that were refused as invalid', () => {
  test.each<[string, Size, number | undefined, string, number | undefined]>([
    ['a size above them', { min: 3, max: 9 }, 6, evening, 2],
    ['a size just above them', { min: 3, max: 9 }, 3, evening, 2],
    ['a size at their maximum', { min: 3, max: 9 }, 2, evening, undefined],
    ['a size at their minimum', { min: 3, max: 9 }, 0, evening, undefined],
    ['a size below them', { min: 0, max: 2 }, 1, '2026-03-03T09:00:00Z', 3],
    ['no size, where it can only be 0', { min: 0, max: 0 }, undefined, '2026-03-03T09:00:00Z', 3],
    ['no size, where nobody knows it', { min: 0, max: 2 }, undefined, '2026-03-03T09:00:00Z', undefined],
  ])('%s: the next try brings it within', (_, bounds, size, now, sent) => {
    const world = refused(bounds, size, now);
    const [action] = round(world).actions;
    expect(action).toBeDefined();
    expect(action?.size).toBe(sent);
  });

  test('the first try sends the size as read', () => {
    const world = aWorld(evening, [aPool('workers', { min: 3, max: 9 }, { size: 6 })]);
    world.config = aConfig({ rules: [autoscaled] });
    expect(round(world).actions).toMatchObject([{ to: { min: 0, max: 2 } }]);
    expect(world.record?.change).not.toHaveProperty('size');
  });

  test('the decision says so, also where no hold came between', () => {
    const world = refused({ min: 3, max: 9 }, 6);
    const decisions = round(world).updates.flatMap((update) => update.decisions);
    const why = "; 0..2 was refused, and the pool's size, 6, is outside: size 2 is sent too";
    expect(decisions).toMatchObject([{ kind: 'scale', reason: `schedule office-hours: 0..2${why}` }]);
  });

  test('another target goes without', () => {
    const world = refused({ min: 3, max: 9 }, 6);
    world.config = aConfig({ rules: [{ ...autoscaled, idle: { min: 0, max: 1 }, hash: 'rule-2' }] });
    expect(round(world).actions.map(({ to, size }) => [to, size])).toEqual([[{ min: 0, max: 1 }, undefined]]);
  });

  test('each later try of it sends the size too', () => {
    const world = refused({ min: 3, max: 9 }, 6);
    round(world);
    world.now += 11 * minute;
    change(world, 'id-workers', { size: 8 });
    expect(round(world).actions.map(({ size }) => size)).toEqual([2]);
  });

  test.each<[string, boolean, NewRefusal['why'][]]>([
    ['invalid and then forbidden', true, ['invalid', 'forbidden']],
    ['invalid, forbidden and over a quota', true, ['invalid', 'forbidden', 'quota']],
    ['ignored and then forbidden', false, ['ignored', 'forbidden']],
    ['forbidden and over a quota', false, ['forbidden', 'quota']],
  ])('refused as %s: sent along is %s', (_name, isSent, whys) => {
    const target = { min: 0, max: 2 };
    const memory = whys.reduce<PoolMemory>(
      (known, why) => addRefusal(known, { target, why, detail: 'no', poolUpdatedAt: undefined }, 0),
      { name: 'workers', autoscale: true },
    );
    const change = { from: { min: 3, max: 9 }, to: target };
    expect(sizeSentAlong(memory, { autoscale: true, size: 6 }, change)).toBe(isSent ? 2 : undefined);
  });

  test.each(['quota', 'forbidden', 'ignored'] as const)('not after a refusal that is one of %s', (why) => {
    const world = refused({ min: 3, max: 9 }, 6, evening, { onPut: 'lose' });
    const memory = world.record!.pools['id-workers']!;
    const target = { min: 0, max: 2 };
    const told = addRefusal(memory, { target, why, detail: 'no', poolUpdatedAt: undefined }, world.now - 6 * minute);
    const { change: _, ...record } = world.record!;
    world.record = { ...record, pools: { 'id-workers': told } };
    expect(round(world).actions.map(({ size }) => size)).toEqual([undefined]);
  });

  test('a fixed pool has no bounds', () => {
    const world = refused(3, 3, evening, { config: aConfig() });
    expect(round(world).actions.map(({ to, size }) => [to, size])).toEqual([[0, undefined]]);
  });
});
