import { approveConfig } from '../../lib/jobs/records/approvals.ts';
import { putAsk, putLease } from '../../lib/jobs/records/ask-records.ts';
import type { Lease, Override, Pause } from '../../lib/model/asks.ts';
import type { Match } from '../../lib/model/config.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import { matches } from './meaning.ts';
import { dayMs } from './scenario.ts';
import { configAt, type Simulation } from './simulation.ts';

/** As the configs of a simulation have it. */
const keepMs = 30 * 86_400_000;

/** People's asks, stored as the commands store them; acknowledged the moment that is done. */
export async function ask(sim: Simulation, asked: Lease | Override | Pause): Promise<void> {
  const { store, story, kernel, trace } = sim;
  if (asked.kind === 'lease') await putLease(store.plain, asked, kernel.now());
  else await putAsk(store.plain, asked, keepMs);
  const text = asked.match?.text ?? '*/*';
  // The last one under an id stands.
  const before = story.asks.findIndex((told) => told.ask.id === asked.id && told.ask.until > kernel.now());
  const told = story.asks[before];
  if (told) story.asks[before] = { ...told, ask: { ...told.ask, until: kernel.now() } };
  story.asks.push({ ask: asked, at: kernel.now(), pools: (path) => matches(text, path) });
  trace.note(`${kernel.now()} asked: ${asked.kind} ${text} until ${asked.until}`);
  const stir = () => {
    sim.stir = kernel.now();
  };
  stir();
  kernel.at(asked.until, stir);
}

export function leaseFor(sim: Simulation, path: string, atLeast: number, until: EpochMs): Lease {
  return {
    ...common(sim),
    kind: 'lease',
    id: `lease/${sim.newId()}`,
    match: matchOf(path),
    atLeast,
    until,
    time: sim.kernel.now(),
  };
}

export function overrideFor(sim: Simulation, path: string, exactly: number, until: EpochMs): Override {
  return { ...common(sim), kind: 'override', id: `override/${path}`, match: matchOf(path), exactly, until };
}

export function pauseFor(sim: Simulation, path: string | undefined, until: EpochMs): Pause {
  const match = path === undefined ? undefined : matchOf(path);
  return { ...common(sim), kind: 'pause', id: `pause/${path ?? 'fleet'}`, match, until };
}

/** Lets the held lowers of the config in force through the brake: for a day, and its rules for good. */
export async function approve(sim: Simulation): Promise<void> {
  const now = sim.kernel.now();
  const { config, meaning } = configAt(sim, now);
  await approveConfig(sim.store.plain, config, { who: 'ana@desk', reason: undefined, until: now + dayMs }, now);
  sim.story.approvals.push({ at: now, meaning });
  sim.stir = now;
  sim.trace.note(`${now} approved`);
}

function common(sim: Simulation) {
  return { schema: 1, region: 'r1', who: 'ana@desk', reason: undefined, askedAt: sim.kernel.now() } as const;
}

/** A pool by name, or all of a cluster. */
function matchOf(path: string): Match {
  const [cluster, pool] = path.split('/') as [string, string];
  const isWhole = pool === '*';
  return { text: path, region: undefined, cluster, pool: isWhole ? undefined : pool, exactPool: !isWhole };
}
