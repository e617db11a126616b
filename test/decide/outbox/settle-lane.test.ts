import { describe, expect, test } from 'vitest';
import type { Delivery, DeliveryFacts } from '../../../lib/decide/incidents/delivery.ts';
import { type HistoryRecord, historyOf } from '../../../lib/decide/outbox/delivery-log.ts';
import { lanesOf, settleLane } from '../../../lib/decide/outbox/settle-lane.ts';
import { aDelivery, someFacts, start } from '../../support/receivers/outbox-world.ts';

type What = DeliveryFacts['what'];
type Patch = Partial<Omit<Delivery, 'facts'>>;

function lane(...said: readonly (What | readonly [What, Patch])[]): readonly Delivery[] {
  return said.map((one, index) => {
    const [what, patch] = typeof one === 'string' ? [one, {}] : one;
    return aDelivery('ops', 1, { sequence: index + 1, ...patch, facts: someFacts({ what }) });
  });
}

const doubt = { count: 6, until: start + 7_200_000, address: 'a' };
const held = { maybeAccepted: true, attempts: 6, doubt } as const;
const maybe = { maybeAccepted: true, attempts: 1 } as const;

describe('what still has to be said', () => {
  const cases: readonly (readonly [
    string,
    readonly Delivery[],
    'slack' | 'pagerduty' | 'webhook',
    boolean,
    readonly string[],
  ])[] = [
    ['an open alone', lane('open'), 'slack', false, ['open']],
    ['an open and a worse turn', lane('open', 'update'), 'slack', false, ['open', 'update']],
    ['open and resolve, never tried, chat', lane('open', 'resolve'), 'slack', false, ['resolve untold']],
    ['open and resolve, never tried, signed', lane('open', 'resolve'), 'webhook', false, ['resolve untold']],
    ['open and resolve, never tried, keyed', lane('open', 'resolve'), 'pagerduty', false, []],
    ['open maybe accepted, chat', lane(['open', maybe], 'resolve'), 'slack', false, ['resolve']],
    ['open maybe accepted, keyed', lane(['open', maybe], 'resolve'), 'pagerduty', false, ['resolve']],
    [
      'everything between is absorbed',
      lane('open', 'update', 'reminder', 'resolve'),
      'slack',
      false,
      ['resolve untold'],
    ],
    ['an update maybe accepted counts', lane('open', ['update', maybe], 'resolve'), 'pagerduty', false, ['resolve']],
    ['the open was accepted before', lane('update', 'resolve'), 'pagerduty', false, ['update', 'resolve']],
    ['news take the place of an open that waits for hours', lane(['open', held], 'update'), 'slack', false, ['open']],
    ['an end that waits for hours keeps back no news', lane(['update', held], 'update'), 'slack', false, ['update']],
    ['an open that waits for hours alone', lane(['open', held]), 'slack', false, ['open']],
    ['a reminder alone', lane('reminder'), 'slack', false, ['reminder']],
    ['a reminder behind its open', lane('open', 'reminder'), 'slack', false, ['open']],
    ['a reminder before anything newer', lane('reminder', 'resolve'), 'slack', false, ['resolve']],
    ['a newer reminder stands', lane('reminder', 'reminder'), 'slack', false, ['reminder']],
    ['retired: an open waits', lane('open'), 'slack', true, ['open']],
    ['retired: nothing new is ended', lane('open', 'resolve'), 'slack', true, []],
    ['retired: what may be told is ended', lane(['open', maybe], 'resolve'), 'slack', true, ['resolve']],
    ['retired: the end of what was told', lane('update', 'reminder', 'resolve'), 'slack', true, ['resolve']],
    ['retired: no notices', lane('notice'), 'slack', true, []],
  ];
  test.each(cases)('%s', (_, deliveries, kind, retired, expected) => {
    const { waiting } = settleLane(deliveries, {
      kind,
      retired,
      isHeld: (delivery) => delivery.doubt !== undefined,
      now: 0,
    });
    expect(waiting.map(({ facts, untold }) => `${facts.what}${untold ? ' untold' : ''}`)).toEqual(expected);
  });
});

