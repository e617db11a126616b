import type { Json } from '../model/json.ts';
import type { EpochMs } from '../model/time.ts';

/** What a fault hook knows of a request before it is answered. */
export type RequestInfo = {
  /** 1 for the first request the world got. */
  readonly number: number;
  readonly at: EpochMs;
  readonly method: string;
  /** Without the query, e.g. `/api/v1/cluster`. */
  readonly path: string;
  readonly clusterId: string | undefined;
  readonly poolId: string | undefined;
};

/** Asked once per request; undefined = nothing goes wrong. */
export type FaultHook = (request: RequestInfo) => Fault | undefined;

/**
 * Everything that can go wrong between a client and the service. `applied: true`: the service did what was asked, only
 * its answer is lost or replaced; without it nothing was done.
 */
export type Fault =
  /** Nothing arrives. In process: refused; over a socket, which did connect: dropped at once. */
  | { readonly kind: 'no-connection' }
  | { readonly kind: 'reset'; readonly applied?: boolean }
  | { readonly kind: 'hang'; readonly applied?: boolean }
  /** The true answer, later, by the world's clock. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Any status; `body` is a gateway's error, a proxy's page, or nothing. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly applied?: boolean;
      readonly body?: 'grpc' | 'html' | 'empty';
      readonly code?: number;
      readonly message?: string;
    }
  /** 429; `retryAfter` is sent as it is, whatever it says. */
  | { readonly kind: 'rate-limited'; readonly retryAfter?: string }
  /** The page of the web application firewall in front of the service. */
  | { readonly kind: 'block-page'; readonly status: 200 | 401 | 403; readonly applied?: boolean }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: 301 | 302 | 307 | 308 }
  /** Half of the true answer; the connection then ends properly (`clean`) or breaks (`reset`). */
  | { readonly kind: 'cut-off'; readonly end: 'clean' | 'reset' }
  /** Valid JSON that does not end soon; made while it is read. `declared`: with its Content-Length. */
  | { readonly kind: 'huge'; readonly bytes?: number; readonly declared?: boolean }
  /** The true answer, a few bytes at a time, by the world's clock. */
  | { readonly kind: 'slow-drip'; readonly everyMs: number; readonly bytes?: number }
  /** The answer of some time ago. */
  | { readonly kind: 'stale'; readonly byMs: number }
  /** A list without the item of that id or name. */
  | { readonly kind: 'omit'; readonly item: string }
  /** JSON of another shape than anybody expects. */
  | { readonly kind: 'wrong-shape'; readonly body?: Json }
  | { readonly kind: 'unknown-status'; readonly status: string }
  | { readonly kind: 'absent-size' }
  | { readonly kind: 'absent-labels' }
  /** The request is applied later, when the client has long had its answer: none, or a 504. */
  | { readonly kind: 'applied-late'; readonly afterMs: number; readonly answer: 'hang' | 504 };
