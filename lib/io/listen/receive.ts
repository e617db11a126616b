import type { Incoming } from '../../decide/intake/reading.ts';
import type { EventSourceConfig } from '../../model/config.ts';
import type { Clock } from '../clock.ts';
import { makeSecret, type Secret } from '../secrets/secret.ts';
import { isBearer, isSigned } from '../signing.ts';
import { wayInOf } from './event-source.ts';

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
  readonly body: Uint8Array;
};

export type Answer = {
  readonly status: 200 | 401 | 415 | 422 | 429 | 503;
  readonly body: unknown;
  readonly retryAfterSeconds?: number;
};

/**
 * One message over HTTP: authenticated before anything is stored or even parsed, then written down, then answered.
 * Whatever is wrong with who sent it is 401 without detail, and looks alike for a source that does not exist.
 */
export async function receive(parts: ReceiveParts, request: ReceivedRequest): Promise<Answer> {
  const source = parts.sources().find(({ name }) => name === request.source);
  const count = (what: CountedRequest) => parts.count?.(what, source?.name ?? 'unknown');
  const who = await authenticate(parts, source, request).catch(() => 'unknown' as const);
  if (who === 'unknown') return answered(count, 'failed', unavailable);
  if (who === 'nobody' || source === undefined) return answered(count, 'unauthorized', unauthorized);
  if (wayInOf(source) === 'unsigned' && !isJson(request)) return answered(count, 'refused', notJson);
  if (!parts.quota.take(source.name)) return answered(count, 'over-quota', tooMany);
  try {
    return await acceptOnce(parts, source, request, count);
  } catch {
    return answered(count, 'failed', unavailable);
  }
}

const unauthorized: Answer = { status: 401, body: { error: 'unauthorized' } };
const unavailable: Answer = { status: 503, body: { error: 'not stored: send it again' }, retryAfterSeconds: 5 };
const tooMany: Answer = {
  status: 429,
  body: { error: 'too many messages from this source: send it again later' },
  retryAfterSeconds: 10,
};
const notJson: Answer = { status: 415, body: { error: 'say content-type: application/json' } };

function answered(count: (what: CountedRequest) => void, what: CountedRequest, answer: Answer): Answer {
  count(what);
  return answer;
}

/** A source that does not exist costs as much work as one that does. */
const decoy = makeSecret(`whsec_${'A'.repeat(32)}`);

async function authenticate(
  parts: ReceiveParts,
  source: EventSourceConfig | undefined,
  request: ReceivedRequest,
): Promise<'sender' | 'nobody'> {
  const isRightPath = (source?.kind === 'alertmanager') === (request.path === 'alertmanager');
  const way = source === undefined ? 'none' : wayInOf(source);
  if (way === 'unsigned') return isRightPath && parts.takesUnsigned ? 'sender' : 'nobody';
  const hasSecrets = source !== undefined && way !== 'none';
  const secrets = hasSecrets ? await parts.secretsOf(source) : [decoy];
  const { headers, body } = request;
  const isKnown =
    way === 'bearer'
      ? isBearer(headers.authorization, secrets)
      : isSigned(
          {
            id: headers['webhook-id'],
            timestamp: headers['webhook-timestamp'],
            signature: headers['webhook-signature'],
            body,
          },
          secrets,
          parts.clock.now(),
        );
  return isKnown && hasSecrets && isRightPath ? 'sender' : 'nobody';
}

/** A form of a web page cannot send this type without asking first: pages do not reach an unsigned source on loopback. */
function isJson({ headers }: ReceivedRequest): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/iu.test(headers['content-type'] ?? '');
}

async function acceptOnce(
  parts: ReceiveParts,
  source: EventSourceConfig,
  { headers, body }: ReceivedRequest,
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
