import { expect, test } from 'vitest';
import { anOverride } from '../support/scaling-world.ts';
import { judgeBraked, wasMisled } from './judge-round.ts';
import { makeSimulation } from './make-simulation.ts';
import { type Bounds, bounds } from './meaning.ts';
import { drawScenario, hourMs } from './scenario.ts';
import { makeStory, type PoolStory } from './story.ts';

test.each<[string, Bounds, Bounds, boolean]>([
  ['of a lower', bounds(4), bounds(1), true],
  ['of a raise', bounds(1), bounds(4), true],
  ['of lower bounds', { min: 2, max: 6 }, { min: 0, max: 3 }, true],
  ['of bounds that were only raised', { min: 2, max: 3 }, { min: 2, max: 6 }, false],
  ['of equal bounds that were only raised', bounds(2), { min: 2, max: 3 }, false],
])('a brake after a change %s', async (_, from, to, isViolation) => {
  const sim = await makeSimulation(drawScenario({ seed: 2002, days: 5, clusters: 1, faults: ['ticks'] }));
  const { id: poolId, puts } = [...sim.story.pools.values()][0] as PoolStory;
  const at = sim.kernel.now() + hourMs;
  puts.push({ at, from, to, isToBusy: false, status: 200 });
  judgeBraked(sim, at + hourMs, [{ code: 'brake', poolId, cluster: 'c', pool: 'p' }]);
  expect(sim.violations.map(({ kind }) => kind)).toEqual(isViolation ? ['braked'] : []);
});

test.each<[string, number, number, boolean]>([
  ['hides it', hourMs / 12, 0, false],
  ['is too young to hide it', hourMs, 0, true],
  ['was over before', hourMs / 12, hourMs / 15, true],
])('a brake after a lower, where an old answer %s', async (_, putAgo, lieAgo, isViolation) => {
  const sim = await makeSimulation(drawScenario({ seed: 2002, days: 5, clusters: 1, faults: ['ticks'] }));
  const { id: poolId, clusterId, puts } = [...sim.story.pools.values()][0] as PoolStory;
  const now = sim.kernel.now() + 2 * hourMs;
  puts.push({ at: now - putAgo, from: bounds(4), to: bounds(1), isToBusy: false, status: 200 });
  sim.story.lies.push({ at: now - lieAgo, cluster: clusterId });
  judgeBraked(sim, now, [{ code: 'brake', poolId, cluster: 'c', pool: 'p' }]);
  expect(sim.violations.map(({ kind }) => kind)).toEqual(isViolation ? ['braked'] : []);
});

test.each<[string, number, boolean]>([
  ['while it was in force', 0, false],
  ['minutes after it', 15, false],
  ['later', 16, true],
])('a brake after a lower for an override, sent %s', async (_, minutesAfter, isViolation) => {
  const sim = await makeSimulation(drawScenario({ seed: 2002, days: 5, clusters: 1, faults: ['ticks'] }));
  const { id: poolId, puts } = [...sim.story.pools.values()][0] as PoolStory;
  const now = sim.kernel.now() + 2 * hourMs;
  const putAt = now - hourMs;
  puts.push({ at: putAt, from: bounds(4), to: bounds(1), isToBusy: false, status: 200 });
  const ask = anOverride(
    1,
    new Date(putAt - hourMs).toISOString(),
    new Date(putAt - minutesAfter * 60_000).toISOString(),
  );
  sim.story.asks.push({ ask, at: ask.askedAt, pools: () => true });
  judgeBraked(sim, now, [{ code: 'brake', poolId, cluster: 'c', pool: 'p' }]);
  expect(sim.violations.map(({ kind }) => kind)).toEqual(isViolation ? ['braked'] : []);
});

test('a false answer is to blame for what is said until the fleet is seen again', () => {
  const story = makeStory();
  const said = (minutes: number) => wasMisled({ story }, 'ml/gpu', minutes * 60_000);
  story.lies.push({ at: 0, cluster: undefined });
  for (let at = 15; at <= 300; at += 15) {
    story.failures.push({ at: (at - 5) * 60_000, cluster: undefined });
    expect(said(at)).toBe(true);
  }
  expect(said(315)).toBe(false);
});
