import type { EpochMs } from '../model.ts';
import type { Said } from './enqueue.ts';
import { type IncidentRecord, isWorse, type Told } from './incident.ts';
import { stepToTell } from './ladder.ts';
import { type DestinationState, notFor, standsInFor } from './routing.ts';

/** One transaction carries an incident's transition and its deliveries, and a store's transaction takes 100 writes. */
const mostDestinations = 40;

export type Telling = {
  readonly now: EpochMs;
  readonly hash: (text: string) => string;
  readonly destinations: readonly DestinationState[];
  /** Why reminders are kept back, or undefined. */
  readonly inhibited: string | undefined;
  /** Why nobody is told, or undefined. */
  readonly silenced: string | undefined;
  /** Flapping began with this pass, in an incident that was open before. */
  readonly flaps: boolean;
  readonly reminds: boolean;
  /** How many reminder times count as passed after this pass. */
  readonly reminded: number;
};

/** A message, or a decision not to send one, with its reason; undefined = there is nothing to say. */
export type Decision = Said | { readonly what: string; readonly reason: string } | undefined;

/** What this destination is told of an open incident in this pass: one thing at most, the weightiest first. */
export function whatToSay(
  record: IncidentRecord,
  destination: DestinationState,
  telling: Telling,
  said: readonly Said[],
): Decision {
  const told = record.told[destination.id];
  if (told === undefined) return firstWord(record, destination, telling, said);
  if (record.ladder !== undefined) return nextStep(record, destination, told, telling);
  return laterWord(record, destination, told, telling);
}

function firstWord(
  record: IncidentRecord,
  destination: DestinationState,
  telling: Telling,
  said: readonly Said[],
): Decision {
  const what = 'open';
  const reason = notFor(destination, record);
  if (reason !== undefined && !standsInFor(destination, telling.destinations, record)) return { what, reason };
  if (telling.silenced !== undefined) return { what, reason: telling.silenced };
  if (record.ladder !== undefined && stepToTell(record.ladder, undefined) === undefined) {
    return { what, reason: 'the step had passed when the date was moved' };
  }
  const opened = said.filter((other) => other.what === 'open').length;
  if (Object.keys(record.told).length + opened >= mostDestinations) {
    return { what, reason: `already told to ${mostDestinations} destinations` };
  }
  return { what, destinationId: destination.id, episode: episodeFor(record, telling.now) };
}

/** A ladder's episode is a destination's own: what was resolved there for a moved date begins anew with its next step. */
function episodeFor(record: IncidentRecord, now: EpochMs): EpochMs {
  return record.ladder === undefined ? record.episode : now;
}

function nextStep(record: IncidentRecord, destination: DestinationState, told: Told, { silenced }: Telling): Decision {
  const unfit = notFor(destination, record);
  const said = { destinationId: destination.id, episode: told.episode };
  if (unfit !== undefined && !destination.retired && isWorse(told.severity, record.severity)) {
    return { what: 'resolve', ...said };
  }
  if (record.ladder === undefined || stepToTell(record.ladder, told) === undefined) return undefined;
  const reason = unfit ?? silenced;
  return reason === undefined ? { what: 'update', ...said } : { what: `step ${record.ladder.step}`, reason };
}

function laterWord(record: IncidentRecord, destination: DestinationState, told: Told, telling: Telling): Decision {
  const what = news(record, told, telling);
  if (what === undefined) return undefined;
  const reason =
    telling.silenced ?? (what === 'reminder' ? telling.inhibited : undefined) ?? unfitFor(destination, record, telling);
  return reason === undefined ? { what, destinationId: destination.id, episode: told.episode } : { what, reason };
}

function unfitFor(
  destination: DestinationState,
  record: IncidentRecord,
  { destinations }: Telling,
): string | undefined {
  return standsInFor(destination, destinations, record) ? undefined : notFor(destination, record);
}

function news(record: IncidentRecord, told: Told, { flaps, reminds }: Telling): 'update' | 'reminder' | undefined {
  if (flaps || isWorse(record.severity, told.severity)) return 'update';
  return reminds ? 'reminder' : undefined;
}
