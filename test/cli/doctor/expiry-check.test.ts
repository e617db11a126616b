import { expect, test } from 'vitest';
import { expiryCheck } from '../../../lib/cli/doctor/region-checks.ts';
import { at } from '../../support/scaling-world.ts';

test.each([
  ['2026-11-27T12:00:00Z', '2026-11-28', true, /^warning: the token ends on 2026-11-28, tomorrow > create a new token/],
  ['2026-11-28T00:00:00Z', '2026-11-28', true, /^warning: the token ends on 2026-11-28, today > create/],
  ['2026-11-28T23:59:59Z', '2026-11-28', false, /^warning: the token ends on 2026-11-28, today > create/],
  ['2026-11-29T00:00:00Z', '2026-11-28', false, /^failed: the token ended on 2026-11-28 > create/],
  ['2026-11-28T11:00:00Z', '2026-11-28T12:00:00Z', true, /^warning: the token ends on 2026-11-28, today > create/],
  ['2026-11-28T12:00:00Z', '2026-11-28T12:00:00Z', false, /^failed: the token ended on 2026-11-28 > create/],
  [
    '2026-11-29T00:00:00Z',
    '2026-11-28',
    true,
    /^warning: .* ended on 2026-11-28, and the API still takes it > correct/,
  ],
  ['2026-10-01T00:00:00Z', '2026-11-28', true, /^ok: the token lasts until 2026-11-28, in 58 days/],
  [
    '2026-10-01T00:00:00Z',
    undefined,
    true,
    /^unknown: it is not known when the token ends > look it up in the console, and write it beside the token in the config: expires:/,
  ],
])('at %s, ends %s, taken: %s', (now, expires, isTaken, text) => {
  const check = expiryCheck('region r1', expires === undefined ? undefined : Date.parse(expires), isTaken, at(now));
  expect(`${check.status}: ${check.text} > ${check.fix ?? ''}`).toMatch(text);
});
