import { expect, test } from 'vitest';
import { overrideFor } from './ask-of-people.ts';
import { judgeSent } from './judge-put.ts';
import { makeSimulation } from './make-simulation.ts';
import { bounds, type ConfigMeaning } from './meaning.ts';
import { drawScenario, hourMs } from './scenario.ts';
import { configAt } from './simulation.ts';
import type { PoolStory } from './story.ts';

/** A Friday. */
const start = Date.parse('2026-06-12T00:00:00Z');

const tuesday = { days: [2], from: 480, to: 1080, size: 'base' } as const;
/** It says idle in all hours that are judged here. */
const config: ConfigMeaning = {
  everyMinutes: 10,
  schedules: [{ name: 'nights', windows: [tuesday], otherwise: 'idle', lead: 'none' }],
  rules: [{ match: '*/*', schedule: 'nights', base: 4, idle: 0, limits: { min: 0 } }],
  exceptions: [],
};

/** Hours since the start. */
const setAt = 10;
const putBackAt = 20;

test.each([
  ['with no ask, is overruled', undefined, 2, ['overruled']],
  ['after an ask whose end was seen, is overruled', 7, 8, ['overruled']],
  ['after an ask whose end nobody saw, is not', 7, 6, []],
  ['right after an ask, is not', 9.5, 9.8, []],
] as const)('a size set by hand, %s', async (_, askEndsAt, arrivedAt, expected) => {
  expect(await kindsOfPuttingBack(askEndsAt, arrivedAt)).toEqual(expected);
});

/** What is said when 4, set by hand, is put back to the 0 of the schedule. */
async function kindsOfPuttingBack(askEndsAt: number | undefined, arrivedAt: number): Promise<readonly string[]> {
  const drawn = drawScenario({ seed: 1180, days: 5, clusters: 1, faults: ['ticks', 'asks'], store: 'memory' });
  const sim = await makeSimulation({ ...drawn, start, configs: [{ at: start, config }] });
  const at = (hours: number) => start + hours * hourMs;
  const pool = [...sim.story.pools.values()][0] as PoolStory;
  pool.arrivedAt = at(arrivedAt);
  pool.hands.push({ at: at(setAt), size: bounds(4), isAfterArrival: true });
  if (askEndsAt !== undefined)
    sim.story.asks.push({
      ask: overrideFor(sim, pool.path, 1, at(askEndsAt)),
      at: at(4),
      pools: (path) => path === pool.path,
    });
  await sim.kernel.run(at(putBackAt));
  const now = sim.kernel.now();
  const round = { process: 'first', startedAt: now, wall: () => now, config: configAt(sim, now), claims: new Map() };
  judgeSent(sim, round, pool, { from: bounds(4), to: bounds(0), isToBusy: false });
  return sim.violations.map(({ kind }) => kind).filter((kind) => kind !== 'surprise');
}
