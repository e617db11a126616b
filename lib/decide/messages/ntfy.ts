import type { Json } from '../../model/json.ts';
import { type BatchMessage, plainBatchLines, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { bytesOf, shorten } from './escape.ts';
import { readStatus } from './http-answer.ts';
import { headline, type Message } from './message.ts';
import { linkLines, plainLines, type Shown, shrink } from './shrink.ts';
import type { ChatTarget } from './target.ts';

/**
 * ntfy, published as JSON: the topic is in the body, and the address is the server's. docs.ntfy.sh/publish, "Publish as
 * JSON". ntfy.sh allows 60 requests and one more every 5 seconds per client address, so some are left for others.
 */
export const ntfy: ChatTarget = {
  pace: { burst: 10, everyMs: 5_000 },
  topicField: 'topic',
  render: {
    full: (message) => renderNtfy(message),
    plain: (message) => renderNtfyPlain(message),
    batch: (message) => renderNtfyBatch(message),
    plainBatch: (message) => renderNtfyBatch(message),
  },
  classify: (answer) => {
    const isTaken = answer.status === 200 && /"event"\s*:\s*"message"/.test(answer.body);
    return isTaken ? { kind: 'confirmed' } : readStatus(answer);
  },
};

/** A message of more than 4,096 bytes becomes a file, or is refused (docs.ntfy.sh/publish, "Limitations"). */
export const ntfyLimits = { message: 4_096, title: 200 } as const;

/** Priority 5 overrides "do not disturb", 3 is the default (docs.ntfy.sh/publish, "Message priority"). */
const priorities = { critical: 5, warning: 4, info: 3 } as const;
const tags = { critical: 'rotating_light', warning: 'warning', info: 'information_source' } as const;

function renderNtfy(message: Message): Json {
  const { what, severity } = message;
  const isOver = what === 'resolve';
  const head = { priority: isOver ? 3 : priorities[severity], tags: [isOver ? 'white_check_mark' : tags[severity]] };
  // At most three, docs.ntfy.sh/publish, "Action buttons".
  const actions = message.links.slice(0, 3).map(({ label, url }) => ({ action: 'view', label, url }));
  return { ...ntfyText(message, message.links.slice(3)), ...head, ...(actions.length > 0 && { actions }) };
}

/** The text is the title; if it does not fit there, it is in the message as well. */
function renderNtfyPlain(message: Message): Json {
  return ntfyText(message, message.links);
}

function ntfyText(message: Message, links: Message['links']): { readonly title: string; readonly message: string } {
  const render = (shown: Shown) => {
    const [whole = '', ...rest] = plainLines(message, shown);
    const title = shorten(headline({ ...message, text: shown.text }), ntfyLimits.title);
    const lines = [...(title === whole ? rest : [whole, ...rest]), ...linkLines({ links })];
    return { title, message: lines.join('\n') };
  };
  return shrink(message, render, (body) => bytesOf(body.message) <= ntfyLimits.message);
}

function renderNtfyBatch(message: BatchMessage): Json {
  const render = (shown: ShownBatch) => {
    const [title = '', ...rest] = plainBatchLines(message, shown);
    return { title: shorten(title, ntfyLimits.title), message: rest.join('\n') };
  };
  return shrinkBatch(message, render, (body) => bytesOf(body.message) <= ntfyLimits.message);
}
