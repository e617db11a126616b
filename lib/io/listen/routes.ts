import { type Context, Hono } from 'hono';
import type { EpochMs } from '../../model/time.ts';
import type { Clock } from '../clock.ts';
import { type Bodies, makeBodies } from './bodies.ts';
import { addKeepPage, type KeepPageParts } from './keep-page.ts';
import { type Answer, type ReceivedRequest, type ReceiveParts, receive } from './receive.ts';

export type ListenParts = ReceiveParts & {
  /** Is the process alive? Checks nothing outside of it. */
  readonly isHealthy: () => boolean;
  /** Is it ready: store reachable, config read, last round recent? The text says what is missing. */
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
  app.get('/healthz', (c) => (parts.isHealthy() ? c.text('ok\n') : c.text('not healthy\n', 503)));
  app.get('/readyz', async (c) => {
    const { isReady, text } = await parts.readiness();
    return c.text(`${text}\n`, isReady ? 200 : 503);
  });
  if (parts.metrics) {
    const metrics = madeOncePerSecond(parts.clock, parts.metrics);
    app.get('/metrics', async (c) => {
      const { text, contentType } = await metrics();
      return c.body(text, 200, { 'content-type': contentType });
    });
  }
  app.post('/events/:source', (c) => answerTo(parts, bodies, c, 'events'));
  app.post('/alertmanager/:source', (c) => answerTo(parts, bodies, c, 'alertmanager'));
  if (parts.keepPage) addKeepPage(app, { ...parts.keepPage, tell: parts.tell });
  app.notFound((c) => {
    // The request's body is not awaited.
    const headers = bringsBody(c) ? { connection: 'close' } : {};
    const allow = otherMethods(app, c);
    if (allow === undefined) return c.json({ error: 'not found' }, 404, headers);
    return c.json({ error: 'method not allowed' }, 405, { ...headers, allow });
  });
  app.onError((_, c) => c.json({ error: 'failed' }, 500));
  return app;
}

/** The allowed methods, for the header `allow` (RFC 9110, 15.5.6); undefined = unknown path. */
export function otherMethods({ router }: Hono, { req }: Context): string | undefined {
  const asked = req.method === 'HEAD' ? 'GET' : req.method;
  const known = ['GET', 'POST'].filter((method) => router.match(method, req.path)[0].length > 0);
  if (known.length === 0 || known.includes(asked)) return undefined;
  return known.map((method) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ');
}

/** A base address with a final slash and a path give two slashes; they are treated as one. */
function pathOf({ url }: Request): string {
  const { pathname } = new URL(url);
  return pathname.replace(/\/{2,}/gu, '/').replace(/(?<=.)\/$/u, '');
}

/** Judged by the headers, since reading the body would cost more than the answer. */
function bringsBody({ req }: Context): boolean {
  return req.header('transfer-encoding') !== undefined || Number(req.header('content-length') ?? 0) > 0;
}

/** Requests at the same time, or within a second, share one answer, so a flood of scrapes costs as much as one. */
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

/** If the answer came before the body, the rest is not read, and the connection is closed. */
function respond(c: Context, { status, body, retryAfterSeconds, isEarly }: Answer): Response {
  const headers = {
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(isEarly === true ? { connection: 'close' } : {}),
  };
  return c.json(body as Parameters<typeof c.json>[0], status, headers);
}
