import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fateOf, markAttempt, senderAfter, withAddress } from '../../../lib/decide/outbox/attempt.ts';
import type { Outcome } from '../../../lib/decide/outbox/outcome.ts';
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

test('a chat in doubt is tried every two hours in the end', () => {
  const doubtful = afterAll(
    Array.from({ length: 6 }, () => unknown),
    'slack',
  );
  expect(doubtful.waits.slice(-2)).toEqual([15 * minute, 2 * hour]);
  const refused = afterAll(
    Array.from({ length: 6 }, () => address),
    'slack',
  );
  expect(refused.waits.at(-1)).toBe(15 * minute);
});

test('jitter adds a fifth at most', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(8), (chance, step) => {
      const failing = { since: start, attempts: step, step, problem, address: 'a' };
      const after = senderAfter({ ...newSender('x', start), failing }, address, { ...attemptAt(start), chance });
      const plain = senderAfter({ ...newSender('x', start), failing }, address, attemptAt(start));
      const ratio = (after.nextAt - start) / (plain.nextAt - start);
      expect(ratio).toBeGreaterThanOrEqual(1);
      expect(ratio).toBeLessThanOrEqual(1.21);
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
    return fateOf(before, markAttempt(before, '{}', now), outcome, now);
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
    return fateOf(before, markAttempt(before, '{}', now), unknown, now).kind;
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
    const fate = fateOf(before, markAttempt(before, '{}', now), unknown, now);
    expect(fate).toMatchObject({ kind: 'keep', item: { waitedMs: 4 * hour } });
  });
});
