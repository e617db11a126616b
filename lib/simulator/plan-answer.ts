import type { Clock } from '../io/clock.ts';
import type { Json } from '../model/json.ts';
import type { EpochMs } from '../model/time.ts';
import { drawInteger } from './chance.ts';
import type { Fault } from './faults.ts';
import { type Reply, refusals, refused } from './reply.ts';
import { drippingBody, half, hugeBody } from './slow-bodies.ts';
import type { WorldState } from './world-model.ts';

/** How an answer reaches the client, where that is not simply at once and whole. */
type Delivery = Extract<Fault, { kind: 'delay' | 'cut-off' | 'huge' | 'slow-drip' }>;

export type PlannedAnswer =
  | { readonly happens: 'no-connection' | 'reset' | 'hang' }
  | {
      readonly happens: 'answer';
      readonly reply: Reply;
      readonly headers?: { readonly [name: string]: string };
      readonly delivery?: Delivery;
    };

/** What the service does with one request; asking it is what applies the request. */
export type Ask = (asOf?: EpochMs) => Reply;

export function planAnswer(state: WorldState, fault: Fault | undefined, ask: Ask): PlannedAnswer {
  if (fault === undefined) return answer(ask());
  switch (fault.kind) {
    case 'no-connection':
      return { happens: 'no-connection' };
    case 'reset':
    case 'hang':
      if (fault.applied === true) ask();
      return { happens: fault.kind };
    case 'status':
      if (fault.applied === true) ask();
      return answer(statusReply(fault));
    case 'block-page':
      if (fault.applied === true) ask();
      return answer({ status: fault.status, text: blockPage(supportId(state)), contentType: 'text/html' });
    case 'rate-limited':
      return rateLimited(fault.retryAfter);
    case 'redirect':
      return { ...answer({ status: fault.status ?? 302, text: '' }), headers: { location: fault.location } };
    case 'applied-late':
      state.due.add({ at: state.at + fault.afterMs, happen: () => void ask() });
      return fault.answer === 'hang' ? { happens: 'hang' } : answer(statusReply({ kind: 'status', status: 504 }));
    case 'stale':
      return answer(ask(state.at - fault.byMs));
    case 'cut-off':
      return cutOff(fault, ask());
    case 'delay':
    case 'huge':
    case 'slow-drip':
      return { ...answer(ask()), delivery: fault };
    case 'omit':
    case 'wrong-shape':
    case 'unknown-status':
    case 'absent-size':
    case 'absent-labels':
      return answer(rewritten(ask(), fault));
  }
}

type AnAnswer = Extract<PlannedAnswer, { happens: 'answer' }>;

function answer(reply: Reply): AnAnswer {
  return { happens: 'answer', reply };
}

function cutOff(fault: Extract<Fault, { kind: 'cut-off' }>, reply: Reply): AnAnswer {
  return fault.end === 'clean' ? answer({ ...reply, text: half(reply.text) }) : { ...answer(reply), delivery: fault };
}

function rateLimited(retryAfter: string | undefined): AnAnswer {
  const reply = refused(refusals.quota('too many requests'));
  return { ...answer(reply), headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } };
}

function supportId(state: WorldState): string {
  const digits = (part: string) => String(drawInteger(state.seed, `${part}/${state.recorder.total}`, 0, 999_999_999));
  return `${digits('support')}${digits('id').padStart(9, '0')}`;
}

type Rewrite = Extract<Fault, { kind: 'omit' | 'wrong-shape' | 'unknown-status' | 'absent-size' | 'absent-labels' }>;
type JsonObject = { readonly [key: string]: Json };

/** Only good answers are turned into bad ones. */
function rewritten(reply: Reply, fault: Rewrite): Reply {
  if (reply.status !== 200) return reply;
  if (fault.kind === 'wrong-shape') return { ...reply, text: JSON.stringify(fault.body ?? { items: { id: 7 } }) };
  const body = JSON.parse(reply.text) as JsonObject;
  const items = body['items'] as readonly JsonObject[] | undefined;
  const next =
    items === undefined ? changed(body, fault) : { ...body, items: items.flatMap((item) => kept(item, fault)) };
  return { ...reply, text: JSON.stringify(next) };
}

function kept(item: JsonObject, fault: Rewrite): readonly JsonObject[] {
  const isOmitted = fault.kind === 'omit' && (item['id'] === fault.item || item['name'] === fault.item);
  return isOmitted ? [] : [changed(item, fault)];
}

function changed(item: JsonObject, fault: Rewrite): JsonObject {
  if (fault.kind === 'unknown-status' && 'status' in item) return { ...item, status: fault.status };
  if (fault.kind !== 'absent-size' && fault.kind !== 'absent-labels') return item;
  const { [fault.kind === 'absent-size' ? 'size' : 'labels']: _, ...rest } = item;
  return rest;
}

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

/** The words of the block page are those its users report; the rest of it is only shaped like one. */
function blockPage(supportId: string): string {
  return (
    '<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. ' +
    `Please consult with your administrator.<br><br>Your support ID is: ${supportId}<br><br>` +
    "<a href='javascript:history.back();'>[Go Back]</a></body></html>"
  );
}

const messages: { readonly [status: number]: string } = {
  500: 'internal error',
  502: 'Bad Gateway',
  503: 'upstream connect error',
  504: 'context deadline exceeded',
};

const codes: { readonly [status: number]: number } = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  429: 8,
  500: 13,
  502: 14,
  503: 14,
  504: 4,
};

function statusReply(fault: Extract<Fault, { kind: 'status' }>): Reply {
  const { status } = fault;
  const message = fault.message ?? messages[status] ?? 'error';
  if (fault.body === 'empty') return { status, text: '', contentType: 'text/plain' };
  if (fault.body !== 'html') return refused({ status, code: fault.code ?? codes[status] ?? 2, message });
  const text = `<html><head><title>${status} ${message}</title></head><body><h1>${status} ${message}</h1></body></html>`;
  return { status, text, contentType: 'text/html' };
}
