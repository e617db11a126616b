import { describe, expect, test } from 'vitest';
import { owedSince, pendingFor, whatWasDone } from '../../../lib/decide/scaling/late.ts';
import { isLateEffect } from '../../../lib/decide/scaling/manual-changes.ts';
import type { Pending, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { aPool, at, minute } from '../../support/scaling-world.ts';

const now = at('2026-03-02T10:00:00Z');
const t = (minutes: number) => now + minutes * minute;

describe('what a pool is short of', () => {
  const wanted = (target: number, minutes: number, owed?: Pending['owed']): Pending => {
    return { target, since: t(minutes), ...(owed && { owed }) };
  };
  test.each<readonly [string, Pending | undefined, number | undefined, number, Pending]>([
    ['begins now', undefined, 1, 3, wanted(3, 0)],
    ['begins now where its size is not known', wanted(3, -60), undefined, 5, wanted(5, 0)],
    ['is nothing at its size', wanted(3, -60), 3, 3, wanted(3, 0)],
    ['lasts while it is the same', wanted(3, -60), 1, 3, wanted(3, -60)],
    ['lasts while less of it is wanted', wanted(5, -60), 1, 3, wanted(3, -60)],
    ['is owed while more is wanted', wanted(3, -60), 1, 5, wanted(5, 0, wanted(3, -60))],
    ['begins anew the other way', wanted(5, -60), 3, 1, wanted(1, 0)],
    ['begins anew once what was wanted before is there', wanted(3, -60), 3, 5, wanted(5, 0)],
    ['keeps the oldest that is owed', wanted(5, -30, wanted(3, -60)), 1, 7, wanted(7, 0, wanted(3, -60))],
    ['keeps the later one when the first is there', wanted(5, -30, wanted(3, -60)), 3, 7, wanted(7, 0, wanted(5, -30))],
    [
      'knows both when it goes back to what was wanted',
      wanted(5, -30, wanted(3, -60)),
      1,
      5,
      wanted(5, -30, wanted(3, -60)),
    ],
    ['knows the first when it goes back to that', wanted(5, -30, wanted(3, -60)), 1, 3, wanted(3, -60)],
  ])('%s', (_, before, current, target, expected) => {
    expect(pendingFor(before, current, target, now)).toEqual(expected);
  });
  test.each<readonly [string, Pending, number | undefined, number]>([
    ['of itself', wanted(5, -30), 1, -30],
    ['of what is owed on the way', wanted(5, -30, wanted(3, -60)), 1, -60],
    ['not once that is there', wanted(5, -30, wanted(3, -60)), 3, -30],
    ['not where nobody knows the size', wanted(5, -30, wanted(3, -60)), undefined, -30],
    ['not of what was owed the other way', wanted(5, -30, wanted(1, -60)), 3, -30],
  ])('counts since it was first short %s', (_, pending, current, minutes) => {
    expect(owedSince(pending, current)).toBe(t(minutes));
  });
});

describe('what was done for a size', () => {
  const refusal = {
    target: 3,
    count: 1,
    invalid: 0,
    until: now,
    why: 'quota',
    detail: 'full',
    ruleHash: '',
    poolUpdatedAt: undefined,
  } as const;
  const stuck = { to: 3, claimedAt: now } as NonNullable<PoolMemory['stuck']>;
  const memory = (patch: Partial<PoolMemory>) => patch as PoolMemory;
  test.each<readonly [string, Partial<PoolMemory>, string | undefined]>([
    ['nothing', {}, undefined],
    ['it was refused', { refusals: [refusal], stuck, lastSet: 3 }, 'asked for 3, which was refused: full'],
    ['another was refused', { refusals: [{ ...refusal, target: 4 }] }, undefined],
    ['it hangs', { stuck, notApplied: { target: 3, count: 1 } }, 'asked for 3 at 2026-03-02T10:00:00Z, not done yet'],
    ['another hangs', { stuck: { ...stuck, to: 4 } }, undefined],
    [
      'it changed nothing once',
      { notApplied: { target: 3, count: 1 }, lastSet: 3 },
      'asked for 3 once, and nothing changed',
    ],
    ['it changed nothing twice', { notApplied: { target: 3, count: 2 } }, 'asked for 3 2 times, and nothing changed'],
    [
      'it was not seen',
      { notApplied: { target: 3, count: 0 } },
      'asked for 3, then the API did not show the pool for a while',
    ],
    ['another changed nothing', { notApplied: { target: 4, count: 2 } }, undefined],
    ['it was taken', { lastSet: 3 }, 'asked for 3, which the API accepted'],
    ['another was taken', { lastSet: 4 }, undefined],
  ])('%s', (_, patch, expected) => {
    expect(whatWasDone(memory(patch), 3)).toBe(expected);
  });
});

describe('a size that we asked for and gave up on', () => {
  const gaveUp = { target: 3, count: 1, at: now };
  const pool = (minutes: number | undefined) =>
    ({ ...aPool('workers', 3), updatedAt: minutes === undefined ? undefined : t(minutes) }) as ReturnType<typeof aPool>;
  test.each<readonly [string, Pick<PoolMemory, 'notApplied' | 'unseenSince'>, number, number | undefined, boolean]>([
    ['shows within the hour: it was us', { notApplied: gaveUp }, 3, 60, true],
    ['later: it was somebody else', { notApplied: gaveUp }, 3, 60.01, false],
    ['later, on its way since soon after: it was us', { notApplied: gaveUp, unseenSince: t(15) }, 3, 200, true],
    ['later, on its way since later', { notApplied: gaveUp, unseenSince: t(15.01) }, 3, 200, false],
    ['of another size', { notApplied: gaveUp }, 4, 1, false],
    ['where nobody gave up', {}, 3, 1, false],
    ['where nobody knows when', { notApplied: { target: 3, count: 1 } }, 3, 500, true],
    ['where the answer has no age', { notApplied: gaveUp }, 3, undefined, true],
  ])('%s', (_, memory, running, minutes, expected) => {
    expect(isLateEffect(memory, running, pool(minutes))).toBe(expected);
  });
});
