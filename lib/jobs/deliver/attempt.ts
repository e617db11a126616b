import { unsignedMark } from '../../decide/announcing/keep-link.ts';
import type { Delivery } from '../../decide/incidents/delivery.ts';
import { render } from '../../decide/messages/render.ts';
import { type Batch, batchId, fromMember, messagesOf } from '../../decide/outbox/batch.ts';
import { isFailure, type Outcome } from '../../decide/outbox/outcome.ts';
import {
  type Attempt,
  type Attempted,
  type Fate,
  fateOf,
  markAttempt,
  markSender,
  senderAfter,
} from '../../decide/outbox/retry.ts';
import { attemptMs, mayStart, type SenderRecord } from '../../decide/outbox/sender.ts';
import { SecretError } from '../../errors.ts';
import {
  type Addressed,
  destinationFor,
  type ReadCredentials,
  readOutcome,
} from '../../io/destinations/destinations.ts';
import { withSignedLinks } from '../../io/signing.ts';
import type { DestinationConfig } from '../../model/config.ts';
import { cleanStrings } from './clean-strings.ts';
import type { DeliverParts } from './deliver-round.ts';
import { type Change, commitChange, endedAs, type Session } from './session.ts';

export type Way = { readonly destination: DestinationConfig; readonly read: ReadCredentials };

/**
 * One attempt: the body is frozen and the attempt recorded before anything is sent, so that a crash at any point means
 * either "not sent" or "may have been accepted". False = this session is over.
 */
export async function attempt(session: Session, item: Delivery | Batch, way: Way): Promise<boolean> {
  const { clock } = session.parts;
  const lane = 'members' in item ? batchId : item.key;
  const now = clock.now();
  const about = aboutOf(session, item, way, now);
  const body = item.body ?? render(cleanItem(item, session.parts.clean), way.destination);
  const marked = markAttempt(item, body, about);
  const letter = await signedLinks(session.parts, marked);
  const addressed = addressedOf(letter, way, now);
  if ('problem' in addressed) return noAddress(session, addressed.problem);
  const sender = markSender(session.sender, lane, way.destination.kind, now);
  if (!(await commitChange(session, { sender, ...stored(marked) }))) return false;
  // The process slept since: nothing was sent, so the previous state is stored again.
  if (!mayStart(session.sender, session.owner, clock.now())) return commitChange(session, stored(item));
  const { insecure } = way.destination;
  const sent = await session.parts.send({ method: 'POST', insecure, ...addressed, timeoutMs: timeoutFor(session) });
  const outcome = readOutcome(sent, destinationFor(way.destination));
  return settle(session, item, marked, outcome, way);
}

/** Links are signed when the message is sent, so that no store holds a valid one. Unsigned links open nothing. */
async function signedLinks<T extends Delivery | Batch>({ config, secret, log }: DeliverParts, item: T): Promise<T> {
  const [newest] = config.links?.secrets ?? [];
  if (newest === undefined || item.body?.includes(unsignedMark) !== true) return item;
  try {
    return { ...item, body: withSignedLinks(item.body, await secret(newest, 'secret')) };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    log.warn('links were not signed, so they do not work', { reason: error.message });
    return item;
  }
}

/** Only texts are redacted: our ids and keys look like tokens and have to stay. */
function cleanItem(item: Delivery | Batch, clean: (text: string) => string): Delivery | Batch {
  if (!('members' in item)) {
    const { links, ...facts } = item.facts;
    return { ...item, facts: { ...cleanStrings(facts, clean), ...(links && { links }) } };
  }
  return { ...item, members: item.members.map((one) => ({ ...one, facts: cleanStrings(one.facts, clean) })) };
}

/** Without its secrets nothing can be sent: the destination counts as failing, and the message waits unchanged. */
export async function noAddress(session: Session, problem: string): Promise<boolean> {
  const { clock, log } = session.parts;
  const { name, destination } = session.target;
  log.warn('destination cannot be used', { destination: name, reason: problem });
  session.counts.failed += 1;
  session.answer = { kind: 'address-failed', problem };
  const kind = destination?.kind ?? 'webhook';
  const about: Attempt = { now: clock.now(), kind, address: '', chance: 0, isPlainest: false };
  return commitChange(session, { sender: senderAfter(session.sender, session.answer, about) });
}

function addressedOf(
  { id, body = '' }: Delivery | Batch,
  { destination, read }: Way,
  now: number,
): Addressed | { readonly problem: string } {
  try {
    return destinationFor(destination).address({ id, body, now }, read.credentials);
  } catch (error) {
    if (error instanceof SecretError || error instanceof TypeError) return { problem: error.message };
    throw error;
  }
}

/** The time left after an attempt must be enough to store its outcome. */
export const afterAttemptMs = 5_000;

function timeoutFor({ parts }: Session): number {
  const left = parts.timeLeftMs?.() ?? Number.POSITIVE_INFINITY;
  return Math.max(1_000, Math.min(attemptMs, left - afterAttemptMs));
}

