import type { CompiledConfig, DigestConfig } from '../model/config.ts';
import { counted, listed, wholeNumber } from '../model/text.ts';
import { dayMs, type EpochMs, hourMs, isoDate, isoTime } from '../model/time.ts';
import { type Delivery, deliveryId, unsent } from './incidents/delivery.ts';
import { tellTime } from './messages/message.ts';
import type { HistoryRecord } from './outbox/delivery-log.ts';
import { savedPercent } from './past/node-hours.ts';
import type { Decision } from './scaling/plan.ts';
import { boundaryOf, dayIn, localDate, offsetsAround, zoneOffsets } from './schedule/local-time.ts';
import type { RegionMemory } from './watching/watch-memory.ts';

/** The last instant at which a digest was due. */
export function lastDue({ weekday, seconds }: DigestConfig, zone: string, now: EpochMs): EpochMs {
  const today = dayIn(zone, now);
  const offsets = offsetsAround(zone, today - 14, today + 1);
  for (let day = today; ; day -= 1) {
    const due = boundaryOf(day, seconds, offsets);
    if (localDate(day).weekday === weekday && due <= now) return due;
  }
}

/** The figures of the week, as read from the store. */
export type Week = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly used: number;
  /** With every pool at its base all the time. */
  readonly always: number;
  /** undefined = not every pool has a price. */
  readonly money: number | undefined;
  readonly gapHours: number;
  /** Since when the past is recorded; undefined = no records. */
  readonly since: EpochMs | undefined;
  readonly history: readonly HistoryRecord[];
  readonly decisions: readonly Decision[];
  readonly memories: readonly RegionMemory[];
};

type Facts = { readonly [name: string]: string | number };

/** The week in one sentence, with named values. */
export function digestOf(
  week: Week,
  config: CompiledConfig,
  zone: string,
): { readonly text: string; readonly facts: Facts } {
  const incidents = incidentsOf(week.history, week);
  const late = incidents.filter(({ kind }) => kind === 'pool.late').length;
  const byHand = week.decisions.filter(({ kind, code, at }) => isIn(at, week) && isByHand(kind, code)).length;
  const byLink = week.decisions.filter(({ code, at }) => isIn(at, week) && code === 'link').length;
  const ends = endsOf(week.memories, week.to);
  const coming = unusual(config, week.to, zone);
  const said = [
    savedText(week, config),
    `${counted(late, 'scale-up')} late`,
    counted(incidents.length, 'incident'),
    `${counted(byHand, 'change')} by hand`,
    ...(ends.length === 0 ? [] : [`${counted(ends.length, 'end')} within 60 days`]),
    ...(coming.length === 0 ? [] : [`unusual next week: ${coming.length}`]),
  ];
  const facts: Facts = {
    'node-hours': `${wholeNumber(week.used)} used, ${wholeNumber(week.always)} at the bases`,
    ...(byLink > 0 && { 'kept by links': counted(byLink, 'pool') }),
    ...(incidents.length > 0 && { incidents: kindsOf(incidents) }),
    ...(ends.length > 0 && { 'ends within 60 days': listed(ends, mostListed) }),
    ...(coming.length > 0 && { 'next week': listed(coming, mostListed) }),
    ...unknownOf(week, zone),
  };
  return { text: `The week to ${tellTime(week.to, zone)}: ${said.join(', ')}`, facts };
}

function savedText({ used, always, money }: Week, { prices }: CompiledConfig): string {
  const percent = savedPercent({ used, always });
  if (percent === undefined) return 'savings are not known';
  const share = Math.round(percent);
  const paid = prices === undefined || money === undefined ? '' : `, ${prices.currency} ${wholeNumber(money)}`;
  return always >= used
    ? `${wholeNumber(always - used)} node-hours saved (${share} %${paid})`
    : `${wholeNumber(used - always)} node-hours more than the bases (${-share} %${paid})`;
}

function isIn(at: EpochMs, { from, to }: Week): boolean {
  return at >= from && at < to;
}

/** Sizes that a person set, without those from links or from Lamplighter. */
function isByHand(kind: string, code: string): boolean {
  return (kind === 'kept' && code === 'kept') || kind === 'base';
}

type Told = { readonly kind: string; readonly key: string };

