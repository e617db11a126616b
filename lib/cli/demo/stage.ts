import { type App, makeApp } from '../../app.ts';
import { compileConfig } from '../../config/compile-config.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import { boundary } from '../../decide/schedule/boundary.ts';
import { dayMs, localDate, renderDate } from '../../decide/schedule/local-date.ts';
import { CommandError } from '../../errors.ts';
import { silentLog } from '../../io/log.ts';
import { makeSecrets } from '../../io/secrets/secrets.ts';
import { makeMemoryStore } from '../../io/stores/memory.ts';
import type { Store } from '../../io/stores/store.ts';
import { createWorld, type World } from '../../simulator/create-world.ts';
import { simulatorApp } from '../../simulator/simulator-app.ts';
import type { CliParts } from '../cli-parts.ts';
import { demoConfig, demoFleet, demoZone } from './demo-fleet.ts';
import { makeStoryClock, type StoryClock } from './story-clock.ts';

/** The production jobs, a simulated fleet, and a clock that runs as the story wants. */
export type Stage = {
  readonly app: App;
  readonly config: CompiledConfig;
  readonly store: Store;
  readonly world: World;
  readonly clock: StoryClock;
};

export async function setStage({ newId, redactor }: CliParts, start: EpochMs): Promise<Stage> {
  // The app loads its jobs when it needs them; the story's clock must not run on while code is read from the disk.
  await Promise.all([import('../../jobs/scale-pools.ts'), import('../../jobs/watch-clusters.ts')]);
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
