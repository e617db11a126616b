import type { DestinationState } from '../../decide/incidents/routing.ts';
import type { Silences } from '../../decide/incidents/silence.ts';
import { tellNotice } from '../../decide/incidents/who-is-told.ts';
import { StoreError } from '../../errors.ts';
import type { Write } from '../../io/stores/store.ts';
import { deliveryWrite, listNotices } from '../records/incident-records.ts';
import type { WatchParts } from './watch-round.ts';

/** A delivery takes one write, and so does the delete. */
const mostDeliveries = 90;

export type ToldNotices = {
  readonly deliveries: number;
  /** Notices that no destination takes: deleted with the next put, since a commit needs at least one put. */
  readonly unwanted: readonly Write[];
  readonly problems: readonly string[];
};

/** Turns each stored notice into its deliveries, in one commit with its delete. */
export async function tellNotices(
  { store, clock, hash }: WatchParts,
  destinations: readonly DestinationState[],
  silences: Silences,
): Promise<ToldNotices> {
  const unwanted: Write[] = [];
  const problems: string[] = [];
  let told = 0;
  for (const { notice, record } of await listNotices(store)) {
    const away: Write = { kind: 'deleteIfVersion', key: record.key, version: record.version };
    const deliveries = tellNotice(notice, { now: clock.now(), hash, destinations, silences }).slice(0, mostDeliveries);
    if (deliveries.length === 0) unwanted.push(away);
    else {
      const outcome = await commitNotice(store, [...deliveries.map(deliveryWrite), away]);
      if (outcome === 'told') told += deliveries.length;
      else if (outcome === 'waits already') unwanted.push(away);
      else if (outcome !== 'told elsewhere') problems.push(outcome.problem);
    }
  }
  return { deliveries: told, unwanted, problems };
}

type Outcome = 'told' | 'told elsewhere' | 'waits already' | { readonly problem: string };

/** If another process sent it first, its record is gone, and there is nothing to do. */
async function commitNotice(store: WatchParts['store'], writes: readonly Write[]): Promise<Outcome> {
  try {
    const outcome = await store.commit(writes);
    if (outcome.kind === 'committed') return 'told';
    if (outcome.failed.includes(writes.length - 1)) return 'told elsewhere';
    return await commitRest(store, writes, new Set(outcome.failed));
  } catch (error) {
    if (error instanceof StoreError) return { problem: error.message };
    throw error;
  }
}

/** Deliveries that exist already have the same id and text. */
async function commitRest(
  store: WatchParts['store'],
  writes: readonly Write[],
  failed: ReadonlySet<number>,
): Promise<Outcome> {
  const rest = writes.filter((_, index) => !failed.has(index));
  if (rest.length < 2) return 'waits already';
  const outcome = await store.commit(rest);
  return outcome.kind === 'committed' ? 'told' : { problem: 'a notice was changed by another process' };
}
