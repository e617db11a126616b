import type { EpochMs } from '../../lib/model/time.ts';
import { drawHex } from '../../lib/simulator/chance.ts';
import { everyRole, listRoles } from '../../lib/simulator/reply.ts';
import { approve } from './ask-of-people.ts';
import { type Chance, makeChance } from './chance.ts';
import { type AwaitPoint, decidingPoints, pastPoints } from './coverage.ts';
import { randomPool, stirNow, tryTo } from './people.ts';
import type { Process } from './process.ts';
import { dayMs, type FaultClass, hourMs, minuteMs } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { sizeOf } from './story.ts';

/** Everything that goes wrong around the job until the faults end: crashes, the store, the service, secrets, clocks. */
export function letThingsGoWrong(sim: Simulation, processes: readonly Process[], edges: readonly EpochMs[]): void {
  const spread = (kind: FaultClass, perDay: readonly number[], happen: (chance: Chance) => void) => {
    if (!sim.scenario.classes.has(kind)) return;
    const chance = makeChance(sim.scenario.seed, kind);
    const { start, faultsEnd, intensity } = sim.scenario;
    const count = Math.ceil(((faultsEnd - start) / dayMs) * chance.pick(perDay) * intensity);
    for (let i = 0; i < count; i += 1) {
      const near =
        chance.is(0.5) && edges.length > 0 ? chance.pick(edges) + chance.integer(-20, 60) * minuteMs : undefined;
      const at = Math.min(near ?? Math.floor(start + chance.next() * (faultsEnd - start)), faultsEnd - minuteMs);
      sim.kernel.at(at, () => happen(chance));
    }
  };
  spread('crash', [6, 20, 60], (chance) => {
    sim.arms.crashes.set(chance.pick(decidingPoints), chance.is(0.5) ? 'before' : 'after');
  });
  const past = makeChance(sim.scenario.seed, 'crash of the past');
  const crashOfThePast = () => sim.arms.crashes.set(past.pick(pastPoints), past.is(0.5) ? 'before' : 'after');
  if (sim.scenario.classes.has('crash')) {
    const { start, faultsEnd } = sim.scenario;
    const count = Math.ceil(((faultsEnd - start) / dayMs) * past.pick([1, 4]));
    for (let i = 0; i < count; i += 1)
      sim.kernel.at(Math.floor(start + past.next() * (faultsEnd - start)), () => void crashOfThePast());
  }
  if (sim.scenario.classes.has('crash'))
    for (const { at } of sim.scenario.configs.slice(1)) sim.kernel.at(at, () => crashKeeping(sim));
  spread('freeze', [4, 10], (chance) => {
    const point = chance.pick<AwaitPoint>([
      'store: claim',
      'api: get pool',
      'api: list pools',
      'api: put pool',
      'store: list asks',
    ]);
    sim.arms.freeze = { point, ms: chance.pick([2, 10, 10, 25]) * minuteMs };
  });
  spread('store', [1, 4], (chance) => disturbStore(sim, chance));
  spread('loss', [0.2, 0.5], (chance) => loseStore(sim, chance, processes));
  spread('resizes', [1, 3], (chance) => disturbResizes(sim, chance));
  spread('refusals', [0.5, 2], (chance) => refuse(sim, chance));
  spread('secrets', [0.5, 2], (chance) => disturbSecrets(sim, chance));
  const jumps = makeChance(sim.scenario.seed, 'clock jumps');
  spread('clock', [1, 3], (chance) => {
    const process = chance.pick(processes);
    const skewMs = chance.pick([0, chance.integer(-45, 45) * 1000, chance.integer(-5, 5) * minuteMs]);
    const far = [jumps.integer(-30, 30) * hourMs, jumps.integer(-900, 900) * dayMs];
    setClock(sim, process, jumps.is(0.25) ? jumps.pick(far) : skewMs);
    sim.stats.fault('clock');
  });
  setBehaviour(sim);
  sim.kernel.at(sim.scenario.faultsEnd, () => heal(sim, processes));
}

