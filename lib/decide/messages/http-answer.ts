import type { Outcome } from '../outbox/outcome.ts';

/** An answer as the rules of a target read it. */
export type Answered = {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  readonly retryAfterMs: number | undefined;
};

/**
 * What a status means, if the target has no rule of its own. 429: later. 401, 403, 404, 410 and redirects (never
 * followed): the address is wrong. 400, 413, 415, 422: the body is wrong. Any other 4xx: refused, and treated like a
 * wrong address, so that no message is lost. 408, 425 and 5xx may have been accepted: a proxy may have answered.
 */
export function readStatus(answer: Answered): Outcome {
  const { status, retryAfterMs } = answer;
  const problem = status < 300 ? `${describeStatus(status)} ${describeBody(answer)}` : describeStatus(status);
  if (status === 429) return { kind: 'wait', retryAfterMs, problem };
  if (status === 400 || status === 413 || status === 415 || status === 422) return { kind: 'body-refused', problem };
  if (status === 408 || status === 425 || status >= 500 || status < 300)
    return { kind: 'unknown', retryAfterMs, problem };
  return { kind: 'address-failed', problem };
}

const names: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [408, 'Request Timeout'],
  [410, 'Gone'],
  [413, 'Content Too Large'],
  [415, 'Unsupported Media Type'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
]);

/** The answer's own text is never shown: it may echo an address or a token. */
export function describeStatus(status: number): string {
  const name = names.get(status);
  return `it answered ${status}${name === undefined ? '' : ` ${name}`}`;
}

/** Why a 2xx is no success, in our own words, since the answer's text may hold secrets. */
function describeBody({ body, contentType }: Pick<Answered, 'body' | 'contentType'>): string {
  const text = body.trim();
  if (text === '') return 'with an empty body instead of a confirmation';
  if (contentType.includes('html') || /^<(!doctype|html|head|body|script)/i.test(text))
    return 'with a web page: a proxy or a sign-in page is in front of the target, or the address is wrong';
  if (/^[[{]/.test(text))
    return `with JSON that does not confirm the message${saysError(text) ? ', but names an error' : ''}`;
  return `with a text of ${text.length} characters that does not confirm the message`;
}

function saysError(text: string): boolean {
  return /"(ok|success)"\s*:\s*false|"errors?"\s*:/.test(text);
}

/** A word of the target's own list, found in its answer. */
export function wordIn(body: string, words: readonly string[]): string | undefined {
  return words.find((word) => body.includes(word));
}

/** The header, else the body's own `retry_after` in seconds. */
export function retryAfterOf({ retryAfterMs, body }: Answered): number | undefined {
  if (retryAfterMs !== undefined) return retryAfterMs;
  const [, seconds] = /"retry_after"\s*:\s*"?(\d+(?:\.\d+)?)/.exec(body) ?? [];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds)) * 1000;
}