test('nothing vanishes without a reason', () => {
  const deliveries = lane('open', 'reminder', 'update', 'resolve');
  const { ended, waiting } = settleLane(deliveries, { kind: 'slack', retired: false, isHeld: () => false, now: 0 });
  expect([...ended.map(({ delivery }) => delivery.id), ...waiting.map(({ id }) => id)].sort()).toEqual(
    deliveries.map(({ id }) => id).sort(),
  );
  expect(ended.every(({ reason }) => reason.length > 10)).toBe(true);
});

test('of a ladder only the latest step is told, as the first word', () => {
  const steps = ([60, 30, 14] as const).map((step, index) => {
    const what = index === 0 ? 'open' : 'update';
    const facts = someFacts({ what, kind: 'version.eol', severity: 'info', text: `ends in ${step} days` });
    return aDelivery('ops', 1, { sequence: index + 1, facts });
  });
  const { waiting, changed } = settleLane(steps, { kind: 'slack', retired: false, isHeld: () => false, now: 0 });
  expect(waiting).toEqual(changed);
  expect(waiting[0]?.facts).toMatchObject({ what: 'open', text: 'ends in 14 days' });
  expect(waiting[0]?.id).toBe(steps[2]?.id);
});

test('a step that was tried stays', () => {
  const facts = (what: What) => someFacts({ what, kind: 'version.eol' });
  const tried = aDelivery('ops', 1, { ...maybe, facts: facts('open') });
  const next = aDelivery('ops', 1, { sequence: 2, facts: facts('update') });
  expect(settleLane([tried, next], { kind: 'slack', retired: false, isHeld: () => false, now: 0 }).waiting).toEqual([
    tried,
    next,
  ]);
});

test('episodes of one incident stay in order', () => {
  const later = aDelivery('ops', 1, { episode: 2_000_000_000_000, sequence: 3 });
  const sooner = aDelivery('ops', 1, { episode: 999_999_999_999, sequence: 2 });
  expect([...lanesOf([later, sooner]).values()]).toEqual([[sooner, later]]);
});

test('what speaks of the past is not sent any more', () => {
  const facts = someFacts({ what: 'notice', kind: 'announcement', staleAt: 100 });
  const telling = { kind: 'slack', retired: false, isHeld: () => false } as const;
  const waiting = [aDelivery('ops', 1, { facts })];
  expect(settleLane(waiting, { ...telling, now: 99 }).waiting).toEqual(waiting);
  expect(settleLane(waiting, { ...telling, now: 100 }).ended.map(({ reason }) => reason)).toEqual([
    'its time has passed',
  ]);
});

const noticeOf = (sequence: number, patch: Patch = {}, facts: Partial<DeliveryFacts> = {}): Delivery =>
  aDelivery('ops', 1, {
    sequence,
    ...patch,
    facts: someFacts({ what: 'notice', kind: 'announcement', ...facts }),
  });

/** What is sent of a lane in the end: what is dropped in one step is in the log of the next. */
function settled(waiting: readonly Delivery[], retired: boolean, now: number, log: readonly HistoryRecord[] = []) {
  const step = settleLane(waiting, { kind: 'slack', retired, isHeld: () => false, now, log });
  if (step.ended.length === 0) return step.waiting.map(({ sequence }) => sequence);
  const ended = step.ended.map(({ delivery, reason }) => historyOf(delivery, { state: 'dropped', at: now, reason }));
  return settled(step.waiting, retired, now, [...log, ...ended]);
}

test.each<[string, readonly Delivery[], readonly number[]]>([
  ['the announcement was sent', [noticeOf(2)], [2]],
  ['the announcement may have been sent', [noticeOf(1, maybe), noticeOf(2)], [2]],
  ['nothing was sent yet', [noticeOf(1), noticeOf(2), noticeOf(3)], []],
  ['two corrections wait', [noticeOf(2), noticeOf(3)], [2, 3]],
])('retired: corrections where %s', (_, waiting, sent) => {
  expect(settled(waiting, true, start)).toEqual(sent);
});

