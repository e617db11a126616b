import type { Clock } from '../../lib/io/clock.ts';
import type { Fetch } from '../../lib/io/http/exchange.ts';

/** From the keeper to the process: it is this late, go on. */
export type Wake = { readonly now: number };
/** From the process to the keeper: nothing is left to do before this instant. */
export type Idle = { readonly wakeAt: number };

type Sleeper = { readonly until: number; readonly wake: () => void };

export type KeeperClock = {
  readonly clock: Clock;
  /** Counts requests that are under way, to the end of their bodies: the process is not idle meanwhile. */
  readonly watching: (fetch: Fetch) => Fetch;
  readonly wake: (to: Wake) => void;
  /** Resolves when everything waits: for an instant, or for nothing at all. */
  readonly untilIdle: () => Promise<Idle>;
};

/** So many turns of the event loop without anything under way, and the process counts as idle. */
const quietTurns = 4;

/** A clock that stands still until somebody else says how late it is. */
export function makeKeeperClock(start: number): KeeperClock {
  let now = start;
  let underWay = 0;
  const sleepers = new Set<Sleeper>();
  return {
    clock: {
      now: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const done = () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', done);
            resolve();
          };
          const sleeper = { until: now + ms, wake: done };
          sleepers.add(sleeper);
          signal?.addEventListener('abort', done, { once: true });
        }),
    },
    watching: (fetch) => async (input, init) => {
      underWay += 1;
      const over = () => (underWay -= 1);
      try {
        const response = await fetch(input, init);
        void response.clone().arrayBuffer().then(over, over);
        return response;
      } catch (error) {
        over();
        throw error;
      }
    },
    wake: (to) => {
      now = Math.max(now, to.now);
      for (const sleeper of [...sleepers].sort((a, b) => a.until - b.until)) if (sleeper.until <= now) sleeper.wake();
    },
    untilIdle: async () => {
      for (let quiet = 0; quiet < quietTurns; ) {
        await new Promise((resolve) => setImmediate(resolve));
        quiet = underWay > 0 || isReading() ? 0 : quiet + 1;
      }
      return { wakeAt: Math.min(...[...sleepers].map(({ until }) => until)) };
    },
  };
}

/** Files are read, and closed after it, by threads of their own. */
function isReading(): boolean {
  return process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq') || kind === 'CloseReq');
}
