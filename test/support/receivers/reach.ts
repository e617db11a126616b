import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Clock } from '../../../lib/io/clock.ts';
import { transmit } from '../../../lib/io/destinations/transmit.ts';
import type { Fetch } from '../../../lib/io/http/exchange.ts';
import type { Send } from '../../../lib/jobs/deliver/deliver-round.ts';
import type { Receiver } from './receiver.ts';

/** A network of hosts, each a receiver; anything else is an unknown host. Told of every request, by host. */
export function fetchFrom(
  hosts: { readonly [host: string]: Receiver },
  clock: Clock,
  around: (host: string, go: () => Promise<Response>) => Promise<Response> = (_, go) => go(),
): Fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const receiver = hosts[url.host];
    if (receiver === undefined) throw failure('ENOTFOUND');
    return around(url.host, async () => {
      const headers = Object.fromEntries(request.headers);
      const body = await request.text();
      const effect = receiver.receive({ path: url.pathname + url.search, headers, body, at: clock.now() });
      if (effect.kind !== 'reply') return silence(effect.kind, request.signal);
      const { status, headers: out = {}, body: text } = effect.reply;
      return new Response(status === 204 ? null : (text ?? ''), { status, headers: out });
    });
  };
}

export function sendThrough(fetch: Fetch, clock: Clock): Send {
  return (message) => transmit({ fetch, clock }, message);
}

/** The receiver behind a real port. */
export async function serve(
  receiver: Receiver,
  clock: Clock,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const body = Buffer.concat(chunks).toString();
      const effect = receiver.receive({ path: request.url ?? '/', headers, body, at: clock.now() });
      if (effect.kind === 'reply') response.writeHead(effect.reply.status, effect.reply.headers).end(effect.reply.body);
      else if (effect.kind !== 'hang') request.socket.destroy();
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

async function silence(kind: 'hang' | 'drop' | 'refuse', signal: AbortSignal): Promise<never> {
  if (kind === 'hang') return hang(signal);
  throw failure(kind === 'drop' ? 'ECONNRESET' : 'ECONNREFUSED');
}

function failure(code: string): Error {
  return Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code }) });
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true });
  });
}
