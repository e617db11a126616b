import { poolKey } from '../../model/cluster.ts';
import { describeSize } from '../../model/size.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import type { FoundFinding, Rehearsal, RehearsedAnnouncement, RehearsedChange, RehearsedPool } from './rehearsal.ts';
import { findingKey } from './rehearse.ts';
import { type LateBoundary, lateBoundaries, totalOf } from './totals.ts';

type MovedChange = { readonly change: RehearsedChange; readonly wasAt: EpochMs };

type Names = Pick<RehearsedPool, 'region' | 'cluster' | 'pool'>;

type PoolDifference = {
  readonly pool: Names;
  readonly nodeHours: number;
  readonly oldNodeHours: number;
};

export type Readiness = { readonly boundaries: number; readonly readyInTime: number };

/** What the new config changes, and nothing else. */
export type RehearsalDifference = {
  readonly added: readonly RehearsedChange[];
  readonly removed: readonly RehearsedChange[];
  /** The same change of the same pool at another time, within half a day. */
  readonly moved: readonly MovedChange[];
  /** Pools whose node-hours differ. */
  readonly pools: readonly PoolDifference[];
  /** Sums over every pool that at least one of the two configs changes. */
  readonly nodeHours: number;
  readonly oldNodeHours: number;
  readonly readiness: Readiness;
  readonly oldReadiness: Readiness;
  /** Boundaries that are late now and were not before. */
  readonly late: readonly LateBoundary[];
  /** Announcements that are new, and those that are no longer sent. */
  readonly announced: readonly RehearsedAnnouncement[];
  readonly unannounced: readonly RehearsedAnnouncement[];
  /** Pools that change from observe to act, and the other way round. */
  readonly acted: readonly Names[];
  readonly observed: readonly Names[];
  /** Findings that are new, and those that are gone. */
  readonly found: readonly FoundFinding[];
  readonly gone: readonly FoundFinding[];
};

const movedWithinMs = 12 * hourMs;

export function compareRehearsals(old: Rehearsal, next: Rehearsal): RehearsalDifference {
  const oldKeys = new Set(old.changes.map(keyOf));
  const nextKeys = new Set(next.changes.map(keyOf));
  const left = old.changes.filter((change) => !nextKeys.has(keyOf(change)));
  const come = next.changes.filter((change) => !oldKeys.has(keyOf(change)));
  const moved: MovedChange[] = [];
  const added: RehearsedChange[] = [];
  const taken = new Set<RehearsedChange>();
  for (const change of come) {
    const was = nearest(left, change, taken);
    if (was === undefined) added.push(change);
    else {
      taken.add(was);
      moved.push({ change, wasAt: was.at });
    }
  }
  const removed = left.filter((change) => !taken.has(change));
  const all = nodeHoursOf(old, next);
  const wasObserved = new Map(old.pools.map((pool) => [poolKey(pool), pool.isObserved]));
  const sum = (part: (pool: PoolDifference) => number) => all.reduce((hours, pool) => hours + part(pool), 0);
  return {
    added,
    removed,
    moved,
    pools: all.filter(({ nodeHours, oldNodeHours }) => nodeHours !== oldNodeHours),
    nodeHours: sum(({ nodeHours }) => nodeHours),
    oldNodeHours: sum(({ oldNodeHours }) => oldNodeHours),
    readiness: totalOf(next),
    oldReadiness: totalOf(old),
    late: without(lateBoundaries(next.pools), lateBoundaries(old.pools), boundaryKey),
    announced: without(next.announced, old.announced, announcementKey),
    unannounced: without(old.announced, next.announced, announcementKey),
    acted: next.pools.filter((pool) => !pool.isObserved && wasObserved.get(poolKey(pool)) === true),
    observed: next.pools.filter((pool) => pool.isObserved && wasObserved.get(poolKey(pool)) === false),
    found: without(next.findings, old.findings, ({ finding }) => findingKey(finding)),
    gone: without(old.findings, next.findings, ({ finding }) => findingKey(finding)),
  };
}

/** Does the new config change anything that people would notice? */
export function changesNothing(difference: RehearsalDifference): boolean {
  const { added, removed, moved, pools, readiness, oldReadiness, late, acted, observed, found, gone } = difference;
  const { announced, unannounced } = difference;
  const lists = [added, removed, moved, pools, late, acted, observed, found, gone, announced, unannounced];
  const isAsReady =
    readiness.boundaries === oldReadiness.boundaries && readiness.readyInTime === oldReadiness.readyInTime;
  return isAsReady && lists.every(({ length }) => length === 0);
}

/** The nearest old change of this pool to this size, if it is near enough in time. */
function nearest(
  left: readonly RehearsedChange[],
  change: RehearsedChange,
  taken: ReadonlySet<RehearsedChange>,
): RehearsedChange | undefined {
  const distance = (other: RehearsedChange) => Math.abs(other.at - change.at);
  return left
    .filter((other) => !taken.has(other) && kindOf(other) === kindOf(change) && distance(other) <= movedWithinMs)
    .sort((a, b) => distance(a) - distance(b))[0];
}

/** A pool that a config does not change keeps its nodes. */
function nodeHoursOf(old: Rehearsal, next: Rehearsal): readonly PoolDifference[] {
  const hoursIn = ({ pools, bystanders }: Rehearsal) =>
    new Map([...pools, ...bystanders].map((pool) => [poolKey(pool), pool.nodeHours]));
  const [before, after] = [hoursIn(old), hoursIn(next)];
  const all = new Map([...old.pools, ...next.pools].map((pool) => [poolKey(pool), pool]));
  return [...all].map(([key, pool]) => {
    const [nodeHours, oldNodeHours] = [after.get(key), before.get(key)];
    return { pool, nodeHours: nodeHours ?? oldNodeHours ?? 0, oldNodeHours: oldNodeHours ?? nodeHours ?? 0 };
  });
}

function without<T>(all: readonly T[], known: readonly T[], key: (one: T) => string): readonly T[] {
  const keys = new Set(known.map(key));
  return all.filter((one) => !keys.has(key(one)));
}

function boundaryKey({ pool, boundary }: LateBoundary): string {
  return `${nameKey(pool)}\n${boundary.at}`;
}

/**
 * The key of an announcement: time, destination and pools by name, since pools that exist only in the config have no
 * ids.
 */
function announcementKey({ at, boundary, destination, pools }: RehearsedAnnouncement): string {
  const words = pools.map((one) => [one.region, one.cluster, one.pool, one.from, one.to, one.by]);
  return JSON.stringify([at, boundary, destination, words]);
}

function keyOf(change: RehearsedChange): string {
  return `${kindOf(change)}\n${change.at}`;
}

function kindOf(change: RehearsedChange): string {
  return `${nameKey(change)}\n${describeSize(change.from)}\n${describeSize(change.to)}`;
}

function nameKey({ region, cluster, pool }: Names): string {
  return `${region}\n${cluster}\n${pool}`;
}
