import { expect, test } from 'vitest';
import { boundary } from '../../../lib/decide/schedule/local-time.ts';

const hour = 3600;

test.each([
  ['an ordinary morning', '2026-11-23', 7 * hour, 'Europe/Berlin', '2026-11-23T06:00:00Z'],
  ['a second', '2026-11-23', 1, 'Asia/Kolkata', '2026-11-22T18:30:01Z'],
  ['a skipped time is the change itself', '2026-03-29', 2.5 * hour, 'Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['the first skipped instant', '2026-03-29', 2 * hour, 'Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['the end of the gap', '2026-03-29', 3 * hour, 'Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['a time that comes twice is the first', '2026-10-25', 2.5 * hour, 'Europe/Berlin', '2026-10-25T00:30:00Z'],
  ['the end of the repeated hour', '2026-10-25', 3 * hour, 'Europe/Berlin', '2026-10-25T02:00:00Z'],
  ['24:00 is the next midnight', '2026-12-31', 24 * hour, 'Europe/Berlin', '2026-12-31T23:00:00Z'],
  ['a time of the next date', '2026-12-31', 30.5 * hour, 'Europe/Berlin', '2027-01-01T05:30:00Z'],
  ['the end of the next date', '2026-12-31', 48 * hour, 'UTC', '2027-01-02T00:00:00Z'],
  [
    'across the change, 30:30 is 06:30 on the clock',
    '2026-03-28',
    30.5 * hour,
    'Europe/Berlin',
    '2026-03-29T04:30:00Z',
  ],
  ['a skipped midnight', '2026-03-29', 0, 'Asia/Beirut', '2026-03-28T22:00:00Z'],
  ['a midnight that comes twice', '2026-11-01', 0, 'America/Havana', '2026-11-01T04:00:00Z'],
  ['clocks set back at midnight read it an hour later', '2026-10-25', 0, 'Asia/Beirut', '2026-10-24T22:00:00Z'],
  ['and the hour before it twice', '2026-10-24', 23.5 * hour, 'Asia/Beirut', '2026-10-24T20:30:00Z'],
  ['a half-hour change', '2026-10-04', 2.25 * hour, 'Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['29 February', '2028-02-29', 0, 'America/New_York', '2028-02-29T05:00:00Z'],
  ['a date the zone skipped', '2011-12-30', 12 * hour, 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['the date after it', '2011-12-31', 0, 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['a noon after it', '2011-12-31', 12 * hour, 'Pacific/Apia', '2011-12-30T22:00:00Z'],
  ['another skipped date', '1993-08-21', 0, 'Pacific/Kwajalein', '1993-08-21T12:00:00Z'],
  ['far west', '2026-06-01', 0, 'Etc/GMT+12', '2026-06-01T12:00:00Z'],
  ['far east', '2026-06-01', 0, 'Pacific/Kiritimati', '2026-05-31T10:00:00Z'],
])('%s', (_, date, seconds, zone, instant) => {
  expect(new Date(boundary(date, seconds, zone)).toISOString()).toBe(instant.replace('Z', '.000Z'));
});

test('a date that does not exist is refused', () => {
  expect(() => boundary('2026-02-29', 0, 'UTC')).toThrow('"2026-02-29" is not a date');
});
