import type { Clock } from '../clock.ts';

/** How many messages a source may send: a burst, then a steady rate. */
export type QuotaConfig = { readonly burst: number; readonly perSecond: number };

export type Quota = {
  /** Takes one; false = none is left. */
  readonly take: (source: string) => boolean;
};

/** A fleet's queue or alert group sends a few messages a minute; a source in a loop is told to slow down (429). */
export const defaultQuota: QuotaConfig = { burst: 600, perSecond: 10 };

/** A bucket per source that refills steadily. Only sources of the config ever get one, so it stays small. */
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
