import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenLocally } from './listen-locally.ts';

export type LocalProxy = AsyncDisposable & {
  readonly url: string;
  /** host:port as each CONNECT named it. */
  readonly asked: readonly string[];
};

/** A real HTTP proxy on a free port of this machine: 200 lets everything through, any other status is its only answer. */
export async function startProxy(status: number): Promise<LocalProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(501).end());
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('connect', ({ url = '' }, socket: Socket) => {
    asked.push(url);
    if (status === 200) tunnel(url, socket);
    else socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
  });
  return {
    url: await listenLocally(server),
    asked,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function tunnel(authority: string, socket: Socket): void {
  const { hostname, port } = new URL(`http://${authority}`);
  const upstream = connect(Number(port), hostname, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    upstream.pipe(socket).pipe(upstream);
  });
  for (const end of [upstream, socket]) end.on('error', () => [upstream, socket].forEach((one) => one.destroy()));
}
