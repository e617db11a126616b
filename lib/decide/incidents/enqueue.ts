import type { EpochMs } from '../model.ts';
import type { Delivery, DeliveryFacts, DeliveryWhat } from './delivery.ts';
import type { IncidentRecord, Told } from './incident.ts';

/** One thing to say to one destination. */
export type Said = {
  readonly what: Exclude<DeliveryWhat, 'notice'>;
  readonly destinationId: string;
  readonly episode: EpochMs;
};

type Enqueuing = { readonly now: EpochMs; readonly hash: (text: string) => string };

/** Turns what is said into frozen deliveries, and remembers in the record who was told what. */
export function enqueue(
  record: IncidentRecord,
  said: readonly Said[],
  { now, hash }: Enqueuing,
): { readonly record: IncidentRecord; readonly deliveries: readonly Delivery[] } {
  if (said.length === 0) return { record, deliveries: [] };
  const sequence = record.sequence + 1;
  const deliveries = said.map((one) => deliveryOf(record, one, sequence, now, hash));
  const told = said.reduce((before, one) => remember(before, record, one, now), record.told);
  return { record: { ...record, sequence, told }, deliveries };
}

function deliveryOf(
  record: IncidentRecord,
  { what, destinationId, episode }: Said,
  sequence: number,
  now: EpochMs,
  hash: (text: string) => string,
): Delivery {
  const { key } = record;
  const id = deliveryId(key, episode, sequence, destinationId, hash);
  const lane = { schema: 1, id, destination: destinationId, key, episode, sequence } as const;
  return { ...lane, facts: factsOf(record, what, now), queuedAt: now, ...unsent };
}

/** Stable over retries and restarts: the same fact for the same destination has the same id. */
export function deliveryId(
  key: string,
  episode: EpochMs,
  sequence: number,
  destinationId: string,
  hash: (text: string) => string,
): string {
  return hash(`${key}\n${episode}\n${sequence}\n${destinationId}`);
}

/** A delivery that was never tried. */
export const unsent = {
  attempts: 0,
  lastAttemptAt: undefined,
  maybeAccepted: false,
  body: undefined,
  plain: false,
} as const;

function factsOf(record: IncidentRecord, what: DeliveryWhat, now: EpochMs): DeliveryFacts {
  const { did, ...facts } = record.facts ?? {};
  const isOver = what === 'resolve';
  return {
    what,
    kind: record.kind,
    subject: record.subject,
    severity: record.severity,
    text: isOver ? record.text : withFlapping(record),
    fix: record.fix,
    did: did === undefined ? undefined : String(did),
    since: Math.min(record.since ?? record.episode, record.episode),
    until: isOver ? (record.endedAt ?? now) : undefined,
    cause: isOver ? (record.cause ?? 'no longer as urgent as this destination asks for') : undefined,
    worst: record.worst,
    facts,
    at: now,
  };
}

function withFlapping({ text, flapping }: IncidentRecord): string {
  return flapping ? `${text}; it comes and goes, and is over only after 20 min of calm` : text;
}

function remember(
  told: IncidentRecord['told'],
  record: IncidentRecord,
  { what, destinationId, episode }: Said,
  now: EpochMs,
): IncidentRecord['told'] {
  const { [destinationId]: _before, ...others } = told;
  if (what === 'resolve') return others;
  const entry: Told = { at: now, episode, severity: record.severity };
  const { ladder } = record;
  return { ...told, [destinationId]: ladder ? { ...entry, step: ladder.step, armedAt: ladder.armedAt } : entry };
}
