import { type DestinationKind, isChat } from '../../model/destination-kind.ts';
import { dayMs, type EpochMs, hourMs, minuteMs, secondMs } from '../../model/time.ts';
import type { Delivery, Doubt } from '../incidents/delivery.ts';
import type { Batch } from './batch.ts';
import type { Failure, Outcome } from './outcome.ts';
import { type Failing, type SenderRecord, takeToken } from './sender.ts';

const brokenAfterMs = 30 * minuteMs;
const brokenAfterAttempts = 3;
const noticeLivesMs = 3 * dayMs;
const storyLivesMs = 7 * dayMs;
/**
 * Attempts of one message are at most two hours and some jitter apart; a longer gap means that no sender was running.
 */
const longestGapMs = 3 * hourMs;

export type Attempt = {
  readonly now: EpochMs;
  readonly kind: DestinationKind;
  /** Fingerprint of the address and secrets it went to. */
  readonly address: string;
  /** 0 to 1, for the jitter. */
  readonly chance: number;
  /** A single message in its plainest form: if that is refused, there is nothing else to try. */
  readonly isPlainest: boolean;
};

/** `end`: it leaves the outbox. `keep`: it waits, as changed. `give-back`: a batch is split into single messages. */
export type Fate<T> =
  | { readonly kind: 'end'; readonly state: 'accepted' | 'confirmed' | 'parked' | 'dropped'; readonly reason?: string }
  | { readonly kind: 'keep'; readonly item: T }
  | { readonly kind: 'give-back'; readonly item: T };

/**
 * The record of an attempt, written before it is made: from here on the message may have been accepted, even if this
 * process dies.
 */
export function markAttempt<T extends Delivery | Batch>(item: T, body: string, { now, kind, ...about }: Attempted): T {
  const marked = { ...item, attempts: item.attempts + 1, lastAttemptAt: now, maybeAccepted: true, body };
  return isChat(kind) ? { ...marked, doubt: afterDoubt(item.doubt, about.address, about.chance, now) } : marked;
}

export type Attempted = Omit<Attempt, 'isPlainest'>;

/** The sender's record during an attempt. */
export function markSender(sender: SenderRecord, lane: string, kind: DestinationKind, now: EpochMs): SenderRecord {
  const bucket = takeToken(sender.bucket, kind, now);
  return sender.failing === undefined ? { ...sender, bucket } : { ...sender, bucket, lastTried: lane };
}

/** The message after the attempt: `before` is the state before the attempt was recorded, `marked` the stored one. */
export function fateOf<T extends Delivery | Batch>(before: T, marked: T, outcome: Outcome, about: Attempted): Fate<T> {
  const { now } = about;
  switch (outcome.kind) {
    case 'accepted':
    case 'confirmed':
      return { kind: 'end', state: outcome.kind, ...(outcome.note !== undefined && { reason: outcome.note }) };
    case 'body-refused':
      return refused(before, marked, outcome.problem);
    case 'unknown':
      return orTooOld(doubted(before, waited(before, marked, now), about), outcome);
    default:
      // Certainly refused: only earlier attempts may have been accepted.
      return orTooOld(undoubted(before, waited(before, marked, now)), outcome);
  }
}

/** On 400, 413, 415: try the plainest form once; then a batch is split up, and a single message is parked. */
function refused<T extends Delivery | Batch>(before: T, marked: T, problem: string): Fate<T> {
  const item = undoubted(before, marked);
  if (!marked.plain) return { kind: 'keep', item: { ...item, plain: true, body: undefined } };
  if ('members' in marked) return { kind: 'give-back', item };
  return { kind: 'end', state: 'parked', reason: problem };
}

/** The wait begins when the attempt ended without an answer, not when it started. */
function doubted<T extends Delivery | Batch>(before: T, marked: T, { now, kind, address, chance }: Attempted): T {
  return isChat(kind) ? { ...marked, doubt: afterDoubt(before.doubt, address, chance, now) } : marked;
}

function undoubted<T extends Delivery | Batch>({ maybeAccepted, doubt }: T, marked: T): T {
  const { doubt: _marked, ...rest } = marked;
  return { ...rest, maybeAccepted, ...(doubt && { doubt }) } as T;
}

function waited<T extends Delivery | Batch>(before: T, marked: T, now: EpochMs): T {
  const since = before.lastAttemptAt ?? ('queuedAt' in before ? before.queuedAt : before.openedAt);
  const gapMs = Math.min(Math.max(0, now - since), longestGapMs);
  return { ...marked, waitedMs: (before.waitedMs ?? 0) + gapMs };
}

