import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDurationMs, suggestDuration } from '../../lib/config/duration.ts';

describe('durations', () => {
  test.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['3d', 259_200_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s', 93_784_000],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  test.each(['', '30', '30 m', '1.5h', '30m1h', '-5m', '5M', '5m5m', 'm', '1e3s'])('"%s" is none', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  test.each([
    ['30 min', '30m'],
    ['1 hour', '1h'],
    ['90 Minutes', '1h30m'],
    ['1h 30min', '1h30m'],
    ['1.5h', '1h30m'],
    ['1:30', '1h30m'],
    ['2 days', '2d'],
    ['soon', undefined],
    ['5 parsecs', undefined],
    ['', undefined],
  ])('"%s" was meant as %s', (text, meant) => {
    expect(suggestDuration(text)).toBe(meant);
  });

  test('what is formatted parses to the same', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (seconds) => parseDurationMs(formatDuration(seconds * 1000)) === seconds * 1000),
    );
  });
});
