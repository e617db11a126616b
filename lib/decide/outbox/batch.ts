import type { Subject } from '../../model/finding.ts';
import { cutMark } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { type Delivery, type DeliveryFacts, type Doubt, deliveryId, unsent } from '../incidents/delivery.ts';

/**
 * Many messages for a chat in one. Record: id `batch` in the destination's outbox, at most one. Its members leave the
 * outbox in the same commit. Nothing is added once its body is frozen.
 */
export type Batch = {
  readonly schema: 1;
  readonly id: string;
  readonly destination: string;
  readonly members: readonly Member[];
  readonly openedAt: EpochMs;
  readonly attempts: number;
  readonly lastAttemptAt: EpochMs | undefined;
  readonly maybeAccepted: boolean;
  /** Present = closed. */
  readonly body: string | undefined;
  readonly plain: boolean;
  readonly waitedMs?: number;
  readonly doubt?: Doubt;
};

/** A shortened delivery: enough for a line in a chat, and to become a message of its own again. */
export type Member = Pick<Delivery, 'key' | 'episode' | 'sequence' | 'queuedAt' | 'maybeAccepted' | 'untold'> & {
  readonly facts: DeliveryFacts;
};

export const batchId = 'batch';

/** How many messages this is: a batch counts its members. */
export function messagesOf(item: Delivery | Batch): readonly (Delivery | Member)[] {
  return 'members' in item ? item.members : [item];
}

/** Nothing is added to a batch that was frozen, or was refused and will be frozen again. */
export function isClosed(batch: Batch): boolean {
  return batch.body !== undefined || batch.attempts > 0;
}

const mostTextChars = 100;
/** A record holds at most 100 KB, including the frozen body beside the members. */
const mostBytes = 66_000;

export function openBatch(destination: string, first: Delivery, now: EpochMs, hash: (text: string) => string): Batch {
  const id = hash(`batch\n${first.id}\n${now}`);
  const { attempts, lastAttemptAt, maybeAccepted, body, plain } = unsent;
  const life = { attempts, lastAttemptAt, maybeAccepted, body, plain };
  return { schema: 1, id, destination, members: [], openedAt: now, ...life };
}

export function toMember({ key, episode, sequence, queuedAt, maybeAccepted, untold, facts }: Delivery): Member {
  const text =
    facts.text.length > mostTextChars ? `${cut(facts.text, mostTextChars - cutMark.length)}${cutMark}` : facts.text;
  const short = { ...facts, text, fix: undefined, did: undefined, facts: {}, subject: withoutIds(facts.subject) };
  const lane = { key, episode, sequence, queuedAt, maybeAccepted };
  return { ...lane, ...(untold && { untold }), facts: short };
}

/** A batch whose body was refused is sent as single messages, each shortened. */
export function fromMember(member: Member, destination: string, hash: (text: string) => string): Delivery {
  const { key, episode, sequence, queuedAt, maybeAccepted, untold, facts } = member;
  const id = deliveryId(key, episode, sequence, destination, hash);
  const told = untold === undefined ? {} : { untold };
  return {
    schema: 1,
    id,
    destination,
    key,
    episode,
    sequence,
    facts,
    queuedAt,
    ...unsent,
    maybeAccepted,
    ...told,
  };
}

/** How many of these, in order, still fit. */
export function fitting(batch: Pick<Batch, 'members'>, candidates: readonly Member[], most: number): number {
  let bytes = batch.members.reduce((sum, member) => sum + bytesOf(member), 0);
  let count = 0;
  for (const member of candidates.slice(0, most)) {
    bytes += bytesOf(member);
    if (bytes > mostBytes) break;
    count += 1;
  }
  return count;
}

/** A member as stored: a list, since field names would take half of the record. */
export type PackedMember = readonly [
  key: string,
  episode: EpochMs,
  sequence: number,
  queued: EpochMs,
  flags: number,
  what: string,
  kind: string,
  severities: string,
  text: string,
  times: readonly (EpochMs | null)[],
  subject: readonly string[],
  cause?: string,
];

/** Times are stored relative to the episode's: mostly three digits instead of thirteen. */
export function packMember({ key, episode, sequence, queuedAt, maybeAccepted, untold, facts }: Member): PackedMember {
  const { what, kind, severity, worst, text, since, until, at, cause, subject } = facts;
  const flags = (maybeAccepted ? 1 : 0) + (untold ? 2 : 0);
  const times = [since - episode, at - episode, until === undefined ? null : until - episode];
  const lane = [key, episode, sequence, queuedAt - episode, flags] as const;
  const severities = severity === worst ? severity : `${severity} ${worst}`;
  const said = [what, kind, severities, text, times, packSubject(subject)] as const;
  return cause === undefined ? [...lane, ...said] : [...lane, ...said, cause];
}

export function unpackMember(packed: PackedMember): Member {
  const [key, episode, sequence, queued, flags, what, kind, severities, text, times, subject, cause] = packed;
  const [severity, worst = severity] = severities.split(' ');
  const [since, at, until] = times;
  const facts = {
    what,
    kind,
    severity,
    worst,
    text,
    subject: unpackSubject(subject),
    since: episode + (since ?? 0),
    at: episode + (at ?? 0),
    until: typeof until === 'number' ? episode + until : undefined,
    cause,
    fix: undefined,
    did: undefined,
    facts: {},
  } as DeliveryFacts;
  const lane = { key, episode, sequence, queuedAt: episode + queued, maybeAccepted: (flags & 1) === 1 };
  return { ...lane, ...((flags & 2) === 2 && { untold: true as const }), facts };
}

function bytesOf(member: Member): number {
  // One UTF-16 unit takes at most three bytes in UTF-8.
  const text = JSON.stringify(packMember(member));
  return /^[\p{ASCII}]*$/u.test(text) ? text.length + 1 : text.length * 3 + 1;
}

function withoutIds(subject: Subject): Subject {
  if (subject.kind === 'cluster') return { ...subject, clusterId: '' };
  return subject.kind === 'pool' ? { ...subject, clusterId: '', poolId: '' } : subject;
}

function packSubject(subject: Subject): readonly string[] {
  switch (subject.kind) {
    case 'region':
      return [subject.kind, subject.region];
    case 'cluster':
      return [subject.kind, subject.region, subject.cluster];
    case 'pool':
      return [subject.kind, subject.region, subject.cluster, subject.pool];
    case 'destination':
      return [subject.kind, subject.destination];
    case 'secret':
      return [subject.kind, subject.reference];
    case 'config':
      return [subject.kind, subject.path];
    case 'fleet':
      return [subject.kind];
  }
}

function unpackSubject([kind, first = '', second = '', third = '']: readonly string[]): Subject {
  switch (kind) {
    case 'region':
      return { kind, region: first };
    case 'cluster':
      return { kind, region: first, clusterId: '', cluster: second };
    case 'pool':
      return { kind, region: first, clusterId: '', poolId: '', cluster: second, pool: third };
    case 'destination':
      return { kind, destination: first };
    case 'secret':
      return { kind, reference: first };
    case 'config':
      return { kind, path: first };
    default:
      return { kind: 'fleet' };
  }
}

/** Never cuts a surrogate pair, nor an instant, which would become another one. */
function cut(text: string, length: number): string {
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 1)) ? length - 1 : length;
  return text.slice(0, end).replace(/\b\d{4}-\d{2}-\d{2}T[\d:.]*$/u, '');
}
