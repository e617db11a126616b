import type { CompiledConfig } from '../../../lib/model/config.ts';
import type { EpochMs } from '../../../lib/model/time.ts';
import type { World } from '../../../lib/simulator/create-world.ts';
import type { Chance } from '../chance.ts';
import type { Kernel } from '../kernel.ts';
import type { SimulatedStore } from '../simulated-store.ts';
import type { AlertScenario } from './alert-scenario.ts';
import type { Dangers } from './lives.ts';
import type { Places } from './places.ts';

/** Something that really is wrong in the world, with a word that only its own messages can hold. */
export type Wrong = {
  readonly kind: 'cluster.error' | 'pool.error' | 'cluster.stuck';
  readonly cluster: string;
  readonly clusterId: string;
  readonly pool: string | undefined;
  readonly poolId: string | undefined;
  readonly from: EpochMs;
  until: EpochMs | undefined;
  readonly marker: string;
};

/** A config in force from an instant on, and the host each destination's name stands for. */
export type TimedConfig = {
  readonly at: EpochMs;
  readonly config: CompiledConfig;
  readonly hosts: ReadonlyMap<string, string>;
  readonly retired: ReadonlySet<string>;
};

export type Span = { readonly from: EpochMs; readonly until: EpochMs };

export type AlertStage = {
  readonly scenario: AlertScenario;
  readonly kernel: Kernel;
  readonly world: World;
  readonly chance: Chance;
  readonly store: SimulatedStore;
  readonly places: Places;
  readonly dangers: Dangers;
  readonly configs: TimedConfig[];
  readonly wrongs: Wrong[];
  /** Clusters and pools by name that someone silenced, and when. */
  readonly silences: { readonly cluster: string; readonly span: Span }[];
  readonly gone: { readonly cluster: string; readonly at: EpochMs }[];
  /** Every end of life that was ever set, as days. */
  readonly eolDates: Set<string>;
  eolChangedAt: EpochMs;
  wipedAt: EpochMs | undefined;
  stormAt: EpochMs | undefined;
  /** Rounds of the watch in which nothing at all went wrong. */
  readonly goodRounds: EpochMs[];
  /** Instants at which the API was not as it should be. */
  readonly apiFaults: EpochMs[];
  readonly violations: { readonly at: EpochMs; readonly kind: string; readonly text: string }[];
  readonly violate: (kind: string, text: string) => void;
  readonly canaries: readonly string[];
  readonly touched: Map<string, number>;
  readonly note: (line: string) => void;
};

/** As people are told of it; undefined = none is lost. */
export function lostPart({ scenario: { lost, parts } }: AlertStage): string | undefined {
  return lost && `(part ${lost.index + 1} of ${parts})`;
}

export function configAt(stage: Pick<AlertStage, 'configs'>, at: EpochMs): TimedConfig {
  return (stage.configs.findLast((one) => one.at <= at) ?? stage.configs[0]) as TimedConfig;
}
