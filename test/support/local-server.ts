import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenLocally } from './listen-locally.ts';

export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

export type LocalServer = AsyncDisposable & {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Connections that are open now. */
  readonly connections: () => Promise<number>;
};

type Answering = (request: SeenRequest, response: ServerResponse, index: number) => void;

/** A real HTTP server on a free port of this machine, closed by `await using`. */
export async function startServer(answer: Answering): Promise<LocalServer> {
  const seen: SeenRequest[] = [];
  // It closes no idle connection by itself: whoever leaves one open is seen.
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    void readAll(incoming).then((body) => {
      const { method = '', url: path = '', headers } = incoming;
      seen.push({ method, path, headers, body });
      answer({ method, path, headers, body }, response, seen.length - 1);
    });
  });
  return {
    url: await listenLocally(server),
    seen,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}
