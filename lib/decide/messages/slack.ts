import type { Json } from '../../model/json.ts';
import { type BatchMessage, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { escapeSlack, shorten } from './escape.ts';
import { headline, type Line, type Message, signOf } from './message.ts';
import { type Shown, shrink } from './shrink.ts';

/** docs.slack.dev/reference/block-kit/blocks: a header's and a section's text. */
export const slackLimits = { header: 150, section: 3_000, blocks: 50 } as const;
/** Blocks of about 13,200 characters were refused (github.com/slackapi/bolt-js/issues/2509); this stays well below. */
export const slackBudget = 10_000;

type Body = { readonly [key: string]: Json };

/** Values stand in text objects with `verbatim`, their three special characters escaped: nobody is paged by a name. */
export function renderSlack(message: Message, budget: number = slackBudget): Body {
  return shrink(message, (shown) => bodyOf(message, shown), fitsIn(budget));
}

export function renderSlackPlain(message: Message, budget: number = slackBudget): Body {
  const render = ({ text, lines, details, cut }: Shown) => {
    const rest = [...lines, ...details].map(({ name, value }) => `${name}: ${value}`);
    const end = [...(cut === undefined ? [] : [cut]), `${message.kind} · id ${message.id}`];
    const all = [headline({ ...message, text }), ...rest, ...end];
    return { text: escapeSlack(all.join('\n')) };
  };
  return shrink(message, render, (body) => body.text.length <= slackLimits.section && fitsIn(budget)(body));
}

export function renderSlackBatch(message: BatchMessage, budget: number = slackBudget): Body {
  const render = ({ lines, more }: ShownBatch) => {
    const all = [...lines, ...(more === undefined ? [] : [more])].map(escapeSlack);
    const sections = cutIntoSections(all).map((text) => ({ type: 'section', text: mrkdwn(text) }));
    const blocks = [header(message.title), ...sections, context([`id ${message.id}`])];
    return { text: escapeSlack(message.title), blocks, unfurl_links: false, unfurl_media: false };
  };
  return shrinkBatch(message, render, fitsIn(budget));
}

export function renderSlackBatchPlain(message: BatchMessage): Body {
  const render = ({ lines, more }: ShownBatch) => {
    const all = [message.title, ...lines, ...(more === undefined ? [] : [more]), `id ${message.id}`];
    return { text: escapeSlack(all.join('\n')) };
  };
  return shrinkBatch(message, render, ({ text }) => text.length <= slackLimits.section);
}

function bodyOf(message: Message, { text, lines, details, cut }: Shown): Body {
  const title = `${signOf(message)} ${headline({ ...message, text })}`;
  const isLong = escapeSlack(title).length > slackLimits.header;
  const blocks = [
    header(title),
    ...(isLong ? [{ type: 'section', text: mrkdwn(escapeSlack(text)) }] : []),
    ...(lines.length > 0 ? [{ type: 'section', text: mrkdwn(lines.map(tell).join('\n')) }] : []),
    ...(details.length > 0 ? [{ type: 'section', text: mrkdwn(details.map(tell).join('\n')) }] : []),
    context([message.kind, ...(cut === undefined ? [] : [cut]), `id ${message.id}`]),
  ];
  return { text: escapeSlack(title), blocks, unfurl_links: false, unfurl_media: false };
}

function tell({ name, value }: Line): string {
  return `*${escapeSlack(name)}*  ${escapeSlack(value)}`;
}

function header(text: string): Json {
  return { type: 'header', text: { type: 'plain_text', text: escapedHeader(text), emoji: false } };
}

/** Cut before it is escaped, so that no `&lt;` is cut in half. */
function escapedHeader(text: string): string {
  for (let length: number = slackLimits.header; ; length -= 1) {
    const escaped = escapeSlack(shorten(text, length));
    if (escaped.length <= slackLimits.header) return escaped;
  }
}

function mrkdwn(text: string): { type: 'mrkdwn'; text: string; verbatim: true } {
  return { type: 'mrkdwn', text, verbatim: true };
}

function context(parts: readonly string[]): Json {
  return { type: 'context', elements: [{ type: 'plain_text', text: escapeSlack(parts.join(' · ')), emoji: false }] };
}

function cutIntoSections(lines: readonly string[]): readonly string[] {
  const sections: string[] = [];
  for (const line of lines) {
    const last = sections.at(-1);
    const isRoom = last !== undefined && last.length + 1 + line.length <= slackLimits.section;
    if (isRoom) sections[sections.length - 1] = `${last}\n${line}`;
    else sections.push(line);
  }
  return sections;
}

function fitsIn(budget: number): (body: Body) => boolean {
  return (body) => {
    const blocks = (body.blocks ?? []) as readonly { readonly text?: { readonly text: string } }[];
    if (blocks.length > slackLimits.blocks) return false;
    return (
      blocks.every(({ text }) => (text?.text.length ?? 0) <= slackLimits.section) &&
      JSON.stringify(body).length <= budget
    );
  };
}
