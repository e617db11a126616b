import { everyRole } from './access.ts';
import { findVersion } from './create-things.ts';
import type { Fault, FaultHook, RequestInfo } from './faults.ts';
import { rerenderCluster } from './history.ts';
import { timestamp } from './timestamp.ts';
import type { Role, WorldState } from './world-model.ts';

/** Which requests `failNext` means; `path` is a part of it. */
export type RequestMatch = { readonly method?: string; readonly path?: string };

/** What changes about the service itself: who may call it, how much it gives, what goes wrong with it. */
export type ServiceOperations = {
  /** The new token has the old one's roles; the old one is refused from now on, unless it is kept. */
  readonly rotateToken: (oldToken: string, newToken: string, options?: { readonly keepOld: boolean }) => void;
  readonly revokeToken: (token: string) => void;
  /** Also makes a token known. */
  readonly setRoles: (token: string, roles: readonly Role[] | 'every') => void;
  /** The most nodes all pools together may have; undefined = no limit. */
  readonly setQuota: (nodes: number | undefined) => void;
  /** A version's end of life: an instant, any text (`0001-01-01T00:00:00Z`), or undefined to leave the key out. */
  readonly setEol: (version: string, eol: number | string | undefined) => void;
  readonly setFault: (hook: FaultHook | undefined) => void;
  /** The next `times` requests that match meet this fault; until then the hook in place goes on. */
  readonly failNext: (fault: Fault, options?: RequestMatch & { readonly times?: number }) => void;
};

/** `now` lets the world catch up and says what time it is there. */
export function serviceOperations(state: WorldState, now: () => number): ServiceOperations {
  return {
    rotateToken: (oldToken, newToken, options) => {
      state.tokens.set(newToken, state.tokens.get(oldToken) ?? new Set(everyRole));
      if (options?.keepOld !== true) state.tokens.delete(oldToken);
    },
    revokeToken: (token) => void state.tokens.delete(token),
    setRoles: (token, roles) => void state.tokens.set(token, new Set(roles === 'every' ? everyRole : roles)),
    setQuota: (nodes) => {
      state.quotaNodes = nodes;
    },
    setEol: (version, eol) => setEol(state, version, eol, now()),
    setFault: (hook) => {
      state.fault = hook;
    },
    failNext: (fault, options) => failNext(state, fault, options ?? {}),
  };
}

function setEol(state: WorldState, wanted: string, eol: number | string | undefined, at: number): void {
  const version = findVersion(state, wanted);
  for (const cluster of state.clusters.values()) {
    if (cluster.version === version) rerenderCluster(state, cluster, at);
  }
  version.eol = typeof eol === 'number' ? timestamp(eol, 0) : eol;
}

function failNext(state: WorldState, fault: Fault, options: RequestMatch & { readonly times?: number }): void {
  const before = state.fault;
  let left = options.times ?? 1;
  state.fault = (request) => {
    if (left === 0 || !matches(request, options)) return before?.(request);
    left -= 1;
    return fault;
  };
}

function matches(request: RequestInfo, { method, path }: RequestMatch): boolean {
  return (method === undefined || request.method === method) && (path === undefined || request.path.includes(path));
}
