import type { Incoming } from '../../decide/intake/reading.ts';
import type { EventSourceConfig } from '../../model/config.ts';
import type { Clock } from '../clock.ts';
import type { Secret } from '../secrets/secret.ts';
import { isBearer, isFresh, isSigned } from '../signing.ts';
import { type BodyProblem, type HeldBody, mostBodyBytes } from './bodies.ts';
import { isLoopbackHost, type WayIn, wayInOf } from './event-source.ts';

/** One event's fate, as the accept job tells it. */
export type Outcome = {
  readonly kind: 'stored' | 'merged' | 'unchanged' | 'ignored' | 'refused' | 'failed';
  readonly reason: string | undefined;
  readonly parts: ReadonlyArray<{
    readonly kind: string;
    readonly eventId?: string | undefined;
    readonly reason?: string;
  }>;
};

export type CountedRequest =
  | 'accepted'
  | 'unauthorized'
  | 'replayed'
  | 'too-large'
  | 'crowded'
  | 'over-quota'
  | 'refused'
  | 'failed';

export type ReceiveParts = {
  readonly clock: Clock;
  /** As the config says now. */
  readonly sources: () => readonly EventSourceConfig[];
  /** A source's secrets, newest first. Rejects when they cannot be had. */
  readonly secretsOf: (source: EventSourceConfig) => Promise<readonly Secret[]>;
  readonly accept: (source: EventSourceConfig, events: readonly Incoming[]) => Promise<readonly Outcome[]>;
  readonly replays: {
    readonly isKnown: (source: string, id: string) => Promise<boolean>;
    readonly remember: (source: string, id: string) => Promise<void>;
  };
  readonly quota: Quota;
  /** Sources without a secret are taken: only where nobody but this machine can reach us. */
  readonly takesUnsigned: boolean;
  readonly count?: (what: CountedRequest, source: string) => void;
};

export type ReceivedRequest = {
  readonly path: 'events' | 'alertmanager';
  readonly source: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  /** Read only once the head has told enough. */
  readonly readBody: () => Promise<HeldBody>;
};

export type Answer = {
  readonly status: 200 | 400 | 401 | 413 | 415 | 421 | 422 | 429 | 503;
  readonly body: unknown;
  /** The body was not read, or not to its end. */
  readonly isEarly?: boolean;
  readonly retryAfterSeconds?: number;
};

/**
 * One message over HTTP: what its head already tells is answered before a byte of the body is read; then it is
 * authenticated before anything is stored or even parsed, then written down, then answered. Whatever is wrong with who
 * sent it is 401 without detail.
 */
export async function receive(parts: ReceiveParts, request: ReceivedRequest): Promise<Answer> {
  const source = parts.sources().find(({ name }) => name === request.source);
  const count = (what: CountedRequest) => parts.count?.(what, source?.name ?? 'unknown');
  const refusal = source === undefined ? stranger : judgeHead(parts, source, request);
  if (refusal !== undefined) return answered(count, refusal.what, { ...refusal.answer, isEarly: true });
  if (source === undefined) return unauthorized;
  const { body, done } = await request.readBody();
  try {
    if (typeof body === 'string') return answered(count, bodyProblems[body].what, bodyProblems[body].answer);
    return await receiveWhole(parts, source, { ...request, body }, count);
  } catch {
    return answered(count, 'failed', unavailable);
  } finally {
    done();
  }
}

type WholeRequest = Omit<ReceivedRequest, 'readBody'> & { readonly body: Uint8Array };

/** Rejects when a secret cannot be had, or the store fails. */
async function receiveWhole(
  parts: ReceiveParts,
  source: EventSourceConfig,
  request: WholeRequest,
  count: (what: CountedRequest) => void,
): Promise<Answer> {
  if (!(await isSender(parts, source, request))) return answered(count, 'unauthorized', unauthorized);
  if (!parts.quota.take(source.name)) return answered(count, 'over-quota', tooMany);
  return acceptOnce(parts, source, request, count);
}

type Refusal = { readonly what: CountedRequest; readonly answer: Answer };

const unauthorized: Answer = { status: 401, body: { error: 'unauthorized' } };
const unavailable: Answer = { status: 503, body: { error: 'not stored: send it again' }, retryAfterSeconds: 5 };
const tooMany: Answer = {
  status: 429,
  body: { error: 'too many messages from this source: send it again later' },
  retryAfterSeconds: 10,
};
const stranger: Refusal = { what: 'unauthorized', answer: unauthorized };
const badId: Refusal = {
  what: 'refused',
  answer: { status: 400, body: { error: 'webhook-id must be 1 to 256 printable ASCII characters without a dot' } },
};
const notJson: Refusal = {
  what: 'refused',
  answer: { status: 415, body: { error: 'say content-type: application/json' } },
};
const otherHost: Refusal = {
  what: 'refused',
  answer: { status: 421, body: { error: 'say localhost or 127.0.0.1 in the address' } },
};
const bodyProblems: { readonly [problem in BodyProblem]: Refusal } = {
  'too-large': {
    what: 'too-large',
    answer: { status: 413, body: { error: `larger than ${mostBodyBytes} bytes` }, isEarly: true },
  },
  crowded: { what: 'crowded', answer: { ...unavailable, isEarly: true } },
  'broken-off': { what: 'failed', answer: { ...unavailable, isEarly: true } },
};

