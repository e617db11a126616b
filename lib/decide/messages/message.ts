import type { Severity, Subject } from '../../model/finding.ts';
import { type EpochMs, minuteMs, replaceInstants } from '../../model/time.ts';
import type { Delivery, DeliveryFacts } from '../incidents/delivery.ts';
import { clean } from './escape.ts';

/** A delivery in words, before any target's format. Values have no control characters, and are not escaped yet. */
export type Message = {
  /** The delivery's. */
  readonly id: string;
  /** `<incident>.<episode>`: the same for all messages of an episode. */
  readonly incident: string;
  readonly what: DeliveryFacts['what'];
  readonly kind: DeliveryFacts['kind'];
  readonly severity: Severity;
  /** "CRITICAL", "Resolved", "Still critical", "Notice". */
  readonly status: string;
  /** What is wrong, on what. */
  readonly text: string;
  /** Place, start, what Lamplighter did, what you can do. */
  readonly lines: readonly Line[];
  /** Named values of the finding: sizes, versions, error texts. */
  readonly details: readonly Line[];
  /** Links for people, shown as buttons if the target has them; never escaped, never cut. */
  readonly links: readonly Link[];
};

export type Link = { readonly label: string; readonly url: string };

export type Line = { readonly name: string; readonly value: string };

export function messageOf(delivery: Delivery, zone: string): Message {
  const { id, key, episode, facts } = delivery;
  const { what, kind, severity } = facts;
  const lines = linesOf(facts, zone).map(({ name, value }) => ({ name, value: clean(value) }));
  const details = detailsOf(facts).map(({ name, value }) => ({ name, value: tellInstants(value, zone) }));
  const text = tellInstants(clean(facts.text), zone);
  const status = statusOf(facts);
  const { links = [] } = facts;
  return { id, incident: `${key}.${episode}`, what, kind, severity, status, text, lines, details, links };
}

/** If several regions may have the same names, the text itself names the region, for lists that show nothing else. */
export function withRegion<T extends Pick<DeliveryFacts, 'text' | 'subject'>>(facts: T): T {
  const { text, subject } = facts;
  if (!('region' in subject) || namesWord(text, subject.region)) return facts;
  return { ...facts, text: `${subject.region}: ${text}` };
}

/** A message about an open problem links to the runbook of its kind. */
export function withRunbook<T extends Pick<DeliveryFacts, 'kind'> & { readonly what?: DeliveryFacts['what'] }>(
  facts: T,
  runbooks: string,
): T {
  const { what = 'open', kind } = facts;
  if (what === 'resolve' || what === 'notice' || kind === 'fire.drill') return facts;
  return { ...facts, runbook: `${runbooks}#${kind}` };
}

function namesWord(text: string, word: string): boolean {
  return text.split(/[^\p{L}\p{N}_.-]+/u).some((part) => part === word || part === `${word}.`);
}

/** The named values as stored: instants in UTC. */
export function detailsOf({ facts }: Pick<DeliveryFacts, 'facts'>): readonly Line[] {
  return Object.entries(facts).map(([name, value]) => ({ name: clean(name), value: clean(String(value)) }));
}

/** The first word of a message: its severity, or that it is over. */
export function statusOf({ what, severity }: Pick<DeliveryFacts, 'what' | 'severity'>): string {
  switch (what) {
    case 'open':
      return severity.toUpperCase();
    case 'update':
      return `${severity.toUpperCase()}, news`;
    case 'reminder':
      return `Still ${severity}`;
    case 'resolve':
      return 'Resolved';
    case 'notice':
      return 'Notice';
  }
}

/** The subject in words, by names only; signed formats contain the ids. */
export function placeOf(subject: Subject): string {
  switch (subject.kind) {
    case 'region':
      return `region ${subject.region}`;
    case 'cluster':
      return `cluster ${subject.cluster}, region ${subject.region}`;
    case 'pool':
      return `node pool ${subject.pool} of cluster ${subject.cluster}, region ${subject.region}`;
    case 'destination':
      return `destination ${subject.destination}`;
    case 'secret':
      return `secret ${subject.reference}`;
    case 'config':
      return `config ${subject.path}`;
    case 'fleet':
      return 'the whole fleet';
  }
}

