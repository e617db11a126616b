import type { HistoryRecord } from '../../decide/outbox/history.ts';
import { instantJson } from '../render/json.ts';
import { rfc3339 } from '../render/instant.ts';
import type { DestinationView, ParkedMessage, WaitingMessage } from './outbox-view.ts';
import { shortId } from './short-id.ts';

/** The machine-readable form of a destination and its outbox (docs/json.md). */
export function destinationJson({ target, state, since, problem, nextAt, waiting, parked }: DestinationView): object {
  return {
    destination: target.name,
    kind: target.destination?.kind ?? null,
    standing: target.standing,
    state,
    since: instantJson(since),
    problem: problem ?? null,
    nextTry: instantJson(nextAt),
    waiting: waiting.map(waitingJson),
    parked: parked.map(parkedJson),
  };
}

function waitingJson(message: WaitingMessage): object {
  const { id, key, what, kind, severity, text, queuedAt, attempts, isMaybeAccepted, isInBatch } = message;
  return {
    id: shortId(id),
    incident: shortId(key),
    what,
    kind,
    severity,
    text,
    queuedAt: rfc3339(queuedAt),
    attempts,
    maybeAccepted: isMaybeAccepted,
    inBatch: isInBatch,
  };
}

function parkedJson({ reason, parkedAt, ...message }: ParkedMessage): object {
  return { ...waitingJson(message), reason, parkedAt: rfc3339(parkedAt) };
}

/** How one message ended; a batch has several lines. */
export function endedJson(
  { id, destination, state, reason, at, queuedAt, attempts, said }: HistoryRecord,
  nameOf: (id: string) => string,
): object {
  return {
    id: shortId(id),
    destination: nameOf(destination),
    state,
    reason: reason ?? null,
    at: rfc3339(at),
    queuedAt: rfc3339(queuedAt),
    attempts,
    said: said.map(({ what, kind, severity, text, key }) => ({ incident: shortId(key), what, kind, severity, text })),
  };
}
