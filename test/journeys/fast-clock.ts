import { type Clock, systemClock } from '../../lib/io/clock.ts';

/** Agrees with the machine at `since` and runs `factor` times as fast, in every process alike. */
export function makeFastClock(since: number, factor: number): Clock {
  return {
    now: () => Math.floor(since + (systemClock.now() - since) * factor),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}
