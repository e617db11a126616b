import type { Json } from '../../model/json.ts';
import type { Outcome } from '../outbox/outcome.ts';
import { type BatchMessage, plainBatchLines, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { bytesOf, escapeHtml, shorten } from './escape.ts';
import type { Answered } from './http-answer.ts';
import { colourOf, headline, type Line, type Message } from './message.ts';
import { linkLines, plainLines, type Shown, shrink } from './shrink.ts';
import type { ChatTarget } from './target.ts';

/**
 * Email. A server that takes a message promises to deliver it or to report a failure (RFC 5321, 4.2.5): accepted.
 * Messages about one incident name it in `References` and `In-Reply-To`, so that mail programs show them together.
 */
export const email: ChatTarget = {
  pace: { burst: 5, everyMs: 2_000 },
  render: {
    full: (message) => renderEmail(message),
    plain: (message) => renderEmailPlain(message),
    batch: (message) => renderEmailBatch(message),
    plainBatch: (message) => renderEmailBatchPlain(message),
  },
  classify,
};

/** Below what Gmail shows without a click (102 KB), with both forms, and what a stored record takes. */
export const emailBudget = 32_000;
/** A subject is folded at 78 characters (RFC 5322, 2.1.1); lists of messages show less. */
export const emailLimits = { subject: 200 } as const;

/** The frozen part; sender and recipients are added when it is sent. */
export type Mail = {
  readonly subject: string;
  readonly text: string;
  /** Absent in the plainest form. */
  readonly html?: string;
  /** Of this message, for its Message-ID. */
  readonly id: string;
  /** Of the incident; absent = about several. */
  readonly incident?: string;
};

function renderEmail(message: Message, budget: number = emailBudget): Json {
  const render = (shown: Shown): Mail => ({ ...plainMail(message, shown), html: htmlOf(message, shown) });
  return shrink(message, render, fitsIn(budget));
}

function renderEmailPlain(message: Message, budget: number = emailBudget): Json {
  return shrink(message, (shown) => plainMail(message, shown), fitsIn(budget));
}

function renderEmailBatch(message: BatchMessage, budget: number = emailBudget): Json {
  const render = (shown: ShownBatch): Mail => ({ ...plainBatch(message, shown), html: batchHtml(message, shown) });
  return shrinkBatch(message, render, fitsIn(budget));
}

function renderEmailBatchPlain(message: BatchMessage, budget: number = emailBudget): Json {
  return shrinkBatch(message, (shown) => plainBatch(message, shown), fitsIn(budget));
}

function plainMail(message: Message, shown: Shown): Mail {
  const subject = shorten(headline({ ...message, text: shown.text }), emailLimits.subject);
  const text = [...plainLines(message, shown), ...linkLines(message)].join('\n');
  return { subject, text, id: message.id, incident: message.incident };
}

function plainBatch(message: BatchMessage, shown: ShownBatch): Mail {
  const subject = shorten(message.title, emailLimits.subject);
  return { subject, text: plainBatchLines(message, shown).join('\n'), id: message.id };
}

function htmlOf(message: Message, { text, lines, details, cut }: Shown): string {
  const colour = `#${colourOf(message).toString(16).padStart(6, '0')}`;
  const rows = [...lines, ...details].map(rowOf).join('');
  const end = [message.kind, ...(cut === undefined ? [] : [cut]), `id ${message.id}`].join(' · ');
  return page([
    `<p style="border-left:4px solid ${colour};padding-left:10px"><b>${escapeHtml(headline({ ...message, text }))}</b></p>`,
    rows === '' ? '' : `<table>${rows}</table>`,
    message.links.map(({ label, url }) => `<p><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></p>`).join(''),
    small(end),
  ]);
}

function batchHtml(message: BatchMessage, { lines, more }: ShownBatch): string {
  const items = [...lines, ...(more === undefined ? [] : [more])].map((line) => `<li>${escapeHtml(line)}</li>`);
  return page([`<p><b>${escapeHtml(message.title)}</b></p>`, `<ul>${items.join('')}</ul>`, small(`id ${message.id}`)]);
}

function page(parts: readonly string[]): string {
  return `<!doctype html><html><body style="font-family:sans-serif">${parts.join('')}</body></html>`;
}

function rowOf({ name, value }: Line): string {
  return `<tr><th align="left" valign="top">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
}

function small(text: string): string {
  return `<p style="color:#666;font-size:smaller">${escapeHtml(text)}</p>`;
}

function fitsIn(budget: number): (mail: Mail) => boolean {
  return (mail) => bytesOf(JSON.stringify(mail)) <= budget;
}

/** At which step the server answered. The server's own words are not used, since they may hold anything. */
export const stages = {
  greeting: 'the connection',
  login: 'the user and password',
  envelope: 'the sender or the recipients',
  message: 'the message',
} as const;

/**
 * SMTP's codes. 2xx: accepted. 4xx: not now (greylisting, a full disk); nothing arrived, and it is tried again like an
 * unreachable server, so that a server that never accepts counts as broken. 5xx about the message, and 552 (too large)
 * at any step: the message is wrong. Every other 5xx: the server, the login or the addresses are wrong. RFC 5321, 4.2.
 */
function classify({ status, body }: Answered): Outcome {
  const stage = Object.entries(stages).find(([name]) => body.startsWith(name));
  const note = /^message: (.+)$/.exec(body)?.[1];
  if (status >= 200 && status < 300) return { kind: 'accepted', ...(note !== undefined && { note }) };
  const problem = `its server answered ${status} to ${stage?.[1] ?? 'it'}`;
  if (status < 500) return { kind: 'not-sent', problem };
  const isAboutMessage = stage?.[0] === 'message' || status === 552;
  return { kind: isAboutMessage ? 'body-refused' : 'address-failed', problem };
}
