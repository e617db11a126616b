import { expect, test } from 'vitest';
import { isWindowOpen } from '../../../lib/decide/incidents/silence.ts';

const night = { text: '22:00-06:00', size: 'idle', pieces: [{ from: 22 * 3600, to: 30 * 3600 }] } as const;
const weekend = { text: 'sat-sun', size: 'idle', pieces: [{ from: 0, to: 24 * 3600, days: [6, 7] }] } as const;

test.each([
  ['before a night', night, '2026-11-23T20:59:59Z', false],
  ['at its start, in the zone', night, '2026-11-23T21:00:00Z', true],
  ['after midnight', night, '2026-11-24T04:59:59Z', true],
  ['at its end', night, '2026-11-24T05:00:00Z', false],
  ['in summer an hour earlier', night, '2026-07-01T20:00:00Z', true],
  ['on a Friday', weekend, '2026-11-27T22:59:59Z', false],
  ['on a Saturday', weekend, '2026-11-27T23:00:00Z', true],
] as const)('%s', (_title, window, at, expected) => {
  expect(isWindowOpen(window, 'Europe/Berlin', Date.parse(at))).toBe(expected);
});
