import type { Clock } from '../../lib/io/clock.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import { createWorld, type World } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { makeApiFaults } from './api-faults.ts';
import { makeChance } from './chance.ts';
import { compileMeaning } from './config-text.ts';
import { type Kernel, makeKernel } from './kernel.ts';
import { isLabelled } from './meaning.ts';
import { dayMs, type Scenario } from './scenario.ts';
import { makeSimulatedStore, type SimulatedStore, type StoreParts } from './simulated-store.ts';
import type { ConfigInForce, Simulation, Violation } from './simulation.ts';
import { makeStats, makeTrace } from './stats.ts';
import { makeStory, tellPool } from './story.ts';

export type SimulationParts = {
  readonly keepsLines?: boolean;
  /** Where the state is kept; absent = as the scenario draws it. */
  readonly makeStore?: (parts: StoreParts) => SimulatedStore;
  /** What stands in each config beside what people mean. */
  readonly place?: readonly string[];
};

/** As people do when they make a pool. */
export function labelPools({ state }: World): void {
  for (const { name, pools } of state.clusters.values())
    for (const pool of pools.values())
      pool.labels = isLabelled(`${name}/${pool.name}`) ? [{ key: 'team', value: 'data' }] : [];
}

/** The world of a scenario, with nobody in it yet. */
export async function makeSimulation(
  scenario: Scenario,
  { keepsLines = false, makeStore = makeSimulatedStore, place }: SimulationParts = {},
): Promise<Simulation> {
  const kernel: Kernel = makeKernel(scenario.start);
  const clock: Clock = { now: kernel.now, sleep: kernel.sleep };
  const world = createWorld({ clock, seed: scenario.seed, fleet: { clusters: scenario.clusters }, keepRequests: 100 });
  if (scenario.hasSizes) labelPools(world);
  const stats = makeStats();
  const trace = makeTrace(keepsLines);
  const configs: ConfigInForce[] = [];
  for (const { at, config } of scenario.configs) {
    const compiled = await compileMeaning(config, scenario.start, place);
    configs.push({ at, meaning: config, config: compiled });
  }
  let ids = 0;
  const newId = () => `${scenario.seed}-${(ids += 1)}`;
  const chance = makeChance(scenario.seed, 'store calls');
  const onFault = () => stats.fault('store');
  const violations: Violation[] = [];
  const names = () => world.clusters().flatMap(({ name, pools }) => [name, ...pools.map((pool) => pool.name)]);
  const story = makeStory();
  for (const view of world.clusters().flatMap(({ pools }) => pools)) tellPool(story, view, scenario.start - dayMs);
  const sim: Simulation = {
    scenario,
    kernel,
    world,
    api: simulatorApp(world),
    apiFaults: makeApiFaults(scenario, names, edgesOf(story, configs, scenario)),
    pendingFaults: new Map(),
    store: makeStore({ kind: scenario.storeKind, newId, clock, chance, onFault }),
    configs,
    story,
    arms: { crashes: new Map(), freeze: undefined },
    vault: { current: world.token, previous: undefined, isDown: false, changedAt: scenario.start },
    latency: makeChance(scenario.seed, 'latency'),
    stats,
    trace,
    newId,
    violations,
    violate: (kind, text) => {
      violations.push({ at: kernel.now(), kind, text });
      trace.note(`${kernel.now()} VIOLATION ${kind}: ${text}`);
    },
    stir: scenario.start,
    busyAt: scenario.start,
  };
  world.setFault(({ method, path }) => {
    const fault = sim.pendingFaults.get(`${method} ${path}`);
    sim.pendingFaults.delete(`${method} ${path}`);
    return fault;
  });
  return sim;
}

/** Every change that any schedule of any config makes, over the whole simulation. */
export function allEdges(sim: Simulation): readonly EpochMs[] {
  return edgesOf(sim.story, sim.configs, sim.scenario);
}

function edgesOf(
  story: Simulation['story'],
  configs: readonly ConfigInForce[],
  scenario: Scenario,
): readonly EpochMs[] {
  const found = new Set<EpochMs>();
  for (const { meaning } of configs) {
    const oracles = new Set([...story.pools.values()].map(({ path }) => story.schedule(meaning, path)));
    for (const oracle of oracles) {
      for (const edge of oracle?.edges(scenario.start, scenario.end) ?? []) found.add(edge);
    }
  }
  return [...found].sort((a, b) => a - b);
}
