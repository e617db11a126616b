import { type Context, Hono } from 'hono';
import type { EpochMs } from '../decide/model.ts';
import { refuseAccess } from './access.ts';
import type { Call, Route } from './call.ts';
import { toResponse } from './deliver-answer.ts';
import type { Fault } from './faults.ts';
import { type Ask, type PlannedAnswer, planAnswer } from './plan-answer.ts';
import { refusals, refused, type Refusal, type Reply } from './reply.ts';
import { apiBase, routes } from './routes.ts';
import type { WorldState } from './world-model.ts';

/** What goes with a request into the app, and what comes out beside the response. */
export type Exchange = {
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
