import { sha256 } from '../../app.ts';
import { type Announcement, messageKey } from '../../decide/announcing/announcement.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAnnouncements } from '../../jobs/records/announcement-records.ts';
import type { EpochMs } from '../../model/time.ts';
import { type DestinationView, laneName, undelivered } from './outbox-view.ts';

/** What is still to come of what one destination was told of one boundary, and whether the last word of it is out. */
export type AnnouncedView = Announcement & { readonly state: 'sent' | 'waiting' | 'refused' };

/** In order of time. `outbox` is asked for only where something was announced. */
export async function viewAnnounced(
  store: Store,
  now: EpochMs,
  outbox: () => Promise<readonly DestinationView[]>,
): Promise<readonly AnnouncedView[]> {
  const all = (await listAnnouncements(store, now)).map(({ announcement }) => announcement);
  const open = all
    .filter(({ boundary }) => boundary > now)
    .map((one) => ({ ...one, pools: one.pools.filter(({ ended, said }) => ended === undefined && said > 0) }))
    .filter(({ pools }) => pools.length > 0);
  if (open.length === 0) return [];
  const views = await outbox();
  const left = undelivered(views);
  return open.map((one) => {
    const lanes = views.filter(({ target }) => target.name === one.destination).map(({ target }) => target.id);
    const found = lanes.flatMap((id) => left.get(laneName(id, messageKey(one, sha256))) ?? []);
    return { ...one, state: found.includes('waiting') ? 'waiting' : found.length > 0 ? 'refused' : 'sent' };
  });
}
