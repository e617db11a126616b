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
  /** It was not delivered, and no attempt may have been accepted; absent in older records. */
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

/** What tells whether a destination heard something: the delivery log, and what still waits for it. */
export type Hearing = {
  readonly log: readonly HistoryRecord[];
  readonly waiting: readonly Delivery[];
  /** A retired destination only gets what takes back something that it heard. */
  readonly retired: boolean;
  readonly now: EpochMs;
};

export function isCorrection({ facts, sequence }: Pick<Delivery, 'facts' | 'sequence'>): boolean {
  return facts.kind === 'announcement' && sequence > 1;
}

/**
 * Is this a correction that nobody needs? Nobody is told that something will not happen of which they never heard, and
 * everybody is who may have heard it (ADR 32). A destination heard nothing if each earlier message about the same
 * boundary ended without an attempt that may have been accepted, or waits and will not be sent any more. If nothing is
 * known of the first one, it counts as heard. What a correction says of changes that are still to come is news all the
 * same, except for a retired destination.
 */
export function isForNobody(correction: Delivery, hearing: Hearing): boolean {
  if (!isCorrection(correction)) return false;
  const { destination, key, episode, sequence } = correction;
  const isEarlier = (one: Pick<Delivery, 'key' | 'episode' | 'sequence'>) =>
    one.key === key && one.episode === episode && one.sequence < sequence;
  const log = hearing.log.filter((record) => record.destination === destination && record.said.some(isEarlier));
  const waiting = hearing.waiting.filter(isEarlier).toSorted((a, b) => a.sequence - b.sequence);
  const isFirstKnown = [...log.flatMap(({ said }) => said), ...waiting].some((one) => one.sequence === 1);
  const isHeard = waiting.reduce(
    (heard, one) => heard || one.maybeAccepted || isStillSaid(one, hearing),
    !isFirstKnown || !log.every(isLost),
  );
  return !isHeard && !isNews(correction, hearing);
}

/** No attempt at it may have been accepted. A refusal takes two attempts; older records do not say more of it. */
function isLost({ state, attempts, unheard }: HistoryRecord): boolean {
  return unheard === true || (state === 'parked' && attempts <= 2) || (state === 'dropped' && attempts === 0);
}

/**
 * May it still be sent, though nothing before it was heard? The first message may also where its destination is retired,
 * as long as it waits: it is not known for how long that is so.
 */
function isStillSaid(one: Delivery, hearing: Hearing): boolean {
  const { staleAt } = one.facts;
  if (staleAt !== undefined && hearing.now >= staleAt) return false;
  return one.sequence === 1 || isNews(one, hearing);
}

function isNews({ facts: { corrects } }: Delivery, { retired, now }: Hearing): boolean {
  return !retired && now < (corrects?.newsUntil ?? 0);
}

export function historyOf(item: Delivery | Batch, { state, at, reason }: End): HistoryRecord {
  const { id, destination, attempts } = item;
  const messages = messagesOf(item);
  const said = messages.map(({ facts: { what, kind, severity, text, subject }, key, episode, sequence }) => {
    const where = 'region' in subject ? { region: subject.region } : {};
    return { what, kind, severity, text, key, episode, sequence, ...where };
  });
  const queuedAt = Math.min(...messages.map((message) => message.queuedAt));
  const isEnded = state === 'dropped' || state === 'parked';
  const isUntold = isEnded && ![item, ...messages].some(({ maybeAccepted }) => maybeAccepted);
  const told = isUntold ? { unheard: true as const } : {};
  const end = { state, at, queuedAt, attempts, ...(reason !== undefined && { reason }), ...told };
  return { schema: 1, id, destination, ...end, said };
}
