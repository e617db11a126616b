import { expect, test } from 'vitest';
import { readRetryAfterMs } from '../../../lib/io/http/retry-after.ts';
import vectors from '../../vectors/alerts.json' with { type: 'json' };

const now = Date.UTC(2015, 9, 21, 7, 0);
/** The header as an answer carries it; whatever reads one, of a cluster's API or of a chat, reads it by this rule. */
function parseRetryAfter(text: string | null | undefined, at: number, date?: string): number | undefined {
  const headers = new Headers();
  if (typeof text === 'string') headers.set('retry-after', text);
  if (date !== undefined) headers.set('date', date);
  return readRetryAfterMs(headers, at);
}

const { cases } = vectors.retry_after_header;

test.each(cases.filter((one) => 'expect_delay_s' in one))('seconds: $header', ({ header, expect_delay_s: seconds }) => {
  expect(parseRetryAfter(header, now)).toBe((seconds ?? 0) * 1000);
});

test.each(cases.filter((one) => 'expect_absolute' in one))('a date: $header', ({ header, expect_absolute: at }) => {
  expect(now + (parseRetryAfter(header, now) ?? 0)).toBe(Date.parse(at ?? ''));
});

test.each([null, undefined, '', 'soon', '-5', '1e3', '12 s', '2015-10-21'])('unreadable: %s', (header) => {
  expect(parseRetryAfter(header, now)).toBeUndefined();
});

test.each([
  ['Wed, 21 Oct 2015 07:28:00 GMT', 28 * 60_000],
  ['Wednesday, 21-Oct-15 07:28:00 GMT', 28 * 60_000],
  ['Wed Oct 21 07:28:00 2015', 28 * 60_000],
  ['Wed, 21 Oct 2015 06:28:00 GMT', 0],
])('every form of a date: %s', (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});

test('a date is measured on the clock of who said it', () => {
  const date = 'Wed, 21 Oct 2015 07:27:00 GMT';
  expect(parseRetryAfter('Wed, 21 Oct 2015 07:28:00 GMT', now + 3_600_000, date)).toBe(60_000);
});

test.each([
  ['86400', 86_400_000],
  ['0.25', 1000],
  ['1.5', 2000],
])('%s: rounded up to whole seconds', (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});
