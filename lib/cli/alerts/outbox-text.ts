import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { HistoryRecord } from '../../decide/outbox/history.ts';
import { inRegion, regionOf } from '../in-region.ts';
import type { Paint } from '../paint.ts';
import { ago, clockOf, localInstant } from '../render/instant.ts';
import { printable } from '../render/table.ts';
import type { DestinationView, ParkedMessage, WaitingMessage } from './outbox-view.ts';
import { shortId } from './short-id.ts';

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
  if (kind === 'alertmanager' && state === 'working')
    return 'is sent what is open, again and again; nothing failed last';
  const count = waiting.length === 0 ? 'nothing waits' : `${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'}`;
  if (state === 'untried') return `not tried yet, ${count}`;
  const when = since === undefined ? '' : ago(since, now);
  if (state === 'working') return `${paint.green('works')}${when === '' ? '' : `, last message ${when}`}, ${count}`;
  return `${paint.red(state)}, since ${when} (${printable(problem ?? '')}), ${count}${next}`;
}

function messageText({ id, what, kind, severity, subject, text, queuedAt }: WaitingMessage, reading: Reading): string {
  const where = inRegion(reading, regionOf(subject));
  return `${shortId(id)}  ${what} ${severity} ${kind}${where}: ${printable(text)}, queued ${ago(queuedAt, reading.now)}`;
}

function attemptsText({ attempts, isMaybeAccepted, isInBatch }: WaitingMessage): string {
  const tried = attempts === 0 ? '' : `, tried ${attempts === 1 ? 'once' : `${attempts} times`}`;
  return `${tried}${isMaybeAccepted ? ', may have been taken' : ''}${isInBatch ? ', in one message with others' : ''}`;
}

function refusal({ reason }: ParkedMessage): string {
  return printable(reason);
}

/** How messages ended, oldest first: a line each. */
export function historyText(
  records: readonly HistoryRecord[],
  nameOf: (id: string) => string,
  { regions, zone }: Config & Pick<Reading, 'zone'>,
): readonly string[] {
  return records.flatMap(({ at, destination, state, reason, said }) => {
    const { date, time } = clockOf(at, zone);
    const end = `${state}${reason === undefined ? '' : ` (${printable(reason)})`}`;
    return said.map(({ what, kind, text, region }) => {
      return `${date} ${time}  ${nameOf(destination)}  ${end}  ${what} ${kind}${inRegion({ regions }, region)}: ${printable(text)}`;
    });
  });
}
