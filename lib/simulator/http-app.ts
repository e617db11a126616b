import { type Context, Hono } from 'hono';
import type { EpochMs } from '../model/time.ts';
import type { Call, Route } from './call.ts';
import {
  countResources,
  deleteCluster,
  getCluster,
  getFiles,
  listClusters,
  listMachineSpecs,
  listRegions,
  listVersions,
  postCluster,
  putCluster,
} from './cluster-calls.ts';
import type { Fault } from './faults.ts';
import { type Ask, type PlannedAnswer, planAnswer, toResponse } from './plan-answer.ts';
import { deletePool, getPool, listPools, postPool, putPool } from './pool-calls.ts';
import { type Refusal, type Reply, refusals, refuseAccess, refused } from './reply.ts';
import type { WorldState } from './world-model.ts';

/** What goes with a request into the app, and what comes out beside the response. */
type Exchange = {
  readonly body: string;
  readonly fault: Fault | undefined;
  /** Called once, before the response is made. */
  readonly planned: (planned: PlannedAnswer) => void;
};

type AppContext = Context<{ Bindings: Exchange }>;
export type HttpApp = Hono<{ Bindings: Exchange }>;

/** The service's HTTP face: routes, who may call them, errors as its gateway writes them. */
export function httpApp(state: WorldState): HttpApp {
  const app = new Hono<{ Bindings: Exchange }>({ strict: false });
  for (const route of routes) {
    const path = `${apiBase}${route.path}`;
    app.on(route.method, path, (c) => respond(state, c, (asOf) => askRoute(state, route, c, asOf)));
  }
  for (const path of new Set(routes.map((route) => `${apiBase}${route.path}`))) {
    app.all(path, (c) => respond(state, c, () => refused(refusals.noSuchMethod())));
  }
  app.get('/swagger', (c) => respond(state, c, swaggerPage));
  app.notFound((c) => respond(state, c, () => refused(refusals.notFound('Not Found'))));
  return app;
}

function respond(state: WorldState, c: AppContext, ask: Ask): Response {
  const planned = planAnswer(state, c.env.fault, ask);
  c.env.planned(planned);
  if (planned.happens !== 'answer') return new Response(null);
  const time = { clock: state.clock, dateSkewMs: state.behaviour.dateSkewMs };
  return toResponse(planned, time, c.req.raw.signal);
}

function askRoute(state: WorldState, route: Route, c: AppContext, asOf: EpochMs | undefined): Reply {
  const refusal = refuseAccess(state, c.req.header('authorization'), route.role);
  return refusal === undefined ? asReply(route.answer(state, callOf(c, asOf))) : refused(refusal);
}

function callOf(c: AppContext, asOf: EpochMs | undefined): Call {
  return {
    clusterId: c.req.param('clusterId') ?? '',
    poolId: c.req.param('poolId') ?? '',
    regionId: c.req.param('regionId') ?? '',
    query: (name) => c.req.query(name) || undefined,
    body: c.env.body,
    asOf,
  };
}

function asReply(answer: Reply | Refusal): Reply {
  return 'text' in answer ? answer : refused(answer);
}

function swaggerPage(): Reply {
  const rows = routes.map((route) => `<li><code>${route.method} ${apiBase}${route.path}</code></li>`).join('');
  const text = `<!doctype html><title>Simulated MKS API</title><h1>Simulated MKS API</h1><ul>${rows}</ul>`;
  return { status: 200, text, contentType: 'text/html; charset=utf-8' };
}

const cluster = '/cluster/:clusterId';
const pool = `${cluster}/node-pool/:poolId`;

export const apiBase = '/api/v1';

/** Every call the simulated service knows, below `/api/v1`. */
const routes: readonly Route[] = [
  { method: 'GET', path: '/cluster', role: 'cluster:list', answer: listClusters },
  { method: 'POST', path: '/cluster', role: 'cluster:create', answer: postCluster },
  { method: 'GET', path: cluster, role: 'cluster:list', answer: getCluster },
  { method: 'PUT', path: cluster, role: 'cluster:update', answer: putCluster },
  { method: 'DELETE', path: cluster, role: 'cluster:delete', answer: deleteCluster },
  { method: 'GET', path: `${cluster}/node-pool`, role: 'node-pool:list', answer: listPools },
  { method: 'POST', path: `${cluster}/node-pool`, role: 'node-pool:create', answer: postPool },
  { method: 'GET', path: pool, role: 'node-pool:list', answer: getPool },
  { method: 'PUT', path: pool, role: 'node-pool:update', answer: putPool },
  { method: 'DELETE', path: pool, role: 'node-pool:delete', answer: deletePool },
  { method: 'GET', path: `${cluster}/resource-counts`, role: 'cluster:list', answer: countResources },
  { method: 'GET', path: `${cluster}/files`, role: 'cluster:list', answer: getFiles },
  { method: 'POST', path: `${cluster}/refresh-kubeconfig`, role: 'cluster:update', answer: getFiles },
  { method: 'GET', path: '/kubernetes-version', role: undefined, answer: listVersions },
  { method: 'GET', path: '/region', role: undefined, answer: listRegions },
  { method: 'GET', path: '/region/:regionId/machine-spec', role: undefined, answer: listMachineSpecs },
];
