import type { Delivery, DeliveryFacts } from '../incidents/delivery.ts';
import type { Severity, Subject } from '../model.ts';
import { clean } from './escape.ts';
import { tellDuration, tellTime } from './when.ts';

/** A delivery in words, before any target's own shape. Values are clean of control characters, and escaped by nobody yet. */
export type Message = {
  /** The delivery's. */
  readonly id: string;
  readonly what: DeliveryFacts['what'];
  readonly kind: DeliveryFacts['kind'];
  readonly severity: Severity;
  /** "CRITICAL", "Resolved", "Still critical", "Notice". */
  readonly status: string;
  /** What is wrong, on what. */
  readonly text: string;
  /** Where, since when, what we did, what you can do. */
  readonly lines: readonly Line[];
  /** Named values of the finding: sizes, versions, error texts. */
  readonly details: readonly Line[];
};

export type Line = { readonly name: string; readonly value: string };

export function messageOf({ id, facts }: Pick<Delivery, 'id' | 'facts'>, zone: string): Message {
  const { what, kind, severity } = facts;
  const lines = linesOf(facts, zone).map(({ name, value }) => ({ name, value: clean(value) }));
  const details = Object.entries(facts.facts).map(([name, value]) => {
    return { name: clean(name), value: clean(String(value)) };
  });
  return { id, what, kind, severity, status: statusOf(facts), text: clean(facts.text), lines, details };
}

/** The first word of a message: how bad it is, or that it is over. */
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

/** Where it is, in words; the names alone, since ids stand in the signed formats. */
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
  const { what, subject, since, until, cause, severity, worst, did, fix, at } = facts;
  const where = { name: 'Where', value: placeOf(subject) };
  if (what === 'notice') return [where, { name: 'When', value: tellTime(since, zone) }, ...deeds(did, fix)];
  const began = `${tellTime(since, zone)}${until === undefined && at > since ? ` (${tellDuration(at - since)})` : ''}`;
  const over = until === undefined ? [] : [{ name: 'Until', value: lasted(since, until, zone) }];
  const ended = cause === undefined ? [] : [{ name: 'Ended', value: cause }];
  const gravest = worst === severity && what !== 'resolve' ? [] : [{ name: 'Worst', value: worst }];
  const rest = what === 'resolve' ? deeds(did, undefined) : deeds(did, fix);
  return [where, { name: 'Since', value: began }, ...over, ...ended, ...gravest, ...rest];
}

function lasted(since: number, until: number, zone: string): string {
  return `${tellTime(until, zone)} (after ${tellDuration(until - since)})`;
}

function deeds(did: string | undefined, fix: string | undefined): readonly Line[] {
  return [
    ...(did === undefined ? [] : [{ name: 'Lamplighter did', value: did }]),
    ...(fix === undefined ? [] : [{ name: 'You can', value: fix }]),
  ];
}
