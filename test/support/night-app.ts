import { type App, makeApp } from '../../lib/app.ts';
import type { Fetch } from '../../lib/io/http/exchange.ts';
import { type Log, silentLog } from '../../lib/io/log.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import type { Environment } from '../../lib/io/secrets/env-secret.ts';
import { makeSecrets } from '../../lib/io/secrets/secrets.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { createWorld, type World, type WorldOptions } from '../../lib/simulator/create-world.ts';
import { type FleetSpec, fleetOf } from '../../lib/simulator/fleet.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { aConfig } from './scaling-world.ts';
import { makeVirtualClock, type VirtualClock } from './virtual-clock.ts';

export type Night = {
  readonly app: App;
  readonly world: World;
  readonly clock: VirtualClock;
  config: CompiledConfig;
  readonly store: Store;
};

/** The production jobs on a simulated fleet, in one process, on a clock that only tests move. */
export function aNight(
  start: number,
  config: Partial<CompiledConfig>,
  options: Partial<WorldOptions> & {
    store?: Store;
    log?: Log;
    env?: Environment;
    through?: (api: Fetch) => Fetch;
  } = {},
): Night {
  const clock = makeVirtualClock(start);
  const world = createWorld({ clock, ...options });
  let ids = 0;
  const newId = () => `id-${(ids += 1)}`;
  const store = options.store ?? makeMemoryStore({ newId });
  const redactor = makeRedactor();
  const log = options.log ?? silentLog;
  const aws = { read: async () => undefined };
  const secrets = makeSecrets({ clock, redactor, log, env: { TOKEN: world.token, ...options.env }, aws });
  const { through = (api) => api } = options;
  const app = makeApp({ store, fetch: through(simulatorApp(world).fetch), clock, newId, log, redactor, secrets });
  return { app, world, clock, config: aConfig(config), store };
}

/** Of the small fleet only these: a round costs as much as it has clusters. */
export function onlyClusters(...names: readonly string[]): FleetSpec {
  return { clusters: fleetOf('small').clusters.filter(({ name }) => names.includes(name)) };
}

/** Lets time pass, a second at a time, until the work is done. */
export async function whileTimePasses<T>(night: Night, work: Promise<T>): Promise<T> {
  const progress = { isDone: false };
  const done = work.finally(() => {
    progress.isDone = true;
  });
  for (let i = 0; i < 600 && !progress.isDone; i += 1) await night.clock.advance(1000);
  return done;
}
