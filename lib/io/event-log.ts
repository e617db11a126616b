import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/**
 * A refused or failed event, message over HTTP, or link. `source`: for a link, the destination that got it; undefined =
 * none of the config.
 */
export type EventTrouble = {
  readonly what: 'event refused' | 'event not stored' | 'event not authorized' | 'link not valid' | 'link not answered';
  readonly source: string | undefined;
  /** For the operator, never for the caller. Contains no secret. */
  readonly reason: string;
  /** Its own id, where it has one; its id in the queue, where that is all. */
  readonly event?: string | undefined;
};

export type TellTrouble = (trouble: EventTrouble) => void;

/** A whole batch of the largest size can be logged at once; a continuous stream gets ten lines a second. */
const ofSources = { burst: 1000, perSecond: 10 };
/** Unsigned messages are free to send, so they get a lower limit. */
const ofStrangers = { burst: 100, perSecond: 1 };

/**
 * Each failure is a `warn` log line while its source is within the limit; after a pause, the next line has the number
 * of skipped ones (`leftOut`). `onTrouble` is called for each.
 */
export function makeTroubleLog(parts: {
  readonly log: Log;
  readonly clock: Clock;
  readonly onTrouble?: TellTrouble | undefined;
}): TellTrouble {
  const { log, clock, onTrouble } = parts;
  const buckets = new Map<string, { left: number; at: number; leftOut: number }>();
  return (trouble) => {
    const { what, source, reason, event } = trouble;
    onTrouble?.(trouble);
    const isStrange = what === 'event not authorized' || what === 'link not valid';
    const { burst, perSecond } = isStrange ? ofStrangers : ofSources;
    // Only names of the config get a bucket of their own, so their number stays small.
    const key = `${isStrange} ${source ?? ''}`;
    const now = clock.now();
    const bucket = buckets.get(key) ?? { left: burst, at: now, leftOut: 0 };
    const left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    const isTold = left >= 1;
    buckets.set(key, { left: isTold ? left - 1 : left, at: now, leftOut: isTold ? 0 : bucket.leftOut + 1 });
    if (!isTold) return;
    const fields = { source: source ?? null, ...(event === undefined ? {} : { event }), reason };
    log.warn(what, bucket.leftOut > 0 ? { ...fields, leftOut: bucket.leftOut } : fields);
  };
}
