import type { PoolView } from '../../lib/simulator/views.ts';
import { ask, leaseFor } from './ask-of-people.ts';
import { makeChance } from './chance.ts';
import { ruleFor } from './meaning.ts';
import { noteHand, tryTo } from './people.ts';
import { hourMs, minuteMs } from './scenario.ts';
import { configAt, type Simulation } from './simulation.ts';

/**
 * In the stretch without faults a few people act, one in each cluster at most: a raise by hand at night, a lease. What
 * must follow can then be said exactly.
 */
export function letProbesAct(sim: Simulation): void {
  const chance = makeChance(sim.scenario.seed, 'probes');
  for (const { id } of sim.world.clusters()) {
    const at = sim.scenario.judgedFrom + chance.integer(60, 40 * 60) * minuteMs;
    sim.kernel.at(at, () => void probe(sim, id, chance.is(0.5), chance.integer(1, 3), 12));
  }
}

async function probe(sim: Simulation, clusterId: string, isLease: boolean, more: number, tries: number): Promise<void> {
  const cluster = sim.world.clusters().find(({ id }) => id === clusterId);
  const view = cluster?.pools.find((pool) => isCalm(sim, pool));
  const isQuiet = cluster?.pools.every(({ status }) => status === 'Running') ?? false;
  if (view === undefined || !isQuiet) {
    if (tries > 0) sim.kernel.at(sim.kernel.now() + hourMs, () => void probe(sim, clusterId, isLease, more, tries - 1));
    return;
  }
  const path = `${view.cluster}/${view.name}`;
  if (isLease) {
    const until = sim.kernel.now() + (2 + more) * hourMs;
    return ask(sim, leaseFor(sim, path, view.size + more, until));
  }
  tryTo(() => {
    const size = view.autoscale
      ? { min: (view.sizeMin ?? 0) + more, max: (view.sizeMax ?? 0) + more }
      : { min: view.size + more, max: view.size + more };
    const fields = view.autoscale ? { sizeMin: size.min, sizeMax: size.max } : { size: size.min };
    if (sim.world.personResizes(`${clusterId}/${view.id}`, fields) === undefined) noteHand(sim, view.id, view, size);
  });
}

/** Under a rule that acts, at night, at rest, with no boundary near. */
function isCalm(sim: Simulation, view: PoolView): boolean {
  const now = sim.kernel.now();
  const path = `${view.cluster}/${view.name}`;
  const { meaning } = configAt(sim, now);
  const rule = ruleFor(meaning, path);
  const oracle = sim.story.schedule(meaning, path);
  const pool = sim.story.pools.get(view.id);
  if (rule === undefined || oracle === undefined || rule.mode === 'observe' || pool === undefined) return false;
  const isNight = oracle.termsAt(now).every((term) => term === 'idle');
  const isFar = oracle.edges(now - 2 * hourMs, now + 4 * hourMs).length === 0;
  return (
    isNight &&
    isFar &&
    pool.arrivedAt > now - 90 * minuteMs &&
    !pool.isBaseUncertain &&
    pool.kindChangedAt === undefined
  );
}
