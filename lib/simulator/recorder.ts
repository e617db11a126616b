import type { EpochMs } from '../model/time.ts';

export type RecordedRequest = {
  /** 1 for the first request the world got. */
  readonly number: number;
  readonly at: EpochMs;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  /** The HTTP status, or what happened instead of an answer. */
  readonly status: number | 'no-connection' | 'reset' | 'hang';
  /** The body as it came; only of requests that carry one. */
  readonly body: string | undefined;
};

/** The last requests, oldest first. The token is never recorded. */
export type Recorder = {
  readonly requests: readonly RecordedRequest[];
  /** How many there were in all, those no longer kept included. */
  readonly total: number;
  readonly nextNumber: () => number;
  readonly record: (request: RecordedRequest) => void;
  readonly clear: () => void;
};

/** Keeps at least the last `keep` requests and at most twice as many, so that dropping costs nothing per request. */
export function recorder(keep: number): Recorder {
  const requests: RecordedRequest[] = [];
  let total = 0;
  return {
    requests,
    get total() {
      return total;
    },
    nextNumber: () => (total += 1),
    record: (request) => {
      if (requests.length >= 2 * keep) requests.splice(0, keep);
      requests.push(request);
    },
    clear: () => requests.splice(0),
  };
}
