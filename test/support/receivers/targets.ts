import { CloudEvent, ValidationError } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { makeReceiver, type Received, type Receiver, type Reply } from './receiver.ts';

/** A message that a chat shows: its text, and the delivery ids it names. */
export type Post = { readonly text: string; readonly ids: readonly string[]; readonly at: number };

export type ChatReceiver = Receiver & { readonly posts: readonly Post[] };

type Tree = { readonly [key: string]: unknown };

const ok: Reply = { status: 200, body: 'ok' };

/** docs.slack.dev: at most 50 blocks, a header of 150 and a section of 3,000 characters, about 13,000 in all. */
export function makeSlack(): ChatReceiver {
  const posts: Post[] = [];
  const take = (request: Received): Reply => {
    const body = parse(request);
    if (body === undefined || typeof body.text !== 'string') return { status: 400, body: 'invalid_payload' };
    const blocks = (body.blocks ?? []) as readonly { type: string; text?: { text: string } }[];
    if (blocks.length > 50 || !blocks.every(isSlackBlock)) return { status: 400, body: 'invalid_blocks' };
    if (JSON.stringify(blocks).length > 13_200) return { status: 400, body: 'msg_blocks_too_long' };
    posts.push(postOf(request));
    return ok;
  };
  return Object.assign(makeReceiver({ take, success: ok }), { posts });
}

function isSlackBlock({ type, text }: { type: string; text?: { text: string } }): boolean {
  const length = text?.text.length ?? 0;
  if (type === 'header') return length > 0 && length <= 150;
  return type === 'section' ? length > 0 && length <= 3000 : type === 'context';
}

/** 202 before anything is posted; a card is dropped in silence when it is no card, refused when it is too large. */
export function makeTeams(): ChatReceiver {
  const posts: Post[] = [];
  const success = { status: 202 };
  const take = (request: Received): Reply => {
    if (Buffer.byteLength(request.body) > 24_000) return { status: 413 };
    const body = parse(request) as { attachments?: { content?: { type?: string; version?: string } }[] } | undefined;
    const card = body?.attachments?.[0]?.content;
    if (card?.type === 'AdaptiveCard' && card.version === '1.4') posts.push(postOf(request));
    return success;
  };
  return Object.assign(makeReceiver({ take, success }), { posts });
}

/** The limits of an embed; without `wait=true` what is not saved looks like a success. */
export function makeDiscord(): ChatReceiver {
  const posts: Post[] = [];
  const saved = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"id":"1","type":0}' };
  const take = (request: Received): Reply => {
    const body = parse(request);
    const isWaiting = request.path.includes('wait=true');
    if (body === undefined || !isDiscordMessage(body))
      return isWaiting ? { status: 400, body: '{"code":50035}' } : { status: 204 };
    posts.push(postOf(request));
    return isWaiting ? saved : { status: 204 };
  };
  return Object.assign(makeReceiver({ take, success: saved }), { posts });
}

type Embed = {
  title?: string;
  description?: string;
  fields?: { name: string; value: string }[];
  footer?: { text: string };
};

function isDiscordMessage(body: Tree): boolean {
  const {
    content = '',
    embeds = [],
    allowed_mentions: mentions,
  } = body as {
    content?: string;
    embeds?: Embed[];
    allowed_mentions?: { parse: unknown[] };
  };
  const total = embeds.reduce((sum, embed) => sum + embedLength(embed), 0);
  const isNobody = mentions?.parse.length === 0;
  return isNobody && content.length <= 2000 && embeds.length <= 10 && total <= 6000 && embeds.every(isEmbed);
}

function isEmbed({ title = '', description = '', fields = [], footer }: Embed): boolean {
  const isEachRight = fields.every(({ name, value }) => {
    return name.length > 0 && name.length <= 256 && value.length > 0 && value.length <= 1024;
  });
  const isSmall = title.length <= 256 && description.length <= 4096 && (footer?.text.length ?? 0) <= 2048;
  return isEachRight && isSmall && fields.length <= 25;
}

function embedLength({ title = '', description = '', fields = [], footer }: Embed): number {
  const inFields = fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  return title.length + description.length + inFields + (footer?.text.length ?? 0);
}

export function makeMattermost(): ChatReceiver {
  const posts: Post[] = [];
  const take = (request: Received): Reply => {
    const body = parse(request) as { text?: string; attachments?: unknown[] } | undefined;
    if (body === undefined || (body.text === undefined && !body.attachments?.length)) return { status: 400 };
    posts.push(postOf(request));
    return ok;
  };
  return Object.assign(makeReceiver({ take, success: ok }), { posts });
}

export type Alert = { readonly key: string; status: 'triggered' | 'resolved'; summary: string; opened: number };
export type PagerdutyReceiver = Receiver & { readonly alerts: ReadonlyMap<string, Alert>; readonly routingKey: string };

/**
 * Events API v2: a trigger opens an alert, or adds to the open one; a resolve without an open alert is dropped; a trigger
 * after the resolve opens it again. Above 120 events a minute: 429, and the event is not taken.
 */
