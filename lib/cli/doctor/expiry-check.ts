import type { EpochMs } from '../../decide/model.ts';
import { type Check, checksOf } from './check.ts';
import { daysFrom } from './days-from.ts';

const dayMs = 86_400_000;
const soonMs = 30 * dayMs;

/** When the token ends, by its `expires`; whether the API takes it says more. */
export function expiryCheck(about: string, expires: EpochMs | undefined, isTaken: boolean, now: EpochMs): Check {
  const { ok, warning, failed, unknown } = checksOf(about);
  const fix = 'create a new token in the console of this region and put it where the config says';
  if (expires === undefined)
    return unknown(
      'token.expiry',
      'nobody knows when the token ends',
      'write `expires:` beside the token in the config, as the console showed it',
    );
  const day = new Date(expires).toISOString().slice(0, 10);
  const when = daysFrom(now, expires);
  if (hasEnded(expires, now)) {
    return isTaken
      ? warning(
          'token.expiry',
          `by its \`expires\` the token ended on ${day}, and the API still takes it`,
          'correct `expires`: beside the token in the config, or in the secret itself',
        )
      : failed('token.expiry', `the token ended on ${day}`, fix);
  }
  return expires - now < soonMs
    ? warning('token.expiry', `the token ends on ${day}, ${when}`, fix)
    : ok('token.expiry', `the token lasts until ${day}, ${when}`);
}

/** A bare date is the day on which it ends, and is kept as the first instant of it. */
function hasEnded(expires: EpochMs, now: EpochMs): boolean {
  return now >= (expires % dayMs === 0 ? expires + dayMs : expires);
}
