import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findIcsDates } from '../../lib/config/ics/ics-dates.ts';

type Cases = { readonly [name: string]: readonly string[] };
type Answers = { readonly [name: string]: { readonly [zone: string]: readonly string[] } };
const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/calendars/${file}`, import.meta.url), 'utf8'));
const cases = read('cases.json') as Cases;
const answers = read('answers.json') as Answers;

/**
 * Where ours is the better answer. The other one takes the date of a midnight in UTC as it is written, though it is another
 * day's midnight for whoever wrote it; and the weeks of a year by all their days, though RFC 5545 (3.3.10) takes the
 * weekday of the start where the rule says none.
 */
const wholeWeek = ['15', '16', '17', '18', '19', '20', '21', '22'].map((day) => `2027-02-${day}`);
const inEachZone = (days: readonly string[]) => ({ 'Europe/Berlin': days, 'America/New_York': days });
const better: Answers = {
  'Exchange: a deleted day of an all-day series, told in UTC': inEachZone(wholeWeek.toSpliced(2, 1)),
  'Exchange: until told in UTC for whole days': inEachZone(wholeWeek),
  'Exchange: a moved day of an all-day series, told in UTC': inEachZone([
    '2027-02-15',
    '2027-02-24',
    '2027-03-01',
    '2027-03-08',
  ]),
  'weeks of the year': inEachZone(['2027-01-04', '2027-05-17', '2028-01-03', '2028-05-15']),
};

/** test/fixtures/calendars/record-answers.py asked another implementation, and recorded what it said. */
describe('a calendar file means what it means elsewhere', () => {
  test.each(Object.entries(cases))('%s', (name, lines) => {
    const zones = Object.keys(answers[name]!);
    const outcome = findIcsDates({ text: lines.join('\r\n'), zones, first: '2025-01-01', last: '2028-12-31' });
    expect(outcome).toMatchObject({ ok: true, dates: { ...answers[name], ...better[name] } });
  });
});

const wrapped = (...lines: readonly string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR'].join('\r\n');
const event = (...lines: readonly string[]) => ['BEGIN:VEVENT', 'UID:a', ...lines, 'END:VEVENT'];
const oneDay = event('DTSTART;VALUE=DATE:20270215');
const datesOf = (text: string) =>
  findIcsDates({ text, zones: ['Europe/Berlin', 'America/New_York'], first: '2025-01-01', last: '2028-12-31' });

/** No corpus has these: files as programs and people leave them, beside the letter of the RFC. */
describe('a calendar file that is loosely written is understood', () => {
  const berlin = '2027-02-15';
  const late = (zone: string) => event(`DTSTART;TZID=${zone}:20270215T010000`, 'DURATION:PT1H');
  test.each<readonly [string, string, readonly string[], (readonly string[])?]>([
    ['a byte order mark', `\uFEFF${wrapped(...oneDay)}`, [berlin]],
    ['lines that end as on old Macs', wrapped(...oneDay).replaceAll('\r\n', '\r'), [berlin]],
    ['lines with an end too many', wrapped(...oneDay).replaceAll('\r\n', '\r\r\n'), [berlin]],
    [
      'two calendars in one file',
      `${wrapped(...oneDay)}\r\n${wrapped(...event('DTSTART;VALUE=DATE:20270316').with(1, 'UID:b'))}`,
      [berlin, '2027-03-16'],
    ],
    [
      'small letters',
      wrapped('begin:vevent', 'dtstart;value=date:20270215', 'rrule:freq=daily;count=2', 'end:vevent'),
      [berlin, '2027-02-16'],
    ],
    [
      'a date that does not say that it is one',
      wrapped(...event('DTSTART:20270215', 'DTEND:20270217')),
      [berlin, '2027-02-16'],
    ],
    [
      'a deletion of nothing',
      wrapped(...event('DTSTART;VALUE=DATE:20270215', 'RRULE:FREQ=DAILY;COUNT=2', 'EXDATE:')),
      [berlin, '2027-02-16'],
    ],
    [
      'blanks in a rule',
      wrapped(...event('DTSTART;VALUE=DATE:20270215', 'RRULE: FREQ=DAILY; COUNT=2 ')),
      [berlin, '2027-02-16'],
    ],
    [
      'a description that goes on unfolded',
      wrapped(...event('DESCRIPTION:one', 'two', '', 'DTSTART;VALUE=DATE:20270215')),
      [berlin],
    ],
    ['a zone with colons, unquoted', wrapped(...late('tzone://Microsoft/Utc')), [berlin], ['2027-02-14']],
    ['an offset as a zone', wrapped(...late('UTC+01:00')), [berlin], ['2027-02-14']],
    [
      'a zone by its cities, not defined',
      wrapped(...late('"(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"')),
      [berlin],
      ['2027-02-14'],
    ],
    ['a zone with blanks around it', wrapped(...late(' Europe/Berlin ')), [berlin], ['2027-02-14']],
    [
      'days left out by a rule',
      wrapped(
        ...event('DTSTART;VALUE=DATE:20270215', 'RRULE:FREQ=DAILY;COUNT=3', 'EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=9'),
      ),
      ['2027-02-16'],
    ],
  ])('%s', (_, text, days, elsewhere) => {
    expect(datesOf(String(text))).toMatchObject({
      ok: true,
      dates: { 'Europe/Berlin': days, 'America/New_York': elsewhere ?? days },
      unknownZones: [],
    });
  });

  test('a zone that nobody knows is named', () => {
    expect(datesOf(wrapped(...late('Nowhere Time')))).toMatchObject({ ok: true, unknownZones: ['Nowhere Time'] });
  });

  test.each([
    ['a day that does not exist', event('DTSTART;VALUE=DATE:20270230'), 'names a day that does not exist: 2027-02-30'],
    [
      'a rule of no times',
      event('DTSTART;VALUE=DATE:20270215', 'RRULE:FREQ=DAILY;COUNT=0'),
      'has a rule with COUNT=0, which is none',
    ],
    [
      'another system of calendars',
      event('DTSTART;VALUE=DATE:20270215', 'RRULE:RSCALE=CHINESE;FREQ=YEARLY'),
      'has a rule with RSCALE, which is not understood',
    ],
    ['a weekday of no number', event('DTSTART;VALUE=DATE:20270215', 'RRULE:FREQ=MONTHLY;BYDAY=0MO'), 'cannot be read'],
  ])('%s is refused with the line of the event', (_, lines, reason) => {
    const text = wrapped(...oneDay.with(1, 'UID:b'), ...lines);
    expect(datesOf(text)).toEqual({ ok: false, message: `the event at its line 7 ${reason}` });
  });

  test('a file that was cut off is refused', () => {
    const text = wrapped(...oneDay, ...oneDay.with(1, 'UID:b'));
    for (const end of [text.length - 16, text.length - 30, 60])
      expect(datesOf(text.slice(0, end))).toEqual({ ok: false, message: 'it is cut off: END:VCALENDAR is missing' });
  });
});
