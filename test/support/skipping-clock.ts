import type { Clock } from '../../lib/io/clock.ts';

export type SkippingClock = Clock & { readonly sleeps: readonly number[] };

/** A clock for one caller alone: a sleep is over at once and the time has passed. `meanwhile` happens during each sleep. */
export function makeSkippingClock(start = 0, meanwhile: () => Promise<void> = async () => {}): SkippingClock {
  let now = start;
  const sleeps: number[] = [];
  const sleep = async (ms: number) => {
    sleeps.push(ms);
    now += ms;
    // A turn of the event loop: who waits in a loop must not keep what is being loaded or read from arriving.
    await new Promise((resolve) => setImmediate(resolve));
    await meanwhile();
  };
  return { now: () => now, sleep, sleeps };
}
