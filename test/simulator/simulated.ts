import { createWorld, type World, type WorldOptions } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { makeVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

/** The keys of answers that tests look at. */
export type Wire = {
  readonly [key: string]: unknown;
  readonly items: readonly Wire[];
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly size: number;
  readonly size_min: number;
  readonly size_max: number;
  readonly updated_at: string;
  readonly errors: readonly unknown[];
  readonly code: number;
  readonly message: string;
};

export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Wire;
};

/** A small world with a clock moved by hand, and a caller that holds its token. */
export type Simulated = {
  readonly world: World;
  readonly clock: VirtualClock;
  readonly fetch: ReturnType<typeof simulatorApp>['fetch'];
  readonly call: (method: string, path: string, body?: unknown, token?: string) => Promise<Answered>;
  readonly poolPath: (pool: string) => string;
};

export function simulated(options: Partial<WorldOptions> = {}): Simulated {
  const clock = makeVirtualClock();
  const world = createWorld({ clock, ...options });
  const { fetch } = simulatorApp(world);
  return {
    world,
    clock,
    fetch,
    call: async (method, path, body, token = world.token) => {
      const init = { method, headers: { authorization: `Token ${token}` } };
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return await answered(await fetch(`${api}${path}`, body === undefined ? init : { ...init, body: text }));
    },
    poolPath: (path) => {
      const { clusterId, id } = world.pool(path);
      return `/cluster/${clusterId}/node-pool/${id}`;
    },
  };
}

export const api = 'http://simulated/api/v1';

export const minuteMs = 60_000;

/** `json` is an empty object where the answer is none. */
export async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): Wire {
  try {
    return JSON.parse(text) as Wire;
  } catch {
    return {} as Wire;
  }
}
