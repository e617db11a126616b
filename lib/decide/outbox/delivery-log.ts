import type { EpochMs } from '../../model/time.ts';
import type { Delivery, DeliveryFacts } from '../incidents/delivery.ts';
import { type Batch, messagesOf } from './batch.ts';

/**
 * How a delivery ended: `accepted` = the target took it and said no more (202), `confirmed` = the target has it,
 * `parked` = it refused this message and would again, `dropped` = it was not sent, or is outdated.
 */
export type HistoryRecord = {
  readonly schema: 1;
  /** The delivery's, or the batch's. */
  readonly id: string;
  readonly destination: string;
  readonly state: 'accepted' | 'confirmed' | 'parked' | 'dropped';
  readonly reason?: string;
  readonly at: EpochMs;
  readonly queuedAt: EpochMs;
  readonly attempts: number;
  /** No attempt may have been accepted; absent in older records. */
  readonly unheard?: true;
  /** One message, or all of a batch. */
  readonly said: readonly HistoryLine[];
};

type HistoryLine = Pick<DeliveryFacts, 'what' | 'kind' | 'severity' | 'text'> &
  Pick<Delivery, 'key' | 'episode' | 'sequence'> & {
    /** The region of the subject, if it has one; several regions may have the same names. */
    readonly region?: string;
  };

type End = Pick<HistoryRecord, 'state' | 'at'> & { readonly reason?: string | undefined };

type Spoken = Pick<Delivery, 'destination' | 'key' | 'episode'>;

/**
 * Did a destination hear nothing of this for certain? Each message about it ended without an attempt that may have been
 * accepted. False also where the log knows of none.
 */
export function isUnheard(records: readonly HistoryRecord[], about: Spoken): boolean {
  const isAbout = ({ destination, said }: HistoryRecord) =>
    destination === about.destination &&
    said.some(({ key, episode }) => key === about.key && episode === about.episode);
  const own = records.filter(isAbout);
  const isLost = ({ state, attempts, unheard }: HistoryRecord) =>
    state === 'parked' || (state === 'dropped' && (unheard === true || attempts === 0));
  return own.length > 0 && own.every(isLost);
}

export function historyOf(item: Delivery | Batch, { state, at, reason }: End): HistoryRecord {
  const { id, destination, attempts } = item;
  const messages = messagesOf(item);
  const said = messages.map(({ facts: { what, kind, severity, text, subject }, key, episode, sequence }) => {
    const where = 'region' in subject ? { region: subject.region } : {};
    return { what, kind, severity, text, key, episode, sequence, ...where };
  });
  const queuedAt = Math.min(...messages.map((message) => message.queuedAt));
  const isUntold = state === 'dropped' && ![item, ...messages].some(({ maybeAccepted }) => maybeAccepted);
  const told = isUntold ? { unheard: true as const } : {};
  const end = { state, at, queuedAt, attempts, ...(reason !== undefined && { reason }), ...told };
  return { schema: 1, id, destination, ...end, said };
}
