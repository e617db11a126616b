import type { EpochMs } from '../../lib/model/time.ts';
import type { PoolView } from '../../lib/simulator/views.ts';
import { approve, ask, leaseFor, overrideFor, pauseFor } from './ask-of-people.ts';
import { type Chance, makeChance } from './chance.ts';
import { labelPools } from './make-simulation.ts';
import { type Bounds, bounds, hasBaseTime, ruleFor } from './meaning.ts';
import { dayMs, hourMs, minuteMs } from './scenario.ts';
import { configAt, type Simulation } from './simulation.ts';
import { isSame, type PoolStory, sizeOf, tellPool } from './story.ts';

/** People and Terraform at work until the faults end. Half of what they do is done around a change of the schedule. */
export function letPeopleAct(sim: Simulation, edges: readonly EpochMs[]): void {
  const { classes, start, faultsEnd, seed, intensity } = sim.scenario;
  const chance = makeChance(seed, 'people');
  const days = (faultsEnd - start) / dayMs;
  const instants = (perDay: number, spread: Chance) =>
    Array.from({ length: Math.ceil(days * perDay * intensity) }, () => {
      const anchor =
        spread.is(0.5) && edges.length > 0 ? spread.pick(edges) + spread.integer(-40, 70) * minuteMs : undefined;
      return Math.min(anchor ?? Math.floor(start + spread.next() * (faultsEnd - start)), faultsEnd - minuteMs);
    });
  if (classes.has('people')) {
    for (const at of instants(chance.pick([1, 2, 4]), chance)) sim.kernel.at(at, () => personActs(sim, chance));
  }
  if (classes.has('asks')) {
    const asking = makeChance(seed, 'asks');
    for (const at of instants(asking.pick([1, 2, 4]), asking)) sim.kernel.at(at, () => void personAsks(sim, asking));
  }
  if (classes.has('terraform')) applyTerraform(sim, makeChance(seed, 'terraform'));
  approveFirst(sim, makeChance(seed, 'approves'));
}

/** Most people approve what they have just written; some let the brake hold for half a day, or until all is calm. */
function approveFirst(sim: Simulation, chance: Chance): void {
  const { start, faultsEnd } = sim.scenario;
  const delay = chance.is(0.85) ? 0 : chance.pick([11 * hourMs, Number.POSITIVE_INFINITY]);
  if (start + delay < faultsEnd) sim.kernel.at(start + delay, () => void approve(sim));
}

export function randomPool(sim: Simulation, chance: Chance): PoolView | undefined {
  const pools = sim.world.clusters().flatMap((cluster) => cluster.pools);
  return pools.length === 0 ? undefined : chance.pick(pools);
}

function personActs(sim: Simulation, chance: Chance): void {
  const view = randomPool(sim, chance);
  if (view === undefined) return;
  sim.stats.fault('people');
  sim.stir = sim.kernel.now();
  const path = `${view.clusterId}/${view.id}`;
  const kind = chance.integer(0, 11);
  if (kind <= 7) return setByHand(sim, view.id, path, drawSize(chance, view), 6);
  if (kind === 8) return recreate(sim, view, path);
  if (kind === 9) return flipKind(sim, view, path, chance);
  if (kind === 10) {
    sim.world.setPoolError(path, 'a node did not come up');
    return sim.kernel.at(sim.kernel.now() + chance.integer(20, 200) * minuteMs, () =>
      tryTo(() => {
        sim.world.clearPoolError(path);
        stirNow(sim);
      }),
    );
  }
  sim.world.setClusterError(view.clusterId, 'the control plane is degraded');
  sim.kernel.at(sim.kernel.now() + chance.integer(20, 200) * minuteMs, () =>
    tryTo(() => {
      sim.world.clearClusterError(view.clusterId);
      stirNow(sim);
    }),
  );
}

function drawSize(chance: Chance, view: PoolView): Bounds {
  if (view.autoscale) {
    const min = chance.integer(0, 3);
    return { min, max: min + chance.integer(0, 4) };
  }
  const size = chance.pick([0, 1, 2, 3, 4, 5, 6, view.size + 1, view.size + 2]);
  return { min: size, max: size };
}

/** Tried again while the cluster is busy, as a person would. */
export function setByHand(sim: Simulation, id: string, path: string, size: Bounds, tries: number): void {
  const pool = sim.story.pools.get(id);
  tryTo(() => {
    const view = sim.world.pool(path);
    if (pool === undefined || isSame(sizeOf(view), size)) return;
    const within = Math.min(Math.max(view.size, size.min), size.max);
    const fields = view.autoscale ? { size: within, sizeMin: size.min, sizeMax: size.max } : { size: size.min };
    const refusal = sim.world.personResizes(path, fields);
    if (refusal !== undefined) {
      if (tries > 0 && sim.kernel.now() < sim.scenario.faultsEnd - 10 * minuteMs) {
        sim.kernel.at(sim.kernel.now() + 5 * minuteMs, () => setByHand(sim, id, path, size, tries - 1));
      }
      return;
    }
    if (isSame(sizeOf(sim.world.pool(path)), size)) noteHand(sim, id, view, size);
  });
}

