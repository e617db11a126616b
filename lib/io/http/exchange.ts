import ky from 'ky';
import type { EpochMs } from '../../model/time.ts';
import type { Clock } from '../clock.ts';
import { type Deadline, late } from './deadline.ts';
import { describeNetworkFailure } from './network-failure.ts';

export type HttpRequest = {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
  /** Bytes of the answer's body that are read at most. */
  readonly capBytes: number;
  /** The clock is read right before sending; at or after this instant nothing is sent. */
  readonly notAfter?: EpochMs;
};

export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Headers;
      readonly body: Uint8Array;
      readonly bodyEnd: BodyEnd;
    }
  /** The other side certainly did not get the request. */
  | { readonly kind: 'no-connection'; readonly detail: string }
  /** The other side may have got it; there was no answer. */
  | { readonly kind: 'lost'; readonly reason: 'timeout' | 'reset'; readonly detail: string }
  | { readonly kind: 'too-late' };

export type HttpParts = { readonly fetch: Fetch; readonly clock: Clock };

/**
 * One request, sent at most once: no retry, no redirect, nothing after the deadline, and a limit on the body. Never
 * throws, and no foreign error gets out: ky's errors contain the request with its Authorization header.
 */
export async function exchange(parts: HttpParts, request: HttpRequest, deadline: Deadline): Promise<Exchange> {
  const attempt: Attempt = { state: 'not-handed-over', response: undefined, buffer: { chunks: [], bytes: 0 } };
  try {
    const end = await deadline.race(send(parts, request, deadline, attempt));
    if (end === late || (end === 'broken' && deadline.signal.aborted)) return afterDeadline(attempt);
    return answered(attempt, end);
  } catch (error) {
    return failed(attempt, error, deadline);
  }
}

type Attempt = {
  state: 'not-handed-over' | 'too-late' | 'handed-over';
  response: Response | undefined;
  readonly buffer: BodyBuffer;
};

/**
 * ky's own retries are off (it would send a PUT again by default), and so are its timers: they run on the machine's
 * clock, not on ours. https://github.com/sindresorhus/ky#retry
 */
async function send(parts: HttpParts, request: HttpRequest, deadline: Deadline, attempt: Attempt): Promise<BodyEnd> {
  attempt.response = await ky(request.url, {
    method: request.method,
    headers: { ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
    fetch: (input, init) => handOver(parts, request, attempt, () => parts.fetch(input, init)),
    retry: { limit: 0 },
    timeout: false,
    totalTimeout: false,
    throwHttpErrors: false,
    redirect: 'manual',
    signal: deadline.signal,
  });
  return readBody(attempt.response, attempt.buffer, request.capBytes);
}

async function handOver(
  parts: HttpParts,
  request: HttpRequest,
  attempt: Attempt,
  go: () => Promise<Response>,
): Promise<Response> {
  if (request.notAfter !== undefined && parts.clock.now() >= request.notAfter) {
    attempt.state = 'too-late';
    throw new Error('too late to send');
  }
  attempt.state = 'handed-over';
  return go();
}

function afterDeadline(attempt: Attempt): Exchange {
  if (attempt.response) return answered(attempt, 'deadline');
  return { kind: 'lost', reason: 'timeout', detail: 'no answer came in time' };
}

function answered(attempt: Attempt, bodyEnd: BodyEnd): Exchange {
  const { response, buffer } = attempt;
  if (!response) return { kind: 'lost', reason: 'reset', detail: 'the request failed on the way' };
  return { kind: 'answered', status: response.status, headers: response.headers, body: joinChunks(buffer), bodyEnd };
}

function failed(attempt: Attempt, error: unknown, deadline: Deadline): Exchange {
  if (attempt.state === 'too-late') return { kind: 'too-late' };
  if (attempt.state === 'not-handed-over') return { kind: 'no-connection', detail: 'the request could not be made' };
  if (deadline.signal.aborted) return { kind: 'lost', reason: 'timeout', detail: 'no answer came in time' };
  const { connectionMade, detail } = describeNetworkFailure(error);
  return connectionMade ? { kind: 'lost', reason: 'reset', detail } : { kind: 'no-connection', detail };
}

/** How a body ended: complete, at the limit, broken off, or still coming at the deadline. */
export type BodyEnd = 'whole' | 'cap' | 'broken' | 'deadline';

/** Filled as the body comes in, so that the part before the deadline is kept. */
type BodyBuffer = { readonly chunks: Uint8Array[]; bytes: number };

/** Reads a body into the buffer and stops at the cap (bytes after decompression); what is over the cap is cut away. */
async function readBody(response: Response, buffer: BodyBuffer, capBytes: number): Promise<BodyEnd> {
  if (!response.body) return 'whole';
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'whole';
      if (!take(buffer, value, capBytes)) return await giveUp(reader);
    }
  } catch {
    return 'broken';
  }
}

function joinChunks(buffer: BodyBuffer): Uint8Array {
  return buffer.chunks.length === 1 && buffer.chunks[0] ? buffer.chunks[0] : Buffer.concat(buffer.chunks);
}

/** False if the chunk exceeds the limit. */
function take(buffer: BodyBuffer, chunk: Uint8Array, capBytes: number): boolean {
  const room = capBytes - buffer.bytes;
  const fitting = chunk.byteLength > room ? chunk.subarray(0, room) : chunk;
  buffer.chunks.push(fitting);
  buffer.bytes += fitting.byteLength;
  return fitting.byteLength === chunk.byteLength;
}

async function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<BodyEnd> {
  await reader.cancel().catch(() => undefined);
  return 'cap';
}

/** The injected HTTP: the global `fetch`, a simulated service, or a recorder around either. */
export type Fetch = (input: Request | string | URL, init?: RequestInit) => Promise<Response>;
