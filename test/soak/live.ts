import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { openSqliteStore } from '../../lib/io/stores/sqlite.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { Fault, RequestInfo } from '../../lib/simulator/faults.ts';
import { serveSimulator } from '../../lib/simulator/serve-simulator.ts';
import { makeChance } from '../simulation/chance.ts';
import { configText } from '../simulation/config-text.ts';
import { judgeConvergence } from '../simulation/judge-end.ts';
import { allEdges, makeSimulation } from '../simulation/make-simulation.ts';
import { letPeopleAct } from '../simulation/people.ts';
import { letProbesAct } from '../simulation/probes.ts';
import { hourMs, minuteMs, type Scenario } from '../simulation/scenario.ts';
import { letConfigsChange, watchZeros } from '../simulation/simulate.ts';
import type { SimulatedStore } from '../simulation/simulated-store.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { refuseSecrets } from '../simulation/store-of-run.ts';
import { letThingsGoWrong } from '../simulation/troubles.ts';
import { type Kept, keep } from './kept.ts';
import { makeWatcher } from './watcher.ts';

export type Lived = { readonly sim: Simulation; readonly kills: number; readonly rounds: number };

export type LiveOptions = { readonly scenario: Scenario; readonly script: string; readonly folder: string };

/** Away for a moment, a few ticks, or a night. */
const absencesMs = [1_000, 20_000, 4 * minuteMs, 2 * hourMs, 9 * hourMs] as const;
/** In about one of so many minutes it is sentenced: to die at one of its next requests, or a moment after it. */
const minutesPerSentence = 200;

/**
 * The real process, its file and real HTTP on loopback, in a world whose time its keeper moves on. It is killed at any
 * moment and started again; what it does is judged from outside.
 */
export async function live({ scenario, script, folder }: LiveOptions): Promise<Lived> {
  const port = await freePort();
  const path = join(folder, 'state.db');
  const place = placeOf(port, path);
  const sim = await makeSimulation(scenario, { place, makeStore: () => storeOf(path, () => sim.newId()) });
  const server = await serveSimulator(sim.world, { host: '127.0.0.1', port });
  const victim: Victim = { requestsLeft: Number.POSITIVE_INFINITY, die: () => {} };
  sim.world.setFault((info) => {
    if ((victim.requestsLeft -= 1) === 0) victim.die();
    return meet(sim, info);
  });
  const config = join(folder, 'lamplighter.yml');
  for (const { at, meaning } of sim.configs)
    sim.kernel.at(at, () => writeFileSync(config, configText(meaning, place), { mode: 0o600 }));
  populate(sim);
  const start = (now: EpochMs) =>
    keep({
      script,
      config,
      now,
      env: { MKS_TOKEN: sim.world.token },
      onOutput: (text) => refuseSecrets(sim, text, 'the log'),
    });
  const figures = await keepAlive(sim, start, victim);
  await sim.store.plain.close();
  await server.close();
  sim.stats.figures.clusterDays = sim.world.clusters().length * scenario.days;
  return { sim, ...figures };
}

function populate(sim: Simulation): void {
  const edges = allEdges(sim);
  letThingsGoWrong(sim, [], edges);
  letPeopleAct(sim, edges);
  letConfigsChange(sim);
  letProbesAct(sim);
  watchZeros(sim);
  judgeConvergence(sim);
}

type Victim = { requestsLeft: number; die: () => void };

async function keepAlive(
  sim: Simulation,
  start: (now: EpochMs) => Promise<{ kept: Kept; wakeAt: EpochMs | 'dead' }>,
  victim: Victim,
): Promise<{ kills: number; rounds: number }> {
  const chance = makeChance(sim.scenario.seed, 'kills');
  const watcher = makeWatcher(sim);
  const { faultsEnd, end } = sim.scenario;
  let life: Kept | undefined;
  let kills = 0;
  for (let at = sim.scenario.start; at < end; ) {
    await sim.kernel.run(at);
    watcher.before();
    const wakeAt = await goOn();
    await watcher.after();
    if (wakeAt !== 'dead') at = Math.max(wakeAt, at + 1);
    else {
      life = undefined;
      kills += 1;
      at = Math.min(at + chance.pick(absencesMs), Math.max(at + 1_000, faultsEnd));
    }
  }
  await sim.kernel.run(end);
  life?.kill();
  return { kills, rounds: watcher.rounds() };

  async function goOn(): Promise<EpochMs | 'dead'> {
    const now = sim.kernel.now();
    if (now >= faultsEnd) victim.requestsLeft = Number.POSITIVE_INFINITY;
    else if (victim.requestsLeft === Number.POSITIVE_INFINITY && chance.is(1 / minutesPerSentence))
      victim.requestsLeft = chance.integer(1, 14);
    if (life === undefined) {
      const { kept, wakeAt } = await start(now);
      life = kept;
      victim.die = () => {
        victim.requestsLeft = Number.POSITIVE_INFINITY;
        if (chance.is(0.5)) kept.kill();
        // In machine time: somewhere else in the round.
        else setTimeout(kept.kill, chance.integer(0, 15));
      };
      if (wakeAt === 'dead') return wakeAt;
    }
    return life.go(now);
  }
}

/** What would wait for time to pass is cut off instead: time passes only when nothing is under way. */
function meet(sim: Simulation, { method, clusterId, poolId, at }: RequestInfo): Fault | undefined {
  const drawn = sim.apiFaults.decide({ method, clusterId, poolId }, at);
  if (drawn === undefined) return undefined;
  sim.stats.fault(drawn.class);
  (drawn.class === 'errors' ? sim.story.failures : sim.story.lies).push({ at, cluster: clusterId });
  const { fault } = drawn;
  const waits = fault.kind === 'hang' || fault.kind === 'delay' || fault.kind === 'slow-drip';
  if (waits) return { kind: 'reset', applied: fault.kind === 'hang' && fault.applied === true };
  return fault.kind === 'applied-late' ? { ...fault, answer: 504 } : fault;
}

function placeOf(port: number, path: string): readonly string[] {
  return [
    'regions:',
    `  r1: { api: "http://127.0.0.1:${port}", token: { env: MKS_TOKEN } }`,
    `store: { kind: sqlite, path: "${path}" }`,
  ];
}

/** The file that the process writes, opened a second time: for people's asks, and for looking. */
function storeOf(path: string, newId: () => string): SimulatedStore {
  return {
    plain: openSqliteStore({ path, newId }),
    forProcess: () => {
      throw new Error('the process has its own');
    },
    snapshot: () => () => {},
    wipe: () => {},
    collect: async () => {},
    rate: 0,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
