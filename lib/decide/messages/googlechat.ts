import type { Json } from '../../model/json.ts';
import { type BatchMessage, plainBatchLines, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { bytesOf, escapeGoogleChat } from './escape.ts';
import { describeStatus, readStatus } from './http-answer.ts';
import { type Link, type Message, signOf } from './message.ts';
import { linkLines, plainLines, type Shown, shrink } from './shrink.ts';
import type { ChatTarget } from './target.ts';

/**
 * Google Chat's incoming webhooks. Messages about one incident are one thread, where the space has threads. 60 messages a
 * minute and space, shared by all that write there. developers.google.com/workspace/chat/limits,
 * developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
 */
export const googlechat: ChatTarget = {
  pace: { burst: 1, everyMs: 1_500 },
  hosts: /^chat\.googleapis\.com$/,
  query: { messageReplyOption: 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD' },
  render: {
    full: (message) => renderGoogleChat(message),
    plain: (message) => renderGoogleChatPlain(message),
    batch: (message) => renderGoogleChatBatch(message),
    plainBatch: (message) => renderGoogleChatBatch(message),
  },
  classify: (answer) => {
    const { status, body } = answer;
    if (status === 200 && /"name"\s*:\s*"spaces\//.test(body)) return { kind: 'confirmed' };
    if (status === 400 && /api[ _]key/i.test(body))
      return { kind: 'address-failed', problem: `${describeStatus(status)} (it does not know the key)` };
    return readStatus(answer);
  },
};

/** A message may have 32,000 bytes, text and all (spaces.messages.create); as an alert nobody reads so much. */
export const googlechatBudget = 8_000;

type Body = {
  readonly text: string;
  readonly thread?: { readonly threadKey: string };
  readonly cardsV2?: readonly Json[];
};

function renderGoogleChat(message: Message, budget: number = googlechatBudget): Json {
  const render = (shown: Shown): Body => {
    const [first = '', ...rest] = plainLines(message, shown).map(escapeGoogleChat);
    const text = [`${signOf(message)} *${first}*`, ...rest].join('\n');
    return { text, thread: { threadKey: message.incident }, ...buttons(message.links) };
  };
  return shrink(message, render, fitsIn(budget));
}

function renderGoogleChatPlain(message: Message, budget: number = googlechatBudget): Json {
  const render = (shown: Shown): Body => ({
    text: [...plainLines(message, shown).map(escapeGoogleChat), ...linkLines(message)].join('\n'),
  });
  return shrink(message, render, fitsIn(budget));
}

/** developers.google.com/workspace/chat/api/reference/rest/v1/cards: a list of buttons below the text. */
function buttons(links: readonly Link[]): Pick<Body, 'cardsV2'> {
  if (links.length === 0) return {};
  const list = links.map(({ label, url }) => ({ text: label, onClick: { openLink: { url } } }));
  const card = { sections: [{ widgets: [{ buttonList: { buttons: list } }] }] };
  return { cardsV2: [{ cardId: 'links', card }] };
}

function renderGoogleChatBatch(message: BatchMessage, budget: number = googlechatBudget): Json {
  const render = (shown: ShownBatch): Body => ({
    text: plainBatchLines(message, shown).map(escapeGoogleChat).join('\n'),
  });
  return shrinkBatch(message, render, fitsIn(budget));
}

function fitsIn(budget: number): (body: Body) => boolean {
  return (body) => bytesOf(JSON.stringify(body)) <= budget;
}
