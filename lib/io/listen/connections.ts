import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The default limit of connections: a few senders and scrapers need one each. */
export const defaultConnections = 256;

/** Reserved for the process's own files, its store and its API calls. */
const ownFiles = 64;
const leastConnections = 8;

/**
 * The most connections: the configured number, but at most half of the files that this process may still open. Each
 * costs a file and, while a body stalls, up to about 128 KiB.
 */
export function mostConnections(wanted: number, openFiles: number | undefined): number {
  if (openFiles === undefined) return wanted;
  return Math.max(leastConnections, Math.min(wanted, Math.floor((openFiles - ownFiles) / 2)));
}

/** The limit on open files (`ulimit -n`); undefined if the system has none, or does not report it. */
export function openFilesLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}

/**
 * Limits the number of connections. When one more comes, the one that has made us wait longest is closed (silent, half
 * a request, idle, or slow to read its answer), so that a flood of those cannot block others. If all are being answered
 * right now, the new one is closed. `onClosed` is called for each. A connection that sends another request before the
 * answer is closed.
 */
export function limitConnections(server: Server, most: number, onClosed: () => void = () => undefined): void {
  /** Longest waiting first, each with its last request. */
  const open = new Map<Socket, Exchange | undefined>();
  const renew = (socket: Socket, exchange?: Exchange) => {
    if (open.delete(socket)) open.set(socket, exchange);
  };
  const makeRoom = (newest: Socket) => {
    const waiting = [...open].find(([, exchange]) => !isAtWork(exchange));
    const [socket] = waiting ?? [newest];
    open.delete(socket);
    socket.destroy();
    onClosed();
  };
  server.on('connection', (socket) => {
    open.set(socket, undefined);
    socket.once('close', () => open.delete(socket));
    if (open.size > most) makeRoom(socket);
  });
  server.prependListener('request', (request, response) => {
    // Real clients do not send another request before the answer, and a thousand requests fit into one packet.
    if (isPending(open.get(request.socket))) return void request.socket.destroy();
    renew(request.socket, { request, response });
    response.once('close', () => renew(request.socket));
  });
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

function isPending(exchange: Exchange | undefined): boolean {
  return exchange !== undefined && !exchange.response.writableEnded;
}

/** The request is complete, and the answer has not begun. */
function isAtWork(exchange: Exchange | undefined): boolean {
  return exchange !== undefined && exchange.request.complete && !exchange.response.headersSent;
}
