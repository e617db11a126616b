import { type Announcement, isAnnouncing } from '../../decide/announcing/announcement.ts';
import { stepAnnouncements } from '../../decide/announcing/step-announcements.ts';
import type { Delivery } from '../../decide/incidents/delivery.ts';
import type { DestinationState } from '../../decide/incidents/routing.ts';
import type { Silences } from '../../decide/incidents/silence.ts';
import { isCorrection, isForNobody } from '../../decide/outbox/delivery-log.ts';
import { mayFollow } from '../../decide/watching/scale-findings.ts';
import { StoreError } from '../../errors.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { announcementWrites, listAnnouncements } from '../records/announcement-records.ts';
import { listHistory, loadOutbox } from '../records/delivery-records.ts';
import { deliveryWrite } from '../records/incident-records.ts';
import type { KnownState } from './decide-watch.ts';
import type { WatchParts } from './watch-round.ts';

export type Announced = { readonly deliveries: number; readonly problems: readonly string[] };

/**
 * Sends the announcements of the coming changes. Each is stored in one commit with its message, by compare-and-set, so
 * that only one of several processes sends it. The next round repeats what could not be stored.
 */
export async function announce(
  parts: WatchParts,
  { rounds, seen }: Pick<KnownState, 'rounds' | 'seen'>,
  states: readonly DestinationState[],
  silences: Silences,
  now: EpochMs,
): Promise<Announced> {
  const { store, config, hash, log } = parts;
  if (!isAnnouncing(config) && !rounds.some(mayFollow)) return nothing;
  const stored = await listAnnouncements(store, now);
  const changes = stepAnnouncements({
    now,
    config,
    hash,
    destinations: idsByName(states.filter(({ retired }) => !retired)),
    everyDestination: idsByName(states),
    known: stored.map(({ announcement }) => announcement),
    rounds,
    silences,
    watchedAt: (seen?.value as { readonly at?: EpochMs } | null | undefined)?.at,
  });
  const problems: string[] = [];
  let deliveries = 0;
  for (const { before, after, delivery: written, unsaid } of changes) {
    const known = stored.find(({ announcement }) => announcement === before);
    try {
      const delivery = written && (await isUnneeded(parts, states, written, after, now)) ? undefined : written;
      const writes = [...announcementWrites(after, known), ...(delivery ? [deliveryWrite(delivery)] : [])];
      const outcome = await store.commit(writes);
      if (outcome.kind !== 'committed') continue;
      if (delivery) deliveries += 1;
      if (unsaid)
        log.warn('correction not sent: the config no longer has the destination', { ...about(after), unsaid });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problems.push(`an announcement for ${after.destination} was not stored: ${error.message}`);
    }
  }
  return { deliveries, problems };
}

/** The outbox is read first: what leaves it meanwhile is in the log then. */
async function isUnneeded(
  { store }: WatchParts,
  states: readonly DestinationState[],
  delivery: Delivery,
  { saidAt }: Announcement,
  now: EpochMs,
): Promise<boolean> {
  if (!isCorrection(delivery)) return false;
  const { deliveries } = await loadOutbox(store, delivery.destination);
  return isForNobody(delivery, {
    waiting: deliveries.map((stored) => stored.delivery),
    log: await listHistory(store, saidAt),
    retired: states.some(({ id, retired }) => retired && id === delivery.destination),
    now,
  });
}

function idsByName(states: readonly DestinationState[]): ReadonlyMap<string, string> {
  return new Map(states.map(({ name, id }) => [name, id]));
}

function about({ destination, boundary }: Announcement): { readonly [name: string]: string } {
  return { destination, boundary: iso(boundary) };
}

const nothing: Announced = { deliveries: 0, problems: [] };
