import type { Context } from 'aws-lambda';
import { makeHandler } from '../../functions/accept-events.ts';
import { type Container, makeRequestLog } from '../../functions/container.ts';
import { makeApp } from '../../lib/app.ts';
import type { Request } from '../../lib/io/lambda-invoke.ts';
import type { LogFields } from '../../lib/io/log.ts';
import { silentLog } from '../../lib/io/log.ts';
import type { MetricValues } from '../../lib/io/metric-names.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeSecret, type Secret } from '../../lib/io/secrets/secret.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { compiled } from '../config/compile-text.ts';
import { now } from '../decide/intake/fixtures.ts';

const context = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 60_000 } as Context;
const text = `timezone: Europe/Berlin
regions: { r1: { api: eumetsat-r1, token: { env: TOKEN } } }
schedules: { s: { windows: [], otherwise: base } }
pools: [{ match: "ml/gpu", schedule: s, base: 1, leases: { max: 8 } }]
events:
  batch: { kind: json, queue: q, may: ["ml/gpu"] }
  ci: { kind: json, secret: { env: K }, may: ["ml/gpu"] }
  pipeline: { kind: eventbridge, when: { source: [x] }, pool: ml/gpu, atLeast: 2, for: 3h, may: ["ml/gpu"] }
`;

const usualLinks = `links: { url: "https://x.example", secret: { env: L } }\n`;
export const strong = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

type Given = {
  readonly patch?: (store: Store) => Store;
  /** Of links, and of sources by name. */
  readonly secret?: (name: string) => Secret;
  /** More sources. */
  readonly events?: string;
  readonly links?: string;
  /** What no config can say. */
  readonly altered?: (config: CompiledConfig) => CompiledConfig;
};

/** accept-events with a store in memory, and what it says and does. */
export async function anAcceptFunction({
  patch = (store) => store,
  secret,
  events = '',
  links = usualLinks,
  altered = (config) => config,
}: Given = {}) {
  const lines: string[] = [];
  const metrics: MetricValues[] = [];
  const invoked: Request[] = [];
  const warn = (message: string, fields: LogFields = {}) =>
    void lines.push([message, fields['requestId'], fields['source'], fields['event'], fields['reason']].join(' | '));
  let ids = 0;
  const newId = () => `v${(ids += 1)}`;
  const clock = { now: () => now, sleep: async () => {} };
  const store = patch(makeMemoryStore({ newId }));
  const log = makeRequestLog({ ...silentLog, warn });
  const app = makeApp({
    clock,
    newId,
    log,
    store,
    fetch,
    redactor: makeRedactor(),
    secrets: {
      read: async ({ name }: { readonly name: string }) => secret?.(name) ?? makeSecret(strong),
    } as unknown as Container['app']['parts']['secrets'],
  });
  const container: Container = {
    config: altered(await compiled(text + events + links, { now })),
    app,
    log,
    invoke: async (request) => invoked.push(request) > 0,
    report: (_, values) => void metrics.push(values),
  };
  const run = (event: unknown) => makeHandler(async () => container)(event, context);
  return { lines, metrics, invoked, run, store };
}

export const event = (id: string, patch: object = {}) =>
  JSON.stringify({ id, lease: id, time: new Date(now).toISOString(), pool: 'ml/gpu', atLeast: 2, for: '1h', ...patch });
export const queued = (queue: string, ...bodies: readonly string[]) => ({
  Records: bodies.map((body, n) => ({ messageId: `m${n}`, eventSourceARN: `arn:aws:sqs:eu:1:${queue}`, body })),
});
export const posted = (path: string, headers: object = {}) => ({
  version: '2.0',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'x.example', ...headers },
  requestContext: { http: { method: 'POST', path }, domainName: 'x.example', stage: '$default' },
  body: event('e1'),
  isBase64Encoded: false,
});
