import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { World } from './create-world.ts';
import { apiBase } from './http-app.ts';
import { type Outcome, simulatorApp } from './simulator-app.ts';
import { half } from './slow-bodies.ts';

export type RunningSimulator = {
  /** Without a path, e.g. `http://127.0.0.1:8090`; the API is below `/api/v1`. */
  readonly url: string;
  /** Stops at once, open requests included. */
  readonly close: () => Promise<void>;
};

/** Serves the world over HTTP; port 0 takes a free one. Rejects when the port cannot be had. */
export async function serveSimulator(
  world: World,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<RunningSimulator> {
  const app = simulatorApp(world);
  const server = createAdaptorServer({
    fetch: async (request, { outgoing }) => deliver(await app.handle(request), outgoing as ServerResponse),
    overrideGlobalObjects: false,
  }) as Server;
  await listen(server, host, port);
  const bound = server.address() as AddressInfo;
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return { url: `http://${name}:${bound.port}`, close: () => close(server) };
}

/** A hanging request holds its socket until the client, or the server's end, lets go. */
async function deliver(outcome: Outcome, outgoing: ServerResponse): Promise<Response> {
  if (outcome instanceof Response) return outcome;
  if (outcome === 'hang') await new Promise<void>((resolve) => outgoing.once('close', () => resolve()));
  else if (typeof outcome === 'object') await sendHalf(outcome.cutOff, outgoing);
  else outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Half of what its Content-Length announces, then the connection breaks. */
async function sendHalf(response: Response, outgoing: ServerResponse): Promise<void> {
  const text = await response.text();
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': Buffer.byteLength(text),
  });
  await new Promise<void>((resolve) => outgoing.write(half(text), () => resolve()));
  outgoing.destroy();
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The start message for a person: the address, the token, and the clusters. */
export function simulatorBanner(world: World, url: string): string {
  const { clusters, speed, region } = world.state;
  let pools = 0;
  for (const cluster of clusters.values()) pools += cluster.pools.size;
  const pace = speed === 1 ? 'in real time' : `${speed} times faster than real time`;
  return [
    `A simulated MKS API, ${pace}`,
    '',
    `  API     ${url}${apiBase}`,
    `  token   ${world.token}`,
    `  region  ${region.name}`,
    `  fleet   ${clusters.size} clusters, ${pools} node pools`,
    '',
    'In another terminal:',
    '',
    `  export MKS_TOKEN=${world.token}`,
    `  lamplighter init --api ${url}`,
    '',
    'or, to look at an answer:',
    '',
    `  curl -H 'Authorization: Token ${world.token}' ${url}${apiBase}/cluster`,
    '',
    'or, to see an alert before you need it (more with --help):',
    '',
    `  curl -d cluster-error:${[...clusters.values()].at(-1)?.name ?? 'CLUSTER'} ${url}/trouble`,
    '',
  ].join('\n');
}