export function noteHand(sim: Simulation, id: string, before: PoolView, size: Bounds): void {
  const pool = sim.story.pools.get(id);
  const at = sim.kernel.now();
  if (pool === undefined) return;
  const { meaning, at: configuredAt } = configAt(sim, at);
  const edge =
    sim.story
      .schedule(meaning, pool.path)
      ?.edges(at - 8 * dayMs, at)
      .at(-1) ?? 0;
  const isAfterArrival =
    before.status === 'Running' &&
    pool.arrivedAt > Math.max(edge, configuredAt) &&
    pool.arrivedAt > (pool.hands.at(-1)?.at ?? 0);
  pool.hands.push({ at, size, isAfterArrival });
  if (!isNeverBase(sim, pool, size) && !isOnlyOfNow(sim, pool)) pool.bases.push(size);
  stirNow(sim);
  // What is kept ends a day after it was noticed.
  for (const laterMs of [dayMs, dayMs + 35 * minuteMs, dayMs + 70 * minuteMs]) {
    sim.kernel.at(at + laterMs, () => stirNow(sim));
  }
  sim.trace.note(`${at} a person sets ${pool.path} to ${size.min}..${size.max}`);
}

/** What somebody sets while the schedule leaves the pool alone is no base where the hours of the base have taught it. */
function isOnlyOfNow(sim: Simulation, pool: PoolStory): boolean {
  const { scenario, configs, story, kernel } = sim;
  const meaning = configs[0]?.meaning;
  const isForgetful = (['loss', 'store', 'clock', 'lies', 'crash', 'twins'] as const).some((kind) =>
    scenario.classes.has(kind),
  );
  if (meaning === undefined || configs.length > 1 || isForgetful || !hasBaseTime(meaning, pool.path)) return false;
  const isLeft = story.schedule(meaning, pool.path)?.termsAt(kernel.now()).includes('leave') ?? false;
  return isLeft && pool.baseSeenAt !== undefined && !pool.isBaseUncertain;
}

/** 0 and the size of the night are nobody's idea of a full pool; which size that is may change with the config. */
function isNeverBase(sim: Simulation, pool: PoolStory, size: Bounds): boolean {
  const idle = sim.configs.length === 1 ? ruleFor(configAt(sim, sim.kernel.now()).meaning, pool.path)?.idle : undefined;
  return size.max === 0 || (idle !== undefined && isSame(size, bounds(idle)));
}

export function stirNow(sim: Simulation): void {
  sim.stir = sim.kernel.now();
}

function recreate(sim: Simulation, view: PoolView, path: string): void {
  const before = sim.story.pools.get(view.id);
  const fresh = sim.world.recreatePool(path);
  if (sim.scenario.hasSizes) labelPools(sim.world);
  const told = tellPool(sim.story, fresh, sim.kernel.now(), before);
  told.bases.push(sizeOf(fresh));
  told.hands.push({ at: sim.kernel.now(), size: sizeOf(fresh), isAfterArrival: false });
  sim.trace.note(`${sim.kernel.now()} a person makes ${told.path} anew`);
}

/** From fixed to autoscaled and back some hours later. */
function flipKind(sim: Simulation, view: PoolView, path: string, chance: Chance): void {
  const flip = (bounds: { min: number; max: number } | 'off') =>
    tryTo(() => {
      const pool = sim.story.pools.get(view.id);
      if (sim.world.toggleAutoscale(path, bounds) !== undefined || pool === undefined) return;
      pool.kindChangedAt = sim.kernel.now();
      pool.hands.push({ at: sim.kernel.now(), size: sizeOf(sim.world.pool(path)), isAfterArrival: false });
      pool.bases.push(sizeOf(sim.world.pool(path)));
      sim.trace.note(`${sim.kernel.now()} a person flips the kind of ${pool.path}`);
    });
  flip(view.autoscale ? 'off' : { min: 1, max: 3 });
  const back = view.autoscale ? { min: view.sizeMin ?? 0, max: view.sizeMax ?? 1 } : 'off';
  sim.kernel.at(Math.min(sim.kernel.now() + chance.integer(1, 20) * hourMs, sim.scenario.faultsEnd - minuteMs), () =>
    flip(back),
  );
}

async function personAsks(sim: Simulation, chance: Chance): Promise<void> {
  const view = randomPool(sim, chance);
  if (view === undefined) return;
  sim.stats.fault('asks');
  const path = `${view.cluster}/${view.name}`;
  const last = sim.scenario.faultsEnd + 8 * hourMs;
  const until = Math.min(
    sim.kernel.now() + chance.pick([20, 60, 180, 600]) * minuteMs + chance.integer(0, 9) * 1000,
    last,
  );
  const kind = chance.integer(0, 5);
  if (kind <= 2) return ask(sim, leaseFor(sim, path, chance.integer(1, 9), until));
  if (kind === 3) return ask(sim, overrideFor(sim, path, chance.integer(0, 4), until));
  return ask(sim, pauseFor(sim, chance.pick([path, `${view.cluster}/*`, undefined]), until));
}

/** Puts the sizes back that it was told, every few hours or every few minutes, for a while. */
function applyTerraform(sim: Simulation, chance: Chance): void {
  const declared = new Map([...sim.story.pools.values()].map(({ id, bases }) => [id, bases[0] as Bounds]));
  const everyMs = chance.pick([15, 60, 360, 1440]) * minuteMs;
  const from = sim.scenario.start + chance.next() * (sim.scenario.faultsEnd - sim.scenario.start);
  const until = Math.min(sim.scenario.faultsEnd, from + chance.pick([3, 12, 48]) * hourMs);
  const ids = [...declared.keys()].filter(() => chance.is(0.5));
  const apply = () => {
    for (const id of ids) {
      sim.stats.fault('terraform');
      const { clusterId } = sim.story.pools.get(id) ?? { clusterId: '' };
      setByHand(sim, id, `${clusterId}/${id}`, declared.get(id) as Bounds, 1);
    }
    if (sim.kernel.now() + everyMs < until) sim.kernel.at(sim.kernel.now() + everyMs, apply);
  };
  sim.kernel.at(Math.floor(from), apply);
}

/** What is gone cannot be changed any more. */
export function tryTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof RangeError) && !/no (cluster|pool)/i.test(String(error))) throw error;
  }
}
