import type { CompiledConfig } from '../../lib/model/config.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { World } from '../../lib/simulator/create-world.ts';
import type { Fault } from '../../lib/simulator/faults.ts';
import type { SimulatorApp } from '../../lib/simulator/simulator-app.ts';
import type { ApiFaults } from './api-faults.ts';
import type { Chance } from './chance.ts';
import type { AwaitPoint, CrashTime } from './coverage.ts';
import type { Kernel } from './kernel.ts';
import type { ConfigMeaning } from './meaning.ts';
import type { Scenario } from './scenario.ts';
import type { SimulatedStore } from './simulated-store.ts';
import type { Stats, Trace } from './stats.ts';
import type { Story } from './story.ts';

export type ConfigInForce = {
  readonly at: EpochMs;
  readonly meaning: ConfigMeaning;
  readonly config: CompiledConfig;
  /** Of all rounds under this config. */
};

export type Violation = { readonly at: EpochMs; readonly kind: string; readonly text: string };

/** What hits the next operation of a kind: what is rare stays armed until it comes. */
export type Arms = {
  readonly crashes: Map<AwaitPoint, CrashTime>;
  freeze: { readonly point: AwaitPoint; readonly ms: number } | undefined;
};

/** Where the token is kept. Values are canaries: they may show nowhere else. */
export type Vault = { current: string; previous: string | undefined; isDown: boolean; changedAt: EpochMs };

/** One simulation: the world, those who act in it, and what is known about both. */
export type Simulation = {
  readonly scenario: Scenario;
  readonly kernel: Kernel;
  readonly world: World;
  readonly api: SimulatorApp;
  readonly apiFaults: ApiFaults;
  /** The fault that a request is to meet, by method and path. */
  readonly pendingFaults: Map<string, Fault>;
  readonly store: SimulatedStore;
  readonly configs: readonly ConfigInForce[];
  readonly story: Story;
  readonly arms: Arms;
  readonly vault: Vault;
  readonly latency: Chance;
  readonly stats: Stats;
  readonly trace: Trace;
  readonly newId: () => string;
  readonly violations: Violation[];
  readonly violate: (kind: string, text: string) => void;
  /** The last instant at which something unusual happened: rounds are not thinned out for a while. */
  stir: EpochMs;
  /** The last round that changed something, waited for something or could not look. */
  busyAt: EpochMs;
};

export function configAt(sim: Simulation, at: EpochMs): ConfigInForce {
  return (sim.configs.findLast((one) => one.at <= at) ?? sim.configs[0]) as ConfigInForce;
}
