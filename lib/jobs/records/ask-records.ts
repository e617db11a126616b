import { leaseId, rememberMs } from '../../decide/intake/judge-ask.ts';
import { mergeAsk } from '../../decide/intake/merge-asks.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import {
  type Approval,
  type Ask,
  isLive,
  type Lease,
  type Override,
  type Pause,
  type Release,
} from '../../model/asks.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { changeRecord, listAll, putOver } from './change-record.ts';

/** An ask and the version under which it can be changed. */
export type StoredAsk<T extends Ask = Ask> = { readonly ask: T; readonly version: Version };

const kinds: readonly string[] = ['lease', 'release', 'override', 'pause', 'approval'] satisfies readonly Ask['kind'][];

/** Leases, tombstones, overrides, pauses and approvals of a region are in one partition, listed once per round. */
export function asksPartition(region: string): string {
  return `asks/${region}`;
}

/**
 * All asks of a region, including ended ones (`isLive` tells), in order of id. A record that this version cannot read
 * is skipped, and its id passed to `onUnreadable`. Throws StoreError if the store cannot be reached.
 */
export async function listAsks(
  store: Store,
  region: string,
  onUnreadable?: (id: string) => void,
): Promise<readonly Ask[]> {
  return (await listStoredAsks(store, region, '', onUnreadable)).map(({ ask }) => ask);
}

/** The same with versions, only ids that begin with `prefix`. */
export async function listStoredAsks(
  store: Store,
  region: string,
  prefix = '',
  onUnreadable?: (id: string) => void,
): Promise<readonly StoredAsk[]> {
  const records = await listAll(store, asksPartition(region), { prefix });
  return records.flatMap((record) => {
    const stored = readAsk(record);
    if (stored === undefined) onUnreadable?.(record.key.id);
    return stored ?? [];
  });
}

export async function loadAsk(store: Store, region: string, id: string): Promise<StoredAsk | undefined> {
  const record = await store.read({ partition: asksPartition(region), id });
  return record && readAsk(record);
}

/** The write that stores an ask over what was read (`version`), or as a new record. */
export function askWrite(ask: Ask, version: Version | undefined, keepMs = 0): Write {
  return putOver(keyOf(ask), ask, version, collectAt(ask, keepMs));
}

/**
 * Stores a lease or a release: the latest `time` wins, a release wins ties. Resolves to the ask in force afterwards.
 * For people's leases; events use the group writer, which also limits their number.
 */
export async function putLease(store: Store, ask: Lease | Release, now: EpochMs): Promise<Lease | Release> {
  const stored = await updateAsk(store, ask.region, ask.id, (before) => {
    const known = before?.kind === 'lease' || before?.kind === 'release' ? before : undefined;
    const merged = mergeAsk(known, ask, now);
    return merged.kind === 'changed' ? merged.ask : undefined;
  });
  return stored as Lease | Release;
}

/** Ends a live lease now, whoever asked for it, and leaves a tombstone. */
export async function releaseLease(store: Store, lease: Lease, who: string, now: EpochMs): Promise<Lease | Release> {
  const { id, region, reason } = lease;
  const time = Math.max(now, lease.time);
  return putLease(
    store,
    { schema: 1, kind: 'release', id, region, who, reason, askedAt: now, time, until: now + rememberMs },
    now,
  );
}

/**
 * Stores an override, pause or approval: the last one stored under an id counts. It is kept for `keepMs` after its end,
 * for the history. Resolves to the live one that it replaced, so that of two people who ask at once, the second sees
 * what the first asked. `merge` may keep something of that one.
 */
export async function putAsk<T extends Override | Pause | Approval>(
  store: Store,
  ask: T,
  keepMs: number,
  merge: (before: T) => T = () => ask,
): Promise<T | undefined> {
  let replaced: T | undefined;
  const change = (before: Ask | undefined) => {
    const isLiveBefore = before?.kind === ask.kind && isLive(before, ask.askedAt);
    replaced = isLiveBefore ? (before as T) : undefined;
    return replaced === undefined ? ask : merge(replaced);
  };
  await updateAsk(store, ask.region, ask.id, change, keepMs);
  return replaced;
}

/** Ends an override, pause or approval early: its record stays until the store deletes it. */
export async function endAsk(
  store: Store,
  ask: Override | Pause | Approval,
  now: EpochMs,
  keepMs: number,
): Promise<void> {
  const ended = (before: Ask | undefined) => {
    if (before === undefined || before.kind === 'lease' || before.kind === 'release' || before.until <= now)
      return undefined;
    return { ...before, until: now };
  };
  await updateAsk(store, ask.region, ask.id, ended, keepMs);
}

/** The id of a person's lease: one per person and match. */
export function personLeaseId(who: string, match: string): string {
  return leaseId({ kind: 'person', who }, { cluster: 'match', pool: 'match' }, match);
}

async function updateAsk(
  store: Store,
  region: string,
  id: string,
  change: (before: Ask | undefined) => Ask | undefined,
  keepMs = 0,
): Promise<Ask | undefined> {
  return changeRecord(store, {
    what: `"${id}" in region "${region}"`,
    read: () => loadAsk(store, region, id),
    change: (before) => {
      const after = change(before?.ask);
      const writes = after === undefined ? [] : [askWrite(after, before?.version, keepMs)];
      return { writes, result: after ?? before?.ask };
    },
  });
}

function readAsk({ value, version }: StoredRecord): StoredAsk | undefined {
  const ask = value as { readonly [key: string]: unknown } | null;
  if (typeof ask !== 'object' || ask === null || ask.schema !== 1) return undefined;
  const isKnown = typeof ask.kind === 'string' && kinds.includes(ask.kind);
  const isWhole = typeof ask.id === 'string' && typeof ask.region === 'string' && typeof ask.until === 'number';
  return isKnown && isWhole ? { ask: ask as unknown as Ask, version } : undefined;
}

function keyOf(ask: Ask): Key {
  return { partition: asksPartition(ask.region), id: ask.id };
}

/** Never deleted early: a lease still orders late requests for 14 days after its end. */
function collectAt(ask: Ask, keepMs: number): EpochMs {
  return ask.until + Math.max(keepMs, ask.kind === 'lease' ? rememberMs : 0) + dayMs;
}
