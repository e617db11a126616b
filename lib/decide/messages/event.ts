import type { DestinationConfig } from '../../model/config.ts';
import type { Subject } from '../../model/finding.ts';
import type { Json } from '../../model/json.ts';
import { cutMark } from '../../model/text.ts';
import { type EpochMs, isoTime } from '../../model/time.ts';
import type { Delivery, DeliveryFacts } from '../incidents/delivery.ts';
import { renderAlertmanagerV4 } from './alertmanager.ts';
import { bytesOf, inert } from './escape.ts';
import { detailsOf, type Line, type Message, messageOf, toldSentences } from './message.ts';
import { linkLines, plainLines, type Shown, shrink } from './shrink.ts';

/** Standard Webhooks asks for less than 20 kB; any CloudEvents receiver takes 64 KiB, a stored record 100 KB in all. */
export const eventBudget = { json: 20_000, cloudevents: 32_000, text: 20_000 } as const;

type Body = { readonly [key: string]: Json };

/** The event in the format that the config asks for; a text is a text, everything else a tree. */
export function renderFormat(
  delivery: Delivery,
  { format, name, zone }: Pick<DestinationConfig, 'format' | 'name' | 'zone'>,
  ...budget: [number?]
): Json {
  switch (format) {
    case 'json':
      return renderJson(delivery, zone, ...budget);
    case 'cloudevents':
      return renderCloudEvent(delivery, zone, ...budget);
    case 'alertmanager-v4':
      return renderAlertmanagerV4(delivery, name, zone, ...budget);
    case 'text':
      return renderText(delivery, zone, ...budget);
  }
}

/** The event of `format: json`: `type`, `timestamp` and `data`, as Standard Webhooks has them. Its shape is documented. */
function renderJson(delivery: Delivery, zone: string, budget: number = eventBudget.json): Body {
  const { what, at } = delivery.facts;
  const render = (shown: Shown) => ({
    type: typeOf(what),
    timestamp: isoTime(at),
    data: dataOf(delivery, shown, zone),
  });
  return shrink(factual(delivery, zone), render, fitsIn(budget));
}

/** The same data as a structured CloudEvent: the signature then covers the attributes too. github.com/cloudevents/spec */
function renderCloudEvent(delivery: Delivery, zone: string, budget: number = eventBudget.cloudevents): Body {
  const { what, at, subject } = delivery.facts;
  const render = (shown: Shown) => ({
    specversion: '1.0',
    id: delivery.id,
    source: '/lamplighter',
    type: typeOf(what),
    time: isoTime(at),
    subject: pathOf(subject),
    datacontenttype: 'application/json',
    data: dataOf(delivery, shown, zone),
  });
  return shrink(factual(delivery, zone), render, fitsIn(budget));
}

/** The event of `format: text`: what a chat would show, without markup. It cannot mention anybody. */
function renderText(delivery: Delivery, zone: string, budget: number = eventBudget.text): string {
  const message = messageOf(delivery, zone);
  const render = (shown: Shown) => [inert(plainLines(message, shown).join('\n')), ...linkLines(message)].join('\n');
  return shrink(message, render, (text) => bytesOf(text) <= budget);
}

/** Sentences are for people; named values are for programs, and keep their instants in UTC. */
function factual(delivery: Delivery, zone: string): Message {
  return { ...messageOf(delivery, zone), details: detailsOf(delivery.facts) };
}

function typeOf(what: DeliveryFacts['what']): string {
  const verbs = { open: 'opened', update: 'updated', reminder: 'reminded', resolve: 'resolved' } as const;
  return what === 'notice' ? 'lamplighter.notice' : `lamplighter.incident.${verbs[what]}`;
}

function dataOf({ id, key, episode, facts }: Delivery, { text, lines, details, cut }: Shown, zone: string): Body {
  const { what, kind, severity, worst, subject, since, until } = facts;
  const { cause, did, fix } = toldSentences(facts, zone);
  const isWhole = lines.length > 0;
  return {
    id,
    incident: `${key}.${episode}`,
    status: what === 'resolve' ? 'resolved' : what === 'notice' ? 'notice' : 'open',
    kind,
    severity,
    worst,
    subject,
    text,
    since: isoTime(since),
    until: timeOrNull(until),
    cause: cause ?? null,
    did: isWhole ? (did ?? null) : null,
    fix: isWhole ? (fix ?? null) : null,
    ...(facts.runbook !== undefined && { runbook: facts.runbook }),
    facts: Object.fromEntries(details.map(({ name, value }) => [name, original(facts, name, value)])),
    ...(facts.links && { links: facts.links.map(({ label, url }) => ({ label, url })) }),
    ...cutOf(cut, text, details),
  };
}

/** What was left out for this receiver, and what was cut when it was read. */
function cutOf(cut: string | undefined, text: string, details: readonly Line[]): Body {
  const isCutBefore = [text, ...details.map(({ value }) => value)].some((one) => one.includes(cutMark));
  const all = [...(cut === undefined ? [] : [cut]), ...(isCutBefore ? ['a text of the API, where it was read'] : [])];
  return all.length === 0 ? {} : { cut: all.join('; ') };
}

/** Numbers stay numbers. */
function original(facts: DeliveryFacts, name: string, value: string): string | number {
  const before = facts.facts[name];
  return typeof before === 'number' ? before : value;
}

function timeOrNull(at: EpochMs | undefined): string | null {
  return at === undefined ? null : isoTime(at);
}

/** "r1/dev-1/workers": names for people's filters; the ids are in the data. */
function pathOf(subject: Subject): string {
  switch (subject.kind) {
    case 'region':
      return subject.region;
    case 'cluster':
      return `${subject.region}/${subject.cluster}`;
    case 'pool':
      return `${subject.region}/${subject.cluster}/${subject.pool}`;
    case 'destination':
      return subject.destination;
    case 'secret':
      return subject.reference;
    case 'config':
      return subject.path;
    case 'fleet':
      return 'fleet';
  }
}

function fitsIn(budget: number): (body: Body) => boolean {
  return (body) => bytesOf(JSON.stringify(body)) <= budget;
}
