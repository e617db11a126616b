import type { Delivery } from '../../decide/incidents/delivery.ts';
import type { Batch } from '../../decide/outbox/batch.ts';
import { type HistoryRecord, historyOf } from '../../decide/outbox/delivery-log.ts';
import type { Outcome } from '../../decide/outbox/outcome.ts';
import { newSender, type SenderRecord, takeLock } from '../../decide/outbox/sender.ts';
import type { Store, Version, Write } from '../../io/stores/store.ts';
import {
  batchDelete,
  batchPut,
  deliveryDelete,
  deliveryPut,
  historyWrite,
  listHistory,
  loadOutbox,
  outboxId,
  type Parked,
  parkedPut,
  type StoredBatch,
  type StoredDelivery,
} from '../records/delivery-records.ts';
import { senderWrite } from '../records/destination-records.ts';
import type { DeliverParts, Target } from './deliver-round.ts';

/**
 * One sender's session at one destination. Every commit includes the destination's record under the session's version,
 * so a session that lost its lock can change nothing.
 */
export type Session = {
  readonly parts: DeliverParts;
  readonly target: Target;
  readonly owner: string;
  sender: SenderRecord;
  version: Version | undefined;
  deliveries: Map<string, StoredDelivery>;
  batch: StoredBatch | undefined;
  /** The delivery log since the announcements whose corrections wait. */
  log: readonly HistoryRecord[];
  /** The outcome of its last attempt. */
  answer: Outcome | undefined;
  readonly counts: { accepted: number; confirmed: number; parked: number; dropped: number; failed: number };
};

export type Change = {
  readonly sender?: SenderRecord;
  readonly put?: readonly Delivery[];
  readonly remove?: readonly Delivery[];
  readonly batch?: Batch | 'remove';
  readonly ended?: readonly HistoryRecord[];
  readonly parked?: Parked;
};

/** Takes the lock; undefined if another sender holds it, or was faster. */
export async function openSession(parts: DeliverParts, target: Target): Promise<Session | undefined> {
  const now = parts.clock.now();
  const owner = parts.newId();
  const sender = takeLock(target.stored?.sender ?? newSender(target.id, now), owner, now);
  if (sender === undefined) return undefined;
  const outcome = await parts.store.commit([senderWrite(sender, target.stored?.version)]);
  if (outcome.kind === 'conflict') return undefined;
  const counts = { accepted: 0, confirmed: 0, parked: 0, dropped: 0, failed: 0 };
  const nothing = { deliveries: new Map<string, StoredDelivery>(), batch: undefined, log: [] };
  const session: Session = {
    parts,
    target,
    owner,
    sender,
    version: outcome.versions[0],
    ...nothing,
    answer: undefined,
    counts,
  };
  await reload(session);
  return session;
}

export async function reload(session: Session): Promise<void> {
  const { deliveries, batch } = await loadOutbox(session.parts.store, session.target.id);
  session.deliveries = new Map(deliveries.map((stored) => [outboxId(stored.delivery), stored]));
  session.batch = batch;
  session.log = await logFor(session.parts.store, deliveries);
}

/** What decides whether corrections are still needed; empty if none waits. */
export async function logFor(store: Store, waiting: readonly StoredDelivery[]): Promise<readonly HistoryRecord[]> {
  const saidAt = waiting.flatMap(({ delivery }) => delivery.facts.corrects?.saidAt ?? []);
  return saidAt.length === 0 ? [] : listHistory(store, Math.min(...saidAt));
}

/**
 * Commits all or nothing, and renews the lock. False = another sender has the destination, or changed a delivery: this
 * session is over.
 */
export async function commitChange(session: Session, change: Change): Promise<boolean> {
  const { store, clock, config } = session.parts;
  const sender = change.sender ?? session.sender;
  const locked = takeLock(sender, session.owner, clock.now());
  if (locked === undefined) return false;
  const { writes, versions } = writesOf(session, change, config.keepMs);
  const outcome = await store.commit([senderWrite(locked, session.version), ...writes]);
  if (outcome.kind === 'conflict') return false;
  session.sender = locked;
  session.version = outcome.versions[0];
  versions((index) => outcome.versions[index + 1] ?? '');
  session.log = [...session.log, ...(change.ended ?? [])];
  for (const { state, said } of change.ended ?? []) session.counts[state] += said.length;
  return true;
}

/** Releases the lock: the last write of a session. If it fails, the lock expires. */
export async function closeSession(session: Session): Promise<void> {
  const { lease: _lease, ...sender } = session.sender;
  await session.parts.store.commit([senderWrite(sender, session.version)]);
}

export function endedAs(item: Delivery | Batch, end: Parameters<typeof historyOf>[1]): HistoryRecord {
  return historyOf(item, end);
}

type Writes = {
  readonly writes: readonly Write[];
  /** Updates the session after a commit; gets the version of the n-th write. */
  readonly versions: (versionOf: (index: number) => Version) => void;
};

function writesOf(session: Session, change: Change, keepMs: number): Writes {
  const { put = [], remove = [], ended = [], parked, batch } = change;
  const puts = put.map((delivery) => deliveryPut(delivery, session.deliveries.get(outboxId(delivery))?.version));
  const deletes = remove.flatMap((delivery) => {
    const stored = session.deliveries.get(outboxId(delivery));
    return stored === undefined ? [] : [deliveryDelete(stored)];
  });
  const writes = [
    ...puts,
    ...batchWrites(session, batch),
    ...deletes,
    ...ended.map((record) => historyWrite(record, keepMs)),
    ...(parked === undefined ? [] : [parkedPut(parked, parked.at + keepMs)]),
  ];
  const versions: Writes['versions'] = (versionOf) => {
    put.forEach((delivery, index) => {
      session.deliveries.set(outboxId(delivery), { delivery, version: versionOf(index) });
    });
    for (const delivery of remove) session.deliveries.delete(outboxId(delivery));
    if (batch === 'remove') session.batch = undefined;
    else if (batch !== undefined) session.batch = { batch, version: versionOf(put.length) };
  };
  return { writes, versions };
}

function batchWrites(session: Session, batch: Change['batch']): readonly Write[] {
  if (batch === undefined) return [];
  if (batch !== 'remove') return [batchPut(batch, session.batch?.version)];
  return session.batch === undefined ? [] : [batchDelete(session.batch)];
}
