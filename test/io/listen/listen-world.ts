import type { Hono } from 'hono';
import { makeTroubleLog } from '../../../lib/io/event-log.ts';
import { makeListenApp } from '../../../lib/io/listen/routes.ts';
import { type LogFields, silentLog } from '../../../lib/io/log.ts';
import { defaultQuota, makeQuota, type QuotaConfig } from '../../../lib/io/quota.ts';
import { makeSecret, type Secret } from '../../../lib/io/secrets/secret.ts';
import { signatureOf } from '../../../lib/io/signing.ts';
import { acceptEvents } from '../../../lib/jobs/accept/accept-events.ts';
import { makeReplays } from '../../../lib/jobs/accept/replays.ts';
import type { EventSourceConfig } from '../../../lib/model/config.ts';
import { type AcceptWorld, makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { makeSource, now, sources } from '../../decide/intake/fixtures.ts';

/** The secret of the samples in events/, and others like it. */
export const secrets = {
  ci: makeSecret('whsec_bGFtcGxpZ2h0ZXItZXhhbXBsZS1vZi1uby11c2UtMDA='),
  next: makeSecret('whsec_bGFtcGxpZ2h0ZXItZXhhbXBsZS1vZi1uby11c2UtMDE='),
  other: makeSecret('whsec_bGFtcGxpZ2h0ZXItZXhhbXBsZS1vZi1uby11c2UtMDI='),
  bearer: makeSecret('a-bearer-secret-that-is-long-enough'),
} as const;

export const other = makeSource({ name: 'other' });
export const open = makeSource({ name: 'open', secrets: [] });
export const queued = makeSource({ name: 'queued', secrets: [], queue: 'q' });

export type ListenWorld = {
  readonly app: Hono;
  readonly accept: AcceptWorld;
  /** "what source" → how often. */
  readonly counts: Map<string, number>;
  readonly secretsOf: Map<string, readonly Secret[]>;
  /** What the log says of messages that came to nothing. */
  readonly told: string[];
};

export function makeListenWorld(
  patch: {
    readonly takesUnsigned?: boolean;
    readonly quota?: QuotaConfig;
    readonly world?: AcceptWorld;
    readonly failing?: Error;
  } = {},
): ListenWorld {
  const accept = patch.world ?? makeAcceptWorld();
  const counts = new Map<string, number>();
  const told: string[] = [];
  const warn = (message: string, fields: LogFields = {}) =>
    void told.push([message, fields['source'], fields['event'], fields['reason']].filter(Boolean).join(' | '));
  const tell = makeTroubleLog({ log: { ...silentLog, warn }, clock: accept.clock });
  const secretsOf = new Map<string, readonly Secret[]>([
    ['ci', [secrets.ci]],
    ['cloudevents', [secrets.ci]],
    ['other', [secrets.other]],
    ['queue-depth', [secrets.bearer]],
  ]);
  const all: readonly EventSourceConfig[] = [...Object.values(sources), other, open, queued];
  const app = makeListenApp({
    clock: accept.clock,
    sources: () => all,
    secretsOf: async ({ name }) =>
      patch.failing === undefined
        ? (secretsOf.get(name) ?? Promise.reject(new Error('secrets are out of reach')))
        : Promise.reject(patch.failing),
    accept: (source, events, along) => acceptEvents({ ...accept.parts, tell }, source, events, along),
    replays: makeReplays(accept),
    quota: makeQuota(accept.clock, patch.quota ?? defaultQuota),
    takesUnsigned: patch.takesUnsigned ?? false,
    count: (what, source) => void counts.set(`${what} ${source}`, (counts.get(`${what} ${source}`) ?? 0) + 1),
    tell,
    isHealthy: () => true,
    readiness: async () => ({ isReady: true, text: 'ready' }),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
  });
  return { app, accept, counts, secretsOf, told };
}

export function eventText(n: number | string = 1, patch: object = {}): string {
  const time = new Date(now).toISOString();
  return JSON.stringify({ id: `e${n}`, lease: `k${n}`, time, pool: 'ml/gpu', atLeast: 4, for: '2h', ...patch });
}

export type Signing = { readonly secret?: Secret; readonly id?: string; readonly at?: number };

export function signedHeaders(
  body: string | Uint8Array<ArrayBuffer>,
  { secret = secrets.ci, id = 'msg_1', at = now }: Signing = {},
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signature = signatureOf(secret, id, timestamp, typeof body === 'string' ? Buffer.from(body) : body) ?? '';
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
}
