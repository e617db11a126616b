import type { EpochMs } from '../../decide/model.ts';
import type { Exchange } from '../http/exchange.ts';
import { readRetryAfterMs, readServerDate } from '../http/retry-after.ts';
import type { Answer, UnknownReason } from '../../decide/answer.ts';
import { readBlockPage } from './block-page.ts';
import { readErrorBody } from './error-body.ts';
import { judge } from './verdict.ts';

export type Asked = {
  /** "GET /cluster", for texts. */
  readonly what: string;
  readonly isWrite: boolean;
  /** When the answer was there. */
  readonly at: EpochMs;
  /** Takes secrets out of a text that came from outside. */
  readonly clean: (text: string) => string;
};

type Answered = Extract<Exchange, { kind: 'answered' }>;
type Failure = Exclude<Answer<never>, { kind: 'ok' }>;

/** One exchange as an answer whose value is still text. Only a whole, readable 2xx that is no HTML is `ok`. */
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
  return { kind: 'ok', value: body, answeredAt: asked.at, serverDate: readServerDate(headers) };
}

/** Strict, since the text of a pool is sent back: a replaced character would be written into the pool. */
function readText(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

type Unreadable = 'too-large' | 'cut-off' | 'timeout' | 'unparsable';

const endings: { readonly [reason in Unreadable]: string } = {
  'too-large': 'with more than this kind of answer can hold',
  'cut-off': 'and broke off in the middle',
  timeout: 'and did not finish in time',
  unparsable: 'with something that is no text',
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

/** One line, without control characters, short enough for a message. Cleaned before it is cut, never after. */
function shorten(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

/** A write whose fate is open may have been applied, unless it is certain that it was not. */
function unknown(
  asked: Asked,
  reason: UnknownReason,
  text: string,
  more: { readonly maybeApplied?: boolean; readonly retryAfterMs?: number; readonly supportId?: string } = {},
): Failure {
  return { kind: 'unknown', reason, detail: `${asked.what}: ${text}`, maybeApplied: asked.isWrite, ...more };
}
