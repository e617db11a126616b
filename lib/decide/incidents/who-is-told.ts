import { isKeyed } from '../../model/destination-kind.ts';
import { isWorse, type Notice } from '../../model/finding.ts';
import { dayMs, type EpochMs, hourMs } from '../../model/time.ts';
import { type Delivery, deliveryId, enqueue, type Said, unsent } from './delivery.ts';
import { stepToTell } from './end-date-steps.ts';
import { type IncidentRecord, incidentKey, isLadder, type Told, withWhy } from './incident.ts';
import { type DestinationState, notFor, standsInFor } from './routing.ts';
import { type Silences, silencedBy } from './silence.ts';

export type Outcome = { readonly record: IncidentRecord; readonly deliveries: readonly Delivery[] };

/**
 * Works on levels, not edges (ADR 29): an open incident that is not silenced goes to every matching destination that
 * has not got it yet. Once it is over, every destination that got it gets a resolve, silenced or not.
 */
export function tell(record: IncidentRecord, telling: Telling): Outcome {
  const present = withoutLeavers(record, telling);
  const said = present.phase === 'open' ? sayOpen(marked(present, telling), telling) : sayOver(present, telling);
  return enqueue(said.record, said.said, telling);
}

type Saying = { readonly record: IncidentRecord; readonly said: readonly Said[] };

/** A destination that was removed from the config gets no resolve. */
function withoutLeavers(record: IncidentRecord, { destinations, now }: Telling): IncidentRecord {
  const known = new Set(destinations.map(({ id }) => id));
  return Object.keys(record.told)
    .filter((id) => !known.has(id))
    .reduce((left, id) => {
      const { [id]: _gone, ...told } = left.told;
      const why = { at: now, what: 'resolve', destination: id, reason: 'the destination was removed from the config' };
      return withWhy({ ...left, told }, why);
    }, record);
}

/** Records the silence in the incident. Reminders that fell due meanwhile count as sent. */
function marked(record: IncidentRecord, { silenced, reminded }: Telling): IncidentRecord {
  const { silenced: _before, ...rest } = record;
  return silenced === undefined ? { ...rest, reminded } : { ...rest, reminded, silenced };
}

function sayOver(record: IncidentRecord, { destinations }: Telling): Saying {
  const said = destinations.flatMap(({ id }): readonly Said[] => {
    const told = record.told[id];
    return told === undefined ? [] : [{ what: 'resolve', destinationId: id, episode: told.episode }];
  });
  return { record, said };
}

function sayOpen(record: IncidentRecord, telling: Telling): Saying {
  return telling.destinations.reduce(
    (saying: Saying, destination): Saying => {
      const decision = whatToSay(record, destination, telling, saying.said);
      if (decision === undefined) return saying;
      if (!('reason' in decision)) return { ...saying, said: [...saying.said, decision] };
      const entry = { at: telling.now, destination: destination.id, ...decision };
      return { ...saying, record: withWhy(saying.record, entry) };
    },
    { record, said: [] },
  );
}

/** An incident's transition and its deliveries are one transaction, and a store's transaction takes 100 writes. */
const mostDestinations = 40;

export type Telling = {
  readonly now: EpochMs;
  readonly hash: (text: string) => string;
  readonly destinations: readonly DestinationState[];
  /** Why reminders are kept back, or undefined. */
  readonly inhibited: string | undefined;
  /** Why the incident is silenced, or undefined. */
  readonly silenced: string | undefined;
  /** Flapping began with this round, in an incident that was already open. */
  readonly flaps: boolean;
  readonly reminds: boolean;
  /** How many reminders count as sent after this round. */
  readonly reminded: number;
};

/** A message, or a decision not to send one, with its reason; undefined = nothing to send. */
type Decision = Said | { readonly what: string; readonly reason: string } | undefined;

/** What this destination gets about an open incident in this round: at most one message, the most important. */
function whatToSay(
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
    return { what, reason: 'the date was moved past this step' };
  }
  const opened = said.filter((other) => other.what === 'open').length;
  if (Object.keys(record.told).length + opened >= mostDestinations) {
    return { what, reason: `already sent to ${mostDestinations} destinations` };
  }
  return { what, destinationId: destination.id, episode: episodeFor(record, telling.now) };
}

/**
 * For end dates, each destination has its own episode: if the incident resolved there because the date moved, the next
 * step opens a new one.
 */
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

/** A daily reminder includes everything that is due soon, so that people get one batch a day. */
const alongMs = 6 * hourMs;

/** The first two reminders are due 1 h and 4 h after opening; the n-th after them daily: 24 h, 48 h, … */
const firstDaily = 3;

/** How many reminders are due by now; one message replaces all missed ones. */
function remindersDue(record: IncidentRecord, now: EpochMs): number {
  const age = now - (record.openedAt ?? now);
  if (age < hourMs) return 0;
  return age < 4 * hourMs ? 1 : 2 + Math.floor(age / dayMs);
}

/** Is a daily reminder of this incident due now? Then reminders that are due soon are sent with it. */
export function isDailyDue(record: IncidentRecord, now: EpochMs): boolean {
  const due = remindersDue(record, now);
  return isRemindable(record) && due > record.reminded && due >= firstDaily;
}

/** How many reminders count as sent after this round; more than `reminded` means: send one now. */
export function reminded(record: IncidentRecord, now: EpochMs, isDailyRound: boolean): number {
  if (!isRemindable(record)) return record.reminded;
  const due = Math.max(remindersDue(record, now), record.reminded);
  const next = due + 1;
  const goesAlong = isDailyRound && due === record.reminded && next >= firstDaily;
  const nextAt = (record.openedAt ?? now) + (next - firstDaily + 1) * dayMs;
  return goesAlong && nextAt <= now + alongMs ? next : due;
}

function isRemindable(record: IncidentRecord): boolean {
  return record.phase === 'open' && record.run.seen === 'bad' && !isLadder(record.kind);
}

type NoticeTelling = {
  readonly now: number;
  readonly hash: (text: string) => string;
  readonly destinations: readonly DestinationState[];
  readonly silences: Silences;
};

/**
 * A notice is sent once, as info, to every destination that takes info. Keyed destinations get none, since nothing
 * would close it there. Its time is its episode, so the same notice has the same delivery ids.
 */
export function tellNotice(notice: Notice, telling: NoticeTelling): readonly Delivery[] {
  const { hash, destinations, silences, now } = telling;
  const key = incidentKey(notice.kind, notice.subject, hash);
  const about = { kind: notice.kind, subject: notice.subject, severity: 'info', key, episode: notice.at } as const;
  if (silencedBy(silences, about, now) !== undefined) return [];
  return destinations
    .filter((destination) => !isKeyed(destination.kind) && notFor(destination, about) === undefined)
    .map((destination) => deliveryOf(notice, key, destination.id, telling));
}

function deliveryOf(notice: Notice, key: string, destination: string, { now, hash }: NoticeTelling): Delivery {
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
