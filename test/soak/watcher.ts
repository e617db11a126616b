import { listRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { RecordedRequest } from '../../lib/simulator/recorder.ts';
import { judgeSent } from '../simulation/judge-put.ts';
import { judgeSight } from '../simulation/judge-sight.ts';
import { type Bounds, bounds } from '../simulation/meaning.ts';
import { configAt, type Simulation } from '../simulation/simulation.ts';
import { sizeOf } from '../simulation/story.ts';

/** Judges a process from outside: by what the service was asked, and by what the store says of its rounds. */
export type Watcher = {
  readonly before: () => void;
  readonly after: () => Promise<void>;
  readonly rounds: () => number;
};

export function makeWatcher(sim: Simulation): Watcher {
  let sizes = new Map<string, Bounds>();
  let seen = 0;
  let lastRoundAt: EpochMs = 0;
  let rounds = 0;
  return {
    rounds: () => rounds,
    before: () => {
      const pools = sim.world.clusters().flatMap((cluster) => cluster.pools);
      sizes = new Map(pools.map((pool) => [pool.id, sizeOf(pool)]));
    },
    after: async () => {
      const news = sim.world.requests.filter(({ number }) => number > seen);
      seen = news.at(-1)?.number ?? seen;
      sim.stats.figures.calls += news.length;
      for (const request of news) if (request.method === 'PUT') judgeRequest(sim, request, sizes);
      const [round] = await listRoundFindings(sim.store.plain, 'r1');
      if (round === undefined || round.at === lastRoundAt) return;
      lastRoundAt = round.at;
      rounds += 1;
      const checked = new Set(round.checkedClusters);
      judgeSight(sim, {
        startedAt: round.at,
        config: configAt(sim, round.at),
        findings: round.findings,
        holds: [],
        sees: (clusterId) => checked.has(clusterId),
        isKept: true,
      });
    },
  };
}

function judgeRequest(
  sim: Simulation,
  { path, body, status }: RecordedRequest,
  sizes: ReadonlyMap<string, Bounds>,
): void {
  const [, clusterId = '', poolId = ''] = /\/cluster\/([^/]+)\/node-pool\/([^/]+)$/.exec(path) ?? [];
  const pool = sim.story.pools.get(poolId);
  const from = sizes.get(poolId);
  if (pool === undefined || from === undefined) return sim.violate('blind put', `a PUT to ${path}`);
  sim.stats.figures.puts += 1;
  const now = sim.kernel.now();
  const sender = {
    process: 'the process',
    startedAt: now,
    wall: () => now,
    config: configAt(sim, now),
    claims: new Map([[clusterId, now]]),
  };
  judgeSent(sim, sender, pool, { from, to: sizeIn(body), isToBusy: status === busyStatus(sim) });
  const put = pool.puts.at(-1);
  if (put && typeof status === 'number') put.status = status;
}

function busyStatus({ world }: Simulation): number {
  return world.behaviour.busy.httpStatus;
}

function sizeIn(body = '{}'): Bounds {
  const { autoscale, size, size_min: min, size_max: max } = JSON.parse(body) as Readonly<Record<string, unknown>>;
  return autoscale === true ? { min: Number(min ?? 0), max: Number(max ?? 0) } : bounds(Number(size ?? 0));
}
