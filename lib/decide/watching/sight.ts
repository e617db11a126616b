import type { EpochMs } from '../model.ts';
import type { Seen } from './pass.ts';
import { isChanging } from './statuses.ts';

const minuteMs = 60_000;
/** An older answer is a replica's that lags; after half an hour of nothing newer it is believed. */
const staleMs = 30 * minuteMs;
/** What was seen before a longer silence says nothing about how long a change has lasted. */
const gapMs = 30 * minuteMs;

type Sighting = {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly updatedAt: EpochMs | undefined;
};

/** Observations are monotone in `updated_at`: equal is accepted, older is ignored for at most 30 minutes. */
export function isAccepted(seen: Seen | undefined, updatedAt: EpochMs | undefined, now: EpochMs): boolean {
  if (seen?.updatedAt === undefined || updatedAt === undefined || updatedAt >= seen.updatedAt) return true;
  return now - seen.acceptedAt > staleMs;
}

/**
 * What is remembered of an accepted sighting. How long a change lasts is counted from our own first look at it, since
 * nothing is known about when `updated_at` moves; another status, other sizes or a long silence count anew.
 */
export function remember(seen: Seen | undefined, sighting: Sighting, sizes: string, now: EpochMs): Seen {
  const { id, name, status, updatedAt } = sighting;
  const base = { id, name, acceptedAt: now, ...(updatedAt !== undefined && { updatedAt }) };
  if (!isChanging(status)) return base;
  const as = `${status} ${sizes}`.trim();
  const goesOn = seen?.changing?.as === as && now - seen.acceptedAt <= gapMs;
  return { ...base, changing: { as, since: goesOn ? seen.changing.since : now } };
}

/** Seen again in any way: it is not gone. */
export function present<T extends Seen>(seen: T): T {
  const { missingSince: _missing, ...rest } = seen;
  return rest as T;
}
