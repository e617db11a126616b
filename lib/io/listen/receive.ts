import type { Incoming } from '../../decide/intake/reading.ts';
import { SecretError, StoreError } from '../../errors.ts';
import type { EventSourceConfig } from '../../model/config.ts';
import { whyNotUtf8 } from '../../model/encoding.ts';
import type { Clock } from '../clock.ts';
import type { EventTrouble, TellTrouble } from '../event-log.ts';
import type { Quota } from '../quota.ts';
import type { Secret } from '../secrets/secret.ts';
import { isBearer, isFresh, isSigned } from '../signing.ts';
import type { Along } from '../stores/store.ts';
import { type BodyProblem, type HeldBody, mostBodyBytes } from './bodies.ts';
import { isLoopbackHost, transportOf, type WayIn } from './event-source.ts';

/** The outcome of one event from the accept job. */
type Outcome = {
  readonly kind: 'stored' | 'merged' | 'unchanged' | 'ignored' | 'refused' | 'failed';
  readonly reason: string | undefined;
  readonly parts: ReadonlyArray<{
    readonly kind: string;
    readonly eventId?: string | undefined;
    readonly reason?: string;
  }>;
};

type CountedRequest =
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
  /** A source's secrets, newest first. Rejects if they cannot be read. */
  readonly secretsOf: (source: EventSourceConfig) => Promise<readonly Secret[]>;
  /** `along`: to be stored in the commit of a single ask, if there is one. */
  readonly accept: (
    source: EventSourceConfig,
    events: readonly Incoming[],
    along?: Along,
  ) => Promise<readonly Outcome[]>;
  readonly replays: {
    readonly isKnown: (source: string, id: string) => Promise<boolean>;
    readonly remember: (source: string, id: string) => Promise<void>;
    readonly along: (source: string, id: string) => Pick<Along, 'key' | 'write'>;
  };
  readonly quota: Quota;
  /** Accept sources without a secret: only if no other machine can reach us. */
  readonly takesUnsigned: boolean;
  readonly count?: (what: CountedRequest, source: string) => void;
  /** Called with the reason when a whole message was refused; the accept job reports single events. */
  readonly tell?: TellTrouble;
};

export type ReceivedRequest = {
  readonly path: 'events' | 'alertmanager';
  readonly source: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  /** Read only after the headers were checked. */
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
 * Handles one message over HTTP. Checks the headers before reading the body, authenticates before parsing or storing
 * anything, stores the asks, then answers. A failed authentication is a 401 without details.
 */
export async function receive(parts: ReceiveParts, request: ReceivedRequest): Promise<Answer> {
  const source = parts.sources().find(({ name }) => name === request.source);
  const refusal = source === undefined ? unknownSource(request) : judgeHead(parts, source, request);
  if (refusal !== undefined)
    return refused(parts, source, { ...refusal, answer: { ...refusal.answer, isEarly: true } });
  if (source === undefined) return unauthorized;
  const { body, done } = await request.readBody();
  try {
    if (typeof body === 'string') return refused(parts, source, bodyProblems[body]);
    return await receiveWhole(parts, source, { ...request, body });
  } catch (error) {
    return refused(parts, source, { what: 'failed', answer: unavailable, reason: reasonOf(error) });
  } finally {
    done();
  }
}

type WholeRequest = Omit<ReceivedRequest, 'readBody'> & { readonly body: Uint8Array };

/** Rejects if a secret cannot be read, or the store fails. */
async function receiveWhole(parts: ReceiveParts, source: EventSourceConfig, request: WholeRequest): Promise<Answer> {
  if (!(await isSender(parts, source, request))) {
    const proof = transportOf(source) === 'bearer' ? 'its bearer secret is' : 'its signature is by';
    return refused(parts, source, nobody(`${proof} none of the source's secrets`));
  }
  if (!parts.quota.take(source.name)) return refused(parts, source, overQuota);
  return acceptOnce(parts, source, request);
}

/** Only our own texts: other errors may contain a secret. */
function reasonOf(error: unknown): string {
  const isOurs = error instanceof SecretError || error instanceof StoreError;
  return isOurs ? error.message : 'an unexpected error';
}

/** `reason` is for the log: an unauthenticated caller gets no details. */
type Refusal = { readonly what: CountedRequest; readonly answer: Answer; readonly reason: string };

const unauthorized: Answer = { status: 401, body: { error: 'unauthorized' } };
const unavailable: Answer = { status: 503, body: { error: 'not stored: send it again' }, retryAfterSeconds: 5 };

function nobody(reason: string): Refusal {
  return { what: 'unauthorized', answer: unauthorized, reason };
}

function told(what: CountedRequest, status: Answer['status'], reason: string, more: Partial<Answer> = {}): Refusal {
  return { what, answer: { status, body: { error: reason }, ...more }, reason };
}

const overQuota = told('over-quota', 429, 'too many messages from this source: send it again later', {
  retryAfterSeconds: 10,
});
const badId = told('refused', 400, 'webhook-id must be 1 to 256 printable ASCII characters without a dot');
const notJson = told('refused', 415, 'send content-type: application/json');
const otherHost = told('refused', 421, 'use localhost or 127.0.0.1 in the address');
const early = { ...unavailable, isEarly: true };
const bodyProblems: { readonly [problem in BodyProblem]: Refusal } = {
  'too-large': told('too-large', 413, `larger than ${mostBodyBytes} bytes`, { isEarly: true }),
  crowded: { what: 'crowded', answer: early, reason: 'too many messages are under way at once' },
  'broken-off': { what: 'failed', answer: early, reason: 'it ended early' },
};

const troubles: { readonly [what in CountedRequest]?: EventTrouble['what'] } = {
  unauthorized: 'event not authorized',
  crowded: 'event not stored',
  'over-quota': 'event not stored',
  failed: 'event not stored',
};

function refused(parts: ReceiveParts, source: EventSourceConfig | undefined, refusal: Refusal): Answer {
  const { what, answer, reason } = refusal;
  parts.count?.(what, source?.name ?? 'unknown');
  parts.tell?.({ what: troubles[what] ?? 'event refused', source: source?.name, reason });
  return answer;
}

function unknownSource({ source, path }: ReceivedRequest): Refusal {
  return nobody(`no source of the config is called ${quoted(source)} (POST /${path}/…)`);
}

/** Text from outside for a log line: short, and without control characters. */
function quoted(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text.slice(0, 60).toWellFormed());
}

