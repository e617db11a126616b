import type { Notice } from '../model.ts';
import type { Delivery } from './delivery.ts';
import { deliveryId, unsent } from './enqueue.ts';
import { type DestinationState, isKeyed, notFor } from './routing.ts';
import { type Silences, silencedBy } from './silence.ts';
import { incidentKey } from './subject.ts';

type Telling = {
  readonly now: number;
  readonly hash: (text: string) => string;
  readonly destinations: readonly DestinationState[];
  readonly silences: Silences;
};

/**
 * A notice is said once, as info, to whoever takes it; nothing follows. Never to keyed destinations: they could not
 * close it. Its own time is its episode, so that the same notice has the same delivery ids.
 */
export function tellNotice(notice: Notice, telling: Telling): readonly Delivery[] {
  const { hash, destinations, silences, now } = telling;
  const key = incidentKey(notice.kind, notice.subject, hash);
  const about = { kind: notice.kind, subject: notice.subject, severity: 'info', key, episode: notice.at } as const;
  if (silencedBy(silences, about, now) !== undefined) return [];
  return destinations
    .filter((destination) => !isKeyed(destination.kind) && notFor(destination, about) === undefined)
    .map((destination) => deliveryOf(notice, key, destination.id, telling));
}

function deliveryOf(notice: Notice, key: string, destination: string, { now, hash }: Telling): Delivery {
  const { at, kind, subject, text } = notice;
  const { did, ...facts } = notice.facts ?? {};
  const nothing = {
    fix: undefined,
    did: did === undefined ? undefined : String(did),
    until: undefined,
    cause: undefined,
  };
  const severity = { severity: 'info', worst: 'info' } as const;
  const said = { what: 'notice', kind, subject, text, since: at, facts, at: now, ...nothing, ...severity } as const;
  const lane = { key, episode: at, sequence: 1, destination, id: deliveryId(key, at, 1, destination, hash) };
  return { schema: 1, ...lane, facts: said, queuedAt: now, ...unsent };
}
