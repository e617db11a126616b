import type { Clock } from '../../io/clock.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log } from '../../io/log.ts';
import type { Mks } from '../../io/mks/mks.ts';
import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import type { Part } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';

export type WatchParts = {
  readonly config: CompiledConfig;
  readonly clock: Clock;
  readonly newId: NewId;
  /** sha256, hex. */
  readonly hash: (text: string) => string;
  readonly store: Store;
  readonly log: Log;
  readonly mksOf: (region: string) => Mks;
  /** The expiry of a region's token as given by its secret store; undefined = the config's own date, if any. */
  readonly secretsExpiry: (region: string) => Promise<EpochMs | undefined>;
  /** Does a region's token work only as the previous version of its secret? Absent = unknown. */
  readonly isTokenPrevious?: (region: string) => boolean;
  /** Milliseconds left for this run; a call that does not fit is not started. Absent = no limit. */
  readonly timeLeftMs?: () => number;
  /** What is wrong with the config file now, while the last good one is in use; absent = nothing. */
  readonly configProblem?: Finding;
};

export type WatchOptions = {
  /** A large fleet in parts: each looks at the clusters whose ids are in its range. */
  readonly shard?: Part;
};

export type WatchReport = {
  readonly at: EpochMs;
  readonly clusters: number;
  /** Every pool with a known node count. */
  readonly pools: readonly {
    readonly region: string;
    readonly cluster: string;
    readonly pool: string;
    readonly nodes: number;
  }[];
  /** Regions that answered with their list, of all regions. */
  readonly answered: readonly string[];
  readonly opened: number;
  readonly resolved: number;
  readonly deliveries: number;
  readonly notices: number;
  /** This round was recorded in the store. */
  readonly isKept: boolean;
  /**
   * What could not be stored (the next round makes up for it), and regions that refused the token, at once, with the
   * reason.
   */
  readonly problems: readonly string[];
};
