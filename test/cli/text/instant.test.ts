import { expect, test } from 'vitest';
import { dateAndTime, localInstants } from '../../../lib/cli/text/instant.ts';

const near = Date.parse('2026-11-24T03:00:00Z');

test.each([
  ['ready by 2026-11-24T06:00:00Z', 'ready by 07:00 Europe/Berlin'],
  ['until 2026-11-24T23:30:00.250Z', 'until Wed 2026-11-25 00:30 Europe/Berlin'],
  [
    'from 2026-11-23T22:00:00Z to 2026-11-24T06:00:00Z',
    'from Mon 2026-11-23 23:00 Europe/Berlin to 07:00 Europe/Berlin',
  ],
  ['no instant: 2026-11-24', 'no instant: 2026-11-24'],
  ['no such day: 2026-99-99T06:00:00Z', 'no such day: 2026-99-99T06:00:00Z'],
])('%o is read as %o', (text, read) => {
  expect(localInstants(text, 'Europe/Berlin', near)).toBe(read);
});

const autumn = Date.parse('2026-10-25T00:00:00Z');

test.each([
  ['2026-10-24T23:59:00Z', '01:59 Europe/Berlin'],
  ['2026-10-25T00:30:00Z', '02:30 CEST Europe/Berlin'],
  ['2026-10-25T01:30:00Z', '02:30 CET Europe/Berlin'],
  ['2026-10-25T02:00:00Z', '03:00 Europe/Berlin'],
])('of two 02:30, it is said which: %s', (instant, read) => {
  expect(localInstants(instant, 'Europe/Berlin', autumn)).toBe(read);
});

/** Two instants of one zone are never written alike, to the minute; an oracle that asks Intl and knows no rule. */
test('no two minutes of any zone read the same', () => {
  const zones = [...new Set(['Australia/Lord_Howe', 'Africa/Casablanca', 'Antarctica/Troll', 'America/St_Johns'])];
  const turns = Intl.supportedValuesOf('timeZone').flatMap((zone) => lastTurnOf(zone).map((at) => [zone, at] as const));
  expect(turns.length).toBeGreaterThan(100);
  expect(turns.map(([zone]) => zone)).toEqual(expect.arrayContaining(zones));
  const alike = turns.filter(([zone, at]) => {
    const minutes = Array.from({ length: 60 }, (_, i) => at + (i - 30) * 6 * 60_000);
    return new Set(minutes.map((one) => dateAndTime(one, zone))).size !== minutes.length;
  });
  expect(alike).toEqual([]);
});

/** When the zone's clocks were set back in 2026, to six hours. */
function lastTurnOf(zone: string): readonly number[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const offsetAt = (at: number) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) - at;
  /** The first of so many steps after which the clocks are behind what they were before it. */
  const setBack = (start: number, steps: number, stepMs: number) => {
    let before = offsetAt(start);
    for (let at = start + stepMs; at <= start + steps * stepMs; at += stepMs) {
      const offset = offsetAt(at);
      if (offset < before) return at;
      before = offset;
    }
    return undefined;
  };
  const day = setBack(Date.UTC(2026, 0, 1), 364, 24 * 3_600_000);
  const at = day === undefined ? undefined : setBack(day - 24 * 3_600_000, 4, 6 * 3_600_000);
  return at === undefined ? [] : [at - 3 * 3_600_000];
}