/** Each incident once, however many destinations got it. */
function incidentsOf(history: readonly HistoryRecord[], week: Week): readonly Told[] {
  const opened = history
    .filter(({ state }) => state !== 'dropped')
    .flatMap(({ said }) => said)
    .filter(({ what, episode }) => (what === 'open' || what === 'resolve') && isIn(episode, week));
  return [...new Map(opened.map(({ kind, key, episode }) => [`${key}.${episode}`, { kind, key }])).values()];
}

function kindsOf(incidents: readonly Told[]): string {
  const groups = [...Map.groupBy(incidents, ({ kind }) => kind)].sort((a, b) => b[1].length - a[1].length);
  return groups.map(([kind, some]) => `${some.length} ${kind}`).join(', ');
}

function endsOf(memories: readonly RegionMemory[], now: EpochMs): readonly string[] {
  const soon = (date: EpochMs | undefined): date is EpochMs =>
    date !== undefined && date >= now && date < now + 60 * dayMs;
  const found = memories.flatMap(({ region, clusters, token }) => [
    ...(soon(token?.date) ? [{ date: token.date, what: `the token of ${region}` }] : []),
    ...clusters.flatMap(({ name, due }) =>
      soon(due?.date) ? [{ date: due.date, what: `Kubernetes ${due.of} of ${name}` }] : [],
    ),
  ]);
  return found.sort((a, b) => a.date - b.date).map(({ date, what }) => `${what} on ${isoDate(date)}`);
}

/** Exceptions, special days of calendars and changes of the clocks in the seven days to come. */
function unusual(config: CompiledConfig, from: EpochMs, zone: string): readonly string[] {
  const to = from + 7 * dayMs;
  const momentOf = (moment: string | EpochMs) => (typeof moment === 'number' ? moment : Date.parse(`${moment}Z`));
  const exceptions = config.exceptions
    .filter(({ start, end }) => momentOf(start) < to && momentOf(end) > from)
    .map(
      ({ match, start, reason }) => `${match.text} from ${dateOf(start)}${reason === undefined ? '' : ` (${reason})`}`,
    );
  const [first, last] = [dayIn(zone, from), dayIn(zone, to)];
  const days = config.schedules.flatMap(({ name, calendarDays }) =>
    calendarDays
      .filter(({ date }) => Date.parse(date) / dayMs >= first && Date.parse(date) / dayMs < last)
      .map((day) => `${day.date} is a special day of ${name}`),
  );
  const zones = new Set([zone, ...config.schedules.map((schedule) => schedule.zone)]);
  const clocks = [...zones].flatMap((one) =>
    zoneOffsets(one, from, to)
      .slice(1)
      .map((stretch) => `the clocks of ${one} change on ${isoDate(stretch.from)}`),
  );
  return [...exceptions, ...days, ...clocks];
}

function dateOf(moment: string | EpochMs): string {
  return typeof moment === 'number' ? isoDate(moment) : moment.slice(0, 10);
}

/** What the figures leave out: in a young store, most of the week. */
function unknownOf({ from, since, gapHours }: Week, zone: string): Facts {
  if (since === undefined) return { 'not known': 'no sizes were recorded yet' };
  const notes = [
    ...(since > from + hourMs ? [`the time before ${tellTime(since, zone)}: no sizes were recorded`] : []),
    ...(gapHours >= 1 ? [`${counted(Math.round(gapHours), 'hour')} without a round`] : []),
  ];
  return notes.length === 0 ? {} : { 'not known': notes.join('; ') };
}

const mostListed = 8;

/**
 * The message for one destination. Its id depends on the period only, so it is sent once whichever process sends it.
 */
export function digestDelivery(
  { text, facts }: { readonly text: string; readonly facts: Facts },
  destination: string,
  due: EpochMs,
  now: EpochMs,
  hash: (text: string) => string,
): Delivery {
  const key = hash('digest');
  const lane = { key, episode: due, sequence: 1, destination, id: deliveryId(key, due, 1, destination, hash) };
  const nothing = { fix: undefined, did: undefined, until: undefined, cause: undefined } as const;
  const said = { what: 'notice', kind: 'digest', subject: { kind: 'fleet' }, severity: 'info', worst: 'info' } as const;
  const told = { text, since: due, facts: { ...facts, period: isoTime(due) }, at: now, staleAt: due + 6 * dayMs };
  return { schema: 1, ...lane, facts: { ...said, ...told, ...nothing }, queuedAt: now, ...unsent };
}
