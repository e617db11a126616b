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
import type { EpochMs } from '../../model/time.ts';

export type ScaleParts = {
  readonly config: CompiledConfig;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly store: Store;
  readonly log: Log;
  readonly mksOf: (region: string) => Mks;
  /** Where many rounds come one after the other; absent = this one is alone. */
  readonly keptBook?: KeptBook;
  /** The name under which functions run on AWS; absent = a process. */
  readonly installation?: string;
  /** Milliseconds left for this run; nothing starts that does not fit. Absent = no limit. */
  readonly timeLeftMs?: () => number;
};

export type ScaleOptions = {
  /** GETs only, and nothing is stored. */
  readonly isDryRun?: boolean;
  /** A round over these clusters only ("at once", after an event). */
  readonly only?: (cluster: ObservedCluster) => boolean;
  /** A large fleet in parts: clusters are dealt by id. */
  readonly shard?: Part;
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
  /** The same by region; a region whose list was not answered is missing. */
  readonly regions?: readonly { readonly region: string; readonly clusters: number }[];
  readonly pools: number;
  /** What a config's first round says of what is to come; absent = it was said before. */
  readonly started?: string;
  /** The fleet is uninstalled: pools that are away get their bases back, whatever the config says. */
  readonly isUninstalled?: boolean;
};

/** Keeps the rule book of the config in force from one round to the next: laying out schedules is dear, reading them is not. */
export type KeptBook = { kept?: { readonly hash: string; readonly madeAt: EpochMs; readonly book: RuleBook } };

/** A book remembers every cluster it was asked about, and time goes on: a new one each day. */
const keptForMs = 24 * 60 * 60_000;

export function bookFrom(keptBook: KeptBook, config: CompiledConfig, now: EpochMs): RuleBook {
  const { kept } = keptBook;
  if (kept && kept.hash === config.hash && Math.abs(now - kept.madeAt) < keptForMs) return kept.book;
  const book = makeRuleBook(config, now);
  keptBook.kept = { hash: config.hash, madeAt: now, book };
  return book;
}