/** A rule is kept when a round first acts under it, soon after it was written: a crash there hardly ever comes by chance. */
function crashKeeping({ arms, kernel, scenario }: Simulation): void {
  const point = 'store: keep a rule';
  const onceMore = () => {
    if (kernel.now() >= scenario.faultsEnd) return;
    if (arms.crashes.has(point)) kernel.at(kernel.now() + 10_000, onceMore);
    else arms.crashes.set(point, 'after');
  };
  arms.crashes.set(point, 'before');
  onceMore();
}

function setClock(sim: Simulation, process: Process, skewMs: number): void {
  process.skewMs = skewMs;
  process.skewedAt = sim.kernel.now();
  sim.stir = sim.kernel.now();
  sim.trace.note(`${sim.kernel.now()} the clock of ${process.name} is ${skewMs} ms off`);
}

function later(sim: Simulation, ms: number, happen: () => void): void {
  sim.kernel.at(Math.min(sim.kernel.now() + ms, sim.scenario.faultsEnd - 1000), happen);
}

/** What nobody knows about the service, drawn once. */
function setBehaviour(sim: Simulation): void {
  const chance = makeChance(sim.scenario.seed, 'behaviour');
  const { behaviour } = sim.world;
  behaviour.busy = chance.pick([
    { httpStatus: 400, code: 9 },
    { httpStatus: 409, code: 10 },
    { httpStatus: 409, code: 9 },
  ]);
  behaviour.leavesOutZeroSize = sim.scenario.classes.has('lies') && chance.is(0.5);
  behaviour.unchangedPutScales = chance.is(0.3);
  if (sim.scenario.classes.has('refusals') && makeChance(sim.scenario.seed, 'strict about sizes').is(0.4))
    behaviour.sizeOutsideBounds = 'refuse';
  if (sim.scenario.classes.has('resizes'))
    behaviour.raiseMinutes = chance.pick([
      [4, 15],
      [8, 15],
      [1, 3],
    ]);
  // Bounds read back, and nodes come when somebody has machines for them.
  if (sim.scenario.classes.has('resizes'))
    behaviour.nodesMinutes = makeChance(sim.scenario.seed, 'nodes').pick([
      [0, 0],
      [3, 20],
      [60, 300],
    ]);
}

function disturbStore(sim: Simulation, chance: Chance): void {
  sim.store.rate = chance.pick([0.02, 0.1, 0.5, 1]);
  sim.stir = sim.kernel.now();
  later(sim, chance.integer(2, 90) * minuteMs, () => {
    sim.store.rate = 0;
  });
}

/** Wiped, or back to what it held some hours ago; whoever does that stops the processes for it. */
function loseStore(sim: Simulation, chance: Chance, processes: readonly Process[]): void {
  const lose = (goBack: () => void, what: string) => {
    goBack();
    for (const process of processes) process.restart();
    const now = sim.kernel.now();
    sim.stats.fault('loss');
    sim.story.losses.push(now);
    sim.stir = now;
    sim.trace.note(`${now} the store is ${what}`);
    // Who approved what stood in it does so again.
    if (sim.story.approvals.length > 0) void approve(sim);
    for (const view of sim.world.clusters().flatMap(({ pools }) => pools)) {
      const pool = sim.story.pools.get(view.id);
      if (pool === undefined) continue;
      pool.bases.push(sizeOf(view), ...pool.puts.slice(-2).map(({ to }) => to));
      pool.isBaseUncertain = true;
      pool.arrivedAt = Number.NEGATIVE_INFINITY;
    }
  };
  if (chance.is(0.5)) return lose(sim.store.wipe, 'wiped');
  const goBack = sim.store.snapshot();
  const asked = [...sim.story.asks];
  later(sim, chance.pick([1, 8, 24]) * hourMs, () => {
    lose(goBack, 'rolled back');
    // What had been replaced since then is in force again.
    sim.story.asks.push(...asked.filter((told) => !sim.story.asks.includes(told)));
  });
}

function disturbResizes(sim: Simulation, chance: Chance): void {
  const view = randomPool(sim, chance);
  if (view === undefined) return;
  sim.stats.fault('resizes');
  const path = `${view.clusterId}/${view.id}`;
  const mended = (mend: () => void) => {
    tryTo(mend);
    stirNow(sim);
  };
  if (chance.is(0.5)) {
    sim.world.makeStuck(path);
    return later(sim, chance.integer(20, 300) * minuteMs, () => mended(() => sim.world.unstick(path)));
  }
  sim.world.failNextResize(path, 'no capacity for this flavor');
  later(sim, chance.integer(60, 400) * minuteMs, () => mended(() => sim.world.clearPoolError(path)));
}

