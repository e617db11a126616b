import type { Json } from '../../model/json.ts';
import type { Outcome } from '../outbox/outcome.ts';
import { type BatchMessage, plainBatchLines, type ShownBatch, shrinkBatch } from './batch-message.ts';
import { bytesOf, escapeCard } from './escape.ts';
import { type Answered, describeStatus, readStatus } from './http-answer.ts';
import { headline, type Line, type Link, type Message, signOf } from './message.ts';
import { leftOut, type Shown, shrink } from './shrink.ts';
import type { ChatTarget } from './target.ts';

/**
 * Teams Workflows: 202 before the card is posted, so accepted at best. Old connectors answered 200 in any case, with
 * the true status in the text: "Microsoft Teams endpoint returned HTTP error 429"
 * (github.com/MicrosoftDocs/msteams-docs/issues/400). 4 messages a second, 60 in 30 seconds (learn.microsoft.com, "Rate
 * limiting for connectors").
 */
export const teams: ChatTarget = {
  pace: { burst: 4, everyMs: 1_000 },
  hosts: /\.(api\.powerplatform\.com|logic\.azure\.com)$/,
  render: {
    full: (message) => renderTeams(message),
    plain: (message) => renderTeamsPlain(message),
    batch: (message) => renderTeamsBatch(message),
    plainBatch: (message) => renderTeamsBatchPlain(message),
  },
  classify: (answer) => {
    const [, inText] = /returned HTTP error (\d{3})/i.exec(answer.body) ?? [];
    if (inText !== undefined) return fromText(answer, Number(inText));
    return answer.status >= 200 && answer.status < 300 ? taken(answer) : readStatus(answer);
  },
};

function fromText(answer: Answered, status: number): Outcome {
  const outcome = readStatus({ ...answer, status });
  return { ...outcome, problem: `${describeStatus(answer.status)}, and in its text ${status}` } as Outcome;
}

/** An HTML page comes from a proxy or a login: no flow got the card. */
function taken(answer: Answered): Outcome {
  if (!answer.contentType.includes('html')) return { kind: 'accepted' };
  return { kind: 'unknown', retryAfterMs: undefined, problem: `${describeStatus(answer.status)} with a web page` };
}

/**
 * A Workflow takes 28 KB of "message properties", and counts more than was sent: 24,453 bytes counted as 28,897
 * (github.com/MicrosoftDocs/msteams-docs/issues/11274).
 */
export const teamsBudget = 20_480;

type Body = { readonly [key: string]: Json };

function renderTeams(message: Message, budget: number = teamsBudget): Body {
  const render = ({ text, lines, details, cut }: Shown) => {
    const title = `${signOf(message)} ${headline({ ...message, text })}`;
    const facts = [...lines, ...details];
    const body = [
      { ...textBlock(escapeCard(title)), weight: 'Bolder', size: 'Medium', color: colourOf(message) },
      ...(facts.length > 0 ? [{ type: 'FactSet', facts: facts.map(factOf) }] : []),
      small([message.kind, ...(cut === undefined ? [] : [cut]), `id ${message.id}`]),
    ];
    return cardOf(title, body, message.links);
  };
  return shrink(message, render, fitsIn(budget));
}

/** One block of text, without anything that a flow could reject. */
function renderTeamsPlain(message: Message, budget: number = teamsBudget): Body {
  const { lines, details } = message;
  const render = ({ text, cut: cutText }: Shown) => {
    const cut =
      [leftOut(details.length, lines.length), cutText].filter((part) => part !== undefined).join(', ') || undefined;
    const rest = [message.kind, ...(cut === undefined ? [] : [cut]), `id ${message.id}`];
    const parts = [headline({ ...message, text }), ...rest];
    return cardOf(undefined, [textBlock(escapeCard(parts.join(' · ')))], message.links);
  };
  return shrink({ ...message, lines: [], details: [] }, render, fitsIn(budget));
}

function renderTeamsBatch(message: BatchMessage, budget: number = teamsBudget): Body {
  const render = ({ lines, more }: ShownBatch) => {
    const all = [...lines, ...(more === undefined ? [] : [more])];
    const body = [
      { ...textBlock(escapeCard(message.title)), weight: 'Bolder', size: 'Medium' },
      ...all.map((line) => ({ ...textBlock(escapeCard(line)), spacing: 'Small' })),
      small([`id ${message.id}`]),
    ];
    return cardOf(message.title, body);
  };
  return shrinkBatch(message, render, fitsIn(budget));
}

function renderTeamsBatchPlain(message: BatchMessage, budget: number = teamsBudget): Body {
  const render = (shown: ShownBatch) =>
    cardOf(undefined, [textBlock(plainBatchLines(message, shown).map(escapeCard).join('\n\n'))]);
  return shrinkBatch(message, render, fitsIn(budget));
}

/** Version 1.4: what Teams shows everywhere. learn.microsoft.com, "Post an Adaptive Card when a webhook is received". */
function cardOf(fallbackText: string | undefined, body: readonly Json[], links: readonly Link[] = []): Body {
  const actions = links.map(({ label, url }) => ({ type: 'Action.OpenUrl', title: label, url }));
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    ...(fallbackText !== undefined && { fallbackText: escapeCard(fallbackText) }),
    body,
    ...(actions.length > 0 && { actions }),
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] };
}

function textBlock(text: string): { readonly type: 'TextBlock'; readonly text: string; readonly wrap: true } {
  return { type: 'TextBlock', text, wrap: true };
}

function small(parts: readonly string[]): Json {
  return { ...textBlock(parts.map(escapeCard).join(' · ')), size: 'Small', isSubtle: true };
}

function factOf({ name, value }: Line): Json {
  return { title: escapeCard(name), value: escapeCard(value) };
}

function colourOf({ what, severity }: Message): string {
  if (what === 'resolve') return 'Good';
  return { critical: 'Attention', warning: 'Warning', info: 'Accent' }[severity];
}

function fitsIn(budget: number): (body: Body) => boolean {
  return (body) => bytesOf(JSON.stringify(body)) <= budget;
}
