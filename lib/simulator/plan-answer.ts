import type { EpochMs, Json } from '../decide/model.ts';
import { drawInteger } from './chance.ts';
import { blockPage, statusReply } from './fault-pages.ts';
import type { Fault } from './faults.ts';
import { refusals, refused, type Reply } from './reply.ts';
import { half } from './slow-bodies.ts';
import type { WorldState } from './world-model.ts';

/** How an answer reaches the client, where that is not simply at once and whole. */
export type Delivery = Extract<Fault, { kind: 'delay' | 'cut-off' | 'huge' | 'slow-drip' }>;

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
      return {
        ...answer({ status: fault.status ?? 302, text: '' }),
        headers: { location: fault.location },
      };
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

type Rewrite = Extract<Fault, { kind: 'omit' | 'wrong-shape' | 'unknown-status' | 'absent-size' }>;
type JsonObject = { readonly [key: string]: Json };

/** Only what was a good answer is made a bad one. */
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
  if (fault.kind !== 'absent-size') return item;
  const { size: _, ...rest } = item;
  return rest;
}
