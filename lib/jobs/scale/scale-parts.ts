import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { ObservedCluster } from '../../decide/model.ts';
import type { Plan } from '../../decide/scaling/plan.ts';
import type { Clock } from '../../io/clock.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log } from '../../io/log.ts';
import type { Mks } from '../../io/mks/mks.ts';
import type { Store } from '../../io/stores/store.ts';
import type { BookShelf } from './book-shelf.ts';

export type ScaleParts = {
  readonly config: CompiledConfig;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly store: Store;
  readonly log: Log;
  readonly mksOf: (region: string) => Mks;
  /** Where many rounds come one after the other; absent = this one is alone. */
  readonly shelf?: BookShelf;
  /** Milliseconds left for this run; nothing starts that does not fit. Absent = no limit. */
  readonly timeLeftMs?: () => number;
};

export type ScaleOptions = {
  /** GETs only, and nothing is stored. */
  readonly isDryRun?: boolean;
  /** A round over these clusters only ("at once", after an event). */
  readonly only?: (cluster: ObservedCluster) => boolean;
  /** A large fleet in parts: clusters are dealt by id. */
  readonly shard?: { readonly index: number; readonly count: number };
};

export type ScaleProblem = {
  readonly region: string;
  readonly cluster: string | undefined;
  readonly pool: string | undefined;
  /** What failed, on what, why. */
  readonly reason: string;
};

/**
 * What became of an action. `dropped`: the pool had changed since it was planned; `failed`: a call or the store failed, a
 * problem says how, and nothing was changed; `claimed-elsewhere`: another process was first.
 */
export type ActionResult =
  | 'sent'
  | 'dropped'
  | 'failed'
  | 'busy'
  | 'refused'
  | 'outcome-unknown'
  | 'claimed-elsewhere'
  | 'no-time';

export type ScaleReport = {
  readonly plan: Plan;
  readonly problems: readonly ScaleProblem[];
  readonly results: readonly {
    readonly region: string;
    readonly cluster: string;
    readonly pool: string;
    readonly result: ActionResult;
  }[];
  readonly clusters: number;
  readonly pools: number;
  /** What a config's first round says of what is to come; absent = it was said before. */
  readonly started?: string;
  /** The fleet is uninstalled: pools that are away get their bases back, whatever the config says. */
  readonly isUninstalled?: boolean;
};
