import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../lib/decide/outbox/outcome.ts';
import { fateOf, isDoubtful, markAttempt, senderAfter, withAddress } from '../../../lib/decide/outbox/retry.ts';
import { newSender, type SenderRecord } from '../../../lib/decide/outbox/sender.ts';
import { aDelivery, overFacts, someFacts, start } from '../../support/receivers/outbox-world.ts';

const minute = 60_000;
const hour = 60 * minute;
const problem = 'it answered 503';
const unknown: Outcome = { kind: 'unknown', retryAfterMs: undefined, problem };
const address: Outcome = { kind: 'address-failed', problem };
const confirmed: Outcome = { kind: 'confirmed' };

function attemptAt(now: number, kind: 'slack' | 'pagerduty' = 'pagerduty') {
  return { now, kind, address: 'a', chance: 0, isPlainest: false };
}

function afterAll(
  outcomes: readonly Outcome[],
  kind: 'slack' | 'pagerduty' = 'pagerduty',
): { waits: number[]; sender: SenderRecord } {
  let sender = newSender('ops~1', start);
  const waits: number[] = [];
  for (const outcome of outcomes) {
    const now = Math.max(start, sender.nextAt);
    sender = senderAfter(sender, outcome, attemptAt(now, kind));
    waits.push(sender.nextAt - now);
  }
  return { waits, sender };
}

test('the back-off grows to a quarter of an hour', () => {
  const { waits } = afterAll(Array.from({ length: 7 }, () => unknown));
  expect(waits).toEqual([5_000, 30_000, 2 * minute, 10 * minute, 15 * minute, 15 * minute, 15 * minute]);
});

test.each(['slack', 'pagerduty'] as const)('%s itself never waits longer than that', (kind) => {
  const doubtful = Array.from({ length: 8 }, () => unknown);
  expect(afterAll(doubtful, kind).waits.slice(-2)).toEqual([15 * minute, 15 * minute]);
});

describe('a message that may have been accepted', () => {
  const tried = (outcomes: readonly Outcome[], kind: 'slack' | 'pagerduty') => {
    let item = aDelivery('ops', 1);
    let now = start;
    const waits: number[] = [];
    for (const outcome of outcomes) {
      const fate = fateOf(item, markAttempt(item, '{}', attemptAt(now, kind)), outcome, attemptAt(now, kind));
      if (fate.kind === 'end') throw new Error('ended');
      item = fate.item;
      waits.push(Math.max(0, (item.doubt?.until ?? 0) - now));
      now += 2 * hour;
    }
    return waits;
  };
  const doubtful = Array.from({ length: 7 }, () => unknown);
  test('waits for two hours in the end in a chat', () => {
    expect(tried(doubtful, 'slack').slice(-3)).toEqual([15 * minute, 2 * hour, 2 * hour]);
  });
  test('waits for nothing of its own elsewhere', () => {
    expect(tried(doubtful, 'pagerduty')).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
  test('waits no longer for being refused for certain', () => {
    expect(tried([unknown, address, address], 'slack')).toEqual([5_000, 0, 0]);
  });
  test('waits at the address that may have taken it', () => {
    const { doubt } = markAttempt(aDelivery('ops', 1), '{}', attemptAt(start, 'slack'));
    expect([isDoubtful(doubt, 'a', start), isDoubtful(doubt, 'b', start)]).toEqual([true, false]);
  });
});

test('jitter takes a fifth at most', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(8), (chance, step) => {
      const failing = { since: start, attempts: step, step, problem, address: 'a' };
      const after = senderAfter({ ...newSender('x', start), failing }, address, { ...attemptAt(start), chance });
      const plain = senderAfter({ ...newSender('x', start), failing }, address, attemptAt(start));
      const ratio = (after.nextAt - start) / (plain.nextAt - start);
      expect(ratio).toBeGreaterThanOrEqual(0.79);
      expect(ratio).toBeLessThanOrEqual(1);
    }),
  );
});

test('a success makes everything due', () => {
  const { sender } = afterAll([unknown, unknown, unknown, unknown, unknown, unknown, confirmed]);
  expect(sender.failing).toBeUndefined();
  expect(sender.broken).toBeUndefined();
  expect(sender.nextAt).toBe(sender.lastSuccessAt);
});

