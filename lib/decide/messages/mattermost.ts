import type { Json } from '../../model/json.ts';
import { type BatchMessage, plainBatchLines, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { bytesOf, escapeMattermost } from './escape.ts';
import { readStatus } from './http-answer.ts';
import { colourOf, headline, type Line, type Message, signOf } from './message.ts';
import { linkLines, plainLines, type Shown, shrink } from './shrink.ts';
import type { ChatTarget } from './target.ts';

/**
 * Mattermost incoming webhooks: 200 and the text "ok". developers.mattermost.com/integrate/webhooks/incoming. A server
 * takes 10 messages a second by default.
 */
export const mattermost: ChatTarget = {
  pace: { burst: 5, everyMs: 500 },
  render: {
    full: (message) => renderMattermost(message),
    plain: (message) => renderMattermostPlain(message),
    batch: (message) => renderMattermostBatch(message),
    plainBatch: (message) => renderMattermostBatchPlain(message),
  },
  classify: (answer) =>
    answer.status === 200 && answer.body.trim() === 'ok' ? { kind: 'confirmed' } : readStatus(answer),
};

/** Characters of a post's text; a longer one is split by the server. Counted in bytes here, to be on the safe side. developers.mattermost.com/integrate/webhooks/incoming */
export const mattermostBudget = 16_383;

type Body = { readonly [key: string]: Json };

function renderMattermost(message: Message, budget: number = mattermostBudget): Body {
  const render = ({ text, lines, details, cut }: Shown) => {
    const title = escapeMattermost(`${signOf(message)} ${headline({ ...message, text })}`);
    const footer = [message.kind, ...(cut === undefined ? [] : [cut]), `id ${message.id}`].join(' · ');
    const color = `#${colourOf(message).toString(16).padStart(6, '0')}`;
    const fields = [...lines, ...details].map(fieldOf);
    const links = message.links.map(({ label, url }) => `[${label}](${url})`).join(' · ');
    const whole = links === '' ? `**${title}**` : `**${title}**\n${links}`;
    return { attachments: [{ fallback: title, color, text: whole, fields, footer }] };
  };
  return shrink(message, render, fitsIn(budget));
}

function renderMattermostPlain(message: Message, budget: number = mattermostBudget): Body {
  const render = (shown: Shown) => ({
    text: [...plainLines(message, shown).map(escapeMattermost), ...linkLines(message)].join('\n'),
  });
  return shrink(message, render, fitsIn(budget));
}

function renderMattermostBatch(message: BatchMessage, budget: number = mattermostBudget): Body {
  const render = ({ lines, more }: ShownBatch) => {
    const list = lines.map((line) => `- ${escapeMattermost(line)}`);
    const end = [...(more === undefined ? [] : [more]), `id ${message.id}`].map(escapeMattermost);
    return { text: [`**${escapeMattermost(message.title)}**`, ...list, '', ...end].join('\n') };
  };
  return shrinkBatch(message, render, fitsIn(budget));
}

function renderMattermostBatchPlain(message: BatchMessage, budget: number = mattermostBudget): Body {
  const render = (shown: ShownBatch) => ({ text: plainBatchLines(message, shown).map(escapeMattermost).join('\n') });
  return shrinkBatch(message, render, fitsIn(budget));
}

function fieldOf({ name, value }: Line): Json {
  return { title: escapeMattermost(name), value: escapeMattermost(value), short: value.length < 40 };
}

function fitsIn(budget: number): (body: Body) => boolean {
  return (body) => bytesOf(JSON.stringify(body)) <= budget;
}
