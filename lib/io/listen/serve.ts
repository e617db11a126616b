import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { CommandError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import { defaultConnections, limitConnections, mostConnections, openFilesLimit } from './connections.ts';

export type Address = { readonly host: string; readonly port: number };

export type Listening = {
  /** The actual port: port 0 picks any. */
  readonly port: number;
  /** Accepts no more requests; resolves once the current ones are answered, after 5 seconds at the latest. */
  readonly close: () => Promise<void>;
};

export type ServeOptions = {
  /** The most connections at a time; fewer if the process may open few files. */
  readonly connections?: number | undefined;
  /** Called for each connection that was closed to make room. */
  readonly onClosed?: () => void;
};

/**
 * A sender that is too slow is cut off within 10 s (Node checks every second); real ones need milliseconds. A client
 * that does not read its answer is cut off a little later.
 */
const timeouts = {
  headersTimeout: 8000,
  requestTimeout: 8000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 5000,
} as const;
const idleTimeoutMs = 30_000;
const closeTimeoutMs = 5000;

/** Serves the app. Rejects with CommandError saying what is wrong with the address and what to do. */
export async function serveListen(
  app: Hono,
  { host, port }: Address,
  clock: Clock,
  { connections = defaultConnections, onClosed }: ServeOptions = {},
): Promise<Listening> {
  // HTTP/1.0 may leave the host out, as checks of load balancers do; a name that nothing trusts stands for it.
  const listener = getRequestListener(app.fetch, { hostname: 'no-host.invalid' });
  const server = createServer(timeouts, (request, response) => {
    if (!request.socket.destroyed) void listener(request, response);
  });
  server.timeout = idleTimeoutMs;
  limitConnections(server, mostConnections(connections, openFilesLimit()), onClosed);
  await listen(server, { host, port });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server, clock) };
}

function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new CommandError(explain(error.code, `${host}:${port}`))),
    );
    server.listen(port, host, resolve);
  });
}

function explain(code: string | undefined, address: string): string {
  const what = `Listening on ${address} failed`;
  if (code === 'EADDRINUSE') return `${what}: another process has this port; stop it, or give another port to --listen`;
  if (code === 'EACCES') return `${what}: this user may not use that port; use one from 1024 on`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${what}: this machine has no such address; use 127.0.0.1`;
  return `${what}: ${code ?? 'for an unknown reason'}`;
}

async function closeServer(server: Server, clock: Clock): Promise<void> {
  const done = new AbortController();
  void clock.sleep(closeTimeoutMs, done.signal).then(() => server.closeAllConnections());
  // Idle connections are closed by it: nodejs.org/api/http.html, server.close, since Node 19.
  await new Promise((resolve) => server.close(resolve));
  done.abort();
}
