import type { Delivery, Doubt } from '../../decide/incidents/delivery.ts';
import { type Batch, openBatch, toMember } from '../../decide/outbox/batch.ts';
import { nextStep, type OutboxView, type Step } from '../../decide/outbox/next-step.ts';
import { isFailure, type Outcome } from '../../decide/outbox/outcome.ts';
import { withAddress } from '../../decide/outbox/retry.ts';
import { newSender, type SenderRecord } from '../../decide/outbox/sender.ts';
import { isChat } from '../../model/destination-kind.ts';
import { loadOutbox } from '../records/delivery-records.ts';
import { afterAttemptMs, attempt, noAddress, unfold } from './attempt.ts';
import {
  type Credentials,
  credentialsOf,
  type DeliverParts,
  type DestinationReport,
  type Target,
} from './deliver-round.ts';
import { closeSession, commitChange, endedAs, logFor, openSession, reload, type Session } from './session.ts';

/** A run waits for a token or a short back-off itself; for a longer wait there is the next run. */
const longestPauseMs = 6_500;
/** Too little time for an attempt. */
const leastAttemptMs = 10_000;
/** A run ends after this time even without a limit: the runs of other destinations wait for it. */
const longestRunMs = 50_000;

/** Reported while another sender has the destination; no failure. */
export const anotherSender = 'another sender is working on it';

/**
 * Sends what waits for one destination, as its rate limit, its state and the remaining time allow. `urgent`: only the
 * message with this incident's key, and now, whatever the back-off.
 */
export async function deliverTo(parts: DeliverParts, target: Target, urgent?: string): Promise<DestinationReport> {
  const nothing = { accepted: 0, confirmed: 0, parked: 0, dropped: 0, failed: 0, waiting: 0 };
  const idle = { name: target.name, id: target.id, ...nothing, nextAt: undefined, problem: undefined };
  const outbox = await loadOutbox(parts.store, target.id);
  const waiting = waitingIn(outbox.deliveries.length, outbox.batch?.batch);
  if (waiting === 0) return idle;
  const credentials = target.destination
    ? await credentialsOf(parts, target.destination)
    : ({ problem: 'the destination was removed from the config' } as const);
  const now = parts.clock.now();
  const sender = withNews(target.stored?.sender ?? newSender(target.id, now), credentials, now);
  const deliveries = outbox.deliveries.map(({ delivery }) => delivery);
  const first = nextStep({
    ...aboutOf(target, credentials, urgent),
    now,
    sender,
    deliveries,
    batch: outbox.batch?.batch,
    log: await logFor(parts.store, outbox.deliveries),
  });
  // Nothing is written if there is nothing to do, and no secret can be read by waiting: the next run reads it again.
  if (first.kind === 'wait' && ('problem' in credentials || first.until - now > longestPauseMs)) {
    return { ...idle, waiting, nextAt: first.until, problem: sender.failing?.problem };
  }
  const session = await openSession(parts, target);
  if (session === undefined) return { ...idle, waiting, problem: anotherSender };
  const nextAt = await work(session, credentials, urgent);
  await closeSession(session);
  const left = waitingIn(session.deliveries.size, session.batch?.batch);
  const { answer, counts, sender: after } = session;
  return { ...idle, ...counts, waiting: left, nextAt, problem: after.failing?.problem, answer };
}

function waitingIn(singles: number, batch: Batch | undefined): number {
  return singles + (batch?.members.length ?? 0);
}

function withNews(sender: SenderRecord, credentials: Credentials, now: number): SenderRecord {
  return 'fingerprint' in credentials ? withAddress(sender, credentials.fingerprint, now) : sender;
}

type About = Pick<OutboxView, 'kind' | 'standing' | 'address' | 'urgent'>;

function aboutOf({ destination, standing }: Target, credentials: Credentials, urgent: string | undefined): About {
  const address = 'fingerprint' in credentials ? credentials.fingerprint : undefined;
  return { kind: destination?.kind ?? 'webhook', standing, address, ...(urgent !== undefined && { urgent }) };
}

