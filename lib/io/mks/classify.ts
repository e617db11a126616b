import type { Answer, UnknownReason } from '../../model/answer.ts';
import { clip } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Exchange } from '../http/exchange.ts';
import { readRetryAfterMs, readServerNow } from '../http/retry-after.ts';

export type Asked = {
  /** "GET /cluster", for texts. */
  readonly what: string;
  readonly isWrite: boolean;
  readonly from: EpochMs;
  /** When the answer arrived. */
  readonly at: EpochMs;
  /** Removes secrets from a text from outside. */
  readonly clean: (text: string) => string;
};

type Answered = Extract<Exchange, { kind: 'answered' }>;
type Failure = Exclude<Answer<never>, { kind: 'ok' }>;

/** Classifies one exchange; the value is still text. Only a complete, readable 2xx that is not HTML is `ok`. */
export function classify(exchange: Exchange, asked: Asked): Answer<string> {
  switch (exchange.kind) {
    case 'too-late':
      return { kind: 'not-sent', reason: 'too-late', detail: `${asked.what}: its time was over before it was sent` };
    case 'no-connection':
      return unknown(asked, 'no-connection', exchange.detail, { maybeApplied: false });
    case 'lost':
      return unknown(asked, exchange.reason === 'timeout' ? 'timeout' : 'cut-off', exchange.detail);
    case 'answered':
      return classifyAnswered(exchange, asked);
  }
}

function classifyAnswered(exchange: Answered, asked: Asked): Answer<string> {
  const { status, headers } = exchange;
  if (status >= 300 && status <= 399)
    return unknown(asked, 'redirect', `answered ${status}, and no redirect is followed`);
  const body = readText(exchange.body);
  const page = readBlockPage(headers.get('content-type'), body ?? '');
  if (page) return blocked(asked, status, page.supportId);
  if (status < 200 || status > 299) return refused(exchange, body ?? '', asked);
  const problem = whyUnreadable(exchange, body);
  if (problem || body === undefined)
    return unknown(asked, problem ?? 'unparsable', `answered ${status}, ${endings[problem ?? 'unparsable']}`);
  return { kind: 'ok', value: body, askedAt: asked.from, answeredAt: asked.at, serverDate: readServerNow(headers) };
}

/** Strict, since a pool's text is sent back: a replacement character would be written into the pool. */
function readText(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

type Unreadable = 'too-large' | 'cut-off' | 'timeout' | 'unparsable';

const endings: { readonly [reason in Unreadable]: string } = {
  'too-large': 'with more than the limit for this kind of answer',
  'cut-off': 'and ended in the middle',
  timeout: 'and did not finish in time',
  unparsable: 'with something that is not text',
};

function whyUnreadable(exchange: Answered, body: string | undefined): Unreadable | undefined {
  if (exchange.bodyEnd === 'cap') return 'too-large';
  if (exchange.bodyEnd === 'broken') return 'cut-off';
  if (exchange.bodyEnd === 'deadline') return 'timeout';
  return body === undefined ? 'unparsable' : undefined;
}

function blocked(asked: Asked, status: number, supportId: string | undefined): Failure {
  const id = supportId === undefined ? undefined : asked.clean(supportId);
  const text = `answered ${status} with a web page instead of data, most likely a firewall's${id ? ` (support id ${id})` : ''}`;
  return unknown(asked, 'blocked', text, id === undefined ? {} : { supportId: id });
}

function refused(exchange: Answered, text: string, asked: Asked): Failure {
  const body = readErrorBody(text);
  const verdict = judge(exchange.status, body, asked.isWrite);
  const said = saying(exchange.status, body.code, body.message, asked);
  const detail = `${asked.what} ${said}`;
  const retryAfterMs = readRetryAfterMs(exchange.headers, asked.at);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  switch (verdict) {
    case 'unauthorized':
    case 'forbidden':
    case 'not-found':
    case 'busy':
      return { kind: verdict, detail };
    case 'invalid':
    case 'quota':
      return { kind: 'refused', reason: verdict, detail };
    case 'rate-limited':
      return unknown(asked, verdict, said, { ...wait, maybeApplied: false });
    case 'timeout':
    case 'server-error':
    case 'unexpected-status':
      return unknown(asked, verdict, said, wait);
  }
}

function saying(status: number, code: number | undefined, message: string, asked: Asked): string {
  const text = shorten(asked.clean(message));
  return `answered ${status}${code === undefined ? '' : `, code ${code}`}${text === '' ? '' : `: ${text}`}`;
}

/** One line, without control characters, short enough for a message. Redacted before it is cut, never after. */
function shorten(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return clip(line, 200);
}

/** A write without a clear answer may have been applied, unless it certainly was not. */
function unknown(
  asked: Asked,
  reason: UnknownReason,
  text: string,
  more: { readonly maybeApplied?: boolean; readonly retryAfterMs?: number; readonly supportId?: string } = {},
): Failure {
  return { kind: 'unknown', reason, detail: `${asked.what}: ${text}`, maybeApplied: asked.isWrite, ...more };
}

/** What a refused or failed request means, before it becomes an answer. */
type Verdict =
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
function judge(status: number, body: ErrorBody, isWrite: boolean): Verdict {
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

/** The firewall's page instead of an answer; its support id is what the provider's support asks for. */
type BlockPage = { readonly supportId: string | undefined };

/**
 * HTML is never an answer of this API, whatever its status: the web application firewall sends its block page with 200
 * too (clouddocs.f5.com: "The requested URL was rejected"; cf-mkcli looks for that text).
 */
function readBlockPage(contentType: string | null, body: string): BlockPage | undefined {
  const isHtml = /\b(text\/html|application\/xhtml)/i.test(contentType ?? '') || /^\s*</.test(body);
  if (!isHtml && !isRejection(body)) return undefined;
  const words = body.slice(0, 20_000).replaceAll(/<[^<>]*>/g, ' ');
  return { supportId: /support\s{1,20}id(?:\s{1,20}is)?\s{0,20}:?\s{0,20}([\w-]{4,64})/i.exec(words)?.[1] };
}

/** The same text without HTML tags, if a proxy removed them; JSON that quotes the text is an answer of the service. */
function isRejection(body: string): boolean {
  return body.startsWith('The requested URL was rejected');
}

/** The content of an error answer. */
type ErrorBody = {
  /** A gRPC code, 1 to 16; undefined = the body names none. https://grpc.io/docs/guides/status-codes/ */
  readonly code: number | undefined;
  readonly message: string;
};

/** The gateway's format is `{ "code": 9, "message": "…", "details": [] }`; plain text is its own message. */
function readErrorBody(text: string): ErrorBody {
  const body = parseObject(text);
  if (!body) return { code: undefined, message: text.trim() };
  const code = typeof body['code'] === 'number' && isGrpcCode(body['code']) ? body['code'] : undefined;
  const texts = [body['message'], body['error'], body['detail']];
  return { code, message: texts.find((each) => typeof each === 'string' && each !== '')?.toString() ?? '' };
}

function isGrpcCode(code: number): boolean {
  return Number.isInteger(code) && code >= 1 && code <= 16;
}

function parseObject(text: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as { readonly [key: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
