import { SecretError } from '../../errors.ts';
import type { Answer } from '../../model/answer.ts';
import type { EpochMs } from '../../model/time.ts';
import { type Deadline, late, startDeadline } from '../http/deadline.ts';
import { type Exchange, exchange, type HttpParts } from '../http/exchange.ts';
import { readRetryAfterMs } from '../http/retry-after.ts';
import { type Secret, unwrap } from '../secrets/secret.ts';
import type { TokenSource } from '../secrets/token-source.ts';
import { type Asked, classify } from './classify.ts';

export type CallParts = HttpParts & {
  readonly url: string;
  readonly token: TokenSource;
  readonly clean: (text: string) => string;
};

export type Call =
  | { readonly method: 'GET'; readonly path: string; readonly capBytes: number }
  | {
      readonly method: 'PUT';
      readonly path: string;
      readonly body: string;
      readonly notAfter: EpochMs;
      readonly capBytes: number;
    };

/** The limit for token, attempts, pauses and body together. A healthy service answers in well under a second. */
const readTimeoutMs = 15_000;
const writeTimeoutMs = 30_000;

/** One retry of a read; if the server asks for a longer pause, the next round tries again. */
const pauseMs = 300;
const longestPauseMs = 2_000;

/**
 * A rotated token needs two attempts, half a rotation three; a PUT is repeated only after a 401, which changed nothing.
 */
const tokensPerRead = 3;
const tokensPerWrite = 2;

/** One API call; the result is text. Reads are retried once after a temporary failure; a PUT only after a 401. */
export async function callMks(parts: CallParts, call: Call): Promise<Answer<string>> {
  const deadline = startDeadline(parts.clock, call.method === 'PUT' ? writeTimeoutMs : readTimeoutMs);
  try {
    const first = await withToken(parts, call, deadline);
    const wait = call.method === 'PUT' ? undefined : pauseBeforeRetry(first, parts);
    if (wait === undefined) return first.answer;
    await parts.clock.sleep(wait, deadline.signal);
    return deadline.signal.aborted ? first.answer : (await withToken(parts, call, deadline)).answer;
  } finally {
    deadline.cancel();
  }
}

/** The call's name in messages: method and path, without the query. */
export function describeCall(call: Call): string {
  return `${call.method} ${call.path.split('?', 1)[0]}`;
}

type Outcome = { readonly answer: Answer<string>; readonly exchange: Exchange | undefined };

async function withToken(parts: CallParts, call: Call, deadline: Deadline): Promise<Outcome> {
  const tokens = call.method === 'PUT' ? tokensPerWrite : tokensPerRead;
  const refused: Secret[] = [];
  let token = await firstToken(parts, call, deadline);
  for (;;) {
    if (isAnswer(token)) return { answer: token, exchange: undefined };
    const outcome = await attempt(parts, call, token, deadline);
    refused.push(token);
    if (outcome.answer.kind !== 'unauthorized' || refused.length >= tokens) return outcome;
    const next = await deadline.race(parts.token.after(refused));
    if (next === late || next === undefined) return outcome;
    token = next;
  }
}

async function firstToken(parts: CallParts, call: Call, deadline: Deadline): Promise<Secret | Answer<never>> {
  try {
    const token = await deadline.race(parts.token.current());
    return token === late ? noToken(call, `${parts.token.reference} could not be read in time`) : token;
  } catch (error) {
    return noToken(call, error instanceof SecretError ? error.message : `${parts.token.reference} could not be read`);
  }
}

function noToken(call: Call, why: string): Answer<never> {
  return { kind: 'not-sent', reason: 'no-token', detail: `${describeCall(call)}: ${why}` };
}

function isAnswer(value: Secret | Answer<never>): value is Answer<never> {
  return 'kind' in value;
}

async function attempt(parts: CallParts, call: Call, token: Secret, deadline: Deadline): Promise<Outcome> {
  const request = {
    method: call.method,
    url: `${parts.url}${call.path}`,
    headers: headersFor(call, token),
    ...only(call),
  };
  const from = parts.clock.now();
  const result = await exchange(parts, { ...request, capBytes: call.capBytes }, deadline);
  const asked: Asked = {
    what: describeCall(call),
    isWrite: call.method === 'PUT',
    from,
    at: parts.clock.now(),
    clean: parts.clean,
  };
  return { answer: classify(result, asked), exchange: result };
}

/** `Authorization: Token …` as the provider's documentation has it. */
function headersFor(call: Call, token: Secret): { readonly [name: string]: string } {
  const common = { authorization: `Token ${unwrap(token)}`, accept: 'application/json', 'user-agent': 'lamplighter' };
  return call.method === 'PUT' ? { ...common, 'content-type': 'application/json' } : common;
}

function only(call: Call): { readonly body?: string; readonly notAfter?: EpochMs } {
  return call.method === 'PUT' ? { body: call.body, notAfter: call.notAfter } : {};
}

/** undefined = no retry: it would not help, or the wait would be too long. */
function pauseBeforeRetry({ answer, exchange }: Outcome, parts: CallParts): number | undefined {
  if (!exchange || answer.kind !== 'unknown') return undefined;
  if (exchange.kind === 'no-connection') return pauseMs;
  if (exchange.kind === 'lost') return exchange.reason === 'reset' ? pauseMs : undefined;
  if (exchange.kind !== 'answered') return undefined;
  const asksFor = readRetryAfterMs(exchange.headers, parts.clock.now());
  if (asksFor !== undefined && asksFor > longestPauseMs) return undefined;
  if (exchange.status === 429) return asksFor;
  const isHiccup = exchange.status >= 500 || exchange.bodyEnd === 'broken';
  return isHiccup ? Math.max(asksFor ?? 0, pauseMs) : undefined;
}
