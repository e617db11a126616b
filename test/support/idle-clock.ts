import type { Clock } from '../../lib/io/clock.ts';
import type { EpochMs } from '../../lib/model/time.ts';

/** A clock that moves on by itself to the next sleeper whenever nothing else goes on: hours pass in milliseconds. */
export type IdleClock = Clock & { readonly moveTo: (at: EpochMs) => void };

type Sleeper = { readonly at: EpochMs; readonly wake: () => void };

/** So many turns of the event loop without a new sleeper mean that everybody waits. */
const idleTurns = 3;

export function makeIdleClock(start: EpochMs = Date.UTC(2026, 10, 23, 6)): IdleClock {
  let now = start;
  let isWatched = false;
  const sleepers = new Set<Sleeper>();
  const watch = async () => {
    if (isWatched) return;
    isWatched = true;
    while (sleepers.size > 0) {
      const before = new Set(sleepers);
      for (let turn = 0; turn < idleTurns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (before.size !== sleepers.size || [...sleepers].some((one) => !before.has(one))) continue;
      const next = [...sleepers].reduce((first, one) => (one.at < first.at ? one : first));
      now = Math.max(now, next.at);
      next.wake();
    }
    isWatched = false;
  };
  return {
    now: () => now,
    moveTo: (at) => {
      now = Math.max(now, at);
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper: Sleeper = {
          at: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
        void watch();
      }),
  };
}