function linesOf(facts: DeliveryFacts, zone: string): readonly Line[] {
  const { what, subject, since, until, severity, worst, at } = facts;
  const { did, fix, cause } = toldSentences(facts, zone);
  const where = { name: 'Where', value: placeOf(subject) };
  const when = { name: 'When', value: tellTime(since, zone) };
  if ((facts.kind === 'announcement' || facts.kind === 'digest') && subject.kind === 'fleet')
    return [when, ...actionLines(did, fix)];
  if (what === 'notice') return [where, when, ...actionLines(did, fix)];
  const began = `${tellTime(since, zone)}${until === undefined && at > since ? ` (${tellDuration(at - since)})` : ''}`;
  const over = until === undefined ? [] : [{ name: 'Until', value: lasted(since, until, zone) }];
  const ended = cause === undefined ? [] : [{ name: 'Ended', value: cause }];
  const gravest = worst === severity && what !== 'resolve' ? [] : [{ name: 'Worst', value: worst }];
  const rest = what === 'resolve' ? actionLines(did, undefined) : actionLines(did, fix);
  const runbook = facts.runbook === undefined ? [] : [{ name: 'Runbook', value: facts.runbook }];
  return [where, { name: 'Since', value: began }, ...over, ...ended, ...gravest, ...rest, ...runbook];
}

/** Fields besides the text that may contain instants. */
export function toldSentences(
  { did, fix, cause }: Pick<DeliveryFacts, 'did' | 'fix' | 'cause'>,
  zone: string,
): Pick<DeliveryFacts, 'did' | 'fix' | 'cause'> {
  const tell = (text: string | undefined) => (text === undefined ? undefined : tellInstants(text, zone));
  return { did: tell(did), fix: tell(fix), cause: tell(cause) };
}

/** A stored sentence with its instants in the destination's zone. */
export function tellInstants(text: string, zone: string): string {
  return replaceInstants(text, (at) => tellTime(at, zone));
}

function lasted(since: number, until: number, zone: string): string {
  return `${tellTime(until, zone)} (after ${tellDuration(until - since)})`;
}

function actionLines(did: string | undefined, fix: string | undefined): readonly Line[] {
  return [
    ...(did === undefined ? [] : [{ name: 'Lamplighter did', value: did }]),
    ...(fix === undefined ? [] : [{ name: 'You can', value: fix }]),
  ];
}

type Look = Pick<Message, 'what' | 'severity'>;

/** A sign that stands out in a list of channels. */
export function signOf({ what, severity }: Look): string {
  if (what === 'resolve') return '✅';
  return { critical: '🔴', warning: '🟠', info: '🔵' }[severity];
}

/** 0xRRGGBB. */
export function colourOf({ what, severity }: Look): number {
  if (what === 'resolve') return 0x2e_a0_43;
  return { critical: 0xd7_2b_2b, warning: 0xe0_8a_00, info: 0x2f_6f_d0 }[severity];
}

export function headline({ status, text }: { readonly status: string; readonly text: string }): string {
  return text === '' ? status : `${status}: ${text}`;
}

/** Cached per zone: making one is expensive. */
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * "Mon 23 Nov 2026, 07:42 CET (Europe/Berlin)": an instant in the destination's zone, unambiguous even on a night with
 * two 02:30.
 */
export function tellTime(at: EpochMs, zone: string): string {
  const parts = Object.fromEntries(
    formatFor(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.weekday} ${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute} ${nameOf(zone, parts.timeZoneName)}`;
}

function nameOf(zone: string, short = zone): string {
  return short === zone ? zone : `${short} (${zone})`;
}

/** "4 min", "2 h 5 min", "3 days 4 h": two units are enough. */
export function tellDuration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / minuteMs));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'}${hours > 0 ? ` ${hours} h` : ''}`;
  if (hours > 0) return `${hours} h${rest > 0 ? ` ${rest} min` : ''}`;
  return minutes === 0 ? 'less than a minute' : `${minutes} min`;
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const;
  const format = new Intl.DateTimeFormat('en-GB', { ...day, ...time, timeZone });
  formats.set(timeZone, format);
  return format;
}
