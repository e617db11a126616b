import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many connections are held unless the config says otherwise: a handful of senders and scrapers need one each. */
export const defaultConnections = 256;

/** The process's own files, its store and its calls to APIs come first. */
const ownFiles = 64;
const leastConnections = 8;

/**
 * The most connections that are held: what is wanted, and never more than half of the files that this process may open
 * beyond its own. Each costs a file and, while a body stalls, up to about 128 KiB.
 */
export function mostConnections(wanted: number, openFiles: number | undefined): number {
  if (openFiles === undefined) return wanted;
  return Math.max(leastConnections, Math.min(wanted, Math.floor((openFiles - ownFiles) / 2)));
}

/** The limit on open files (`ulimit -n`); undefined where the system has none, or does not tell. */
export function openFilesLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}

/**
 * Holds at most so many connections. When one more comes, the one that has kept us waiting longest is closed (silent,
 * half sent, idle, or slow to take its answer), so that a flood of those keeps nobody else out; only where all are being
 * answered just now, the new one is closed. `onClosed` is told of each. One that asks again before it was answered is closed.
 */
export function limitConnections(server: Server, most: number, onClosed: () => void = () => undefined): void {
  /** The longest waiting first, each with what it asked last. */
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
    // Nobody needs to ask again before the answer, and a thousand questions fit into one packet.
    if (isPending(open.get(request.socket))) return void request.socket.destroy();
    renew(request.socket, { request, response });
    response.once('close', () => renew(request.socket));
  });
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

function isPending(exchange: Exchange | undefined): boolean {
  return exchange !== undefined && !exchange.response.writableEnded;
}

/** It has sent its whole request, and we have not begun to answer. */
function isAtWork(exchange: Exchange | undefined): boolean {
  return exchange !== undefined && exchange.request.complete && !exchange.response.headersSent;
}
