import { expect, test } from 'vitest';
import { whatWasDone } from '../../../lib/decide/scaling/late.ts';
import type { Change, PoolMemory, Refusal } from '../../../lib/decide/scaling/memory.ts';

const stuck: Change = {
  poolId: 'p1',
  from: 0,
  to: 3,
  claimedAt: Date.UTC(2026, 10, 24, 6),
  wroteAway: false,
  reason: 'schedule office: base (3)',
};
const refusal: Refusal = {
  target: 3,
  count: 1,
  invalid: 0,
  until: 0,
  why: 'quota',
  detail: 'quota exceeded',
  ruleHash: 'r',
  poolUpdatedAt: undefined,
};

test.each<[string, Partial<PoolMemory>, string | undefined]>([
  ['nothing yet', {}, undefined],
  ['another size', { lastSet: 2, stuck: { ...stuck, to: 2 }, refusals: [{ ...refusal, target: 2 }] }, undefined],
  ['a change that was taken', { lastSet: 3 }, 'asked for 3, which the API accepted'],
  ['no effect', { lastSet: 3, notApplied: { target: 3, count: 2 } }, 'asked for 3 2 times, and nothing changed'],
  ['no effect, once', { notApplied: { target: 3, count: 1 } }, 'asked for 3 once, and nothing changed'],
  ['a change that is stuck', { stuck }, 'asked for 3 at 2026-11-24T06:00:00Z, not done yet'],
  ['a refusal', { stuck, refusals: [refusal] }, 'asked for 3, which was refused: quota exceeded'],
])('what was done for a late pool: %s', (_, memory, deed) => {
  expect(whatWasDone({ name: 'workers', autoscale: false, ...memory }, 3)).toBe(deed);
});