function answered(count: (what: CountedRequest) => void, what: CountedRequest, answer: Answer): Answer {
  count(what);
  return answer;
}

/** What the head alone tells: the wrong way in, nothing to prove who sends it, or a proof that is too old. */
function judgeHead(parts: ReceiveParts, source: EventSourceConfig, request: ReceivedRequest): Refusal | undefined {
  const { headers } = request;
  if ((source.kind === 'alertmanager') !== (request.path === 'alertmanager')) return stranger;
  const heads: { readonly [way in WayIn]: () => Refusal | undefined } = {
    none: () => stranger,
    bearer: () => (/^Bearer +\S+$/iu.test(headers['authorization'] ?? '') ? undefined : stranger),
    signed: () => judgeSignedHead(headers, parts.clock.now()),
    unsigned: () => (parts.takesUnsigned ? judgeUnsignedHead(headers) : stranger),
  };
  return heads[wayInOf(source)]();
}

type Headers = ReceivedRequest['headers'];

function judgeSignedHead(headers: Headers, now: number): Refusal | undefined {
  const id = headers['webhook-id'];
  if (id === undefined || !/(?:^| )v1,/u.test(headers['webhook-signature'] ?? '')) return stranger;
  if (!/^[!-~]{1,256}$/u.test(id) || id.includes('.')) return badId;
  return isFresh(headers['webhook-timestamp'], now) ? undefined : stranger;
}

/** Nothing proves who sends it, so no page of a browser may: by its type, and by the name it asked for us. */
function judgeUnsignedHead(headers: Headers): Refusal | undefined {
  if (!isLoopbackHost(headers['host'])) return otherHost;
  return isJson(headers) ? undefined : notJson;
}

async function isSender(
  parts: ReceiveParts,
  source: EventSourceConfig,
  { headers, body }: WholeRequest,
): Promise<boolean> {
  const way = wayInOf(source);
  if (way === 'unsigned') return true;
  const secrets = await parts.secretsOf(source);
  if (way === 'bearer') return isBearer(headers['authorization'], secrets);
  const [id, timestamp] = [headers['webhook-id'], headers['webhook-timestamp']];
  return isSigned({ id, timestamp, signature: headers['webhook-signature'], body }, secrets, parts.clock.now());
}

/** A form of a web page cannot send this type without asking first: pages do not reach an unsigned source on loopback. */
function isJson(headers: Headers): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/iu.test(headers['content-type'] ?? '');
}

async function acceptOnce(
  parts: ReceiveParts,
  source: EventSourceConfig,
  { headers, body }: WholeRequest,
  count: (what: CountedRequest) => void,
): Promise<Answer> {
  const id = wayInOf(source) === 'signed' ? headers['webhook-id'] : undefined;
  if (id !== undefined && (await parts.replays.isKnown(source.name, id))) {
    return answered(count, 'replayed', { status: 200, body: { replayed: true } });
  }
  const text = new TextDecoder('utf-8').decode(body);
  const [outcome] = await parts.accept(source, [{ body: text, headers }]);
  const status = statusOf(outcome?.kind ?? 'failed');
  if (status === 200 && id !== undefined) await parts.replays.remember(source.name, id);
  count(status === 200 ? 'accepted' : status === 422 ? 'refused' : 'failed');
  const answer = { status, body: { outcome: outcome?.kind, events: outcome?.parts ?? [] } } as const;
  return status === 503 ? { ...answer, retryAfterSeconds: 5 } : answer;
}

function statusOf(kind: Outcome['kind']): 200 | 422 | 503 {
  if (kind === 'failed') return 503;
  return kind === 'refused' ? 422 : 200;
}

/** How many messages a source may send: a burst, then a steady rate. */
export type QuotaConfig = { readonly burst: number; readonly perSecond: number };

export type Quota = {
  /** Takes one; false = none is left. */
  readonly take: (source: string) => boolean;
};

/** A fleet's queue or alert group sends a few messages a minute; a source in a loop is told to slow down (429). */
export const defaultQuota: QuotaConfig = { burst: 600, perSecond: 10 };

/** A bucket per source that refills steadily. Only sources of the config ever get one, so it stays small. */
export function makeQuota(clock: Clock, { burst, perSecond }: QuotaConfig = defaultQuota): Quota {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take: (source) => {
      const now = clock.now();
      const bucket = buckets.get(source) ?? { left: burst, at: now };
      const refilled = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
      const isLeft = refilled >= 1;
      buckets.set(source, { left: isLeft ? refilled - 1 : refilled, at: now });
      return isLeft;
    },
  };
}
