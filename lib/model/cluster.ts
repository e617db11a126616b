import type { Labels } from './match.ts';
import { type EpochMs, minuteMs } from './time.ts';

/**
 * An answer older than one seen before comes from a replica that lags. It is ignored for so long; after that, time is
 * better evidence than `updated_at`.
 */
export const olderIgnoredMs = 30 * minuteMs;

/** A node pool as one answer of the API showed it. Unknown keys stay with the raw object that is sent back, not here. */
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
  /** Error texts, when they were asked for and given. */
  readonly errors: readonly string[];
  /** Why nothing may be done with it ("its name has 300 characters, …"); its id and its shortened name only name it. */
  readonly unreadable?: string;
  /** The name of its machine spec ("eo2a.large"); undefined = not given. */
  readonly flavor?: string | undefined;
  /** undefined = the answer does not say; a pool without labels has none of them. */
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
  /** As of a pool: it is named, and neither watched nor scaled. */
  readonly unreadable?: string;
};

/** A name of Kubernetes has at most 253 characters (RFC 1123 subdomain); MKS's own are far shorter. */
export const longestName = 253;

export type ObservedVersion = {
  readonly id: string;
  readonly version: string;
  /** undefined = missing, null, year 1 or year 3000: all of them mean unknown, never past. */
  readonly eol: EpochMs | undefined;
};

/**
 * The statuses of clusters and node pools that MKS's documentation, its clients and its users have shown, in its own
 * spelling. The one list: who acts and who watches judge by it.
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

export function isRunning(status: string): boolean {
  return plain(status) === 'running';
}

export function isError(status: string): boolean {
  return plain(status) === 'error';
}

/** As MKS spells it, however an answer does: a space or another letter case makes no other status. Unknown ones as they are. */
export function spellStatus(status: string): string {
  return spellings.get(plain(status)) ?? status;
}

function plain(status: string): string {
  return status.toLowerCase().replaceAll(/[\s_-]/gu, '');
}