describe('a correction of what nobody heard', () => {
  const boundary = start + 3_600_000;
  const first = (patch: Patch = {}) => noticeOf(1, patch, { staleAt: boundary });
  const ends = (state: 'dropped' | 'parked' | 'confirmed', one: Delivery) =>
    historyOf(one, { state, at: start, reason: 'x' });
  const correction = (sequence: number, newsUntil?: number, patch: Patch = {}) =>
    noticeOf(sequence, patch, {
      corrects: { saidAt: start, ...(newsUntil !== undefined && { newsUntil }) },
      staleAt: boundary + 6 * 3_600_000,
    });
  type Row = readonly [
    what: string,
    log: readonly HistoryRecord[],
    waiting: readonly Delivery[],
    now: number,
    active: readonly number[],
    retired: readonly number[],
  ];
  test.each<Row>([
    ['waits for the first while that may be sent', [], [first(), correction(2)], boundary - 1, [1, 2], []],
    ['goes with the first whose time is past', [], [first(), correction(2)], boundary, [], []],
    ['goes where the first was refused', [ends('parked', first())], [correction(2)], start, [], []],
    ['goes where the first was dropped', [ends('dropped', first())], [correction(2)], start, [], []],
    ['is sent where nothing is known of the first', [], [correction(2)], start, [2], [2]],
    ['is sent where only a later end is known', [ends('dropped', correction(2))], [correction(3)], start, [3], [3]],
    ['is sent where the first was heard', [ends('confirmed', first())], [correction(2)], boundary, [2], [2]],
    ['is sent where the first may have been heard', [ends('dropped', first(maybe))], [correction(2)], start, [2], [2]],
    [
      'is sent where the first may have been heard before it was refused',
      [ends('parked', first({ ...maybe, attempts: 3 }))],
      [correction(2)],
      start,
      [2],
      [2],
    ],
    [
      'of another place counts nothing',
      [{ ...ends('confirmed', first()), destination: 'dev' }],
      [first(), correction(2)],
      boundary,
      [],
      [],
    ],
    [
      'of another boundary counts nothing',
      [ends('confirmed', first({ episode: 7 })), ends('confirmed', first({ key: 'k' }))],
      [first(), correction(2)],
      boundary,
      [],
      [],
    ],
    ['is sent with news', [ends('parked', first())], [correction(2, boundary)], boundary - 1, [2], []],
    ['goes with news that are late', [ends('parked', first())], [correction(2, boundary)], boundary, [], []],
    ['is sent with what begins later still', [], [first(), correction(2, boundary + 9)], boundary, [2], []],
    [
      'is sent where it takes back such news',
      [],
      [first(), correction(2, boundary + 9), correction(3)],
      boundary,
      [2, 3],
      [],
    ],
    [
      'is sent where the news were heard',
      [ends('parked', first()), ends('confirmed', correction(2))],
      [correction(3)],
      start,
      [3],
      [3],
    ],
    [
      'is sent where the news were heard, and the first was put back by hand',
      [ends('parked', first()), ends('confirmed', correction(2))],
      [first(), correction(3)],
      boundary,
      [3],
      [3],
    ],
    [
      'is not heard by itself',
      [ends('parked', first()), ends('confirmed', correction(2))],
      [correction(2)],
      start,
      [],
      [],
    ],
  ])('%s', (_, log, waiting, now, active, retired) => {
    expect([settled(waiting, false, now, log), settled(waiting, true, now, log)]).toEqual([active, retired]);
  });

  test('is known from refusals that older versions logged', () => {
    const { unheard: _, ...older } = ends('parked', first({ attempts: 2 }));
    const { unheard: __, ...oldDrop } = ends('dropped', first());
    for (const one of [older, oldDrop]) expect(settled([correction(2)], false, start, [one])).toEqual([]);
    for (const one of [
      { ...older, attempts: 3 },
      { ...oldDrop, attempts: 1 },
    ])
      expect(settled([correction(2)], false, start, [one])).toEqual([2]);
  });

  test('is judged so of announcements only', () => {
    const notice = noticeOf(2, {}, { kind: 'digest' });
    expect(settled([notice], false, start, [ends('parked', first())])).toEqual([2]);
  });
});