/** Messages are dropped by age only here, right after a failed attempt, and only if no resolve is due. */
function orTooOld<T extends Delivery | Batch>(item: T, { problem }: Failure): Fate<T> {
  const lives = 'facts' in item ? livesMs(item) : Number.POSITIVE_INFINITY;
  if ((item.waitedMs ?? 0) < lives) return { kind: 'keep', item };
  return { kind: 'end', state: 'dropped', reason: `too old, never accepted: ${problem}` };
}

function livesMs({ facts, untold }: Delivery): number {
  if (facts.what === 'notice') return noticeLivesMs;
  return untold ? storyLivesMs : Number.POSITIVE_INFINITY;
}

/** What an outcome means for the destination: the back-off belongs to it, not to a message. */
export function senderAfter(sender: SenderRecord, outcome: Outcome, attempt: Attempt): SenderRecord {
  const { now, chance } = attempt;
  switch (outcome.kind) {
    case 'accepted':
    case 'confirmed':
      return works(sender, now);
    case 'wait':
      if (outcome.retryAfterMs !== undefined) return { ...sender, nextAt: now + obeyedMs(outcome.retryAfterMs) };
      return { ...sender, nextAt: now + backOffMs(sender.failing?.step ?? 0, chance) };
    case 'body-refused':
      // A destination that refuses even the plainest form may refuse everything, so it slows down before all messages
      // are parked.
      return attempt.isPlainest ? failed(sender, outcome, attempt) : sender;
    default:
      return failed(sender, outcome, attempt);
  }
}

function works(sender: SenderRecord, now: EpochMs): SenderRecord {
  const { failing: _failing, broken: _broken, lastTried: _lastTried, ...rest } = sender;
  return { ...rest, nextAt: now, lastSuccessAt: now };
}

/** Broken = 30 minutes and at least 3 attempts without a success. */
function failed(sender: SenderRecord, outcome: Failure, { now, chance, address }: Attempt): SenderRecord {
  const before = sender.failing ?? { since: now, attempts: 0, step: 0 };
  const backOff = backOffMs(before.step, chance);
  const asked = outcome.kind === 'unknown' ? obeyedMs(outcome.retryAfterMs ?? 0) : 0;
  const count = { attempts: before.attempts + 1, step: before.step + 1 };
  const failing: Failing = { since: before.since, ...count, problem: outcome.problem, address };
  const isBroken = failing.attempts >= brokenAfterAttempts && now - failing.since >= brokenAfterMs;
  const broken = sender.broken ?? (isBroken ? { since: now } : undefined);
  return { ...sender, nextAt: now + Math.max(backOff, asked), failing, ...(broken && { broken }) };
}

/** A destination with a changed address or secret is tried at once. */
export function withAddress(sender: SenderRecord, address: string, now: EpochMs): SenderRecord {
  if (sender.failing === undefined || sender.failing.address === address) return sender;
  return { ...sender, nextAt: now, failing: { ...sender.failing, step: 0, address } };
}

const steps = [5 * secondMs, 30 * secondMs, 2 * minuteMs, 10 * minuteMs, 15 * minuteMs] as const;
const lastStepMs = 15 * minuteMs;
/** A chat that takes a message and times out shows one copy per attempt: one every two hours is bearable. */
const doubtfulMs = 2 * hourMs;
/** No answer can make a destination wait longer than this. */
const longestRetryAfterMs = hourMs;
const jitter = 0.2;

/**
 * A destination's wait after its n-th failure in a row (n from 0): at most 15 min, 0–20 % shorter by `chance` (0 to 1).
 */
function backOffMs(step: number, chance: number): number {
  return Math.round((steps[step] ?? lastStepMs) * (1 - jitter * chance));
}

/**
 * How long a chat message waits after one more attempt that may have been accepted: the destination's back-off for the
 * first half hour, since most of these were not accepted; then two hours or a little more. The wait belongs to the
 * message: new messages do not share it (docs/adr/0009-the-long-wait-is-the-messages.md).
 */
function afterDoubt(before: Doubt | undefined, address: string, chance: number, now: EpochMs): Doubt {
  const count = (before?.address === address ? before.count : 0) + 1;
  const waitMs = count > steps.length ? doubtfulMs * (1 + jitter * chance) : backOffMs(count - 1, chance);
  return { count, until: now + Math.round(waitMs), address };
}

/** Must it wait, at this address? undefined = the address is not known now. */
export function isDoubtful(doubt: Doubt | undefined, address: string | undefined, now: EpochMs): boolean {
  return doubt !== undefined && doubt.until > now && (address === undefined || doubt.address === address);
}

/** `Retry-After` is respected, up to an hour. */
function obeyedMs(retryAfterMs: number): number {
  return Math.min(Math.max(0, retryAfterMs), longestRetryAfterMs);
}
