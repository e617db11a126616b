import type { Json } from '../../model/json.ts';
import type { Outcome } from '../outbox/outcome.ts';
import { type BatchMessage, plainBatchLines, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { escapeSlack, shorten } from './escape.ts';
import { type Answered, describeStatus, readStatus, retryAfterOf, wordIn } from './http-answer.ts';
import { headline, type Line, type Link, type Message, signOf } from './message.ts';
import { linkLines, plainLines, type Shown, shrink } from './shrink.ts';
import type { ChatTarget } from './target.ts';

/**
 * Slack incoming webhooks: only 200 with the text "ok" is a success; the same errors also come with 200 and with 400. At
 * most 1 message a second (docs.slack.dev/apis/web-api/rate-limits).
 */
export const slack: ChatTarget = {
  pace: { burst: 1, everyMs: 1_000 },
  hosts: /^hooks\.slack(-gov)?\.com$/,
  render: {
    full: (message) => renderSlack(message),
    plain: (message) => renderSlackPlain(message),
    batch: (message) => renderSlackBatch(message),
    plainBatch: (message) => renderSlackBatchPlain(message),
  },
  classify: (answer) => (isOk(answer) ? { kind: 'confirmed' } : refused(answer)),
};

/** docs.slack.dev, "Sending messages using incoming webhooks", errors: those of the webhook, those of the message. */
const aboutAddress = [
  'invalid_token',
  'no_service',
  'no_active_hooks',
  'no_team',
  'team_disabled',
  'channel_not_found',
  'channel_is_archived',
  'action_prohibited',
  'posting_to_general_channel_denied',
  'user_not_found',
];
const aboutBody = [
  'invalid_payload',
  'invalid_blocks',
  'invalid_attachments',
  'msg_blocks_too_long',
  'no_text',
  'too_many_attachments',
];

function isOk({ status, body }: Answered): boolean {
  return status === 200 && body.trim() === 'ok';
}

function refused(answer: Answered): Outcome {
  if (answer.status === 429) return { ...readStatus(answer), retryAfterMs: retryAfterOf(answer) } as Outcome;
  if (answer.status < 500) {
    const address = wordIn(answer.body, aboutAddress);
    if (address) return { kind: 'address-failed', problem: `${describeStatus(answer.status)} (${address})` };
    const body = wordIn(answer.body, aboutBody);
    if (body) return { kind: 'body-refused', problem: `${describeStatus(answer.status)} (${body})` };
  }
  return readStatus(answer);
}

/** docs.slack.dev/reference/block-kit/blocks: a header's and a section's text. */
export const slackLimits = { header: 150, section: 3_000, blocks: 50 } as const;
/** Blocks of about 13,200 characters were refused (github.com/slackapi/bolt-js/issues/2509); this stays well below. */
export const slackBudget = 10_000;

type Body = { readonly [key: string]: Json };

/**
 * Values are in text objects with `verbatim`, with the three special characters escaped, so that a name cannot mention
 * anybody.
 */
function renderSlack(message: Message, budget: number = slackBudget): Body {
  return shrink(message, (shown) => bodyOf(message, shown), fitsIn(budget));
}

function renderSlackPlain(message: Message, budget: number = slackBudget): Body {
  const links = linkLines(message);
  const render = (shown: Shown) => ({
    text: [escapeSlack(plainLines(message, shown).join('\n')), ...links].join('\n'),
  });
  return shrink(message, render, (body) => body.text.length <= slackLimits.section && fitsIn(budget)(body));
}

function renderSlackBatch(message: BatchMessage, budget: number = slackBudget): Body {
  const render = ({ lines, more }: ShownBatch) => {
    const all = [...lines, ...(more === undefined ? [] : [more])].map(escapeSlack);
    const sections = cutIntoSections(all).map((text) => ({ type: 'section', text: mrkdwn(text) }));
    const blocks = [header(message.title), ...sections, context([`id ${message.id}`])];
    return { text: escapeSlack(message.title), blocks, unfurl_links: false, unfurl_media: false };
  };
  return shrinkBatch(message, render, fitsIn(budget));
}

function renderSlackBatchPlain(message: BatchMessage): Body {
  const render = (shown: ShownBatch) => ({ text: escapeSlack(plainBatchLines(message, shown).join('\n')) });
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
    ...buttons(message.links),
    context([message.kind, ...(cut === undefined ? [] : [cut]), `id ${message.id}`]),
  ];
  return { text: escapeSlack(title), blocks, unfurl_links: false, unfurl_media: false };
}

/** docs.slack.dev/reference/block-kit/block-elements/button-element: `url` opens in the browser. */
function buttons(links: readonly Link[]): readonly Json[] {
  if (links.length === 0) return [];
  const elements = links.map(({ label, url }) => ({
    type: 'button',
    text: { type: 'plain_text', text: label, emoji: false },
    url,
  }));
  return [{ type: 'actions', elements }];
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
