import { createWorld } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import type { Clock } from '../../lib/io/clock.ts';
import type { EpochMs } from '../../lib/decide/model.ts';
import { makeApiFaults } from './api-faults.ts';
import { makeChance } from './chance.ts';
import { compileMeaning } from './config-text.ts';
import { judgeConvergence } from './judge-end.ts';
import { judgePut } from './judge-put.ts';
import { judgeRound } from './judge-round.ts';
import { makeKernel } from './kernel.ts';
import { ruleFor } from './meaning.ts';
import { letPeopleAct } from './people.ts';
import { letProbesAct } from './probes.ts';
import { type Judges, makeProcess } from './process.ts';
import { dayMs, drawScenario, hourMs, minuteMs, type Scenario, type SimulationOptions } from './scenario.ts';
import type { ConfigInForce, Simulation, Violation } from './simulation.ts';
import { makeSimulatedStore } from './simulated-store.ts';
import { type Figures, makeStats, makeTrace } from './stats.ts';
import { makeStory, sizeOf, tellPool } from './story.ts';
import { startTicking } from './ticker.ts';
import { letThingsGoWrong } from './troubles.ts';

export type Simulated = {
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  readonly figures: Figures;
  /** Equal for equal seeds. */
  readonly hash: string;
  readonly lines: readonly string[];
};

export type SimulateOptions = SimulationOptions & {
  readonly keepsLines?: boolean;
  /** Stops at the first violation. */
  readonly stopsEarly?: boolean;
};

/** The production scale job in a simulated world, as drawn from a seed: what became of it, and what it broke. */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const scenario = drawScenario(options);
  const sim = await makeSimulation(scenario, options.keepsLines ?? false);
  const edges = allEdges(sim);
  const judges: Judges = {
    put: (round, put) => judgePut(sim, round, put),
    done: (round, report) => judgeRound(sim, round, report),
    failed: (_round, error) => {
      const isStore = error instanceof Error && error.name === 'StoreError';
      if (!isStore)
        sim.violate(
          'thrown',
          error instanceof Error ? `${error.message} ${error.stack ?? ''}` : 'something was thrown',
        );
    },
  };
  const processes = ['first', 'second'].map((name) => makeProcess(sim, name, judges));
  letThingsGoWrong(sim, processes, edges);
  letPeopleAct(sim, edges);
  letConfigsChange(sim);
  letProbesAct(sim);
  watchZeros(sim);
  judgeConvergence(sim);
  startTicking(sim, processes, edges);
  await runToEnd(sim, options.stopsEarly ?? false);
  sim.stats.figures.clusterDays = sim.world.clusters().length * scenario.days;
  return {
    scenario,
    violations: sim.violations,
    figures: sim.stats.figures,
    hash: sim.trace.hash(),
    lines: sim.trace.lines,
  };
}

async function runToEnd(sim: Simulation, stopsEarly: boolean): Promise<void> {
  for (let until = sim.scenario.start; until < sim.scenario.end; ) {
    until = Math.min(until + 6 * hourMs, sim.scenario.end);
    await sim.kernel.run(until);
    if (stopsEarly && sim.violations.length > 0) return;
  }
}

async function makeSimulation(scenario: Scenario, keepsLines: boolean): Promise<Simulation> {
  const kernel = makeKernel(scenario.start);
  const clock: Clock = { now: kernel.now, sleep: kernel.sleep };
  const world = createWorld({ clock, seed: scenario.seed, fleet: { clusters: scenario.clusters }, keepRequests: 100 });
  const stats = makeStats();
  const trace = makeTrace(keepsLines);
  const configs: ConfigInForce[] = [];
  for (const { at, config } of scenario.configs) {
    configs.push({ at, meaning: config, config: await compileMeaning(config, scenario.start) });
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
    store: makeSimulatedStore({ kind: scenario.storeKind, newId, clock, chance, onFault }),
    configs,
    story,
    arms: { crash: undefined, freeze: undefined },
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
  };
  world.setFault(({ method, path }) => {
    const fault = sim.pendingFaults.get(`${method} ${path}`);
    sim.pendingFaults.delete(`${method} ${path}`);
    return fault;
  });
  return sim;
}

function allEdges(sim: Simulation): readonly EpochMs[] {
  return edgesOf(sim.story, sim.configs, sim.scenario);
}

/** Every change that any schedule of any config makes, over the whole simulation. */
function edgesOf(
  story: Simulation['story'],
  configs: readonly ConfigInForce[],
  scenario: Scenario,
): readonly EpochMs[] {
  const found = new Set<EpochMs>();
  for (const { meaning } of configs) {
    const seen = new Set<string>();
    for (const { path } of story.pools.values()) {
      const key = `${ruleFor(meaning, path)?.schedule} ${meaning.exceptions.length > 0 ? path : ''}`;
      if (seen.has(key)) continue;
      seen.add(key);
      for (const edge of story.schedule(meaning, path)?.edges(scenario.start, scenario.end) ?? []) found.add(edge);
    }
  }
  return [...found].sort((a, b) => a - b);
}

function letConfigsChange(sim: Simulation): void {
  for (const { at, config } of sim.configs.slice(1)) {
    sim.kernel.at(at, () => {
      sim.stats.fault('config');
      sim.stir = sim.kernel.now();
      sim.trace.note(`${at} the config is now ${config.hash}`);
    });
  }
}

/** Since when a pool has had no node, looked up every ten minutes. */
function watchZeros(sim: Simulation): void {
  const look = () => {
    const now = sim.kernel.now();
    for (const view of sim.world.clusters().flatMap(({ pools }) => pools)) {
      const pool = sim.story.pools.get(view.id);
      if (pool) pool.zeroSince = sizeOf(view).max > 0 ? undefined : (pool.zeroSince ?? now);
    }
    if (now % hourMs < 10 * minuteMs) void sim.store.collect(now);
    if (now + 10 * minuteMs < sim.scenario.end) sim.kernel.at(now + 10 * minuteMs, look);
  };
  sim.kernel.at(sim.scenario.start, look);
}
