import { judgeConvergence } from './judge-end.ts';
import { judgePast } from './judge-past.ts';
import { judgePut } from './judge-put.ts';
import { judgeRound } from './judge-round.ts';
import { allEdges, makeSimulation } from './make-simulation.ts';
import { letPeopleAct } from './people.ts';
import { letProbesAct } from './probes.ts';
import { type Judges, makeProcess } from './process.ts';
import { drawScenario, hourMs, minuteMs, type Scenario, type SimulationOptions } from './scenario.ts';
import type { Simulation, Violation } from './simulation.ts';
import type { Figures } from './stats.ts';
import { sizeOf } from './story.ts';
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
  const sim = await makeSimulation(scenario, { keepsLines: options.keepsLines ?? false });
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
  const names = Array.from({ length: scenario.parts }, (_, part) => (part === 0 ? '' : ` of part ${part + 1}`));
  const processes = names.flatMap((of) => ['first', 'second'].map((name) => makeProcess(sim, `${name}${of}`, judges)));
  letThingsGoWrong(sim, processes, edges);
  letPeopleAct(sim, edges);
  letConfigsChange(sim);
  letProbesAct(sim);
  watchZeros(sim);
  judgeConvergence(sim);
  judgePast(sim);
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

export function letConfigsChange(sim: Simulation): void {
  for (const { at, config } of sim.configs.slice(1)) {
    sim.kernel.at(at, () => {
      sim.stats.fault('config');
      sim.stir = sim.kernel.now();
      sim.trace.note(`${at} the config is now ${config.hash}`);
    });
  }
}

/** Since when a pool has had no node, looked up every ten minutes. */
export function watchZeros(sim: Simulation): void {
  const look = () => {
    const now = sim.kernel.now();
    sim.world.advance();
    for (const cluster of sim.world.state.clusters.values()) {
      for (const one of cluster.pools.values()) {
        const pool = sim.story.pools.get(one.id);
        if (pool) pool.zeroSince = sizeOf(one).max > 0 ? undefined : (pool.zeroSince ?? now);
      }
    }
    if (now % hourMs < 10 * minuteMs) void sim.store.collect(now);
    if (now + 10 * minuteMs < sim.scenario.end) sim.kernel.at(now + 10 * minuteMs, look);
  };
  sim.kernel.at(sim.scenario.start, look);
}
