import { advance, type World } from './create-world.ts';
import type { RequestInfo } from './faults.ts';
import { type HttpApp, httpApp } from './http-app.ts';
import type { PlannedAnswer } from './plan-answer.ts';
import { brokenConnection, cutOffBody } from './slow-bodies.ts';
import { answerTrouble } from './trouble.ts';
import type { WorldState } from './world-model.ts';

/** What became of a request: a response, one that breaks in its middle, or what happened in its place. */
export type Outcome = Response | { readonly cutOff: Response } | 'no-connection' | 'reset' | 'hang';

export type SimulatorApp = {
  /** To be handed to a client as its `fetch`: rejects, hangs and aborts as Node's own does. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** For a server, which has sockets to break. */
  readonly handle: (request: Request) => Promise<Outcome>;
};

/** The world's API as one app, for a client in the same process or for a server. */
export function simulatorApp(world: World): SimulatorApp {
  const app = httpApp(world.state);
  const handle = (request: Request) =>
    new URL(request.url).pathname === '/trouble' ? answerTrouble(world, request) : exchange(world.state, app, request);
  return {
    handle,
    fetch: async (input, init) => {
      const request = input instanceof Request && init === undefined ? input : new Request(input, init);
      request.signal.throwIfAborted();
      return inProcess(await handle(request), request.signal);
    },
  };
}

async function exchange(state: WorldState, app: HttpApp, request: Request): Promise<Outcome> {
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const body = hasBody ? await request.text() : '';
  const at = state.clock.now();
  advance(state, at);
  const url = new URL(request.url);
  const info = requestInfo(state, request.method, url.pathname, at);
  let planned: PlannedAnswer | undefined;
  const env = { body, fault: state.fault?.(info), planned: (plan: PlannedAnswer) => (planned = plan) };
  const response = await app.fetch(request, env);
  const happens = planned?.happens ?? 'answer';
  const status = happens === 'answer' ? response.status : happens;
  const { number, method, path } = info;
  state.recorder.record({ number, at, method, path, query: url.search, status, body: hasBody ? body : undefined });
  if (happens !== 'answer') return happens;
  const delivery = planned?.happens === 'answer' ? planned.delivery : undefined;
  if (delivery?.kind === 'delay') await state.clock.sleep(delivery.ms, request.signal);
  return delivery?.kind === 'cut-off' ? { cutOff: response } : response;
}

function requestInfo(state: WorldState, method: string, path: string, at: number): RequestInfo {
  const [, clusterId, poolId] = /\/cluster\/([^/]+)(?:\/node-pool\/([^/]+))?/.exec(path) ?? [];
  return { number: state.recorder.nextNumber(), at, method, path, clusterId, poolId };
}

async function inProcess(outcome: Outcome, signal: AbortSignal): Promise<Response> {
  if (outcome === 'hang') return await untilAborted(signal);
  if (outcome === 'no-connection') throw refusedConnection();
  if (outcome === 'reset') throw new TypeError('fetch failed', { cause: brokenConnection().cause });
  signal.throwIfAborted();
  if (outcome instanceof Response) return outcome;
  const { status, headers } = outcome.cutOff;
  return new Response(cutOffBody(await outcome.cutOff.text()), { status, headers });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function refusedConnection(): TypeError {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
  return new TypeError('fetch failed', { cause });
}
