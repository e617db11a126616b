import { makeRunMetrics } from '../../../lib/cli/run/prometheus-metrics.ts';
import { makeRounds, type Rounds } from '../../../lib/cli/run/run-rounds.ts';
import type { ConfigReading } from '../../../lib/config/read-config.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import type { Night } from '../../support/night-app.ts';

/** The rounds of the single process, on a night's own parts. */
export function start(night: Night, read: () => ConfigReading, config: CompiledConfig = night.config) {
  const stop = new AbortController();
  const parts = { ...night.app.parts, env: {}, redactor: makeRedactor() };
  const opened = { app: night.app, store: night.store };
  const metrics = makeRunMetrics();
  const rounds: Rounds = makeRounds({ ...parts, opened, first: config, metrics, readConfig: async () => read() });
  const running = rounds.run(stop.signal);
  return { rounds, metrics, stop: () => stop.abort(), running };
}

/** The app loads its jobs when they are first asked for; loading takes real time, which a virtual clock does not see. */
export async function loadJobs(night: Night): Promise<void> {
  await Promise.all([night.app.scale(night.config), night.app.watch(night.config), night.app.deliver(night.config)]);
}

/** Time passes in small steps: what goes on between two waits takes no time, but turns of the event loop. */
export async function pass(night: Night, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 2000) {
    await night.clock.advance(Math.min(left, 2000));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function good(config: CompiledConfig): ConfigReading {
  return { ok: true, config, changed: false, problems: [] };
}
