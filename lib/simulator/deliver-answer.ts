import type { Clock } from '../io/clock.ts';
import type { Delivery, PlannedAnswer } from './plan-answer.ts';
import { drippingBody, hugeBody } from './slow-bodies.ts';

const hugeBytes = 1_000_000_000;
const dripBytes = 8;

type ServerTime = { readonly clock: Clock; readonly dateSkewMs: number };

/** The response as HTTP carries it, to be cut off later if need be; `signal` is aborted when the client leaves. */
export function toResponse(
  planned: Extract<PlannedAnswer, { happens: 'answer' }>,
  time: ServerTime,
  signal: AbortSignal,
): Response {
  const { status, text, contentType } = planned.reply;
  const headers: Record<string, string> = {
    'content-type': contentType ?? 'application/json',
    date: new Date(time.clock.now() + time.dateSkewMs).toUTCString(),
    ...planned.headers,
  };
  const delivery = planned.delivery;
  if (delivery?.kind === 'huge' && delivery.declared === true) {
    headers['content-length'] = String(delivery.bytes ?? hugeBytes);
  }
  return new Response(bodyOf(text, delivery, time.clock, signal), { status, headers });
}

function bodyOf(
  text: string,
  delivery: Delivery | undefined,
  clock: Clock,
  signal: AbortSignal,
): string | null | ReadableStream<Uint8Array> {
  switch (delivery?.kind) {
    case 'huge':
      return hugeBody(delivery.bytes ?? hugeBytes, signal);
    case 'slow-drip':
      return drippingBody(text, { everyMs: delivery.everyMs, bytes: delivery.bytes ?? dripBytes }, clock, signal);
    case 'cut-off':
    case 'delay':
    case undefined:
      return text === '' ? null : text;
  }
}
