import type { Answer } from '../../model/answer.ts';
import { isChanging, type ObservedCluster, type ObservedPool, olderIgnoredMs } from '../../model/cluster.ts';
import type { Subject } from '../../model/finding.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import type { Watched } from '../incidents/observation.ts';

/** All answers of one region in one round. */
export type RegionAnswers = {
  readonly region: string;
  readonly list: Answer<readonly ObservedCluster[]>;
  /** One entry per watched cluster of the list. */
  readonly clusters: readonly ClusterAnswers[];
  /** Why no further calls were made; absent = the region answered, or was not called at all. */
  readonly silence?: string;
  /** One entry per remembered cluster that is missing from a successful list. */
  readonly missing: readonly { readonly clusterId: string; readonly answer: Answer<ObservedCluster> }[];
  /** The token's expiry, as far as known; undefined = unknown. */
  readonly token: {
    readonly reference: string;
    readonly expires: EpochMs | undefined;
    /** It works only as the previous version of its secret; undefined = not known in this round. */
    readonly isPrevious?: boolean;
  };
};

export type ClusterAnswers = {
  readonly listed: ObservedCluster;
  /** By id, with errors. */
  readonly cluster: Answer<ObservedCluster>;
  readonly pools: Answer<readonly ObservedPool[]>;
  /** One entry per remembered pool that is missing from a successful list of pools. */
  readonly missingPools: readonly { readonly poolId: string; readonly answer: Answer<unknown> }[];
};

/** What one region's rounds remember. Kept in a few records of many clusters each. */
export type RegionMemory = {
  readonly region: string;
  readonly clusters: readonly SeenCluster[];
  readonly token?: EndDateMemory;
};

export type Seen = {
  readonly id: string;
  readonly name: string;
  readonly updatedAt?: EpochMs;
  /** When an answer about it was last accepted. */
  readonly acceptedAt: EpochMs;
  /** Only while it is changing: since when it has been seen with this status and these sizes. */
  readonly changing?: { readonly as: string; readonly since: EpochMs };
  /** First 404 by id since it was last seen. */
  readonly missingSince?: EpochMs;
};

export type SeenPool = Seen;

export type SeenCluster = Seen & {
  /** Its Kubernetes version, as last seen. */
  readonly version?: string;
  /** When that version ends, if it is known. Stored under this name since the first release. */
  readonly due?: EndDateMemory;
  readonly pools: readonly SeenPool[];
};

/** The date in use, and a new one that waits for its second reading. */
export type EndDateMemory = {
  readonly of: string;
  readonly date?: EpochMs;
  readonly armedAt: EpochMs;
  readonly below?: number;
  /** It comes from the config, since the provider gives none. */
  readonly isOwn?: true;
  readonly candidate?: { readonly of: string; readonly date?: EpochMs; readonly at: EpochMs };
};

/** Observations before a longer gap do not show how long a change has lasted. */
const gapMs = 30 * minuteMs;

type Sighting = {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly updatedAt: EpochMs | undefined;
};

/** `updated_at` never goes back: an equal one is accepted, an older one ignored for a while. */
export function isAccepted(seen: Seen | undefined, updatedAt: EpochMs | undefined, now: EpochMs): boolean {
  if (seen?.updatedAt === undefined || updatedAt === undefined || updatedAt >= seen.updatedAt) return true;
  return now - seen.acceptedAt > olderIgnoredMs;
}

/**
 * The memory after an accepted observation. The duration of a change counts from our own first observation, since it is
 * unknown when `updated_at` changes. Another status, other sizes or a long gap start again.
 */
export function remember(seen: Seen | undefined, sighting: Sighting, sizes: string, now: EpochMs): Seen {
  const { id, name, status, updatedAt } = sighting;
  const base = { id, name, acceptedAt: now, ...(updatedAt !== undefined && { updatedAt }) };
  if (!isChanging(status)) return base;
  const as = `${status} ${sizes}`.trim();
  const goesOn = seen?.changing?.as === as && now - seen.acceptedAt <= gapMs;
  return { ...base, changing: { as, since: goesOn ? seen.changing.since : now } };
}

/** It was seen again, so it is not gone. */
export function present<T extends Seen>(seen: T): T {
  const { missingSince: _missing, ...rest } = seen;
  return rest as T;
}

/**
 * The memory, plus every cluster and pool with an incident: those are looked up until they are certainly gone, even if
 * the memory was lost.
 */
export function withIncidentSubjects(memory: RegionMemory, incidents: readonly Watched[], now: EpochMs): RegionMemory {
  const subjects = incidents
    .map(({ subject }) => subject)
    .filter((subject) => subject.kind === 'cluster' || subject.kind === 'pool')
    .filter(({ region }) => region === memory.region);
  const clusters = subjects.reduce(
    (known, subject) => withSubject(known, subject, now),
    new Map(memory.clusters.map((cluster) => [cluster.id, cluster])),
  );
  return { ...memory, clusters: [...clusters.values()] };
}

type Place = Extract<Subject, { kind: 'cluster' | 'pool' }>;

function withSubject(known: Map<string, SeenCluster>, subject: Place, now: EpochMs): Map<string, SeenCluster> {
  const { clusterId, cluster: name } = subject;
  const cluster = known.get(clusterId) ?? { id: clusterId, name, acceptedAt: now, pools: [] };
  if (subject.kind === 'cluster' || cluster.pools.some(({ id }) => id === subject.poolId)) {
    return known.set(clusterId, cluster);
  }
  const pool = { id: subject.poolId, name: subject.pool, acceptedAt: now };
  return known.set(clusterId, { ...cluster, pools: [...cluster.pools, pool] });
}
