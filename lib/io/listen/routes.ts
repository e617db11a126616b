import { type Context, Hono } from 'hono';
import type { EpochMs } from '../../model/time.ts';
import type { Clock } from '../clock.ts';
import { type Bodies, makeBodies } from './bodies.ts';
import { addKeepPage, type KeepPageParts } from './keep-page.ts';
import { type Answer, type ReceivedRequest, type ReceiveParts, receive } from './receive.ts';

export type ListenParts = ReceiveParts & {
  /** Is the process alive? Never asks anything outside of it. */
  readonly isHealthy: () => boolean;
  /** Can it do its work: store reachable, config read, last round not too long ago? The text says what is missing. */
  readonly readiness: () => Promise<{ readonly isReady: boolean; readonly text: string }>;
  /** Prometheus's text format; absent = no /metrics. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Links in announcements; absent = no /keep. */
  readonly keepPage?: KeepPageParts;
};

/**
 * What `--listen` and the function URL serve: GET /healthz, /readyz, /metrics; POST /events/<source> (signed, see
 * receive.ts) and /alertmanager/<source> (bearer); and /keep/<link>, for people (keep-page.ts).
 */
export function makeListenApp(parts: ListenParts): Hono {
  const app = new Hono({ getPath: pathOf });
  const bodies = makeBodies();
  const metrics = madeOncePerSecond(parts.clock, async () => parts.metrics?.());
  app.get('/healthz', (c) => (parts.isHealthy() ? c.text('ok\n') : c.text('not healthy\n', 503)));
  app.get('/readyz', async (c) => {
    const { isReady, text } = await parts.readiness();
    return c.text(`${text}\n`, isReady ? 200 : 503);
  });
  app.get('/metrics', async (c) => {
    const made = await metrics();
    return made ? c.body(made.text, 200, { 'content-type': made.contentType }) : c.notFound();
  });
  app.post('/events/:source', (c) => answerTo(parts, bodies, c, 'events'));
  app.post('/alertmanager/:source', (c) => answerTo(parts, bodies, c, 'alertmanager'));
  if (parts.keepPage) addKeepPage(app, { ...parts.keepPage, tell: parts.tell });
  // Whatever it brings along is not waited for.
  app.notFound((c) => c.json({ error: 'not found' }, 404, bringsBody(c) ? { connection: 'close' } : {}));
  app.onError((_, c) => c.json({ error: 'failed' }, 500));
  return app;
}

/** An address that ends with a slash and a path that begins with one make two; nobody means another place by that. */
function pathOf({ url }: Request): string {
  const { pathname } = new URL(url);
  return pathname.replace(/\/{2,}/gu, '/').replace(/(?<=.)\/$/u, '');
}

/** By its head: to look at the body itself would cost more than the answer. */
function bringsBody({ req }: Context): boolean {
  return req.header('transfer-encoding') !== undefined || Number(req.header('content-length') ?? 0) > 0;
}

/** Many who ask at once, or within a second, get one answer: a flood of scrapes costs as much as one. */
function madeOncePerSecond<T>(clock: Clock, make: () => Promise<T>): () => Promise<T> {
  let made: { readonly at: EpochMs; readonly answer: Promise<T> } | undefined;
  return () => {
    const now = clock.now();
    if (made === undefined || Math.abs(now - made.at) >= 1000) made = { at: now, answer: make() };
    return made.answer;
  };
}

async function answerTo(
  parts: ListenParts,
  bodies: Bodies,
  c: Context,
  path: ReceivedRequest['path'],
): Promise<Response> {
  const readBody = () => bodies.read(c.req.raw);
  return respond(
    c,
    await receive(parts, { path, source: c.req.param('source') ?? '', headers: c.req.header(), readBody }),
  );
}

/** Of an answer that came before the body, the rest is not waited for: the connection ends. */
function respond(c: Context, { status, body, retryAfterSeconds, isEarly }: Answer): Response {
  const headers = {
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(isEarly === true ? { connection: 'close' } : {}),
  };
  return c.json(body as Parameters<typeof c.json>[0], status, headers);
}