test('broken is thirty minutes and three attempts', () => {
  expect(afterAll(Array.from({ length: 5 }, () => unknown)).sender.broken).toBeUndefined();
  expect(afterAll(Array.from({ length: 7 }, () => unknown)).sender.broken).toBeDefined();
  const failing = { since: start, attempts: 1, step: 1, problem, address: 'a' };
  const second = senderAfter({ ...newSender('x', start), failing }, unknown, attemptAt(start + hour));
  expect(second.broken).toBeUndefined();
  expect(senderAfter(second, unknown, attemptAt(start + hour)).broken).toEqual({ since: start + hour });
});

describe('429', () => {
  const wait = (retryAfterMs: number | undefined): Outcome => ({ kind: 'wait', retryAfterMs, problem });
  test.each([
    ['is obeyed', 7_000, 7_000],
    ['is capped at an hour', 86_400_000, hour],
    ['without a time waits the first step', undefined, 5_000],
  ])('%s', (_, asked, waited) => {
    expect(afterAll([wait(asked)]).waits).toEqual([waited]);
  });
  test('never makes a destination broken, nor advances the back-off', () => {
    const { sender, waits } = afterAll([...Array.from({ length: 50 }, () => wait(hour)), unknown]);
    expect(sender.broken).toBeUndefined();
    expect(waits.at(-1)).toBe(5_000);
  });
});

test('a later time that an unsure answer asks for is kept', () => {
  const asked: Outcome = { kind: 'unknown', retryAfterMs: 20 * minute, problem };
  expect(afterAll([asked]).waits).toEqual([20 * minute]);
});

test('another address or secret is tried at once', () => {
  const { sender } = afterAll([address, address, address, address]);
  expect(withAddress(sender, 'a', start).nextAt).toBe(sender.nextAt);
  expect(withAddress(sender, 'b', start).nextAt).toBe(start);
});

describe('what becomes of a message', () => {
  const fresh = aDelivery('ops', 1);
  const fate = (outcome: Outcome, before = fresh) => {
    const now = start + 1_000;
    return fateOf(before, markAttempt(before, '{}', attemptAt(now)), outcome, attemptAt(now));
  };
  test('an unsure answer leaves it maybe accepted', () => {
    expect(fate(unknown)).toMatchObject({ kind: 'keep', item: { maybeAccepted: true, body: '{}', attempts: 1 } });
  });
  test.each([address, { kind: 'not-sent', problem }, { kind: 'wait', retryAfterMs: 1, problem }] as const)(
    'refused for certain leaves it as it was: $kind',
    (outcome) => {
      expect(fate(outcome)).toMatchObject({ kind: 'keep', item: { maybeAccepted: false } });
      expect(fate(outcome, { ...fresh, maybeAccepted: true })).toMatchObject({ item: { maybeAccepted: true } });
    },
  );
  test('a refused body goes out plain, then is parked', () => {
    const refused: Outcome = { kind: 'body-refused', problem: 'it answered 400 Bad Request' };
    const first = fate(refused);
    expect(first).toMatchObject({ kind: 'keep', item: { plain: true, body: undefined } });
    expect(fate(refused, { ...fresh, plain: true })).toEqual({
      kind: 'end',
      state: 'parked',
      reason: 'it answered 400 Bad Request',
    });
  });
});

describe('age', () => {
  const old = { waitedMs: 8 * 24 * hour, attempts: 9, lastAttemptAt: start };
  const end = (patch: Parameters<typeof aDelivery>[2]) => {
    const before = aDelivery('ops', 1, { ...old, ...patch });
    const now = start + 15 * minute;
    return fateOf(before, markAttempt(before, '{}', attemptAt(now)), unknown, attemptAt(now)).kind;
  };
  test('what is owed has no age', () => {
    expect(end({})).toBe('keep');
    expect(end({ facts: overFacts() })).toBe('keep');
  });
  test('a notice and an untold story grow old', () => {
    expect(end({ facts: someFacts({ what: 'notice', kind: 'started' }) })).toBe('end');
    expect(end({ facts: overFacts(), untold: true })).toBe('end');
  });
  test('time in which nobody tried does not count', () => {
    const facts = someFacts({ what: 'notice', kind: 'started' });
    const before = aDelivery('ops', 1, { facts, attempts: 1, lastAttemptAt: start, waitedMs: hour });
    const now = start + 30 * 24 * hour;
    const fate = fateOf(before, markAttempt(before, '{}', attemptAt(now)), unknown, attemptAt(now));
    expect(fate).toMatchObject({ kind: 'keep', item: { waitedMs: 4 * hour } });
  });
});
