import type { Labels } from './match.ts';
import { type EpochMs, minuteMs } from './time.ts';

/**
 * An answer older than an earlier one comes from a lagging replica. It is ignored this long; after that it is accepted,
 * whatever its `updated_at`.
 */
export const olderIgnoredMs = 30 * minuteMs;

/** A node pool as in one answer of the API. Unknown keys stay in the raw object that is sent back. */
export type ObservedPool = {
  readonly id: string;
  readonly name: string;
  /** As MKS spells it; any string, since unknown statuses exist. */
  readonly status: string;
  readonly autoscale: boolean;
  /** undefined = absent in the answer, which is not 0. */
  readonly size: number | undefined;
  readonly sizeMin: number | undefined;
  readonly sizeMax: number | undefined;
  readonly createdAt: EpochMs | undefined;
  readonly updatedAt: EpochMs | undefined;
  /** Error texts, if they were requested and given. */
  readonly errors: readonly string[];
  /** Why it cannot be handled ("its name has 300 characters, …"); id and shortened name are only for display. */
  readonly unreadable?: string;
  /** The name of its machine spec ("eo2a.large"); undefined = not given. */
  readonly flavor?: string | undefined;
  /** undefined = not in the answer; a pool without labels has an empty object. */
  readonly labels?: Labels | undefined;
};

export type ObservedCluster = {
  readonly region: string;
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly createdAt: EpochMs | undefined;
  readonly updatedAt: EpochMs | undefined;
  readonly version: ObservedVersion | undefined;
  readonly errors: readonly string[];
  /** As for a pool: it is reported, and neither watched nor scaled. */
  readonly unreadable?: string;
};

/** A name of Kubernetes has at most 253 characters (RFC 1123 subdomain); MKS's own are far shorter. */
export const longestName = 253;

export type ObservedVersion = {
  readonly id: string;
  readonly version: string;
  /** undefined = missing, null, year 1 or year 3000: all mean unknown, never past. */
  readonly eol: EpochMs | undefined;
};

/**
 * The statuses of clusters and node pools seen in MKS's documentation, its clients and its users' reports, in its own
 * spelling. Scaling and the watch both use this list.
 */
const changing = ['Creating', 'Configuring', 'Awaiting Network', 'Upgrading', 'Scaling', 'Deleting'] as const;
const settled = ['Running', 'Error', 'Deleted'] as const;
const spellings = new Map([...changing, ...settled].map((status) => [plain(status), status]));

/** A status that should pass by itself. */
export function isChanging(status: string): boolean {
  return changing.some((known) => plain(known) === plain(status));
}

export function isKnownStatus(status: string): boolean {
  return spellings.has(plain(status));
}

/** It is going, or gone: it is named by nothing, and nothing is done to it. */
export function isDeleting({ status }: { readonly status: string }): boolean {
  return ['deleting', 'deleted'].includes(plain(status));
}

export function isRunning(status: string): boolean {
  return plain(status) === 'running';
}

export function isError(status: string): boolean {
  return plain(status) === 'error';
}

/** For sentences: it "is Scaling", and "is in Error". */
export function statusWords(status: string): string {
  return isError(status) ? 'in Error' : status;
}

/** In MKS's spelling: spaces and letter case do not matter. Unknown statuses stay unchanged. */
export function spellStatus(status: string): string {
  return spellings.get(plain(status)) ?? status;
}

function plain(status: string): string {
  return status.toLowerCase().replaceAll(/[\s_-]/gu, '');
}

/** Tells a cluster from all others of the fleet; two regions may name the same API. */
export function clusterKey(region: string, clusterId: string): string {
  return `${region}\n${clusterId}`;
}

/**
 * Tells a pool from all others of the fleet. An id alone does not: regions may name the same API, and copies of a service
 * may give the same ids.
 */
export function poolKey({ region, clusterId, poolId }: PoolIds): string {
  return `${region}\n${clusterId}\n${poolId}`;
}

export type PoolIds = { readonly region: string; readonly clusterId: string; readonly poolId: string };
