import type { EpochMs } from '../../../lib/model/time.ts';
import type { Received, Receiver, ReceiverFault } from '../../support/receivers/receiver.ts';
import {
  makeAlertmanager,
  makeDiscord,
  makeMattermost,
  makePagerduty,
  makeSlack,
  makeTeams,
  makeWebhook,
} from '../../support/receivers/targets.ts';
import type { Chance } from '../chance.ts';

/** One address that messages go to: what stands there, and what happened to it. */
export type Place = {
  /** Host without `.test`; also the name of its secret in lower case. */
  readonly host: string;
  readonly receiver: Receiver;
  readonly kind: 'chat' | 'pager' | 'hook' | 'am';
  readonly episodes: readonly Episode[];
  /** Bodies that were answered as taken and were not. */
  readonly lost: string[];
};

type Episode = {
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** How long it may still be felt: a `Retry-After` is respected for up to an hour. */
  readonly feltMs: number;
  readonly rate: number;
  readonly draw: () => ReceiverFault;
};

export type Places = { readonly [host: string]: Place };

export const hosts = [
  'slack',
  'teams',
  'discord',
  'mattermost',
  'pager',
  'am',
  'hook',
  'pagerb',
  'hookb',
  'slackb',
] as const;

/** A receiver of every kind, some at a second address too. */
export function makePlaces(
  chance: Chance,
  span: { readonly from: EpochMs; readonly until: EpochMs },
  isFaulty: boolean,
  canLose: boolean,
  now: () => EpochMs,
): Places {
  return Object.fromEntries(hosts.map((host) => [host, makePlace(host, chance, span, isFaulty, canLose, now)]));
}

function makePlace(
  host: (typeof hosts)[number],
  chance: Chance,
  span: { readonly from: EpochMs; readonly until: EpochMs },
  isFaulty: boolean,
  canLose: boolean,
  now: () => EpochMs,
): Place {
  const [receiver, kind] = makers[host]();
  const episodes = isFaulty ? drawEpisodes(chance, span) : [];
  const place: Place = { host, receiver, kind, episodes, lost: [] };
  receiver.faults = (_, request) => faultOf(place, chance, request, canLose, now());
  return place;
}

const makers: { readonly [host in (typeof hosts)[number]]: () => readonly [Receiver, Place['kind']] } = {
  slack: () => [makeSlack(), 'chat'],
  slackb: () => [makeSlack(), 'chat'],
  teams: () => [makeTeams(), 'chat'],
  discord: () => [makeDiscord(), 'chat'],
  mattermost: () => [makeMattermost(), 'chat'],
  pager: () => [makePagerduty(), 'pager'],
  pagerb: () => [makePagerduty(), 'pager'],
  hook: () => [makeWebhook(), 'hook'],
  hookb: () => [makeWebhook(), 'hook'],
  am: () => [makeAlertmanager(), 'am'],
};

function drawEpisodes(chance: Chance, span: { readonly from: EpochMs; readonly until: EpochMs }): readonly Episode[] {
  return Array.from({ length: chance.integer(0, 5) }, () => {
    const from = span.from + chance.next() * (span.until - span.from);
    const until = Math.min(span.until, from + chance.pick([3, 20, 90, 360]) * 60_000);
    const kinds = chance.pick([refusals, doubts, waits, bodies, [...refusals, ...doubts, ...waits]]);
    const isOfBodies = kinds === bodies;
    return {
      from,
      until: isOfBodies ? Math.min(until, from + 20 * 60_000) : until,
      feltMs: kinds.includes(longWait) ? 60 * 60_000 : 0,
      rate: chance.pick([0.3, 1]),
      draw: () => chance.pick(kinds),
    };
  });
}

const answer = (status: number, headers: { readonly [name: string]: string } = {}): ReceiverFault => ({
  kind: 'answer',
  reply: { status, headers, body: status === 503 ? '<html>sorry</html>' : '' },
});

const refusals: readonly ReceiverFault[] = [
  { kind: 'refuse' },
  answer(401),
  answer(403),
  answer(404),
  answer(410),
  answer(302, { location: 'https://elsewhere.test/' }),
];
const doubts: readonly ReceiverFault[] = [
  { kind: 'hang' },
  { kind: 'hang-after' },
  { kind: 'drop' },
  { kind: 'drop-before' },
  { kind: 'lie', reply: { status: 502 } },
  answer(500),
  answer(503),
  answer(503, { 'retry-after': '60' }),
];
const longWait = answer(429, { 'retry-after': '86400' });
const waits: readonly ReceiverFault[] = [
  ...['1', '0.5', '120.1'].map((text) => answer(429, { 'retry-after': text })),
  longWait,
  ...['soon', 'Mon, 23 Nov 2026 06:10:00 GMT'].map((text) => answer(429, { 'retry-after': text })),
  answer(429),
];
const bodies: readonly ReceiverFault[] = [answer(400), answer(413), answer(415)];

function faultOf(
  place: Place,
  chance: Chance,
  { body }: Received,
  canLose: boolean,
  now: EpochMs,
): ReceiverFault | undefined {
  const episode = place.episodes.find(({ from, until, rate }) => now >= from && now < until && chance.is(rate));
  if (episode === undefined) return undefined;
  const isLoser = canLose && (place.host === 'teams' || place.kind === 'pager');
  if (isLoser && chance.is(0.2)) {
    place.lost.push(body);
    return { kind: 'lose' };
  }
  return episode.draw();
}
