import { describe, expect, test } from 'vitest';
import {
  type Batch,
  fitting,
  fromMember,
  messagesOf,
  openBatch,
  packMember,
  toMember,
  unpackMember,
} from '../../../lib/decide/outbox/batch.ts';
import { historyOf } from '../../../lib/decide/outbox/delivery-log.ts';
import { isFailure } from '../../../lib/decide/outbox/outcome.ts';
import {
  fateOf,
  isDoubtful,
  markAttempt,
  markSender,
  senderAfter,
  withAddress,
} from '../../../lib/decide/outbox/retry.ts';
import {
  mayStart,
  newSender,
  observeDestination,
  takeLock,
  takeToken,
  tokenAt,
} from '../../../lib/decide/outbox/sender.ts';
import type { Subject } from '../../../lib/model/finding.ts';
import { aDelivery, overFacts, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';

const second = 1_000;
const minute = 60 * second;
const problem = 'it answered 503';
const failing = { since: start, attempts: 2, step: 2, problem, address: 'a' };
const sender = newSender('ops~1', start);

describe('the lock of a destination', () => {
  const locked = takeLock(sender, 'one', start)!;
  test('is had for ninety seconds, and nobody else has it meanwhile', () => {
    expect(locked).toEqual({ ...sender, lease: { owner: 'one', until: start + 90 * second } });
    expect(takeLock(locked, 'two', start + 90 * second - 1)).toBeUndefined();
    expect(takeLock(locked, 'two', start + 90 * second)?.lease?.owner).toBe('two');
  });
  test('is renewed by whoever has it', () => {
    expect(takeLock(locked, 'one', start + minute)?.lease?.until).toBe(start + 150 * second);
  });
  test.each([
    ['by its owner while enough of it is left', locked, 'one', 55 * second, true],
    ['not with less than thirty-five seconds', locked, 'one', 55 * second + 1, false],
    ['not by another one', locked, 'two', 0, false],
    ['not without it', sender, 'one', 0, false],
  ] as const)('lets a request start: %s', (_, own, owner, afterMs, expected) => {
    expect(mayStart(own, owner, start + afterMs)).toBe(expected);
  });
});

describe('the pace of a chat', () => {
  test('is one message a second, and none is lost to a rest', () => {
    const empty = { tokens: 0, at: start };
    expect(tokenAt(empty, 'slack', start)).toBe(start + second);
    expect(tokenAt(empty, 'slack', start + 400)).toBe(start + second);
    expect(tokenAt(empty, 'slack', start + second)).toBe(start + second);
    expect(tokenAt({ tokens: 1, at: start }, 'slack', start)).toBe(start);
  });
  test('takes one of what is there, never more than that', () => {
    expect(takeToken({ tokens: 0.5, at: start }, 'slack', start)).toEqual({ tokens: 0, at: start });
    const full = takeToken(sender.bucket, 'slack', start + minute);
    expect(full.at).toBe(start + minute);
    expect(takeToken({ tokens: 1, at: start }, 'slack', start + 500).tokens).toBeLessThanOrEqual(0.5);
  });
  test('is kept while an attempt is under way, and who was tried last where it fails', () => {
    const worked = markSender({ ...sender, bucket: { tokens: 1, at: start } }, 'lane', 'slack', start);
    expect(worked).toEqual({ ...sender, bucket: { tokens: 0, at: start } });
    const failed = markSender({ ...sender, bucket: { tokens: 1, at: start }, failing }, 'lane', 'slack', start);
    expect(failed).toMatchObject({ bucket: { tokens: 0 }, lastTried: 'lane' });
  });
});

test('what is said of a destination is broken, with since when and why, or well', () => {
  const watched = { kind: 'destination.broken', subject: { kind: 'destination', destination: 'ops' } };
  const well = { ...watched, state: 'ok', at: start };
  expect(observeDestination('ops', undefined, start, true)).toEqual(well);
  expect(observeDestination('ops', { ...sender, failing }, start, true)).toEqual(well);
  const broken = { since: start + minute };
  expect(observeDestination('ops', { ...sender, failing, broken }, start, true)).toMatchObject({
    ...watched,
    state: 'bad',
    finding: { ...watched, severity: 'critical', since: start, text: expect.stringContaining(problem) },
  });
  expect(observeDestination('ops', { ...sender, broken }, start, true)).toMatchObject({
    finding: { since: broken.since },
  });
});

test.each([
  ['accepted', false],
  ['confirmed', false],
  ['wait', true],
  ['address-failed', true],
  ['body-refused', true],
  ['not-sent', true],
  ['unknown', true],
] as const)('%s is a failure: %s', (kind, expected) => {
  expect(isFailure({ kind, problem, retryAfterMs: undefined })).toBe(expected);
});

describe('an attempt', () => {
  const about = { now: start, kind: 'slack', address: 'a', chance: 0.5, isPlainest: false } as const;
  const one = aDelivery('ops', 1);
  const batch: Batch = { ...openBatch('ops', one, start, sha256), members: [toMember(one)] };
  const fate = (item: typeof one | Batch, outcome: Parameters<typeof fateOf>[2], at = about) =>
    fateOf(item, markAttempt(item, '{}', at), outcome, at);

  test('that was taken ends with what the target said of it', () => {
    expect(fate(one, { kind: 'accepted' })).toEqual({ kind: 'end', state: 'accepted' });
    expect(fate(one, { kind: 'confirmed', note: 'cut' })).toEqual({ kind: 'end', state: 'confirmed', reason: 'cut' });
  });
  test('whose plain batch is refused gives its messages back as they were', () => {
    const back = fate({ ...batch, plain: true }, { kind: 'body-refused', problem });
    expect(back).toMatchObject({ kind: 'give-back', item: { maybeAccepted: false, members: batch.members } });
    expect(back).not.toHaveProperty('item.doubt');
  });
  test('has its wait in a chat from its end, by the address and the count', () => {
    const doubt = { count: 5, until: start - 1, address: 'a' };
    const next = (before: typeof doubt) =>
      fate({ ...one, doubt: before }, { kind: 'unknown', retryAfterMs: undefined, problem });
    expect(next(doubt)).toMatchObject({ item: { doubt: { count: 6, until: start + 132 * minute, address: 'a' } } });
    expect(next({ ...doubt, address: 'b' })).toMatchObject({
      item: { doubt: { count: 1, until: start + 4.5 * second } },
    });
    expect(fate({ ...one, doubt }, { kind: 'not-sent', problem })).toMatchObject({ item: { doubt } });
  });
  test('adds to the time in which somebody tried, of a batch since it was opened', () => {
    const later = { ...about, now: start + minute };
    expect(fate(one, { kind: 'not-sent', problem }, later)).toMatchObject({ item: { waitedMs: minute } });
    expect(fate(batch, { kind: 'not-sent', problem }, later)).toMatchObject({ item: { waitedMs: minute } });
    const tried = { ...one, lastAttemptAt: start + 50 * second, waitedMs: second };
    expect(fate(tried, { kind: 'not-sent', problem }, later)).toMatchObject({ item: { waitedMs: 11 * second } });
  });
  test.each([
    ['a notice after three days', { facts: someFacts({ what: 'notice' }) }, 72],
    ['the story of what nobody was told after a week', { facts: overFacts(), untold: true as const }, 168],
  ])('ends %s', (_, patch, hours) => {
    const aged = (shortMs: number) =>
      aDelivery('ops', 1, { ...patch, attempts: 9, lastAttemptAt: start, waitedMs: hours * 60 * minute - shortMs });
    expect(fate(aged(1), { kind: 'not-sent', problem }).kind).toBe('keep');
    expect(fate(aged(0), { kind: 'not-sent', problem })).toEqual({
      kind: 'end',
      state: 'dropped',
      reason: `too old, never accepted: ${problem}`,
    });
  });
  test('that fails says of its destination since when, how often and why', () => {
    const plainest = { ...about, isPlainest: true };
    const first = senderAfter(sender, { kind: 'body-refused', problem }, plainest);
    expect(first).toEqual({
      ...sender,
      nextAt: start + 4.5 * second,
      failing: { since: start, attempts: 1, step: 1, problem, address: 'a' },
    });
    expect(senderAfter(sender, { kind: 'body-refused', problem }, about)).toBe(sender);
    const confirmed = { ...sender, nextAt: start, lastSuccessAt: start };
    const known = { ...first, broken: { since: start }, lastTried: 'lane' };
    for (const kind of ['accepted', 'confirmed'] as const)
      expect(senderAfter(known, { kind }, about)).toEqual(confirmed);
  });
  test('makes a destination broken with its third failure in thirty minutes, and it stays so since then', () => {
    const at = (minutes: number) => ({ ...about, now: start + minutes * minute });
    const third = (minutes: number) => senderAfter({ ...sender, failing }, { kind: 'not-sent', problem }, at(minutes));
    expect(third(29.99).broken).toBeUndefined();
    expect(third(30).broken).toEqual({ since: start + 30 * minute });
    expect(senderAfter(third(30), { kind: 'not-sent', problem }, at(60)).broken).toEqual({
      since: start + 30 * minute,
    });
  });
  test('at another address begins anew', () => {
    expect(withAddress({ ...sender, failing }, 'b', start + 1)).toEqual({
      ...sender,
      nextAt: start + 1,
      failing: { ...failing, step: 0, address: 'b' },
    });
    expect(withAddress(sender, 'b', start + 1)).toBe(sender);
  });
  test.each([
    ['until its time', 'a', 1, true],
    ['not from then on', 'a', 0, false],
    ['not at another address', 'b', 1, false],
    ['where nobody knows the address', undefined, 1, true],
  ] as const)('in doubt waits %s', (_, address, ms, expected) => {
    expect(isDoubtful({ count: 1, until: start + ms, address: 'a' }, address, start)).toBe(expected);
  });
});

describe('a batch', () => {
  const subjects: readonly (readonly [Subject, Subject])[] = [
    [
      { kind: 'region', region: 'r1' },
      { kind: 'region', region: 'r1' },
    ],
    [
      { kind: 'cluster', region: 'r1', clusterId: 'c-1', cluster: 'dev' },
      { kind: 'cluster', region: 'r1', clusterId: '', cluster: 'dev' },
    ],
    [
      { kind: 'pool', region: 'r1', clusterId: 'c-1', poolId: 'p-1', cluster: 'dev', pool: 'build' },
      { kind: 'pool', region: 'r1', clusterId: '', poolId: '', cluster: 'dev', pool: 'build' },
    ],
    [
      { kind: 'destination', destination: 'ops' },
      { kind: 'destination', destination: 'ops' },
    ],
    [
      { kind: 'secret', reference: 'env A' },
      { kind: 'secret', reference: 'env A' },
    ],
    [
      { kind: 'config', path: 'pools' },
      { kind: 'config', path: 'pools' },
    ],
    [{ kind: 'fleet' }, { kind: 'fleet' }],
  ];
  test.each(subjects)('keeps what %j is by its names', (subject, short) => {
    const member = toMember(aDelivery('ops', 1, { facts: someFacts({ subject }) }));
    expect(member.facts.subject).toEqual(short);
    expect(unpackMember(packMember(member))).toEqual(member);
  });
  test.each([{}, { maybeAccepted: true }, { untold: true as const }, { maybeAccepted: true, untold: true as const }])(
    'keeps what may have been told: %j',
    (patch) => {
      const facts = overFacts({
        severity: 'info',
        worst: 'warning',
        since: start - 7,
        at: start + 3,
        until: start + 9,
      });
      const one = aDelivery('ops', 1, { ...patch, queuedAt: start + 5, facts });
      const kept = unpackMember(packMember(toMember(one)));
      expect(kept).toEqual(toMember(one));
      expect(fromMember(kept, 'ops', sha256)).toEqual({
        ...aDelivery('ops', 1, { ...patch, queuedAt: start + 5 }),
        facts: { ...facts, fix: undefined, did: undefined, facts: {}, subject: kept.facts.subject },
      });
      const none = { ...someFacts(), fix: undefined, cause: undefined, until: undefined };
      expect(packMember(toMember(aDelivery('ops', 1, { facts: none })))).toHaveLength(11);
    },
  );
  test.each([
    ['a hundred letters as they are', 'a'.repeat(100), 'a'.repeat(100)],
    ['more of them cut', 'a'.repeat(101), `${'a'.repeat(93)}… (cut)`],
    ['never half of a letter', `${'a'.repeat(92)}😀${'a'.repeat(20)}`, `${'a'.repeat(92)}… (cut)`],
    ['never half of an instant', `${'a'.repeat(80)} 2026-11-28T10:00:00Z and more`, `${'a'.repeat(80)} … (cut)`],
    [
      'a whole one that stands before',
      `at 2026-11-28T10:00:00Z ${'a'.repeat(100)}`,
      `at 2026-11-28T10:00:00Z ${'a'.repeat(69)}… (cut)`,
    ],
    [
      'a version that only looks like one',
      `${'a'.repeat(80)} 26-1-28T10:00:00Z and more`,
      `${'a'.repeat(80)} 26-1-28T10:0… (cut)`,
    ],
  ])('takes %s', (_, text, short) => {
    expect(toMember(aDelivery('ops', 1, { facts: someFacts({ text }) })).facts.text).toBe(short);
  });
  test('is empty at first, under an id of its own, with nothing tried', () => {
    const first = aDelivery('ops', 1);
    expect(openBatch('ops', first, start, sha256)).toEqual({
      schema: 1,
      id: sha256(`batch\n${first.id}\n${start}`),
      destination: 'ops',
      members: [],
      openedAt: start,
      attempts: 0,
      lastAttemptAt: undefined,
      maybeAccepted: false,
      body: undefined,
      plain: false,
    });
  });
  test('takes as many bytes as a record leaves, those of its members included', () => {
    const member = (letter: string) => toMember(aDelivery('ops', 1, { facts: someFacts({ text: letter.repeat(50) }) }));
    const [ascii, wide] = [member('a'), member('漢')];
    const size = JSON.stringify(packMember(ascii)).length + 1;
    const most = Math.floor(66_000 / size);
    const all = Array.from({ length: 500 }, () => ascii);
    expect(fitting({ members: [] }, all, 500)).toBe(most);
    expect(fitting({ members: all.slice(0, 100) }, all, 500)).toBe(most - 100);
    expect(fitting({ members: [] }, all, 7)).toBe(7);
    // A letter of Chinese may take three bytes.
    expect(
      fitting(
        { members: [] },
        Array.from({ length: 500 }, () => wide),
        500,
      ),
    ).toBe(Math.floor(66_000 / (JSON.stringify(packMember(wide)).length * 3 + 1)));
    const exact = { ...ascii, facts: { ...ascii.facts, text: 'a'.repeat(50 + 66_000 - most * size) } };
    expect(fitting({ members: [] }, [exact, ...all.slice(0, most - 1)], 500)).toBe(most);
    const over = { ...ascii, facts: { ...ascii.facts, text: `${exact.facts.text}a` } };
    expect(fitting({ members: [] }, [over, ...all.slice(0, most - 1)], 500)).toBe(most - 1);
  });
});

test('the log of deliveries says what each message of a batch was, and where', () => {
  const [one, two] = [
    aDelivery('ops', 1, { queuedAt: start + 5 }),
    aDelivery('ops', 2, { queuedAt: start + 3, facts: someFacts({ subject: { kind: 'fleet' } }) }),
  ];
  const batch = { ...openBatch('ops', one, start, sha256), attempts: 2, members: [one, two].map(toMember) };
  expect(messagesOf(one)).toEqual([one]);
  const record = historyOf(batch, { state: 'parked', at: start + 9, reason: 'refused' });
  expect(record).toMatchObject({ schema: 1, id: batch.id, destination: 'ops', state: 'parked', at: start + 9 });
  expect(record).toMatchObject({ reason: 'refused', attempts: 2, queuedAt: start + 3 });
  const { key, episode, sequence, facts } = one;
  const line = { what: 'open', kind: 'cluster.error', severity: 'critical', text: facts.text };
  expect(record.said[0]).toEqual({ ...line, key, episode, sequence, region: 'r1' });
  expect(record.said[1]).not.toHaveProperty('region');
  expect(historyOf(one, { state: 'confirmed', at: start })).not.toHaveProperty('reason');
});
