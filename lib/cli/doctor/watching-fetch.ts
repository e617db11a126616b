import type { ClockReading } from '../../decide/clock-skew.ts';
import type { Clock } from '../../io/clock.ts';
import type { Fetch } from '../../io/http/exchange.ts';
import { networkErrorCode } from '../../io/http/network-failure.ts';
import { readServerNow } from '../../io/http/retry-after.ts';

/** What the classified answers leave out: the network's own code, the server's clock, and whether errors were given. */
export type WatchingFetch = {
  readonly fetch: Fetch;
  /** Of the last request that failed on the way. */
  readonly failureCode: () => string | undefined;
  readonly wasAnswered: () => boolean;
  /** Both clocks at each answer that had a `Date`. */
  readonly readings: () => readonly ClockReading[];
  /** Did the answer to a question for errors hold the key? undefined = not asked, or not readable. */
  readonly hadErrors: () => Promise<boolean | undefined>;
};

export function watchFetch(fetch: Fetch, clock: Clock): WatchingFetch {
  let code: string | undefined;
  let answered = false;
  const readings: ClockReading[] = [];
  let errors: Promise<boolean | undefined> = Promise.resolve(undefined);
  return {
    failureCode: () => code,
    wasAnswered: () => answered,
    readings: () => readings,
    hadErrors: () => errors,
    fetch: async (input, init) => {
      try {
        const response = await fetch(input, init);
        answered = true;
        const server = readServerNow(response.headers);
        if (server !== undefined) readings.push({ ours: clock.now(), server });
        const url = input instanceof Request ? input.url : String(input);
        if (url.includes('extraFields=errors') && response.ok) errors = holdsErrors(response.clone());
        return response;
      } catch (error) {
        code = networkErrorCode(error);
        throw error;
      }
    },
  };
}

async function holdsErrors(response: Response): Promise<boolean | undefined> {
  try {
    const value: unknown = JSON.parse(await response.text());
    return typeof value === 'object' && value !== null && 'errors' in value;
  } catch {
    return undefined;
  }
}
