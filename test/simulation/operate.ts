import type { ApiFault } from './api-faults.ts';
import type { AwaitPoint } from './coverage.ts';
import type { Simulation } from './simulation.ts';

/** One life of a process, from its start to its end by a crash. */
export type Life = { isDead: boolean; frozenUntil: number };

/** One run of a job in that life. */
export type Run = {
  readonly process: string;
  readonly life: Life;
  /** Operations take time, so that others come in between. */
  readonly isTimed: boolean;
  readonly onCrash: () => void;
  /** How far the clock of its process is ahead. */
  readonly skewMs: () => number;
  /** Requests to the API so far. */
  calls: number;
  /** Faults that are already drawn for its next read, by pool or cluster ('' = the list of clusters). */
  readonly drawn: Map<string, ApiFault>;
};

/**
 * Every touch of the outside goes through here. A crash leaves the promise open for ever: no line after the await runs,
 * no `finally` either. A frozen process neither sends nor hears anything until it thaws.
 */
export async function operate<T>(sim: Simulation, run: Run, point: AwaitPoint, work: () => Promise<T>): Promise<T> {
  sim.stats.figures.awaits += 1;
  if (point.startsWith('api: ') && point !== 'api: pause before a second try') {
    run.calls += 1;
    sim.stats.figures.calls += 1;
  }
  if (run.isTimed) await sim.kernel.sleep(latencyMs(sim));
  await thaw(sim, run.life);
  if (run.life.isDead) return never();
  const crash = sim.arms.crashes.get(point);
  sim.arms.crashes.delete(point);
  if (crash === 'before') return crashed(sim, run, point, 'before');
  const answer = await settled(work);
  sim.kernel.touch();
  if (run.life.isDead) return never();
  if (crash === 'after') return crashed(sim, run, point, 'after');
  freezeIfArmed(sim, run, point);
  if (run.isTimed) await sim.kernel.sleep(latencyMs(sim));
  await thaw(sim, run.life);
  return run.life.isDead ? never() : answer();
}

/** Waits out a freeze; never resolves in a life that is over. */
export async function thaw(sim: Simulation, life: Life): Promise<void> {
  while (life.frozenUntil > sim.kernel.now()) await sim.kernel.sleep(life.frozenUntil - sim.kernel.now());
  if (life.isDead) await never();
}

export function never(): Promise<never> {
  return new Promise(() => {});
}

async function settled<T>(work: () => Promise<T>): Promise<() => T> {
  try {
    const value = await work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function crashed(sim: Simulation, run: Run, point: AwaitPoint, when: 'before' | 'after'): Promise<never> {
  sim.stats.crashed(point, when);
  sim.stats.fault('crash');
  sim.trace.note(`${sim.kernel.now()} ${run.process} crashes ${when} ${point}`);
  run.life.isDead = true;
  sim.stir = sim.kernel.now();
  run.onCrash();
  return never();
}

function freezeIfArmed(sim: Simulation, run: Run, point: AwaitPoint): void {
  const freeze = sim.arms.freeze;
  if (freeze?.point !== point) return;
  sim.arms.freeze = undefined;
  run.life.frozenUntil = sim.kernel.now() + freeze.ms;
  sim.stats.fault('freeze');
  sim.stats.figures.frozen += 1;
  sim.stir = sim.kernel.now();
  sim.trace.note(`${sim.kernel.now()} ${run.process} freezes after ${point}`);
}

/** Mostly quick, sometimes slow enough for anything to happen in between. */
function latencyMs(sim: Simulation): number {
  return sim.latency.is(0.1) ? sim.latency.integer(200, 3000) : sim.latency.integer(1, 150);
}
