import { type App, makeApp } from '../../app.ts';
import { compileConfig } from '../../config/compile-config.ts';
import { boundary, localDate, renderDate } from '../../decide/schedule/local-time.ts';
import { CommandError } from '../../errors.ts';
import type { Clock } from '../../io/clock.ts';
import { silentLog } from '../../io/log.ts';
import { makeSecrets } from '../../io/secrets/secrets.ts';
import { makeMemoryStore } from '../../io/stores/memory-store.ts';
import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { createWorld, type World } from '../../simulator/create-world.ts';
import type { FleetSpec } from '../../simulator/fleet.ts';
import { simulatorApp } from '../../simulator/simulator-app.ts';
import type { CliParts } from '../parts.ts';

/** The production jobs, a simulated fleet, and a clock that runs as the story wants. */
export type Stage = {
  readonly app: App;
  readonly config: CompiledConfig;
  readonly store: Store;
  readonly world: World;
  readonly clock: StoryClock;
};

export async function setStage(
  { newId, redactor }: Pick<CliParts, 'newId' | 'redactor'>,
  start: EpochMs,
): Promise<Stage> {
  // The app loads its jobs when it needs them; the story's clock must not run on while code is read from the disk.
  await Promise.all([import('../../jobs/scale/scale-pools.ts'), import('../../jobs/watch/watch-clusters.ts')]);
  const clock = makeStoryClock(start);
  const world = createWorld({ clock, fleet: demoFleet, region: 'demo' });
  const store = makeMemoryStore({ newId });
  const env = { DEMO_TOKEN: world.token };
  const secrets = makeSecrets({ clock, redactor, log: silentLog, env, aws: { read: async () => undefined } });
  const { fetch } = simulatorApp(world);
  const app = makeApp({ store, fetch, clock, newId, log: silentLog, redactor, secrets });
  return { app, config: await compileDemo(start), store, world, clock };
}

async function compileDemo(now: EpochMs): Promise<CompiledConfig> {
  const readFile = async () => demoConfig;
  const outcome = await compileConfig(demoConfig, { file: 'demo.yml', now, readFile });
  if (outcome.ok) return outcome.config;
  throw new CommandError('The config of the demo cannot be used: please report this');
}

/** 17:00 in the zone of the story on the Tuesday of this week: an ordinary evening, with an ordinary day after it. */
export function storyStart(now: EpochMs): EpochMs {
  const today = Math.floor(now / dayMs);
  const tuesday = today - localDate(today).weekday + 2;
  return boundary(renderDate(tuesday), 17 * 3600, demoZone);
}

/** Small enough to be seen whole. */
const demoFleet: FleetSpec = {
  clusters: [
    {
      name: 'dev-api',
      pools: [
        { name: 'build', size: 2 },
        { name: 'workers', size: 4 },
      ],
    },
    { name: 'dev-batch', pools: [{ name: 'workers', size: 6 }] },
    { name: 'ml', pools: [{ name: 'gpu', min: 1, max: 4 }] },
    {
      name: 'prod-web',
      pools: [
        { name: 'edge', size: 2 },
        { name: 'workers', min: 3, max: 9 },
      ],
    },
    { name: 'mgmt', pools: [{ name: 'system', size: 3 }] },
  ],
};

export const demoZone = 'Europe/Berlin';

/** The config of the story, as a person would write it. */
const demoConfig = `timezone: ${demoZone}
regions:
  demo: { api: "http://127.0.0.1:8090", token: { env: DEMO_TOKEN } }
schedules:
  office-hours:
    windows: [{ days: mon-fri, from: "07:00", to: "19:00" }]
    otherwise: idle
    lead: auto
pools:
  - { match: "mgmt/*", schedule: none }
  - { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 0, limits: { min: 0 } }
  - { match: "ml/gpu", schedule: office-hours, base: { min: 1, max: 4 }, idle: 0, limits: { min: 0 }, leases: { max: 6 } }
  - { match: "prod-web/edge", schedule: office-hours, base: 2, idle: 1 }
  - { match: "prod-web/workers", schedule: office-hours, base: { min: 3, max: 9 }, idle: { min: 1, max: 3 } }
`;

/** A clock that only the story moves: sixteen hours pass in a minute. Who sleeps on it wakes when its time has come. */
type StoryClock = Clock & { readonly moveTo: (at: EpochMs) => void };

function makeStoryClock(start: EpochMs): StoryClock {
  let now = start;
  const sleepers = new Set<{ readonly at: EpochMs; readonly wake: () => void }>();
  return {
    now: () => now,
    moveTo: (at) => {
      now = Math.max(now, at);
      for (const sleeper of sleepers) if (sleeper.at <= now) sleeper.wake();
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          at: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
  };
}
