import type { Clock } from '../../lib/io/clock.ts';
import type { EpochMs } from '../../lib/model/time.ts';

/** A clock that stands still until it is moved; sleepers wake in the order of their instants. */
export type VirtualClock = Clock & {
  readonly advance: (ms: number) => Promise<void>;
  /** The machine sleeps: its time goes on, its timers do not. Negative: somebody sets its clock back. */
  readonly suspend: (ms: number) => void;
  readonly sleepers: () => number;
};

type Sleeper = { readonly at: EpochMs; readonly wake: () => void };

export function makeVirtualClock(start: EpochMs = Date.UTC(2026, 10, 23, 6)): VirtualClock {
  /** As the timers count: without what the machine slept. */
  let now = start;
  let asleepMs = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now + asleepMs,
    sleep: (ms, signal) => addSleeper(sleepers, now + ms, signal),
    sleepers: () => sleepers.size,
    suspend: (ms) => {
      asleepMs += ms;
    },
    advance: async (ms) => {
      await settle();
      const end = now + ms;
      for (let next = nextUntil(sleepers, end); next; next = nextUntil(sleepers, end)) {
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}

function addSleeper(sleepers: Set<Sleeper>, at: EpochMs, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const sleeper: Sleeper = {
      at,
      wake: () => {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', sleeper.wake);
        resolve();
      },
    };
    sleepers.add(sleeper);
    signal?.addEventListener('abort', sleeper.wake, { once: true });
  });
}

function nextUntil(sleepers: ReadonlySet<Sleeper>, end: EpochMs): Sleeper | undefined {
  return [...sleepers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
}

/** Lets everything that can go on without time go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
