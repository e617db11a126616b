import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FaultClass, StoreKind } from './scenario.ts';
import type { Violation } from './simulation.ts';
import { addFigures, type Figures, noFigures } from './stats.ts';

export type Search = {
  readonly from: number;
  readonly years: number;
  readonly days: number;
  readonly clusters: number;
  readonly store: StoreKind | undefined;
  /** Of the region. */
  readonly parts: number;
  /** Processes side by side. */
  readonly workers: number;
};

export type SeedAsked = {
  readonly seed: number;
  readonly days: number;
  readonly clusters: number;
  readonly store: StoreKind | undefined;
  readonly parts: number;
};

export type SeedDone = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly classes: readonly FaultClass[];
  readonly figures: Figures;
  readonly cpuSeconds: number;
};

export type Searched = { readonly figures: Figures; readonly seeds: number; readonly cpuSeconds: number };

const worker = fileURLToPath(new URL('search-worker.ts', import.meta.url));
const perYear = 365;
/** The code of a simulation is wide and flat: the optimizing compiler costs a fifth more than it brings. */
const workerFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64', '--no-opt'];

/** Simulates seed after seed, in processes of their own, until so many cluster-years are done. */
export async function search(asked: Search, onSeed: (done: SeedDone) => void): Promise<Searched> {
  const figures = noFigures();
  const sum = { seeds: 0, cpuSeconds: 0 };
  let next = asked.from;
  // What is under way counts as done: otherwise more workers would search more.
  const planned = Math.ceil((asked.years * perYear) / (asked.days * asked.clusters));
  const work = async () => {
    const { ask, stop } = startWorker();
    while (next < asked.from + planned) {
      const { days, clusters, store, parts } = asked;
      const done = await ask({ seed: (next += 1) - 1, days, clusters, store, parts });
      addFigures(figures, done.figures);
      sum.seeds += 1;
      sum.cpuSeconds += done.cpuSeconds;
      onSeed(done);
    }
    stop();
  };
  await Promise.all(Array.from({ length: asked.workers }, work));
  return { figures, ...sum };
}

/** One question at a time. */
function startWorker(): { readonly ask: (asked: SeedAsked) => Promise<SeedDone>; readonly stop: () => void } {
  const child = fork(worker, { execArgv: workerFlags });
  let waiting = Promise.withResolvers<SeedDone>();
  child.on('message', (done: SeedDone) => waiting.resolve(done));
  child.on('exit', (code) => waiting.reject(new Error(`a worker of the simulation ended with ${code ?? 'a signal'}`)));
  return {
    ask: (asked) => {
      waiting = Promise.withResolvers();
      child.send(asked);
      return waiting.promise;
    },
    stop: () => child.disconnect(),
  };
}
