import { expect, test } from 'vitest';
import { judgeBraked } from './judge-round.ts';
import { makeSimulation } from './make-simulation.ts';
import { type Bounds, bounds } from './meaning.ts';
import { drawScenario, hourMs } from './scenario.ts';
import type { PoolStory } from './story.ts';

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
