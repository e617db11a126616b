import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../../lib/decide/incidents/delivery.ts';
import { type Batch, openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import { nextStep, type OutboxView } from '../../../lib/decide/outbox/next-step.ts';
import { newSender } from '../../../lib/decide/outbox/sender.ts';
import { lanesOf, settleLane } from '../../../lib/decide/outbox/settle-lane.ts';
import { aDelivery, overFacts, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';

const minute = 60_000;
const sender = newSender('ops~1', start);
const view = (patch: Partial<OutboxView> = {}): OutboxView => {
  const base = { now: start, kind: 'slack', standing: 'active', sender, deliveries: [], batch: undefined } as const;
  return { ...base, address: 'a', ...patch };
};
const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => aDelivery('ops~1', from + n, { queuedAt: start + n }));
const [one, two, three] = many(3) as [Delivery, Delivery, Delivery];
const batchOf = (members: readonly Delivery[], patch: Partial<Batch> = {}): Batch => {
  return { ...openBatch('ops~1', members[0]!, start, sha256), members: members.map(toMember), ...patch };
};
const later = start + 60 * minute;
const doubt = { count: 6, until: later, address: 'a' };
const doubtful = (delivery: Delivery, until = later): Delivery => {
  return { ...delivery, attempts: 6, maybeAccepted: true, doubt: { ...doubt, until } };
};
const failing = { since: start, attempts: 1, step: 1, problem: 'p', address: 'a' };
const failingSender = (lastTried?: string) => ({ ...sender, failing, ...(lastTried !== undefined && { lastTried }) });
const empty = { ...sender, bucket: { tokens: 0, at: start } };

describe('a destination that is gone or retired', () => {
  test('drops its batch first, then the rest, then is done', () => {
    const reason = 'the destination was removed from the config';
    const batch = batchOf([one], { attempts: 3 });
    expect(nextStep(view({ standing: 'removed', batch, deliveries: [two] }))).toEqual({
      kind: 'drop-batch',
      batch,
      reason,
    });
    expect(nextStep(view({ standing: 'removed', deliveries: [two] }))).toEqual({
      kind: 'tidy',
      ended: [{ delivery: two, reason }],
      changed: [],
    });
    expect(nextStep(view({ standing: 'removed' }))).toEqual({ kind: 'done' });
  });
  test('drops a batch that was never tried, and ends one that was', () => {
    const batch = batchOf([one]);
    expect(nextStep(view({ standing: 'retired', batch }))).toEqual({
      kind: 'drop-batch',
      batch,
      reason: 'the destination is retired',
    });
    expect(nextStep(view({ standing: 'active', batch }))).toEqual({ kind: 'send-batch', batch });
    const tried = { ...batch, attempts: 1 };
    expect(nextStep(view({ standing: 'retired', batch: tried }))).toEqual({ kind: 'send-batch', batch: tried });
  });
  test('is told the end of what it was told, whatever else waits', () => {
    const end = aDelivery('ops~1', 5, { sequence: 2, maybeAccepted: true, facts: overFacts() });
    expect(nextStep(view({ standing: 'retired', deliveries: [one, end] }))).toEqual({ kind: 'send', delivery: end });
    const notice = aDelivery('ops~1', 6, { facts: someFacts({ what: 'update' }) });
    expect(nextStep(view({ standing: 'retired', deliveries: [notice] }))).toMatchObject({
      kind: 'tidy',
      ended: [{ delivery: notice, reason: 'the destination is retired' }],
    });
  });
});

describe('what a person asks for', () => {
  test('goes now, whatever the back-off and its doubt, and nothing else does', () => {
    const deliveries = [one, doubtful(two), three];
    const waiting = { ...failingSender(), nextAt: later };
    const urgent = view({ deliveries, sender: waiting, urgent: two.key });
    expect(nextStep(urgent)).toEqual({ kind: 'send', delivery: deliveries[1] });
    expect(nextStep(view({ deliveries: [one], urgent: two.key }))).toEqual({ kind: 'done' });
  });
  test('is in no hurry past the pace of its chat', () => {
    expect(nextStep(view({ deliveries: [one], sender: empty, urgent: one.key }))).toEqual({
      kind: 'wait',
      until: start + 1_000,
    });
  });
  test('takes its batch along', () => {
    const batch = batchOf([one, two]);
    expect(nextStep(view({ batch, urgent: two.key }))).toEqual({ kind: 'send-batch', batch });
    expect(nextStep(view({ batch, urgent: two.key, sender: empty }))).toEqual({ kind: 'wait', until: start + 1_000 });
    expect(nextStep(view({ batch, urgent: three.key }))).toEqual({ kind: 'done' });
  });
  test('does not let newer news take the place of what waits in doubt', () => {
    const next = { ...aDelivery('ops~1', 0, { sequence: 2, facts: someFacts({ what: 'update' }) }) };
    const deliveries = [doubtful(one), next];
    expect(nextStep(view({ deliveries }))).toMatchObject({ kind: 'tidy' });
    expect(nextStep(view({ deliveries, urgent: one.key }))).toEqual({ kind: 'send', delivery: deliveries[0] });
  });
});

describe('what may have been accepted', () => {
  test('waits by itself; the others go', () => {
    expect(nextStep(view({ deliveries: [doubtful(one), two] }))).toEqual({ kind: 'send', delivery: two });
  });
  test('is waited for where there is nothing else, the nearest of them', () => {
    const deliveries = [doubtful(one), doubtful(two, later - minute), doubtful(three, later + minute)];
    expect(nextStep(view({ deliveries }))).toEqual({ kind: 'wait', until: later - minute });
  });
  test('goes in its time, or at another address', () => {
    const deliveries = [doubtful(one)];
    expect(nextStep(view({ deliveries, now: later })).kind).toBe('send');
    expect(nextStep(view({ deliveries, address: 'b' })).kind).toBe('send');
  });
  test('unfolds its batch where others wait', () => {
    const batch = batchOf([one, two], { attempts: 1, body: '{}', doubt });
    expect(nextStep(view({ batch, deliveries: [three] }))).toEqual({ kind: 'unfold', batch });
    expect(nextStep(view({ batch }))).toEqual({ kind: 'wait', until: later });
    expect(nextStep(view({ batch, now: later }))).toEqual({ kind: 'send-batch', batch });
  });
  test('is not batched with what was never tried', () => {
    const due = many(6).map((delivery) => doubtful(delivery, start));
    const fresh = many(6, 10);
    const keysOf = (step: ReturnType<typeof nextStep>) =>
      step.kind === 'join' ? step.members.map(({ key }) => key) : step.kind;
    expect(keysOf(nextStep(view({ deliveries: [...due, ...fresh] })))).toEqual(fresh.map(({ key }) => key));
    expect(keysOf(nextStep(view({ deliveries: due })))).toEqual(due.map(({ key }) => key));
    expect(nextStep(view({ deliveries: [...due, fresh[0]!] }))).toEqual({ kind: 'send', delivery: fresh[0] });
    const again = batchOf([fresh[0]!], { doubt: { ...doubt, until: start } });
    expect(keysOf(nextStep(view({ deliveries: [...due, fresh[1]!], batch: again })))).toEqual(
      due.map(({ key }) => key),
    );
    const first = batchOf([fresh[0]!]);
    expect(keysOf(nextStep(view({ deliveries: [...due, fresh[1]!], batch: first })))).toEqual([fresh[1]!.key]);
  });
});

describe('many at once', () => {
  test.each(['announcement', 'digest'] as const)('do not take the %s along: it is read whole', (kind) => {
    const whole = aDelivery('ops~1', 9, { queuedAt: start + 9, facts: someFacts({ what: 'notice', kind }) });
    expect(nextStep(view({ deliveries: [...many(6), whole] }))).toEqual({ kind: 'send', delivery: whole });
    expect(nextStep(view({ deliveries: [...many(5), whole] }))).toEqual({ kind: 'send', delivery: one });
  });
  test('count what waits in their lanes', () => {
    const next = aDelivery('ops~1', 0, { sequence: 2, facts: someFacts({ what: 'update' }) });
    expect(nextStep(view({ deliveries: [...many(5), next] }))).toMatchObject({
      kind: 'join',
      members: [one, next, ...many(5).slice(1)],
    });
    const plain = { ...next, plain: true };
    expect(nextStep(view({ deliveries: [...many(6), plain] }))).toEqual({ kind: 'send', delivery: one });
  });
  test('go at once when five minutes have passed since the last batch', () => {
    const at = (minutes: number) => ({ ...sender, lastBatchAt: start - minutes * minute });
    expect(nextStep(view({ deliveries: many(6), sender: at(5) })).kind).toBe('join');
    expect(nextStep(view({ deliveries: many(6), sender: at(4) })).kind).toBe('wait');
    const batch = batchOf(many(2, 20));
    expect(nextStep(view({ deliveries: many(1), sender: at(1), batch })).kind).toBe('join');
  });
  test('leave in the pace of their chat', () => {
    const wait = { kind: 'wait', until: start + 1_000 };
    const batch = batchOf(many(2, 20));
    const full = { ...batch, body: '{}' };
    expect(nextStep(view({ batch, sender: empty }))).toEqual(wait);
    expect(nextStep(view({ batch: full, sender: empty }))).toEqual(wait);
    expect(nextStep(view({ batch: full, deliveries: many(1) }))).toEqual({ kind: 'send-batch', batch: full });
    expect(nextStep(view({ deliveries: many(1), sender: { ...empty, failing } }))).toEqual(wait);
  });
  test('in a batch that is open take what joins their lanes; while it fails they wait', () => {
    const next = aDelivery('ops~1', 0, { sequence: 2, facts: someFacts({ what: 'update' }) });
    const batch = batchOf([one]);
    expect(nextStep(view({ batch, deliveries: [next] }))).toEqual({ kind: 'join', members: [next] });
    expect(nextStep(view({ batch, deliveries: [next], sender: failingSender() }))).toEqual({
      kind: 'send-batch',
      batch,
    });
  });
  test('at the same instant go in the order of their keys', () => {
    const twins = [one, two].map((delivery) => ({ ...delivery, queuedAt: start }));
    const [first] = twins.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    expect(nextStep(view({ deliveries: twins }))).toEqual({ kind: 'send', delivery: first });
    expect(nextStep(view({ deliveries: twins.toReversed() }))).toEqual({ kind: 'send', delivery: first });
  });
});

describe('while a destination fails', () => {
  const batch = batchOf(many(2, 20), { attempts: 1, body: '{}' });
  const deliveries = [one, two].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const [low, high] = deliveries as [Delivery, Delivery];
  const ofKey = (key: string) => aDelivery('ops~1', 1, { key });
  test.each([[['aa', 'ab']], [['aa', 'ff']], [['dd', 'ff']], [['ff']], [[]]])(
    'its batch and messages %j take turns',
    (keys) => {
      const all = [...keys, 'batch'];
      const tried: string[] = [];
      for (let n = 0; n < 2 * all.length; n += 1) {
        const step = nextStep(view({ deliveries: keys.map(ofKey), batch, sender: failingSender(tried.at(-1)) }));
        tried.push(step.kind === 'send' ? step.delivery.key : step.kind.replace('send-', ''));
      }
      expect(tried.slice(0, all.length).toSorted()).toEqual(all.toSorted());
      expect(tried.slice(all.length)).toEqual(tried.slice(0, all.length));
    },
  );
  test('what is in doubt is left out of the turn', () => {
    expect(nextStep(view({ deliveries: [doubtful(low), high], sender: failingSender() }))).toEqual({
      kind: 'send',
      delivery: high,
    });
  });
  test('its back-off holds until its instant', () => {
    const at = (ms: number) => nextStep(view({ deliveries, sender: { ...failingSender(), nextAt: start + ms } })).kind;
    expect([at(0), at(1)]).toEqual(['send', 'wait']);
  });
});

describe('one commit', () => {
  /** Each lane: an open and its end, never tried: at a pager both end. */
  const lanes = (count: number) =>
    many(count).flatMap((open, n) => [open, aDelivery('ops~1', n, { sequence: 2, facts: overFacts() })]);
  const tidied = (deliveries: readonly Delivery[], kind: OutboxView['kind']) => {
    const step = nextStep(view({ deliveries, kind }));
    if (step.kind !== 'tidy') throw new Error(step.kind);
    return [step.ended.length, step.changed.length];
  };
  test('takes ninety-six writes, of whole lanes', () => {
    expect(tidied(lanes(24), 'pagerduty')).toEqual([48, 0]);
    expect(tidied(lanes(30), 'pagerduty')).toEqual([48, 0]);
    expect(tidied(lanes(32), 'slack')).toEqual([32, 32]);
    expect(tidied(lanes(40), 'slack')).toEqual([32, 32]);
  });
  test('takes of a lane that is longer what it can', () => {
    const long = Array.from({ length: 60 }, (_, n) =>
      aDelivery('ops~1', 0, { sequence: n + 1, facts: someFacts({ what: 'reminder' }) }),
    );
    expect(tidied(long, 'slack')).toEqual([47, 0]);
    expect(tidied([...long, ...lanes(1)], 'slack')[0]).toBe(47);
  });
});

describe('a lane', () => {
  const facts = (what: 'open' | 'update' | 'reminder' | 'resolve') => someFacts({ what, kind: 'version.eol' });
  const told = (lane: readonly Delivery[], isHeld: (delivery: Delivery) => boolean = () => false) =>
    settleLane(lane, { kind: 'slack', retired: false, isHeld, now: start });
  const held = (delivery: Delivery) => delivery.doubt !== undefined;
  test('is one incident, in the order of its episodes and what was said in them', () => {
    const said = [
      aDelivery('ops', 1, { sequence: 2 }),
      aDelivery('ops', 2),
      aDelivery('ops', 1, { sequence: 3, episode: start - 9 * minute }),
      aDelivery('ops', 1, { sequence: 1 }),
    ];
    expect([...lanesOf(said).values()]).toEqual([[said[2], said[3], said[0]], [said[1]]]);
  });
  test('whose open may be known tells news as what they are', () => {
    const open = doubtful(aDelivery('ops', 1));
    const update = aDelivery('ops', 1, { sequence: 2, facts: someFacts({ what: 'update' }) });
    const resolve = aDelivery('ops', 1, { sequence: 3, facts: overFacts() });
    const reason = 'it may have been accepted, and a newer message waits';
    const first = { ...update, maybeAccepted: true, facts: { ...update.facts, what: 'open' } };
    expect(told([open, update], held)).toEqual({
      ended: [{ delivery: open, reason }],
      changed: [first],
      waiting: [first],
    });
    const earlier = doubtful(aDelivery('ops', 1, { sequence: 1, facts: someFacts({ what: 'update' }) }));
    const second = { ...update, maybeAccepted: true };
    expect(told([earlier, update], held)).toMatchObject({ changed: [second], waiting: [second] });
    const end = { ...resolve, maybeAccepted: true };
    expect(told([earlier, resolve], held)).toMatchObject({ changed: [end], waiting: [end] });
    expect(told([update, doubtful(resolve)], held).ended).toEqual([]);
  });
  test('that waits in doubt for an episode of before gives way unchanged', () => {
    const past = doubtful(aDelivery('ops', 1, { episode: start - 60 * minute, facts: overFacts() }));
    const open = aDelivery('ops', 1, { sequence: 2 });
    expect(told([past, open], held)).toMatchObject({ ended: [{ delivery: past }], changed: [], waiting: [open] });
    const resolve = aDelivery('ops', 1, { sequence: 3, facts: overFacts() });
    const story = { ...resolve, untold: true };
    expect(told([past, open, resolve], held)).toMatchObject({ changed: [story], waiting: [story] });
  });
  test('that tells its whole story stays as it was told to', () => {
    const open = aDelivery('ops', 1);
    const story = aDelivery('ops', 1, { sequence: 2, untold: true, facts: overFacts() });
    const reason = 'it was over before this was sent';
    expect(told([open, story])).toEqual({ ended: [{ delivery: open, reason }], changed: [], waiting: [story] });
    expect(told([open])).toEqual({ ended: [], changed: [], waiting: [open] });
  });
  test.each<readonly [string, readonly Delivery[], readonly string[]]>([
    [
      'an update after a reminder',
      [
        aDelivery('ops', 1, { facts: someFacts({ what: 'reminder' }) }),
        aDelivery('ops', 1, { sequence: 2, facts: someFacts({ what: 'update' }) }),
      ],
      ['a newer message waits'],
    ],
    [
      'a reminder after its open',
      [aDelivery('ops', 1), aDelivery('ops', 1, { sequence: 2, facts: someFacts({ what: 'reminder' }) })],
      ['the first message still waits'],
    ],
    [
      'a later step',
      [aDelivery('ops', 1, { facts: facts('update') }), aDelivery('ops', 1, { sequence: 2, facts: facts('update') })],
      ['a later step waits'],
    ],
  ])('says why, for %s', (_, lane, reasons) => {
    expect(told(lane).ended.map(({ reason }) => reason)).toEqual(reasons);
  });
  test('of a date keeps one step as it is, and is changed only where it is the first word', () => {
    const [step, next] = [1, 2].map((sequence) => aDelivery('ops', 1, { sequence, facts: facts('update') }));
    expect(told([step!])).toEqual({ ended: [], changed: [], waiting: [step] });
    expect(told([step!, next!])).toMatchObject({ ended: [{ delivery: step }], changed: [], waiting: [next] });
    const other = aDelivery('ops', 1, { facts: someFacts({ what: 'open' }) });
    expect(told([other, next!]).waiting).toEqual([other, next]);
    const expiry = aDelivery('ops', 1, { sequence: 2, facts: someFacts({ what: 'update', kind: 'token.expiry' }) });
    expect(
      told([aDelivery('ops', 1, { facts: someFacts({ what: 'open', kind: 'token.expiry' }) }), expiry]).waiting,
    ).toEqual([{ ...expiry, facts: { ...expiry.facts, what: 'open' } }]);
  });
});