export function makePagerduty(routingKey = 'R0123456789ABCDEF0123456789ABCDE'): PagerdutyReceiver {
  const alerts = new Map<string, Alert>();
  const taken: number[] = [];
  const success = { status: 202, body: '{"status":"success"}' };
  const take = (request: Received): Reply => {
    if (taken.filter((at) => at > request.at - 60_000).length >= 120) return { status: 429 };
    const body = parse(request) as PagerdutyEvent | undefined;
    const problem = problemOf(body, routingKey, request.body);
    if (problem !== undefined || body === undefined)
      return { status: 400, body: JSON.stringify({ errors: [problem] }) };
    taken.push(request.at);
    applyEvent(alerts, body);
    return success;
  };
  return Object.assign(makeReceiver({ take, success }), { alerts, routingKey });
}

type PagerdutyEvent = {
  routing_key?: string;
  event_action?: string;
  dedup_key?: string;
  payload?: { summary?: string; source?: string; severity?: string };
};

function problemOf(body: PagerdutyEvent | undefined, routingKey: string, text: string): string | undefined {
  if (body === undefined) return 'no JSON';
  if (body.routing_key !== routingKey) return "'routing_key' is not valid";
  if (Buffer.byteLength(text) > 512_000) return 'too large';
  if (!body.dedup_key || body.dedup_key.length > 255) return 'dedup_key';
  if (body.event_action === 'resolve') return undefined;
  const { summary = '', source = '', severity = '' } = body.payload ?? {};
  const isWhole = summary.length > 0 && summary.length <= 1024 && source !== '';
  const isKnown = ['critical', 'error', 'warning', 'info'].includes(severity);
  return body.event_action === 'trigger' && isWhole && isKnown ? undefined : 'payload';
}

function applyEvent(alerts: Map<string, Alert>, { event_action, dedup_key = '', payload }: PagerdutyEvent): void {
  const alert = alerts.get(dedup_key);
  if (event_action === 'resolve') {
    if (alert) alert.status = 'resolved';
    return;
  }
  const summary = payload?.summary ?? '';
  if (alert?.status === 'triggered') alert.summary = summary;
  else alerts.set(dedup_key, { key: dedup_key, status: 'triggered', summary, opened: (alert?.opened ?? 0) + 1 });
}

export type Event = { readonly id: string; readonly body: Tree };
export type WebhookReceiver = Receiver & { readonly events: readonly Event[]; readonly secret: string };

/** A receiver that believes nothing unsigned or old; checked with the reference implementation at the receiver's time. */
export function makeWebhook(secret = 'whsec_bGFtcGxpZ2h0ZXItcmVjZWl2ZXItZm9yLXRlc3Rz'): WebhookReceiver {
  const events: Event[] = [];
  const success = { status: 204 };
  const take = (request: Received): Reply => {
    if (!isGenuine(request, secret)) return { status: 401 };
    const body = parse(request);
    if (body === undefined) return { status: 400 };
    if (request.headers['content-type']?.startsWith('application/cloudevents+json') && !isCloudEvent(body)) {
      return { status: 415 };
    }
    events.push({ id: request.headers['webhook-id'] ?? '', body });
    return success;
  };
  return Object.assign(makeReceiver({ take, success }), { events, secret });
}

function isGenuine({ headers, body, at }: Received, secret: string): boolean {
  const webhook = new Webhook(secret);
  const sentAt = Number(headers['webhook-timestamp']) * 1000;
  if (Math.abs(sentAt - at) > 5 * 60_000) return false;
  const id = headers['webhook-id'] ?? '';
  const expected = webhook.sign(id, new Date(sentAt), body);
  return !id.includes('.') && (headers['webhook-signature'] ?? '').split(' ').includes(expected);
}

export function isCloudEvent(body: Tree): boolean {
  try {
    return new CloudEvent(body).validate();
  } catch (error) {
    if (error instanceof ValidationError) return false;
    throw error;
  }
}

export type PushedAlert = {
  readonly labels: { readonly [name: string]: string };
  readonly startsAt: string;
  readonly endsAt: string;
};
export type AlertmanagerReceiver = Receiver & {
  /** What is active at an instant: sent, and its end not yet come. */
  readonly activeAt: (at: number) => readonly PushedAlert[];
};

export function makeAlertmanager(): AlertmanagerReceiver {
  const alerts = new Map<string, PushedAlert>();
  const take = (request: Received): Reply => {
    const list = parse(request) as unknown as readonly PushedAlert[] | undefined;
    if (!request.path.endsWith('/api/v2/alerts') || !Array.isArray(list)) return { status: 404 };
    if (!list.every(({ labels }) => labels.alertname)) return { status: 400 };
    for (const alert of list as readonly PushedAlert[]) alerts.set(JSON.stringify(alert.labels), alert);
    return { status: 200 };
  };
  const activeAt = (at: number) => [...alerts.values()].filter(({ endsAt }) => Date.parse(endsAt) > at);
  return Object.assign(makeReceiver({ take, success: { status: 200 } }), { activeAt });
}

function parse({ body }: Received): Tree | undefined {
  try {
    return JSON.parse(body) as Tree;
  } catch {
    return undefined;
  }
}

function postOf({ body, at }: Received): Post {
  return { text: body, ids: [...body.matchAll(/id ([0-9a-f]{64})/g)].map(([, id]) => id ?? ''), at };
}
