import type { EpochMs } from '../../lib/decide/model.ts';
import { makeChance } from './chance.ts';
import type { Process } from './process.ts';
import { hourMs, minuteMs } from './scenario.ts';
import type { Simulation } from './simulation.ts';

/**
 * Ticks carry no meaning, so they may be lost, doubled and late, for hours. In quiet stretches (no boundary near, nothing
 * unusual lately, every pool Running) they are also thinned out to one in two hours: there is nothing to find there.
 */
export function startTicking(sim: Simulation, processes: readonly Process[], edges: readonly EpochMs[]): void {
  const chance = makeChance(sim.scenario.seed, 'ticks');
  const { classes, faultsEnd, end, tickMs, start } = sim.scenario;
  const outages = classes.has('ticks') ? drawOutages(sim) : [];
  const [first, second] = processes as readonly [Process, Process];
  const isOut = (now: EpochMs) => outages.some(({ from, until }) => now >= from && now < until);
  let lastMs = start;
  const tick = () => {
    const now = sim.kernel.now();
    const isThinned = isQuiet(sim, edges) && now - lastMs < 120 * minuteMs;
    if (!isThinned) {
      lastMs = now;
      ring(now);
    }
    const isLate = now < faultsEnd && classes.has('ticks') && chance.is(0.2);
    const next = now + tickMs + (isLate ? chance.integer(1, 20) * minuteMs : 0);
    if (next < end) sim.kernel.at(next, tick);
  };
  const ring = (now: EpochMs) => {
    const isDisturbed = now < faultsEnd && classes.has('ticks');
    const isTwin = now < faultsEnd && classes.has('twins') && chance.is(0.5);
    const isTimed = isTwin || (now < faultsEnd && chance.is(0.2));
    if (!isOut(now) && !(isDisturbed && chance.is(0.15))) {
      if (chance.is(0.03)) second.tick({ isTimed: false, options: { isDryRun: true } });
      first.tick({ isTimed });
      if (isDisturbed && chance.is(0.1)) first.tick({ isTimed: true, isAtOnce: true });
      if (isTwin) sim.kernel.at(now + chance.pick([0, 3, 90, 2_000, 55_000]), () => second.tick({ isTimed: true }));
    }
  };
  sim.kernel.at(start, tick);
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

function isQuiet(sim: Simulation, edges: readonly EpochMs[]): boolean {
  const now = sim.kernel.now();
  const isSlow = sim.configs.some(({ meaning }) => meaning.maxChangesPerRound !== undefined);
  const afterMs = (isSlow ? 420 : 110) * minuteMs;
  if (edges.some((edge) => now > edge - 70 * minuteMs && now < edge + afterMs)) return false;
  if (now - sim.stir < 80 * minuteMs) return false;
  const isCalm = ({ status }: { readonly status: string }) => status === 'Running';
  return sim.world.clusters().every((cluster) => isCalm(cluster) && cluster.pools.every(isCalm));
}
