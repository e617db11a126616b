import type { Plan } from '../../decide/scaling/plan.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import type { Clock } from '../../io/clock.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log } from '../../io/log.ts';
import type { Mks } from '../../io/mks/mks.ts';
import type { Store } from '../../io/stores/store.ts';
import type { ObservedCluster } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Part } from '../../model/part.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import type { ListedRounds } from '../records/round-findings.ts';

export type ScaleParts = {
  readonly config: CompiledConfig;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly store: Store;
  readonly log: Log;
  readonly mksOf: (region: string) => Mks;
  /** Shared by many rounds in a row; absent = a single round. */
  readonly keptBook?: KeptBook;
  /** The name under which functions run on AWS; absent = a process. */
  readonly installation?: string;
  /** Milliseconds left for this run; what does not fit is not started. Absent = no limit. */
  readonly timeLeftMs?: () => number;
};

export type ScaleOptions = {
  /** GETs only, and nothing is stored. */
  readonly isDryRun?: boolean;
  /** A round over these clusters only ("at once", after an event). */
  readonly only?: (cluster: ObservedCluster) => boolean;
  /** A large fleet in parts, divided by cluster id. */
  readonly shard?: Part;
  /** A process makes this round that waits for the next one, and meanwhile for what people ask. */
  readonly isResident?: boolean;
  /** The last rounds by region, if whoever counted the parts has just read them. */
  readonly rounds?: ReadonlyMap<string, ListedRounds>;
};

export type ScaleProblem = {
  readonly region: string;
  readonly cluster: string | undefined;
  readonly pool: string | undefined;
  /** What failed, on what, why. */
  readonly reason: string;
};

/**
 * The outcome of a change. `dropped`: the pool had changed since the plan; `failed`: a call or the store failed, a
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
  /** The same by region, without regions that did not answer with their list. */
  readonly regions?: readonly { readonly region: string; readonly clusters: number }[];
  readonly pools: number;
  /** The notice of a config's first round; absent = it was sent before. */
  readonly started?: string;
  /** The fleet is uninstalled: pools below base are restored, whatever the config says. */
  readonly isUninstalled?: boolean;
};

/** Keeps the config's rule book between rounds: computing schedules is expensive, looking them up is cheap. */
export type KeptBook = { kept?: { readonly hash: string; readonly madeAt: EpochMs; readonly book: RuleBook } };

/** A new book each day: it caches every cluster it was asked about, and its stretch of time grows. */
const keptForMs = dayMs;

export function bookFrom(keptBook: KeptBook, config: CompiledConfig, now: EpochMs): RuleBook {
  const { kept } = keptBook;
  if (kept && kept.hash === config.hash && Math.abs(now - kept.madeAt) < keptForMs) return kept.book;
  const book = makeRuleBook(config, now);
  keptBook.kept = { hash: config.hash, madeAt: now, book };
  return book;
}
