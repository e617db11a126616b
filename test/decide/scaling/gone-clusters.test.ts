import { expect, test } from 'vitest';
import { afterMissing } from '../../../lib/decide/scaling/missing-pools.ts';
import { at, hour } from '../../support/scaling-world.ts';

const now = at('2026-03-02T12:00:00Z');
const day = 24 * hour;
const record = { schema: 1 as const, cluster: 'dev', pools: { p: { name: 'workers', autoscale: false } } };
const empty = { ...record, pools: {} };

test.each([
  ['first missing: marked', record, { record: { ...record, missingSince: now } }],
  ['missing for less than 30 days: nothing', { ...record, missingSince: now - 30 * day + 1 }, undefined],
  [
    'missing for 30 days: emptied, and collected a week later',
    { ...record, missingSince: now - 30 * day },
    { record: { ...empty, missingSince: now - 30 * day }, expiresAt: now + 7 * day },
  ],
  ['emptied: nothing more', { ...empty, missingSince: now - 90 * day }, undefined],
  [
    'empty from the start: marked, and collected after as long',
    empty,
    { record: { ...empty, missingSince: now }, expiresAt: now + 37 * day },
  ],
  ['marked by a clock that was ahead: nothing', { ...record, missingSince: now + day }, undefined],
])('%s', (_title, before, expected) => {
  expect(afterMissing(before, now)).toEqual(expected);
});
