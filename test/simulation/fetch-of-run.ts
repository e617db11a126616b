import type { Fetch } from '../../lib/io/http/exchange.ts';
import type { ApiFault } from './api-faults.ts';
import type { AwaitPoint } from './coverage.ts';
import { operate, type Run } from './operate.ts';
import type { Simulation } from './simulation.ts';
import { wasDeceived } from './story.ts';

const putDeadlineMs = 30_000;

export type SentPut = { readonly clusterId: string; readonly poolId: string; readonly body: string };

export type FetchParts = {
  /** The text of each pool as this run read it last. */
  readonly reads: Map<string, string>;
  /** Called when a PUT is handed to HTTP. */
  readonly onPut: (put: SentPut) => void;
  readonly onPutAnswer: (put: Pick<SentPut, 'clusterId' | 'poolId'>, status: number) => void;
  readonly onToken: (token: string) => void;
};

/** HTTP as one run sees it: the simulated API behind faults, crashes and latency. */
export function fetchOfRun(sim: Simulation, run: Run, parts: FetchParts): Fetch {
  return async (input, init) => {
    const request = input instanceof Request && init === undefined ? input : new Request(input, init);
    const { method } = request;
    const { pathname } = new URL(request.url);
    const [, clusterId, poolId] = /\/cluster\/([^/]+)(?:\/node-pool\/([^/]+))?/.exec(pathname) ?? [];
    parts.onToken((request.headers.get('authorization') ?? '').replace(/^Token /, ''));
    if (method === 'PUT' && clusterId !== undefined && poolId !== undefined) {
      parts.onPut({ clusterId, poolId, body: await request.clone().text() });
    }
    const point = pointOf(method, clusterId, poolId);
    const isPut = method === 'PUT' && clusterId !== undefined && poolId !== undefined;
    const handedOverAt = sim.kernel.now();
    return operate(sim, run, point, async () => {
      // What was not on its way when its deadline ran out is taken back, also on a machine that slept meanwhile.
      if (isPut && sim.kernel.now() - handedOverAt >= putDeadlineMs) throw new DOMException('aborted', 'AbortError');
      if (isPut) standOut(sim, run, clusterId);
      const fault =
        drawnFault(run, method, clusterId, poolId) ??
        sim.apiFaults.decide({ method, clusterId, poolId }, sim.kernel.now());
      noteFault(sim, fault, clusterId);
      try {
        const response = await sendWith(sim, fault, request);
        if (isPut) parts.onPutAnswer({ clusterId, poolId }, response.status);
        if (point === 'api: get pool' && poolId !== undefined) keepText(response, parts.reads, poolId);
        return response;
      } finally {
        if (isPut) sim.story.outstanding.delete(clusterId);
      }
    });
  };
}

function drawnFault(run: Run, method: string, clusterId = '', poolId?: string): ApiFault | undefined {
  if (method !== 'GET') return undefined;
  const asked = poolId ?? clusterId;
  const fault = run.drawn.get(asked);
  run.drawn.delete(asked);
  return fault;
}

function noteFault(sim: Simulation, fault: ApiFault | undefined, cluster: string | undefined): void {
  if (fault === undefined) return;
  sim.stats.fault(fault.class);
  const at = sim.kernel.now();
  sim.trace.note(`${at} fault ${fault.fault.kind} ${cluster ?? ''}`);
  (fault.class === 'errors' ? sim.story.failures : sim.story.lies).push({ at, cluster });
}

function pointOf(method: string, clusterId: string | undefined, poolId: string | undefined): AwaitPoint {
  if (method === 'PUT') return 'api: put pool';
  if (poolId !== undefined) return 'api: get pool';
  return clusterId === undefined ? 'api: list clusters' : 'api: list pools';
}

/** The fault is handed over with the one request it belongs to. */
async function sendWith(sim: Simulation, fault: ApiFault | undefined, request: Request): Promise<Response> {
  if (fault === undefined) return sim.api.fetch(request);
  const key = `${request.method} ${new URL(request.url).pathname}`;
  sim.pendingFaults.set(key, fault.fault);
  const answer = sim.api.fetch(request);
  // A request that was taken back before it began leaves its fault to nobody.
  if (request.signal.aborted) sim.pendingFaults.delete(key);
  return answer;
}

/**
 * A claim is good for 60 s and its request for 30 s, and nobody takes it for not applied within 4 min: two processes whose
 * clocks differ by less than this never have two changes under way.
 */
const clocksMayDifferMs = 150_000;

/** From the moment a PUT is sent until it is answered, at most until its deadline. */
function standOut(sim: Simulation, run: Run, clusterId: string): void {
  const other = sim.story.outstanding.get(clusterId);
  const now = sim.kernel.now();
  const skewMs = run.skewMs();
  const isOnTime = other !== undefined && Math.abs(other.skewMs - skewMs) < clocksMayDifferMs;
  // An old answer had it sent once more what was there already: that one counts for nothing.
  const isForReal = !wasDeceived(sim, now - putDeadlineMs, clusterId);
  if (isOnTime && isForReal && now - other.at < putDeadlineMs)
    sim.violate(
      'two in flight',
      `${run.process} sends a PUT to a cluster while one of ${other.process} is not answered`,
    );
  sim.story.outstanding.set(clusterId, { process: run.process, at: now, skewMs });
}

function keepText(response: Response, reads: Map<string, string>, poolId: string): void {
  if (!response.ok) return;
  void response
    .clone()
    .text()
    .then((text) => reads.set(poolId, text))
    .catch(() => {});
}
