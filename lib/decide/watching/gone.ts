import type { Answer } from '../answer.ts';
import type { EpochMs } from '../model.ts';
import type { Seen } from './pass.ts';
import { present } from './sight.ts';

const apartMs = 5 * 60_000;

/**
 * Gone = missing from a successful list and 404 by id, twice, at least 5 minutes apart, with no sighting between. One
 * list alone may have left it out; a 404 of something that is listed is a lie of a replica.
 */
export function missed<T extends Seen>(seen: T, byId: Answer<unknown> | undefined, now: EpochMs): T | 'gone' {
  if (byId === undefined) return seen;
  if (byId.kind === 'ok') return present(seen);
  if (byId.kind !== 'not-found') return seen;
  if (seen.missingSince === undefined) return { ...seen, missingSince: now };
  return now - seen.missingSince >= apartMs ? 'gone' : seen;
}
