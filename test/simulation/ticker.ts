import type { ScaleOptions } from '../../lib/jobs/scale/scale-round.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import { makeChance } from './chance.ts';
import type { Process } from './process.ts';
import { hourMs, minuteMs } from './scenario.ts';
import type { Simulation } from './simulation.ts';

/**
 * Ticks carry no meaning, so they may be lost, doubled and late, for hours. Where there is little to find they are also
 * thinned out: to one in a quarter of an hour while a boundary is still far, to one in two hours in quiet stretches.
 */
export function startTicking(sim: Simulation, processes: readonly Process[], edges: readonly EpochMs[]): void {
  const chance = makeChance(sim.scenario.seed, 'ticks');
  const { classes, faultsEnd, end, tickMs, start } = sim.scenario;
  const outages = classes.has('ticks') ? drawOutages(sim) : [];
  const lanes = lanesOf(sim, processes);
  const isOut = (now: EpochMs) => outages.some(({ from, until }) => now >= from && now < until);
  let lastMs = start;
  const tick = () => {
    const now = sim.kernel.now();
    if (now - lastMs >= paceMs(sim, edges)) {
      lastMs = now;
      ring(now);
    }
    const isLate = now < faultsEnd && classes.has('ticks') && chance.is(0.2);
    const next = now + tickMs + (isLate ? chance.integer(1, 20) * minuteMs : 0);
    if (next < end) sim.kernel.at(next, tick);
  };
  const ring = (now: EpochMs) =>
    countLost(
      sim,
      lanes.map((lane) => ringOne(now, lane)),
    );
  /** Each part of a region has ticks of its own: one may be lost or doubled while the others come. */
  const ringOne = (now: EpochMs, { first, second, options }: Lane): boolean => {
    const isDisturbed = now < faultsEnd && classes.has('ticks');
    const isTwin = now < faultsEnd && classes.has('twins') && chance.is(0.5);
    const isTimed = isTwin || (now < faultsEnd && chance.is(0.2));
    if (isOut(now) || (isDisturbed && chance.is(0.15))) return false;
    if (chance.is(0.03)) second.tick({ isTimed: false, options: { ...options, isDryRun: true } });
    const isBegun = first.tick({ isTimed, options });
    const doubled = (isAgain: boolean) => {
      if (isBegun && isAgain) sim.stats.figures.doubled += 1;
    };
    if (isDisturbed && chance.is(0.1)) doubled(first.tick({ isTimed: true, isAtOnce: true, options }));
    const twin = () => doubled(second.tick({ isTimed: true, options }));
    if (isTwin) sim.kernel.at(now + chance.pick([0, 3, 90, 2_000, 55_000]), twin);
    return isBegun;
  };
  sim.kernel.at(start, tick);
}

/** By which parts began a round at this tick. */
function countLost({ stats: { figures } }: Simulation, began: readonly boolean[]): void {
  const lost = began.filter((isBegun) => !isBegun).length;
  if (lost === began.length) figures.ticksLost += 1;
  else figures.partsLost += lost;
}

type Lane = { readonly first: Process; readonly second: Process; readonly options: ScaleOptions };

/** One for each part of the region, each with two processes. */
function lanesOf({ scenario: { parts } }: Simulation, processes: readonly Process[]): readonly Lane[] {
  return Array.from({ length: parts }, (_, index) => {
    const [first, second] = processes.slice(2 * index) as [Process, Process];
    return { first, second, options: parts === 1 ? {} : { shard: { index, count: parts } } };
  });
}

function drawOutages(sim: Simulation): readonly { from: EpochMs; until: EpochMs }[] {
  const chance = makeChance(sim.scenario.seed, 'outages');
  const { start, faultsEnd } = sim.scenario;
  const count = Math.ceil((faultsEnd - start) / (72 * hourMs));
  return Array.from({ length: count }, () => {
    const from = start + chance.next() * (faultsEnd - start);
    return { from, until: Math.min(faultsEnd, from + chance.pick([1, 4, 14, 30]) * hourMs) };
  });
}

/** How long to wait since the last tick at least: nothing while something is going on or a boundary is near. */
function paceMs(sim: Simulation, edges: readonly EpochMs[]): number {
  const now = sim.kernel.now();
  const next = (edges[firstAfter(edges, now - 2 * sim.scenario.tickMs)] ?? Number.POSITIVE_INFINITY) - now;
  if (next < 20 * minuteMs || now - sim.stir < 35 * minuteMs) return 0;
  if (now - sim.busyAt < 2 * sim.scenario.tickMs || !isCalm(sim)) return 0;
  const hasLead = sim.configs.some(({ meaning }) => meaning.schedules.some(({ lead }) => lead !== 'none'));
  return (hasLead && next < 80 * minuteMs ? 15 : 120) * minuteMs;
}

function isCalm(sim: Simulation): boolean {
  const isAtRest = ({ status }: { readonly status: string }) => status === 'Running' || status === 'Error';
  return sim.world.clusters().every((cluster) => isAtRest(cluster) && cluster.pools.every(isAtRest));
}

function firstAfter(edges: readonly EpochMs[], at: EpochMs): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] as EpochMs) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