function refuse(sim: Simulation, chance: Chance): void {
  sim.stats.fault('refusals');
  sim.stir = sim.kernel.now();
  const lengthMs = chance.integer(20, 600) * minuteMs;
  const kind = chance.integer(0, 3);
  if (kind === 0) {
    sim.world.behaviour.zero = chance.pick(['refuse', 'ignore']);
    return later(sim, lengthMs, () => {
      sim.world.behaviour.zero = 'accept';
    });
  }
  if (kind === 1) {
    sim.world.setQuota(chance.integer(4, 20));
    return later(sim, lengthMs, () => sim.world.setQuota(undefined));
  }
  const cluster = chance.pick(sim.world.clusters());
  if (kind === 2) return tryTo(() => sim.world.startUpgrade(cluster.id, chance.pick(['1.34.2', '1.35.0'])));
  sim.world.behaviour.clusterStatusWhileScaling = chance.pick(['Scaling', undefined]);
}

function disturbSecrets(sim: Simulation, chance: Chance): void {
  sim.stats.fault('secrets');
  sim.stir = sim.kernel.now();
  const { vault, world } = sim;
  vault.changedAt = sim.kernel.now();
  const kind = chance.integer(0, 3);
  if (kind <= 1) return rotate(sim, chance);
  if (kind === 2) {
    vault.isDown = true;
    return later(sim, chance.integer(5, 120) * minuteMs, () => {
      vault.isDown = false;
      vault.changedAt = sim.kernel.now();
    });
  }
  world.setRoles(vault.current, listRoles);
  later(sim, chance.integer(20, 400) * minuteMs, () => {
    world.setRoles(vault.current, everyRole);
    vault.changedAt = sim.kernel.now();
  });
}

/** The service and the place of the token learn of the new one in either order, minutes apart. */
function rotate(sim: Simulation, chance: Chance): void {
  const { vault, world } = sim;
  const old = vault.current;
  const next = drawHex(sim.scenario.seed, `token/${sim.kernel.now()}/${chance.next()}`, 64);
  const store = () => {
    vault.previous = vault.current;
    vault.current = next;
    vault.changedAt = sim.kernel.now();
  };
  const gapMs = chance.pick([0, 0, 1, 12]) * minuteMs;
  if (chance.is(0.5)) {
    world.rotateToken(old, next);
    later(sim, gapMs, store);
  } else {
    store();
    later(sim, gapMs, () => {
      world.rotateToken(old, next);
      vault.changedAt = sim.kernel.now();
    });
  }
}

/** The faults end: what is broken is mended, and people answer what they are asked. */
function heal(sim: Simulation, processes: readonly Process[]): void {
  const { world, vault, store, arms } = sim;
  Object.assign(world.behaviour, {
    zero: 'accept',
    clusterStatusWhileScaling: undefined,
    raiseMinutes: [4, 15],
    nodesMinutes: [0, 0],
  });
  world.setQuota(undefined);
  world.setRoles(vault.current, everyRole);
  vault.isDown = false;
  store.rate = 0;
  arms.crashes.clear();
  arms.freeze = undefined;
  for (const process of processes) setClock(sim, process, 0);
  for (const { id, pools } of world.clusters()) {
    if (world.cluster(id).errors.length > 0) world.clearClusterError(id);
    for (const pool of pools) mendPool(sim, `${id}/${pool.id}`);
  }
  sim.stir = sim.kernel.now();
  sim.trace.note(`${sim.kernel.now()} the faults end`);
  sim.kernel.at(sim.kernel.now() + hourMs, () => void approve(sim));
}

/** Touches nothing that is well: an untouched pool keeps the instant of its last change. */
function mendPool(sim: Simulation, path: string): void {
  const { errors, status } = sim.world.pool(path);
  const [clusterId, poolId] = path.split('/') as [string, string];
  const pool = sim.world.state.clusters.get(clusterId)?.pools.get(poolId);
  if (pool) Object.assign(pool, { failsNext: undefined, sticksNext: false });
  if (status === 'Scaling') sim.world.unstick(path);
  if (errors.length > 0) sim.world.clearPoolError(path);
}
