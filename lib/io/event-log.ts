import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { makeQuota } from './quota.ts';

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
  const sources = makeQuota(clock, ofSources);
  const strangers = makeQuota(clock, ofStrangers);
  const leftOut = new Map<string, number>();
  return (trouble) => {
    const { what, source, reason, event } = trouble;
    onTrouble?.(trouble);
    const isStrange = what === 'event not authorized' || what === 'link not valid';
    const key = `${isStrange} ${source ?? ''}`;
    const before = leftOut.get(key) ?? 0;
    if (!(isStrange ? strangers : sources).take(key)) {
      leftOut.set(key, before + 1);
      return;
    }
    leftOut.delete(key);
    const fields = { source: source ?? null, ...(event === undefined ? {} : { event }), reason };
    log.warn(what, before > 0 ? { ...fields, leftOut: before } : fields);
  };
}
