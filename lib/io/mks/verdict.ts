import type { ErrorBody } from './error-body.ts';

/** What a refused or failed request means, before it becomes an answer. */
export type Verdict =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'busy'
  | 'invalid'
  | 'quota'
  | 'rate-limited'
  | 'timeout'
  | 'server-error'
  | 'unexpected-status';

/**
 * The body's gRPC code decides, else the HTTP status, and only where both leave it open the text. The gateway folds
 * several codes into one status (FailedPrecondition and InvalidArgument are both 400), so the code says more.
 * https://github.com/grpc-ecosystem/grpc-gateway/blob/main/runtime/errors.go
 *
 * | code | means |          | HTTP without a code | means |
 * |---|---|---|---|---|
 * | 1 Canceled, 4 DeadlineExceeded | timeout | | 408, 499, 504 | timeout |
 * | 2 Unknown, 13 Internal, 14 Unavailable, 15 DataLoss | server-error | | other 5xx | server-error |
 * | 3 InvalidArgument, 6 AlreadyExists, 11 OutOfRange, 12 Unimplemented | invalid | | other 4xx | invalid |
 * | 5 NotFound | not-found | | 404 | not-found |
 * | 7 PermissionDenied | forbidden | | 403 | forbidden |
 * | 8 ResourceExhausted | quota for a PUT, else rate-limited | | 429 | rate-limited |
 * | 9 FailedPrecondition, 10 Aborted | busy | | 409 | busy |
 * | 16 Unauthenticated | unauthorized | | 401 | unauthorized |
 */
export function judge(status: number, body: ErrorBody, isWrite: boolean): Verdict {
  const verdict = body.code === undefined ? judgeStatus(status) : judgeCode(body.code, isWrite);
  const isOpen = verdict === 'invalid' || (verdict === 'server-error' && (body.code === 2 || body.code === 13));
  return isOpen && saysBusy(body.message) ? 'busy' : verdict;
}

/** An old client of the service knew this sentence; which code and status carry it is not public. */
function saysBusy(message: string): boolean {
  return /\b(cluster|node ?pool)\b.{0,80}\bis (currently )?busy\b/i.test(message);
}

function judgeCode(code: number, isWrite: boolean): Verdict {
  switch (code) {
    case 1:
    case 4:
      return 'timeout';
    case 5:
      return 'not-found';
    case 7:
      return 'forbidden';
    case 8:
      return isWrite ? 'quota' : 'rate-limited';
    case 9:
    case 10:
      return 'busy';
    case 16:
      return 'unauthorized';
    case 2:
    case 13:
    case 14:
    case 15:
      return 'server-error';
    default:
      return 'invalid';
  }
}

const statuses: ReadonlyMap<number, Verdict> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [408, 'timeout'],
  [409, 'busy'],
  [429, 'rate-limited'],
  [499, 'timeout'],
  [504, 'timeout'],
]);

function judgeStatus(status: number): Verdict {
  const known = statuses.get(status);
  if (known) return known;
  if (status >= 500 && status <= 599) return 'server-error';
  return status >= 400 && status <= 499 ? 'invalid' : 'unexpected-status';
}
