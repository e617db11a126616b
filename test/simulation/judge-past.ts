import { pastSteps, poolNow, readPast } from '../../lib/decide/past/pool-past.ts';
import { listClusterRecords } from '../../lib/jobs/records/cluster-records.ts';
import { listNodes, listSizes } from '../../lib/jobs/records/past-records.ts';
import type { Size } from '../../lib/model/size.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { PoolView } from '../../lib/simulator/views.ts';
import type { Simulation } from './simulation.ts';

type Look = { readonly at: EpochMs; readonly pool: string; readonly size: string };

/**
 * What is written down of the past is what the service showed: looked up as often as rounds come, once nothing goes wrong
 * any more, and held at the end against the records. A change may be told as much later as a round is.
 */
export function judgePast(sim: Simulation): void {
  const looks: Look[] = [];
  const { tickMs } = sim.scenario;
  const look = () => {
    const at = sim.kernel.now();
    for (const { name, pools } of sim.world.clusters()) {
      for (const pool of pools) looks.push({ at, pool: `${name}/${pool.name}`, size: show(sizeOf(pool)) });
    }
    if (at + tickMs < sim.scenario.end) sim.kernel.at(at + tickMs, look);
  };
  sim.kernel.at(sim.scenario.judgedFrom, look);
  sim.kernel.at(sim.scenario.end - 1, () => void compare(sim, looks));
}

async function compare(sim: Simulation, looks: readonly Look[]): Promise<void> {
  const from = sim.scenario.judgedFrom;
  const { plain } = sim.store;
  const past = readPast(await listSizes(plain, 'r1', from), await listNodes(plain, 'r1', from));
  const records = [...(await listClusterRecords(plain, 'r1')).values()].map(({ record }) => record);
  const byPool = Map.groupBy(looks, ({ pool }) => pool);
  for (const record of records) {
    const { cluster, pools } = record;
    for (const [id, memory] of Object.entries(pools)) {
      const name = `${cluster}/${memory.name}`;
      const own = Object.values(pools).filter((other) => other.name === memory.name);
      const now = poolNow(record, id);
      if (now === undefined || own.length > 1) continue;
      const steps = pastSteps(past, name, now, from);
      const told = (at: EpochMs) => show(steps.findLast((step) => step.from <= at)?.size);
      judgePool(sim, name, byPool.get(name) ?? [], told);
    }
  }
}

function judgePool(sim: Simulation, name: string, looks: readonly Look[], told: (at: EpochMs) => string): void {
  looks.forEach(({ at, size }, i) => {
    const near = [looks[i - 1], looks[i], looks[i + 1]].map((look) => look?.size);
    const isSteady = near.every((other) => other === size);
    // What begins at the very instant of a look may be told as of before or as of after it.
    if (isSteady && ![told(at - 1), told(at)].some((one) => one === size || one === 'unknown'))
      sim.violate(
        'past',
        `${name} was at ${size} at ${new Date(at).toISOString()}, and is told to have been at ${told(at)}`,
      );
  });
}

function sizeOf({ autoscale, size, sizeMin = 0, sizeMax = 0 }: PoolView): Size {
  return autoscale ? { min: sizeMin, max: sizeMax } : size;
}

function show(size: Size | undefined): string {
  if (size === undefined) return 'unknown';
  return typeof size === 'number' ? String(size) : `${size.min}..${size.max}`;
}
