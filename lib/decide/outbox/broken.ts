import type { Observation } from '../incidents/observation.ts';
import type { EpochMs } from '../model.ts';
import type { SenderRecord } from './sender.ts';

/**
 * What a destination's sender says of it: broken, or not. It is said of the name, since people know it by that; a
 * broken destination is never told about itself.
 */
export function observeDestination(name: string, sender: SenderRecord | undefined, now: EpochMs): Observation {
  const watched = { kind: 'destination.broken', subject: { kind: 'destination', destination: name } } as const;
  const { broken, failing } = sender ?? {};
  if (broken === undefined) return { ...watched, state: 'ok', at: now };
  const finding = {
    ...watched,
    severity: 'critical',
    text: `destination ${name} takes no messages: ${failing?.problem ?? 'the last attempts failed'}`,
    fix: 'check its address and its secret, then run: lamplighter outbox test',
    since: failing?.since ?? broken.since,
  } as const;
  return { ...watched, state: 'bad', at: now, finding };
}
