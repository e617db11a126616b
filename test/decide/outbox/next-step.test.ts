import { describe, expect, test } from 'vitest';
import { render } from '../../../lib/decide/messages/render.ts';
import {
  fitting,
  fromMember,
  isClosed,
  openBatch,
  packMember,
  toMember,
  unpackMember,
} from '../../../lib/decide/outbox/batch.ts';
import { nextStep, type OutboxView } from '../../../lib/decide/outbox/next-step.ts';
import { newSender } from '../../../lib/decide/outbox/sender.ts';
import { aDelivery, overFacts, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';

const minute = 60_000;

function view(patch: Partial<OutboxView> = {}): OutboxView {
  const sender = newSender('ops~1', start);
  return {
    now: start,
    kind: 'slack',
    standing: 'active',
    sender,
    deliveries: [],
    batch: undefined,
    address: 'a',
    ...patch,
  };
}

const many = (count: number) => Array.from({ length: count }, (_, n) => aDelivery('ops~1', n, { queuedAt: start + n }));
const failing = { since: start, attempts: 1, step: 1, problem: 'p', address: 'a' };

test('nothing waiting is done', () => {
  expect(nextStep(view())).toEqual({ kind: 'done' });
});

test('the oldest head goes first', () => {
  const deliveries = many(3).toReversed();
  expect(nextStep(view({ deliveries }))).toEqual({ kind: 'send', delivery: deliveries[2] });
});

test('five go one by one, six together, signed ones never', () => {
  expect(nextStep(view({ deliveries: many(5) })).kind).toBe('send');
  expect(nextStep(view({ deliveries: many(6) }))).toMatchObject({ kind: 'join' });
  expect(nextStep(view({ deliveries: many(6), kind: 'webhook' })).kind).toBe('send');
  expect(nextStep(view({ deliveries: many(6), kind: 'pagerduty' })).kind).toBe('send');
});

test('one commit takes ninety-six members', () => {
  expect(nextStep(view({ deliveries: many(300) }))).toMatchObject({ members: { length: 96 } });
});

test('a second batch waits for five minutes', () => {
  const sender = { ...newSender('ops~1', start), lastBatchAt: start - minute };
  expect(nextStep(view({ deliveries: many(6), sender }))).toEqual({ kind: 'wait', until: start + 4 * minute });
  expect(nextStep(view({ deliveries: many(5), sender })).kind).toBe('send');
});

test('a later word waits for the batch its lane is in', () => {
  const [first] = many(1);
  const open = { ...openBatch('ops~1', first!, start, sha256), members: [toMember(first!)] };
  const resolve = aDelivery('ops~1', 0, { sequence: 2, facts: overFacts() });
  const closed = { ...open, body: '{}' };
  expect(nextStep(view({ deliveries: [resolve], batch: open })).kind).toBe('join');
  expect(nextStep(view({ deliveries: [resolve], batch: closed }))).toEqual({ kind: 'send-batch', batch: closed });
  const held = view({ deliveries: [resolve], batch: closed, sender: { ...newSender('ops~1', start), failing } });
  expect(nextStep(held)).toEqual({ kind: 'send-batch', batch: closed });
});

test('a refused batch takes no more', () => {
  const [first] = many(1);
  const open = openBatch('ops~1', first!, start, sha256);
  expect([isClosed(open), isClosed({ ...open, attempts: 1 }), isClosed({ ...open, body: '{}' })]).toEqual([
    false,
    true,
    true,
  ]);
});

test('while it fails one is tried at a time, in rotation', () => {
  const deliveries = many(8);
  const keys = deliveries.map(({ key }) => key).sort();
  const tried: (string | undefined)[] = [];
  let lastTried: string | undefined;
  for (let n = 0; n < 9; n += 1) {
    const sender = { ...newSender('ops~1', start), failing, ...(lastTried !== undefined && { lastTried }) };
    const step = nextStep(view({ deliveries, sender }));
    lastTried = step.kind === 'send' ? step.delivery.key : undefined;
    tried.push(lastTried);
  }
  expect(tried).toEqual([...keys, keys[0]]);
});

test('nothing goes before its time', () => {
  const sender = { ...newSender('ops~1', start), nextAt: start + 5_000 };
  expect(nextStep(view({ deliveries: many(1), sender }))).toEqual({ kind: 'wait', until: start + 5_000 });
});

describe('pace', () => {
  test('Slack gets one a second', () => {
    const sender = { ...newSender('ops~1', start), bucket: { tokens: 0.25, at: start } };
    expect(nextStep(view({ deliveries: many(1), sender }))).toEqual({ kind: 'wait', until: start + 750 });
  });
  test('a clock that went back does not stop it', () => {
    const sender = { ...newSender('ops~1', start), bucket: { tokens: 0, at: start + 60 * minute } };
    expect(nextStep(view({ deliveries: many(1), sender }))).toEqual({ kind: 'wait', until: start + 1_000 });
  });
});

test('a retired destination keeps its open to itself', () => {
  expect(nextStep(view({ deliveries: many(1), standing: 'retired' }))).toEqual({ kind: 'done' });
});

test('a removed one ends everything', () => {
  expect(nextStep(view({ deliveries: many(2), standing: 'removed' }))).toMatchObject({
    kind: 'tidy',
    ended: [
      { reason: 'the destination was removed from the config' },
      { reason: 'the destination was removed from the config' },
    ],
  });
});

test('a tidy step fits one commit, lane by lane', () => {
  const deliveries = many(200).flatMap((open, n) => [open, aDelivery('ops~1', n, { sequence: 2, facts: overFacts() })]);
  const step = nextStep(view({ deliveries }));
  if (step.kind !== 'tidy') throw new Error(step.kind);
  expect(2 * step.ended.length + step.changed.length).toBeLessThanOrEqual(96);
  expect(step.ended.length).toBe(step.changed.length);
});

test('a member says in short what its delivery said', () => {
  const facts = someFacts({ until: start, cause: 'recovered', worst: 'warning' });
  const delivery = aDelivery('ops~1', 1, { facts, maybeAccepted: true, untold: true });
  const member = toMember(delivery);
  expect(unpackMember(packMember(member))).toEqual(member);
  const back = fromMember(member, 'ops~1', sha256);
  expect(back).toMatchObject({
    id: delivery.id,
    key: delivery.key,
    untold: true,
    facts: { text: facts.text, since: facts.since },
  });
});

test('a long text does not fill the batch alone', () => {
  const facts = someFacts({ text: '😀'.repeat(5_000) });
  expect(toMember(aDelivery('ops~1', 1, { facts })).facts.text.length).toBeLessThanOrEqual(100);
});

test('what fits no batch is sent alone', () => {
  const subject = { kind: 'cluster', region: 'r'.repeat(70_000), clusterId: 'c', cluster: 'd' } as const;
  const deliveries = many(6).map((one) => ({ ...one, facts: someFacts({ subject }) }));
  expect(nextStep(view({ deliveries })).kind).toBe('send');
});

test('a full batch and its body fit one record', () => {
  const names = ['a', 'ü', '漢', '😀', '[', '"'];
  for (const letter of names) {
    const deliveries = Array.from({ length: 600 }, (_, n) => {
      const text = `cluster ${letter.repeat(80 / letter.length)} ${n}`;
      return aDelivery('ops~1', n, { facts: someFacts({ text }) });
    });
    const all = deliveries.map(toMember);
    const count = fitting({ members: [] }, all, all.length);
    const batch = { ...openBatch('ops~1', deliveries[0]!, start, sha256), members: all.slice(0, count) };
    for (const kind of ['slack', 'teams', 'discord', 'mattermost'] as const) {
      const body = render(batch, { name: 'ops', kind, format: 'json', zone: 'UTC' });
      const stored = JSON.stringify({ ...batch, body, members: batch.members.map(packMember) });
      expect(Buffer.byteLength(stored)).toBeLessThan(100 * 1024);
    }
  }
});

test('what a batch gave back goes alone, before the next batch', () => {
  const [first, ...others] = many(8);
  const alone = { ...first!, plain: true };
  expect(nextStep(view({ deliveries: [...others, alone] }))).toEqual({ kind: 'send', delivery: alone });
  const sender = { ...newSender('ops~1', start), lastBatchAt: start };
  expect(nextStep(view({ deliveries: [...others, alone], sender }))).toEqual({ kind: 'send', delivery: alone });
});
