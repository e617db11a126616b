import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Answer, type ReceivedRequest, type ReceiveParts, receive } from './receive.ts';

export type ListenParts = ReceiveParts & {
  /** Is the process alive? Never asks anything outside of it. */
  readonly isHealthy: () => boolean;
  /** Can it do its work: store reachable, config read, last round not too long ago? The text says what is missing. */
  readonly readiness: () => Promise<{ readonly isReady: boolean; readonly text: string }>;
  /** Prometheus's text format; absent = no /metrics. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

/** An event is a few hundred bytes, a large alert group a few thousand; more is refused before it is parsed. */
export const mostBodyBytes = 64 * 1024;

/**
 * What `--listen` and the function URL serve: GET /healthz, /readyz, /metrics; POST /events/<source> (signed, see
 * receive.ts) and /alertmanager/<source> (bearer).
 */
export function makeListenApp(parts: ListenParts): Hono {
  const app = new Hono();
  const limit = bodyLimit({
    maxSize: mostBodyBytes,
    onError: (c) => {
      parts.count?.('too-large', 'unknown');
      return c.json({ error: `larger than ${mostBodyBytes} bytes` }, 413);
    },
  });
  app.get('/healthz', (c) => (parts.isHealthy() ? c.text('ok\n') : c.text('not healthy\n', 503)));
  app.get('/readyz', async (c) => {
    const { isReady, text } = await parts.readiness();
    return c.text(`${text}\n`, isReady ? 200 : 503);
  });
  app.get('/metrics', async (c) => {
    const metrics = await parts.metrics?.();
    return metrics ? c.body(metrics.text, 200, { 'content-type': metrics.contentType }) : c.notFound();
  });
  app.post('/events/:source', limit, (c) => answerTo(parts, c, 'events'));
  app.post('/alertmanager/:source', limit, (c) => answerTo(parts, c, 'alertmanager'));
  app.notFound((c) => c.json({ error: 'not found' }, 404));
  app.onError((_, c) => c.json({ error: 'failed' }, 500));
  return app;
}

async function answerTo(parts: ListenParts, c: Context, path: ReceivedRequest['path']): Promise<Response> {
  const body = new Uint8Array(await c.req.arrayBuffer());
  const answer = await receive(parts, { path, source: c.req.param('source') ?? '', headers: c.req.header(), body });
  return respond(c, answer);
}

function respond(c: Context, { status, body, retryAfterSeconds }: Answer): Response {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return c.json(body as Parameters<typeof c.json>[0], status, headers);
}
