import type { HistoryRecord } from '../../decide/outbox/delivery-log.ts';
import { isTriedAgain } from '../../decide/outbox/sender.ts';
import type { Redactor } from '../../io/redact.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { isPushed } from '../../model/destination-kind.ts';
import { printable } from '../../model/printable.ts';
import type { EpochMs } from '../../model/time.ts';
import { ago, dateAndTime, localInstant, localInstants, rfc3339 } from '../text/instant.ts';
import { inRegion, regionOf, shortId } from '../text/labels.ts';
import type { Paint } from '../text/paint.ts';
import { instantJson, renderTable } from '../text/table.ts';
import type { DestinationView, ParkedMessage, WaitingMessage } from './outbox-view.ts';

type Config = Pick<CompiledConfig, 'regions'>;
type Reading = Config & { readonly now: EpochMs; readonly zone: string; readonly paint: Paint };

/** One destination for people: how it does, what waits, what it refused. */
export function destinationText(view: DestinationView, reading: Reading): readonly string[] {
  const { target, waiting, parked } = view;
  const kind = target.destination?.kind ?? 'unknown';
  const standing = target.standing === 'active' ? '' : `, ${target.standing}`;
  return [
    `${reading.paint.bold(target.name)} (${kind}${standing}): ${stateText(view, reading)}`,
    ...waiting.map((message) => `  waits   ${messageText(message, reading)}${attemptsText(message)}`),
    ...parked.map((message) => `  parked  ${messageText(message, reading)}: ${refusal(message)}`),
  ];
}

function stateText(
  { target, state, since, problem, nextAt, waiting }: DestinationView,
  { now, zone, paint }: Reading,
): string {
  const kind = target.destination?.kind;
  const next = nextAt === undefined ? '' : `; next try ${localInstant(nextAt, zone)}`;
  if (kind !== undefined && isPushed(kind) && state === 'working')
    return 'gets the open incidents every minute; the last push worked';
  const count = waiting.length === 0 ? 'nothing waits' : `${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'}`;
  if (state === 'untried') return `not tried yet, ${count}`;
  const when = since === undefined ? '' : ago(since, now);
  if (state === 'working') return `${paint.green('works')}${when === '' ? '' : `, last message ${when}`}, ${count}`;
  const then = isTriedAgain(kind, waiting.length > 0)
    ? next
    : ': it is not tried again before its next message, or outbox test';
  return `${paint.red(state)}, since ${when} (${printable(problem ?? '')}), ${count}${then}`;
}

function messageText({ id, what, kind, severity, subject, text, queuedAt }: WaitingMessage, reading: Reading): string {
  const where = inRegion(reading, regionOf(subject));
  return `${shortId(id)}  ${what} ${severity} ${kind}${where}: ${localInstants(printable(text), reading.zone, reading.now)}, queued ${ago(queuedAt, reading.now)}`;
}

function attemptsText({ attempts, isMaybeAccepted, isInBatch }: WaitingMessage): string {
  const tried = attempts === 0 ? '' : `, tried ${attempts === 1 ? 'once' : `${attempts} times`}`;
  return `${tried}${isMaybeAccepted ? ', may have arrived' : ''}${isInBatch ? ', in one message with others' : ''}`;
}

function refusal({ reason }: ParkedMessage): string {
  return printable(reason);
}

/** How messages ended, oldest first: a line each. */
export function historyText(
  records: readonly HistoryRecord[],
  nameOf: (id: string) => string,
  { regions, zone, clean }: Config & Pick<Reading, 'zone'> & { readonly clean: Redactor['clean'] },
): readonly string[] {
  const rows = records.flatMap(({ at, destination, state, reason, said }) => {
    const end = `${state}${reason === undefined ? '' : ` (${printable(reason)})`}`;
    return said.map(({ what, kind, text, region }) => [
      dateAndTime(at, zone),
      `${nameOf(destination)}  ${end}  ${what} ${kind}${inRegion({ regions }, region)}: ${localInstants(printable(text), zone, at)}`,
    ]);
  });
  return renderTable(rows, clean);
}

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
