import { createWorld } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';

export const apiUrl = 'http://127.0.0.1/api/v1';

/** The answers of a simulated fleet, as texts by path: answering costs nothing but the time it is told to take. */
export type RecordedApi = {
  readonly answer: (method: string, path: string) => Response;
  /** Calls since the last `forget`, by method. */
  readonly calls: () => { readonly GET: number; readonly PUT: number };
  readonly forget: () => void;
};

/** 1,000 clusters with 3 pools each, as they are at that instant, for good: a PUT is taken and changes nothing. */
export async function recordLargeFleet(now: number): Promise<RecordedApi> {
  const texts = await record(now);
  let calls = { GET: 0, PUT: 0 };
  return {
    calls: () => calls,
    forget: () => {
      calls = { GET: 0, PUT: 0 };
    },
    answer: (method, path) => {
      calls = method === 'PUT' ? { ...calls, PUT: calls.PUT + 1 } : { ...calls, GET: calls.GET + 1 };
      const text = texts.get(path);
      const headers = { 'content-type': 'application/json' };
      return text === undefined
        ? new Response('{"code":5,"message":"not found"}', { status: 404, headers })
        : new Response(text, { headers });
    },
  };
}

async function record(now: number): Promise<ReadonlyMap<string, string>> {
  const world = createWorld({ clock: { now: () => now, sleep: async () => {} }, fleet: 'large' });
  const { fetch } = simulatorApp(world);
  const texts = new Map<string, string>();
  const read = async (path: string) => {
    const answer = await fetch(`${apiUrl}${path}`, { headers: { authorization: `Token ${world.token}` } });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
    texts.set(`/api/v1${path}`, await answer.text());
  };
  await read('/cluster');
  await read('/kubernetes-version');
  for (const cluster of world.clusters()) {
    await read(`/cluster/${cluster.id}`);
    await read(`/cluster/${cluster.id}/node-pool`);
    for (const pool of cluster.pools) await read(`/cluster/${cluster.id}/node-pool/${pool.id}`);
  }
  return texts;
}
