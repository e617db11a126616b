import { describe, expect, test } from 'vitest';
import { overrideFor } from './ask-of-people.ts';
import { judgeSent, type Sender } from './judge-put.ts';
import { makeSimulation } from './make-simulation.ts';
import { bounds, type ConfigMeaning } from './meaning.ts';
import { drawScenario, hourMs, minuteMs } from './scenario.ts';
import { configAt, type Simulation } from './simulation.ts';
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
  judgeSent(sim, roundAt(sim), pool, { from: bounds(4), to: bounds(0), isToBusy: false });
  return sim.violations.map(({ kind }) => kind).filter((kind) => kind !== 'surprise');
}

/** Base in three windows of the Friday, in minutes since the start: 360 to 420, 430 to 480 and 780 to 840; idle else. */
const windows = [
  { days: [5], from: 480, to: 540, size: 'base' },
  { days: [5], from: 550, to: 600, size: 'base' },
  { days: [5], from: 900, to: 960, size: 'base' },
] as const;
const windowed: ConfigMeaning = { ...config, schedules: [{ name: 'nights', windows, otherwise: 'idle', lead: 15 }] };

/** The minutes of the refused PUTs, and of the one that is judged. */
type Sends = { readonly from: number; readonly to: number; readonly refusedAt: readonly number[]; readonly at: number };
const lower: Sends = { from: 4, to: 0, refusedAt: [490, 500, 515], at: 530 };
const raise: Sends = { from: 0, to: 4, refusedAt: [345, 355, 370], at: 385 };

describe('what was refused', () => {
  test.each<[string, Sends, Meanwhile, boolean]>([
    ['three times waits longer than a quarter', lower, {}, true],
    ['three times waits twenty minutes', { ...lower, at: 535 }, {}, false],
    ['ahead of its hours waits in them too', raise, {}, true],
    ['counts anew after hours of the other', { ...lower, refusedAt: [330, 340, 490], at: 500 }, {}, false],
    ['counts anew after a night', { ...raise, refusedAt: [440, 450, 766], at: 780 }, {}, false],
    ['counts on through less than the lead', { ...raise, refusedAt: [400, 405, 415], at: 430 }, {}, true],
    ['counts anew after an ask', lower, { ask: [516, 520] }, false],
    ['counts on long after an ask', lower, { ask: [100, 200] }, true],
    ['counts on while an ask lasts', lower, { ask: [100, 900] }, true],
    [
      'counts on while an ask overrules the hours',
      { ...raise, refusedAt: [440, 450, 475], at: 490 },
      { ask: [100, 900] },
      true,
    ],
    ['counts anew under another config', lower, { configAt: 517 }, false],
    ['counts anew after a size set by hand', lower, { handAt: 517 }, false],
  ])('%s', async (_, sends, meanwhile, isTooSoon) => {
    expect(await isSaidTooSoon(sends, meanwhile)).toBe(isTooSoon);
  });
});

/** What happens between the refusals, in minutes since the start. */
type Meanwhile = { readonly ask?: readonly [number, number]; readonly configAt?: number; readonly handAt?: number };

async function isSaidTooSoon(sends: Sends, { ask, configAt: editedAt, handAt }: Meanwhile): Promise<boolean> {
  const drawn = drawScenario({ seed: 1328, days: 5, clusters: 1, faults: ['refusals', 'asks'], store: 'memory' });
  const at = (minutes: number) => start + minutes * minuteMs;
  const edited = editedAt === undefined ? [] : [{ at: at(editedAt), config: windowed }];
  const sim = await makeSimulation({ ...drawn, start, configs: [{ at: start, config: windowed }, ...edited] });
  const pool = [...sim.story.pools.values()][0] as PoolStory;
  const sent = { from: bounds(sends.from), to: bounds(sends.to), isToBusy: false };
  for (const refusedAt of sends.refusedAt) pool.puts.push({ ...sent, at: at(refusedAt), status: 400 });
  if (handAt !== undefined) pool.hands.push({ at: at(handAt), size: bounds(2), isAfterArrival: true });
  const pools = (path: string) => path === pool.path;
  if (ask) sim.story.asks.push({ ask: overrideFor(sim, pool.path, 1, at(ask[1])), at: at(ask[0]), pools });
  await sim.kernel.run(at(sends.at));
  judgeSent(sim, roundAt(sim), pool, sent);
  return sim.violations.some(({ kind }) => kind === 'too soon');
}

test.each([
  ['was accepted', 202, []],
  ['was refused', 403, ['surprise']],
  ['was never answered', undefined, ['surprise']],
] as const)('a first lower of a young pool, where that of an older one %s', async (_, status, expected) => {
  const drawn = drawScenario({ seed: 1180, days: 5, clusters: 1, faults: ['ticks'], store: 'memory' });
  const sim = await makeSimulation({ ...drawn, start, configs: [{ at: start, config }] });
  const older = [...sim.story.pools.values()][0] as PoolStory;
  const sent = { from: bounds(99), to: bounds(0), isToBusy: false };
  older.puts.push({ ...sent, at: start + hourMs, status });
  const young: PoolStory = { ...older, id: 'young', bornAt: start + 2 * hourMs, puts: [] };
  sim.story.pools.set(young.id, young);
  await sim.kernel.run(start + 3 * hourMs);
  judgeSent(sim, roundAt(sim), young, sent);
  expect(sim.violations.map(({ kind }) => kind).filter((kind) => kind === 'surprise')).toEqual(expected);
});

function roundAt(sim: Simulation): Sender {
  const now = sim.kernel.now();
  return { process: 'first', startedAt: now, wall: () => now, config: configAt(sim, now), claims: new Map() };
}
