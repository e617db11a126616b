import type { Answer } from '../answer.ts';
import type { EpochMs, ObservedCluster, ObservedPool } from '../model.ts';

/** Everything one region answered in one pass. */
export type RegionAnswers = {
  readonly region: string;
  readonly list: Answer<readonly ObservedCluster[]>;
  /** One entry per watched cluster of the list. */
  readonly clusters: readonly ClusterAnswers[];
  /** Why the region was not asked any further; absent = it answered, or was not asked at all. */
  readonly silence?: string;
  /** One entry per remembered cluster that a successful list did not show. */
  readonly missing: readonly { readonly clusterId: string; readonly answer: Answer<ObservedCluster> }[];
  /** The token's expiry as far as anything tells; undefined = unknown. */
  readonly token: { readonly reference: string; readonly expires: EpochMs | undefined };
};

export type ClusterAnswers = {
  readonly listed: ObservedCluster;
  /** By id, with errors. */
  readonly cluster: Answer<ObservedCluster>;
  readonly pools: Answer<readonly ObservedPool[]>;
  /** One entry per remembered pool that a successful list of pools did not show. */
  readonly missingPools: readonly { readonly poolId: string; readonly answer: Answer<unknown> }[];
};

/** What one region's passes remember. Kept in a few records of many clusters each. */
export type RegionMemory = {
  readonly region: string;
  readonly clusters: readonly SeenCluster[];
  readonly token?: DueMemory;
};

export type Seen = {
  readonly id: string;
  readonly name: string;
  readonly updatedAt?: EpochMs;
  /** When an answer about it was last accepted. */
  readonly acceptedAt: EpochMs;
  /** Only while it is changing: since when it is seen in this status, with these sizes. */
  readonly changing?: { readonly as: string; readonly since: EpochMs };
  /** First 404 by id since the last sighting. */
  readonly missingSince?: EpochMs;
};

export type SeenPool = Seen;

export type SeenCluster = Seen & { readonly due?: DueMemory; readonly pools: readonly SeenPool[] };

/** The date that counts, and one that was read once and waits for its second reading. */
export type DueMemory = {
  readonly of: string;
  readonly date?: EpochMs;
  readonly armedAt: EpochMs;
  readonly below?: number;
  readonly candidate?: { readonly of: string; readonly date?: EpochMs; readonly at: EpochMs };
};
