import { describe, expect, test } from 'vitest';
import type { Delivery, DeliveryFacts } from '../../../lib/decide/incidents/delivery.ts';
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

test.each([
  ['the announcement was sent', [2], ['2']],
  ['the announcement may have been sent', [1, 2], ['2']],
  ['nothing was sent yet', [0, 2, 3], []],
  ['two corrections wait', [2, 3], ['2', '3']],
])('retired: corrections where %s', (_, sequences, sent) => {
  const facts = someFacts({ what: 'notice', kind: 'announcement' });
  const waiting = sequences.map((sequence) => {
    const about = { sequence: Math.max(1, sequence), facts, id: `${sequence}` };
    return aDelivery('ops', 1, { ...about, ...(sequence === 1 && maybe) });
  });
  const telling = { kind: 'slack', retired: true, isHeld: () => false, now: start } as const;
  expect(settleLane(waiting, telling).waiting.map(({ sequence }) => `${sequence}`)).toEqual(sent);
});
