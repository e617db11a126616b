import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FaultClass, StoreKind } from './scenario.ts';
import type { Violation } from './simulation.ts';
import { addFigures, type Figures, noFigures } from './stats.ts';

export type Search = {
  readonly seeds: readonly number[];
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

/** So many seeds from one on that they make so many cluster-years. */
export function seedsFor(years: number, from: number, days: number, clusters: number): readonly number[] {
  return Array.from({ length: Math.ceil((years * perYear) / (days * clusters)) }, (_, i) => from + i);
}

/** Simulates seed after seed, in processes of their own. */
export async function search(asked: Search, onSeed: (done: SeedDone) => void): Promise<Searched> {
  const figures = noFigures();
  const sum = { seeds: 0, cpuSeconds: 0 };
  const waiting = [...asked.seeds];
  const work = async () => {
    const { ask, stop } = startWorker();
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const { days, clusters, store, parts } = asked;
      const done = await ask({ seed, days, clusters, store, parts });
      addFigures(figures, done.figures);
      sum.seeds += 1;
      sum.cpuSeconds += done.cpuSeconds;
      onSeed(done);
    }
    stop();
  };
  // A worker that is asked nothing would end while it is waited for.
  await Promise.all(Array.from({ length: Math.min(asked.workers, asked.seeds.length) }, work));
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
