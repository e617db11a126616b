import type { Clock } from './clock.ts';

/** A source's rate limit: a burst, then a steady rate. */
export type QuotaConfig = { readonly burst: number; readonly perSecond: number };

export type Quota = {
  /** Takes one; false = none is left. */
  readonly take: (source: string) => boolean;
};

/** Queues and alert groups send a few messages a minute; a source in a loop gets 429. */
export const defaultQuota: QuotaConfig = { burst: 600, perSecond: 10 };

/** A token bucket per source. Only sources of the config get one, so their number stays small. */
export function makeQuota(clock: Clock, { burst, perSecond }: QuotaConfig = defaultQuota): Quota {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take: (source) => {
      const now = clock.now();
      const bucket = buckets.get(source) ?? { left: burst, at: now };
      const refilled = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
      const isLeft = refilled >= 1;
      buckets.set(source, { left: isLeft ? refilled - 1 : refilled, at: now });
      return isLeft;
    },
  };
}
