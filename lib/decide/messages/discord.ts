import type { Json } from '../../model/json.ts';
import { type BatchMessage, plainBatchLines, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { escapeMarkdown, shorten } from './escape.ts';
import { describeStatus, readStatus, retryAfterOf } from './http-answer.ts';
import { colourOf, headline, type Message, signOf } from './message.ts';
import { linkLines, plainLines, type Shown, shrink } from './shrink.ts';
import type { ChatTarget } from './target.ts';

/**
 * Discord webhooks, asked to wait until the message is saved: without `wait` one that was not saved returns no error
 * (discord.com/developers/docs/resources/webhook#execute-webhook). The body's `retry_after` is in seconds, with a
 * fraction. 30 messages a minute and webhook (discord.com/developers/docs/topics/rate-limits).
 */
export const discord: ChatTarget = {
  pace: { burst: 5, everyMs: 2_400 },
  hosts: /^((ptb|canary)\.)?discord(app)?\.com$/,
  query: { wait: 'true' },
  render: {
    full: (message) => renderDiscord(message),
    plain: (message) => renderDiscordPlain(message),
    batch: (message) => renderDiscordBatch(message),
    plainBatch: (message) => renderDiscordBatchPlain(message),
  },
  classify: (answer) => {
    if (answer.status === 429) {
      return { kind: 'wait', retryAfterMs: retryAfterOf(answer), problem: describeStatus(answer.status) };
    }
    if (answer.status === 200 && isMessage(answer.body)) return { kind: 'confirmed' };
    return answer.status === 204 ? { kind: 'accepted' } : readStatus(answer);
  },
};

function isMessage(body: string): boolean {
  return /^\s*\{/.test(body) && /"id"\s*:/.test(body);
}

/** discord.com/developers/docs/resources/message#embed-object-embed-limits; `total` is the sum over all embeds. */
export const discordLimits = {
  content: 2_000,
  title: 256,
  description: 4_096,
  fields: 25,
  name: 256,
  value: 1_024,
  total: 6_000,
} as const;

type Field = { readonly name: string; readonly value: string; readonly inline: boolean };
type Embed = {
  readonly title: string;
  readonly description?: string;
  readonly color: number;
  readonly fields?: readonly Field[];
  readonly footer: { readonly text: string };
};
type Body = { readonly [key: string]: Json };

/** Nobody is mentioned, whatever a name holds: discord.com/developers/docs/resources/message#allowed-mentions-object. */
const nobody = { allowed_mentions: { parse: [] } } as const;
const suppressEmbeds = 4;

function renderDiscord(message: Message, budget: number = discordLimits.total): Body {
  return embedded(shrink(message, (shown) => embedOf(message, shown), fitsIn(budget)));
}

function renderDiscordPlain(message: Message, budget: number = discordLimits.content): Body {
  const render = (shown: Shown) =>
    [...plainLines(message, shown).map(escapeMarkdown), ...linkLines(message)].join('\n');
  return { content: shrink(message, render, (text) => text.length <= budget), flags: suppressEmbeds, ...nobody };
}

function renderDiscordBatch(message: BatchMessage, budget: number = discordLimits.total): Body {
  const render = ({ lines, more }: ShownBatch): Embed => ({
    title: shorten(message.title, discordLimits.title),
    description: [...lines, ...(more === undefined ? [] : [more])].map(escapeMarkdown).join('\n'),
    color: 0x6b_6b_6b,
    footer: { text: `id ${message.id}` },
  });
  return embedded(shrinkBatch(message, render, fitsIn(budget)));
}

function renderDiscordBatchPlain(message: BatchMessage, budget: number = discordLimits.content): Body {
  const render = (shown: ShownBatch) => plainBatchLines(message, shown).map(escapeMarkdown).join('\n');
  const content = shrinkBatch(message, render, (text) => text.length <= budget);
  return { content, flags: suppressEmbeds, ...nobody };
}

function embedOf(message: Message, { text, lines, details, cut }: Shown): Embed {
  const title = `${signOf(message)} ${headline({ ...message, text })}`;
  const isLong = escapeMarkdown(title).length > discordLimits.title;
  const links = message.links.map(({ label, url }) => `[${label}](${url})`).join(' · ');
  const own = [...lines, ...details].map(({ name, value }) => {
    return { name: escapeMarkdown(name), value: value === '' ? '–' : escapeMarkdown(value), inline: value.length < 40 };
  });
  const fields =
    links === '' ? own : [...own.slice(0, discordLimits.fields - 1), { name: 'Keep up', value: links, inline: false }];
  const footer = [message.kind, ...(cut === undefined ? [] : [cut]), `id ${message.id}`].join(' · ');
  return {
    title: isLong ? `${signOf(message)} ${message.status}` : escapeMarkdown(title),
    ...(isLong && { description: escapeMarkdown(text) }),
    color: colourOf(message),
    ...(fields.length > 0 && { fields }),
    footer: { text: footer },
  };
}

function embedded(embed: Embed): Body {
  return { embeds: [embed], ...nobody };
}

function fitsIn(budget: number): (embed: Embed) => boolean {
  return ({ title, description = '', fields = [], footer }) => {
    const total = fields.reduce(
      (sum, { name, value }) => sum + name.length + value.length,
      title.length + description.length + footer.text.length,
    );
    const isEachRight = fields.every(
      ({ name, value }) => name.length <= discordLimits.name && value.length <= discordLimits.value,
    );
    const isInLimits = description.length <= discordLimits.description && fields.length <= discordLimits.fields;
    return isEachRight && isInLimits && total <= budget;
  };
}
