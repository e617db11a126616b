import { type Announcement, keptAfterMs } from '../../decide/announcing/announcement.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { listAll, numbered, putOver, readSchema1, timeId } from './change-record.ts';

/** Announcements: partition `announcements`, ids `<boundary>/<destination>/<part>`; a large one is split into parts. */
const partition = 'announcements';
/** A record takes 100 KB, and the names of a pool a few hundred bytes. */
const poolsPerPart = 120;

export type StoredAnnouncement = {
  readonly announcement: Announcement;
  /** Versions of its parts, in order. */
  readonly versions: readonly Version[];
};

/** Announcements with a recent or future boundary. */
export async function listAnnouncements(store: Store, now: EpochMs): Promise<readonly StoredAnnouncement[]> {
  const after = timeId(Math.max(0, now - keptAfterMs));
  const groups = Map.groupBy(await listAll(store, partition, { after }), ({ key }) =>
    key.id.slice(0, key.id.lastIndexOf('/')),
  );
  return [...groups.values()].flatMap(joined);
}

/** One announcement with all its parts. */
export async function readAnnouncement(
  store: Store,
  boundary: EpochMs,
  destination: string,
): Promise<Announcement | undefined> {
  const records = await listAll(store, partition, { prefix: `${timeId(boundary)}/${destination}/` });
  return joined(records)[0]?.announcement;
}

function joined(records: readonly StoredRecord[]): readonly StoredAnnouncement[] {
  const parts = records.flatMap((record) => {
    const part = readSchema1(record) as Announcement | undefined;
    return part === undefined ? [] : [{ part, version: record.version }];
  });
  const [first] = parts;
  if (first === undefined) return [];
  const announcement = { ...first.part, pools: parts.flatMap(({ part }) => part.pools) };
  return [{ announcement, versions: parts.map(({ version }) => version) }];
}

/**
 * The writes that store it over what was read; they fail if another process was faster. The number of parts never
 * shrinks.
 */
export function announcementWrites(
  announcement: Announcement,
  before: StoredAnnouncement | undefined,
): readonly Write[] {
  const { boundary, destination, pools } = announcement;
  const known = before?.versions ?? [];
  const count = Math.max(1, known.length, Math.ceil(pools.length / poolsPerPart));
  return Array.from({ length: count }, (_, part) => {
    const some = { ...announcement, pools: pools.slice(part * poolsPerPart, (part + 1) * poolsPerPart) };
    return putOver(keyOf(boundary, destination, part), some, known[part], boundary + keptAfterMs + dayMs);
  });
}

function keyOf(boundary: EpochMs, destination: string, part: number): Key {
  return { partition, id: `${timeId(boundary)}/${destination}/${numbered(part)}` };
}
