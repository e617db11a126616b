import { describe, expect, test } from 'vitest';
import { decideBeat, findMissedRounds, type Health, lastRounds } from '../../../lib/decide/outbox/heartbeat.ts';

const minute = 60_000;
const now = Date.UTC(2026, 10, 23, 6);
const tick = 5 * minute;

describe('rounds that are missed', () => {
  test.each([
    ['never a round', undefined, undefined, tick, undefined],
    ['a fresh one', 1, 1, tick, undefined],
    ['exactly fifteen minutes', 15, undefined, tick, undefined],
    ['the watch is late', 16, 1, tick, 'no round of watching for 16 min: the fleet is not managed'],
    ['the scaling is late', 1, 20, tick, 'no round of scaling for 20 min: the fleet is not managed'],
    ['both', 30, 20, tick, 'no round of watching and scaling for 30 min: the fleet is not managed'],
    ['three long ticks', 44, 44, 15 * minute, undefined],
    ['short ticks still have fifteen minutes', 14, 14, minute, undefined],
  ])('%s', (_, watched, scaled, everyMs, expected) => {
    const ago = (minutes: number | undefined) => (minutes === undefined ? undefined : now - minutes * minute);
    const found = findMissedRounds({ watchedAt: ago(watched), scaledAt: ago(scaled) }, everyMs, now);
    expect(found?.text).toBe(expected);
  });
});

const part = (at: number, index: number, count: number, region = 'r1', since?: number) => {
  return { at, region, shard: { index, count }, since };
};

test('every part of the newest cut counts, older cuts do not', () => {
  const rounds = [part(10, 0, 1), part(90, 0, 2), part(70, 1, 2), part(95, 0, 1, 'r2'), part(1, 0, 1, 'gone')];
  expect(lastRounds([part(99, 0, 1)], rounds, ['r1', 'r2'])).toEqual({
    watchedAt: 99,
    scaledAt: 70,
    scaledPart: { index: 1, count: 2, newestAt: 90 },
  });
  expect(lastRounds([], [], ['r1'])).toEqual({ watchedAt: undefined, scaledAt: undefined });
});

test('a part that never came was expected since the fleet is cut so', () => {
  const rounds = [part(90, 0, 3, 'r1', 40), part(91, 2, 3, 'r1', 41), part(30, 1, 2)];
  expect(lastRounds([], rounds, ['r1'])).toMatchObject({ scaledAt: 40, scaledPart: { index: 1, count: 3 } });
});

test.each([
  ['one part of several', 20, 1, 'no round of scaling (part 4 of 10) for 20 min: its clusters are not managed'],
  ['all of them', 20, 18, 'no round of scaling for 20 min: the fleet is not managed'],
  ['none', 15, 1, undefined],
])('a round that is missed is that of its part: %s', (_, oldest, newest, text) => {
  const [scaledAt, newestAt] = [now - oldest * minute, now - newest * minute];
  const scaledPart = { index: 3, count: 10, newestAt };
  expect(findMissedRounds({ watchedAt: now, scaledAt, scaledPart }, tick, now)?.text).toBe(text);
});

describe('the heartbeat', () => {
  const well: Health = {
    now,
    everyMs: tick,
    rounds: { watchedAt: now - tick, scaledAt: now - tick },
    scales: true,
    broken: [false, true],
  };
  const short = { everyMs: minute };
  const late = now - 14 * minute;
  test.each([
    ['all well', {}, 'ping'],
    ['no destinations', { broken: [] }, 'ping'],
    ['one destination works', { broken: [true, false] }, 'ping'],
    ['all broken', { broken: [true, true] }, 'every destination is broken'],
    ['nobody watches', { rounds: { watchedAt: now - 16 * minute, scaledAt: now } }, 'the clusters are not watched'],
    ['never watched', { rounds: { watchedAt: undefined, scaledAt: now } }, 'the clusters are not watched'],
    ['no scaling', { rounds: { watchedAt: now, scaledAt: now - 16 * minute } }, 'no scaling round'],
    ['short ticks still have fifteen minutes', { ...short, rounds: { watchedAt: late, scaledAt: late } }, 'ping'],
    ['no rules, no scaling', { scales: false, rounds: { watchedAt: now, scaledAt: undefined } }, 'ping'],
  ])('%s', (_, patch, expected) => {
    const beat = decideBeat({ ...well, ...patch });
    expect(beat.kind === 'ping' ? 'ping' : beat.reason).toBe(expected);
  });
});
