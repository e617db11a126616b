import type { EpochMs } from '../../decide/model.ts';
import type { Clock } from '../../io/clock.ts';

/** A clock that only the story moves: sixteen hours pass in a minute. Who sleeps on it wakes when its time has come. */
export type StoryClock = Clock & { readonly moveTo: (at: EpochMs) => void };

export function makeStoryClock(start: EpochMs): StoryClock {
  let now = start;
  const sleepers = new Set<{ readonly at: EpochMs; readonly wake: () => void }>();
  return {
    now: () => now,
    moveTo: (at) => {
      now = Math.max(now, at);
      for (const sleeper of sleepers) if (sleeper.at <= now) sleeper.wake();
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          at: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
  };
}