/** Runs until nothing is left to do, or no time; resolves to when there is something to do again. */
async function work(session: Session, credentials: Credentials, urgent?: string): Promise<number | undefined> {
  const { clock } = session.parts;
  const end = clock.now() + longestRunMs;
  const about = aboutOf(session.target, credentials, urgent);
  session.sender = withNews(session.sender, credentials, clock.now());
  let isFresh = true;
  for (;;) {
    const step = nextStep({ ...about, ...viewOf(session) });
    if (step.kind === 'wait' && 'problem' in credentials) return step.until;
    const doneFor = step.kind === 'done' || (step.kind === 'wait' && !(await pause(session, step.until, end)));
    if (doneFor && isFresh) return step.kind === 'wait' ? step.until : undefined;
    if (doneFor) {
      await reload(session);
      isFresh = true;
      continue;
    }
    if (step.kind === 'wait') continue;
    if (isSending(step) && !hasTime(session, end)) return clock.now();
    if (!(await take(session, step, credentials))) return session.sender.nextAt;
    if (urgent !== undefined && isSending(step) && isDone(session.answer)) return session.sender.nextAt;
    isFresh = isSending(step) && isChat(about.kind);
    if (isFresh) await reload(session);
  }
}

function viewOf({ parts, sender, deliveries, batch, log }: Session): Omit<OutboxView, keyof About> {
  const waiting = [...deliveries.values()].map(({ delivery }) => delivery);
  return { now: parts.clock.now(), sender, deliveries: waiting, batch: batch?.batch, log };
}

/** A person asked for one attempt; a refused body is tried once more in its plainest form. */
function isDone(answer: Outcome | undefined): boolean {
  return answer !== undefined && isFailure(answer) && answer.kind !== 'body-refused';
}

function isSending(step: Step): boolean {
  return step.kind === 'send' || step.kind === 'send-batch';
}

function hasTime({ parts }: Session, end: number): boolean {
  const left = parts.timeLeftMs?.() ?? Number.POSITIVE_INFINITY;
  return left >= leastAttemptMs + afterAttemptMs && parts.clock.now() < end;
}

async function pause(session: Session, until: number, end: number): Promise<boolean> {
  const { clock, timeLeftMs } = session.parts;
  const ms = until - clock.now();
  const left = timeLeftMs?.() ?? Number.POSITIVE_INFINITY;
  if (ms > longestPauseMs || until >= end || ms + leastAttemptMs + afterAttemptMs > left) return false;
  await clock.sleep(ms);
  return true;
}

/** False = this session is over. */
async function take(session: Session, step: Step, credentials: Credentials): Promise<boolean> {
  switch (step.kind) {
    case 'tidy':
      return tidy(session, step);
    case 'drop-batch': {
      const ended = [endedAs(step.batch, { state: 'dropped', at: session.parts.clock.now(), reason: step.reason })];
      return commitChange(session, { batch: 'remove', ended });
    }
    case 'unfold':
      return unfold(session, step.batch);
    case 'join':
      return join(session, step.members);
    case 'send':
      return sendOne(session, step.delivery, credentials);
    case 'send-batch':
      return sendOne(session, step.batch, credentials);
    default:
      return true;
  }
}

/** A message that replaces others is stored in the same commit: later the replacement could not be derived again. */
async function tidy(session: Session, step: Extract<Step, { readonly kind: 'tidy' }>): Promise<boolean> {
  const at = session.parts.clock.now();
  const ended = step.ended.map(({ delivery, reason }) => endedAs(delivery, { state: 'dropped', at, reason }));
  const remove = step.ended.map(({ delivery }) => delivery);
  return commitChange(session, { put: step.changed, remove, ended });
}

async function join(session: Session, members: readonly Delivery[]): Promise<boolean> {
  const { clock, hash } = session.parts;
  const [first] = members;
  if (first === undefined) return true;
  const before = session.batch?.batch ?? openBatch(session.target.id, first, clock.now(), hash);
  const doubt = mostDoubtful([before, ...members]);
  const batch = { ...before, members: [...before.members, ...members.map(toMember)], ...(doubt && { doubt }) };
  return commitChange(session, { batch, remove: members });
}

function mostDoubtful(items: readonly { readonly doubt?: Doubt }[]): Doubt | undefined {
  const doubts = items.flatMap(({ doubt }) => doubt ?? []);
  return doubts.reduce<Doubt | undefined>((most, one) => (most && most.count >= one.count ? most : one), undefined);
}

async function sendOne(session: Session, item: Parameters<typeof attempt>[1], read: Credentials): Promise<boolean> {
  const { destination } = session.target;
  if ('problem' in read) return noAddress(session, read.problem);
  if (destination === undefined) return noAddress(session, 'the destination was removed from the config');
  return attempt(session, item, { destination, read });
}