async function settle(
  session: Session,
  before: Delivery | Batch,
  marked: Delivery | Batch,
  outcome: Outcome,
  way: Way,
): Promise<boolean> {
  const now = session.parts.clock.now();
  session.answer = outcome;
  const isPlainest = marked.plain && !('members' in marked);
  const about: Attempt = { ...aboutOf(session, marked, way, now), isPlainest };
  const sender = senderAfter(session.sender, outcome, about);
  logOutcome(session, marked, outcome);
  const fate = fateOf(before, marked, outcome, about);
  if (fate.kind === 'give-back' && 'members' in fate.item) return giveBack(session, fate.item, sender);
  const batch = 'members' in marked ? { lastBatchAt: now } : {};
  return commitChange(session, { sender: { ...sender, ...batch }, ...afterwards(before, marked, fate, now) });
}

function afterwards(
  before: Delivery | Batch,
  marked: Delivery | Batch,
  fate: Fate<Delivery | Batch>,
  now: number,
): Change {
  if (fate.kind !== 'end') return stored(fate.item);
  const { state, reason } = fate;
  // Refused for certain: only earlier attempts may have been accepted.
  const { maybeAccepted } = state === 'parked' ? before : marked;
  const ended = [endedAs({ ...marked, maybeAccepted }, { state, at: now, reason })];
  if ('members' in marked) return { batch: 'remove', ended };
  const isParked = state === 'parked';
  const parked = isParked ? { parked: { schema: 1 as const, delivery: marked, reason: reason ?? '', at: now } } : {};
  return { remove: [marked], ended, ...parked };
}

function stored(item: Delivery | Batch): Change {
  return 'members' in item ? { batch: item } : { put: [item] };
}

function aboutOf(session: Session, item: Delivery | Batch, { destination, read }: Way, now: number): Attempted {
  return { now, kind: destination.kind, address: read.fingerprint, chance: chanceOf(session, item, now) };
}

/**
 * The same attempt has the same jitter; different destinations have different ones, so that they do not retry together.
 */
function chanceOf({ parts, target }: Session, { id, attempts }: Delivery | Batch, now: number): number {
  return Number.parseInt(parts.hash(`${target.id}\n${id}\n${attempts}\n${now}`).slice(0, 8), 16) / 0xff_ff_ff_ff;
}

function logOutcome({ parts, target, counts }: Session, item: Delivery | Batch, outcome: Outcome): void {
  // A full id looks like a token, and the log would redact it.
  const delivery = item.id.slice(0, 12);
  const where = regionsOf(item);
  const fields = { destination: target.name, ...where, delivery, outcome: outcome.kind, attempts: item.attempts };
  if (!isFailure(outcome)) {
    if (outcome.note === undefined) return parts.log.info('message delivered', fields);
    return parts.log.warn('message delivered, but not to all', { ...fields, reason: outcome.note });
  }
  counts.failed += 1;
  parts.log.warn('message not delivered', { ...fields, reason: outcome.problem });
}

/** The region of the message's subject; a batch may have several. */
function regionsOf(item: Delivery | Batch): { readonly region?: string } {
  const subjects = messagesOf(item).map(({ facts }) => facts.subject);
  const regions = new Set(subjects.flatMap((subject) => ('region' in subject ? [subject.region] : [])));
  return regions.size === 0 ? {} : { region: [...regions].sort().join(', ') };
}

/** A commit takes 100 writes: the sender, the batch, and these. */
const mostPerCommit = 90;

/**
 * A batch refused even in its plainest form is split into single messages, in parts that each leave the outbox in one
 * commit. They are sent in the plainest form, and not batched again.
 */
async function giveBack(session: Session, batch: Batch, sender: SenderRecord): Promise<boolean> {
  return split(session, batch, sender, { plain: true });
}

/** A batch that may have been accepted is split into single messages that wait as long as the batch would have. */
export async function unfold(session: Session, batch: Batch): Promise<boolean> {
  const { attempts, lastAttemptAt, doubt } = batch;
  const past = { attempts, lastAttemptAt, maybeAccepted: true, ...(doubt && { doubt }) } as const;
  return split(session, batch, session.sender, past);
}

/** `past`: what each message brings along from the batch. */
async function split(session: Session, batch: Batch, sender: SenderRecord, past: Partial<Delivery>): Promise<boolean> {
  const { hash } = session.parts;
  const { destination } = batch;
  for (let rest = batch.members, current = sender; ; current = session.sender) {
    const part = rest.slice(0, mostPerCommit);
    rest = rest.slice(mostPerCommit);
    const put = part.map((member) => ({ ...fromMember(member, destination, hash), ...past }));
    const left = rest.length === 0 ? ('remove' as const) : { ...batch, members: rest, body: undefined };
    if (!(await commitChange(session, { sender: current, put, batch: left }))) return false;
    if (rest.length === 0) return true;
  }
}
