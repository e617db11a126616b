import { expect, test } from 'vitest';
import type { Finding } from '../../lib/model/finding.ts';
import { excuseOf } from './judge-end.ts';
import { makeSimulation } from './make-simulation.ts';
import { bounds, type ConfigMeaning, type RuleMeaning } from './meaning.ts';
import { drawScenario, hourMs } from './scenario.ts';
import type { PoolStory } from './story.ts';

const start = Date.parse('2026-06-12T00:00:00Z');

const office = { days: [1, 2, 3, 4, 5], from: 420, to: 1140, size: 'base' } as const;
const rule: RuleMeaning = { match: '*/*', schedule: 'office', base: 'remembered', idle: 0, limits: { min: 0 } };

/** The rule is gone from hour 20 to hour 30. Before that, the pool went to 0 at hour 2. */
test.each<[string, 'restore' | 'leave', number | undefined, number | undefined, string | undefined]>([
  ['after it was given back and set by hand is excused', 'restore', 21, 25, 'base'],
  ['after it was given back alone is not', 'restore', 21, undefined, undefined],
  ['after it was set before it was given back is not', 'restore', undefined, 25, undefined],
  ['after it was set under its rule is not', 'restore', 5, 19, undefined],
  ['after it was set once its rule was back is not', 'restore', 21, 30, undefined],
  ['whose rule said leave is excused', 'leave', undefined, undefined, 'base'],
])('an unknown base of a pool %s', async (_, onRemove, givenBackAt, setAt, expected) => {
  const ruled: ConfigMeaning = {
    everyMinutes: 10,
    schedules: [{ name: 'office', windows: [office], otherwise: 'idle', lead: 'none' }],
    rules: [{ ...rule, onRemove }],
    exceptions: [],
  };
  const at = (hours: number) => start + hours * hourMs;
  const configs = [
    { at: start, config: ruled },
    { at: at(20), config: { ...ruled, rules: [{ ...rule, match: 'none/*' }] } },
    { at: at(30), config: { ...ruled } },
  ];
  const drawn = drawScenario({ seed: 18, days: 5, clusters: 1, faults: ['config', 'people'], store: 'memory' });
  const sim = await makeSimulation({ ...drawn, start, configs });
  const pool = [...sim.story.pools.values()].find(({ bases }) => bases[0]?.min === bases[0]?.max) as PoolStory;
  const base = pool.bases[0] ?? bounds(3);
  const put = { isToBusy: false, status: 200 };
  pool.puts.push({ ...put, at: at(2), from: base, to: bounds(0) });
  if (givenBackAt !== undefined) pool.puts.push({ ...put, at: at(givenBackAt), from: bounds(0), to: base });
  if (setAt !== undefined) pool.hands.push({ at: at(setAt), size: bounds(0), isAfterArrival: false });
  expect(excuseOf(sim, pool, [baseUnknown(pool)])).toBe(expected);
});

function baseUnknown({ id: poolId, clusterId, path }: PoolStory): Finding {
  const [cluster = '', pool = ''] = path.split('/');
  return {
    kind: 'base.unknown',
    severity: 'critical',
    subject: { kind: 'pool', region: 'r1', clusterId, poolId, cluster, pool },
    text: `the base of ${path} is not known`,
  };
}