/** Problems visible in the headers: the wrong path, no authentication, or a signature that is too old. */
function judgeHead(parts: ReceiveParts, source: EventSourceConfig, request: ReceivedRequest): Refusal | undefined {
  const { headers } = request;
  const path = source.kind === 'alertmanager' ? 'alertmanager' : 'events';
  if (path !== request.path) return nobody(`the source accepts messages at /${path}/${source.name} alone`);
  const heads: { readonly [way in WayIn]: () => Refusal | undefined } = {
    none: () => nobody('the source has no secret, so it accepts nothing over HTTP'),
    bearer: () => {
      const isGiven = /^Bearer +\S+$/iu.test(headers['authorization'] ?? '');
      return isGiven ? undefined : nobody('it has no header "authorization: Bearer …"');
    },
    signed: () => judgeSignedHead(headers, parts.clock.now()),
    unsigned: () =>
      parts.takesUnsigned
        ? judgeUnsignedHead(headers)
        : nobody('the source has no secret, and the request is not from this machine'),
  };
  return heads[transportOf(source)]();
}

type Headers = ReceivedRequest['headers'];

function judgeSignedHead(headers: Headers, now: number): Refusal | undefined {
  const id = headers['webhook-id'];
  if (id === undefined) return nobody('it has no header webhook-id');
  if (!/(?:^| )v1,/u.test(headers['webhook-signature'] ?? '')) return nobody('its webhook-signature has no "v1,…"');
  if (!/^[!-~]{1,256}$/u.test(id) || id.includes('.')) return badId;
  const timestamp = headers['webhook-timestamp'];
  if (isFresh(timestamp, now)) return undefined;
  return nobody(`its webhook-timestamp is ${quoted(timestamp)}: more than 5 minutes from this clock, or not a time`);
}

/** Without authentication, browsers must be kept out: by content type, and by host name. */
function judgeUnsignedHead(headers: Headers): Refusal | undefined {
  if (!isLoopbackHost(headers['host'])) return otherHost;
  return isJson(headers) ? undefined : notJson;
}

async function isSender(
  parts: ReceiveParts,
  source: EventSourceConfig,
  { headers, body }: WholeRequest,
): Promise<boolean> {
  const way = transportOf(source);
  if (way === 'unsigned') return true;
  const secrets = await parts.secretsOf(source);
  if (way === 'bearer') return isBearer(headers['authorization'], secrets);
  const [id, timestamp] = [headers['webhook-id'], headers['webhook-timestamp']];
  return isSigned({ id, timestamp, signature: headers['webhook-signature'], body }, secrets, parts.clock.now());
}

/**
 * Web forms cannot send this content type without a preflight request, so web pages cannot reach an unsigned source on
 * loopback.
 */
function isJson(headers: Headers): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/iu.test(headers['content-type'] ?? '');
}

async function acceptOnce(
  parts: ReceiveParts,
  source: EventSourceConfig,
  { headers, body }: WholeRequest,
): Promise<Answer> {
  const count = (what: CountedRequest) => parts.count?.(what, source.name);
  const id = transportOf(source) === 'signed' ? headers['webhook-id'] : undefined;
  if (id !== undefined && (await parts.replays.isKnown(source.name, id))) {
    count('replayed');
    return { status: 200, body: { replayed: true } };
  }
  const text = new TextDecoder('utf-8').decode(body);
  let isRemembered = false;
  const onStored = () => {
    isRemembered = true;
  };
  const along = id === undefined ? undefined : { ...parts.replays.along(source.name, id), onStored };
  const event = { body: text, headers, notText: whyNotUtf8(body)?.is };
  const [outcome] = await parts.accept(source, [event], along);
  const status = statusOf(outcome?.kind ?? 'failed');
  // Only after storing: if storing fails, the message comes again with the same id.
  if (status === 200 && id !== undefined && !isRemembered) await parts.replays.remember(source.name, id);
  count(status === 200 ? 'accepted' : status === 422 ? 'refused' : 'failed');
  const answer = { status, body: { outcome: outcome?.kind, events: outcome?.parts ?? [] } } as const;
  return status === 503 ? { ...answer, retryAfterSeconds: 5 } : answer;
}

function statusOf(kind: Outcome['kind']): 200 | 422 | 503 {
  if (kind === 'failed') return 503;
  return kind === 'refused' ? 422 : 200;
}
