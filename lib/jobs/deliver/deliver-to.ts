import type { Delivery } from '../../decide/incidents/delivery.ts';
import { withAddress } from '../../decide/outbox/attempt.ts';
import { openBatch, toMember } from '../../decide/outbox/batch.ts';
import { isChat, nextStep, type OutboxView, type Step } from '../../decide/outbox/next-step.ts';
import type { SenderRecord } from '../../decide/outbox/sender.ts';
import { SecretError } from '../../errors.ts';
import { type ReadCredentials, readCredentials } from '../../io/destinations/destinations.ts';
import { hasWaiting } from '../records/delivery-records.ts';
import { afterAttemptMs, attempt, noAddress } from './attempt.ts';
import type { DeliverParts, DestinationReport, Target } from './parts.ts';
import { closeSession, commitChange, endedAs, openSession, reload, type Session } from './session.ts';

/** A run waits for a token or a short back-off itself; for anything longer there is a next run. */
const longestPauseMs = 6_500;
/** Less than this is no time for an attempt. */
const leastAttemptMs = 10_000;
/** One run is over after this even where nobody limits it: other destinations' runs wait for it. */
export const longestRunMs = 50_000;

/** A destination's problem while somebody else writes to it: no failure. */
export const anotherSender = 'another sender is at it';

/** Sends what waits for one destination, as far as its pace, its state and the remaining time allow. */
export async function deliverTo(parts: DeliverParts, target: Target): Promise<DestinationReport> {
  const nothing = { accepted: 0, confirmed: 0, parked: 0, dropped: 0, failed: 0, waiting: 0 };
  const idle = { name: target.name, id: target.id, ...nothing, nextAt: undefined, problem: undefined };
  if (!(await hasWaiting(parts.store, target.id))) return idle;
  const credentials = await credentialsOf(parts, target);
  const sender = target.stored?.sender;
  const isHeld = sender !== undefined && sender.nextAt > parts.clock.now() && target.standing !== 'removed';
  if (isHeld && !isNewAddress(sender, credentials)) {
    return { ...idle, nextAt: sender.nextAt, problem: sender.failing?.problem };
  }
  const session = await openSession(parts, target);
  if (session === undefined) return { ...idle, problem: anotherSender };
  const nextAt = await work(session, credentials);
  await closeSession(session);
  const waiting = session.deliveries.size + (session.batch?.batch.members.length ?? 0);
  const { failing } = session.sender;
  return { ...idle, ...session.counts, waiting, nextAt, problem: failing?.problem };
}

type Credentials = ReadCredentials | { readonly problem: string };

async function credentialsOf({ secret }: DeliverParts, { destination }: Target): Promise<Credentials> {
  if (destination === undefined) return { problem: 'the destination left the config' };
  try {
    return await readCredentials(destination, secret);
  } catch (error) {
    if (error instanceof SecretError) return { problem: error.message };
    throw error;
  }
}

function isNewAddress({ failing }: SenderRecord, credentials: Credentials): boolean {
  return failing !== undefined && 'fingerprint' in credentials && credentials.fingerprint !== failing.address;
}

/** Until nothing is left to do, or no time; resolves to when there is something to do again. */
async function work(session: Session, credentials: Credentials): Promise<number | undefined> {
  const { clock } = session.parts;
  const end = clock.now() + longestRunMs;
  if ('fingerprint' in credentials) session.sender = withAddress(session.sender, credentials.fingerprint, clock.now());
  let isFresh = true;
  for (;;) {
    const step = nextStep(viewOf(session));
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
    isFresh = isSending(step) && isChat(kindOf(session));
    if (isFresh) await reload(session);
  }
}

function viewOf({ parts, target, sender, deliveries, batch }: Session): OutboxView {
  const waiting = [...deliveries.values()].map(({ delivery }) => delivery);
  const kind = target.destination?.kind ?? 'webhook';
  const now = parts.clock.now();
  return { now, kind, standing: target.standing, sender, deliveries: waiting, batch: batch?.batch };
}

function kindOf({ target }: Session): OutboxView['kind'] {
  return target.destination?.kind ?? 'webhook';
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

/** What takes the place of something is changed in the same commit: later nothing would tell that it has to be. */
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
  const batch = { ...before, members: [...before.members, ...members.map(toMember)] };
  return commitChange(session, { batch, remove: members });
}

async function sendOne(session: Session, item: Parameters<typeof attempt>[1], read: Credentials): Promise<boolean> {
  const { destination } = session.target;
  if ('problem' in read) return noAddress(session, read.problem);
  if (destination === undefined) return noAddress(session, 'the destination left the config');
  return attempt(session, item, { destination, read });
}
