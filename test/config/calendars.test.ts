import { describe, expect, test } from 'vitest';
import { findHolidays } from '../../lib/config/compile/holidays.ts';
import { findIcsDates } from '../../lib/config/ics/ics-dates.ts';
import { compiled, head, problemsOf } from './compile-text.ts';

const ics = (...events: readonly (readonly string[])[]) =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//x//EN',
    ...events.flatMap((lines, index) => ['BEGIN:VEVENT', `UID:${index}`, ...lines, 'END:VEVENT']),
    'END:VCALENDAR',
    '',
  ].join('\r\n');

function dates(text: string, zone = 'Europe/Berlin') {
  const outcome = findIcsDates({ text, zones: [zone], first: '2025-01-01', last: '2028-12-31' });
  return outcome.ok ? outcome.dates[zone] : outcome.message;
}

describe('calendar files', () => {
  test.each([
    ['one whole day', ['DTSTART;VALUE=DATE:20261224'], ['2026-12-24']],
    [
      'several whole days, the end not included',
      ['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'],
      ['2026-12-24', '2026-12-25', '2026-12-26'],
    ],
    ['a time in UTC, on the local date', ['DTSTART:20261224T233000Z', 'DTEND:20261224T234500Z'], ['2026-12-25']],
    [
      'a time in a zone, on the local date',
      ['DTSTART;TZID=America/New_York:20261224T200000', 'DTEND;TZID=America/New_York:20261224T210000'],
      ['2026-12-25'],
    ],
    [
      'a time of no zone, where it is read',
      ['DTSTART:20261224T230000', 'DTEND:20261225T010000'],
      ['2026-12-24', '2026-12-25'],
    ],
    ['an end at midnight', ['DTSTART:20261224T200000', 'DTEND:20261225T000000'], ['2026-12-24']],
    ['a moment', ['DTSTART:20261224T200000', 'DTEND:20261224T200000'], ['2026-12-24']],
    ['a duration', ['DTSTART:20261224T200000', 'DURATION:PT5H'], ['2026-12-24', '2026-12-25']],
    ['what was cancelled', ['STATUS:CANCELLED', 'DTSTART;VALUE=DATE:20261224'], []],
    [
      'a rule with an end and an exception',
      ['DTSTART;VALUE=DATE:20270101', 'RRULE:FREQ=MONTHLY;COUNT=4', 'EXDATE;VALUE=DATE:20270201'],
      ['2027-01-01', '2027-03-01', '2027-04-01'],
    ],
    [
      'weekdays of months, with filters',
      ['DTSTART;VALUE=DATE:20270201', 'RRULE:FREQ=DAILY;BYDAY=MO;BYMONTH=2;COUNT=2'],
      ['2027-02-01', '2027-02-08'],
    ],
    ['what is out of sight', ['DTSTART;VALUE=DATE:20200101'], []],
  ])('%s', (_, lines, want) => {
    expect(dates(ics(lines))).toEqual(want);
  });

  test('a rule without an end goes to the horizon', () => {
    const text = ics(['DTSTART;VALUE=DATE:20190105', 'RRULE:FREQ=YEARLY']);
    expect(findIcsDates({ text, zones: ['UTC'], first: '2025-01-01', last: '2028-12-31' })).toEqual({
      ok: true,
      endless: true,
      unknownZones: [],
      dates: { UTC: ['2025-01-05', '2026-01-05', '2027-01-05', '2028-01-05'] },
    });
  });

  test('an occurrence that was moved', () => {
    const text = ics(
      ['DTSTART;VALUE=DATE:20270104', 'RRULE:FREQ=WEEKLY;COUNT=2'],
      ['RECURRENCE-ID;VALUE=DATE:20270111', 'DTSTART;VALUE=DATE:20270113', 'DTEND;VALUE=DATE:20270114'],
    ).replace('UID:1', 'UID:0');
    expect(dates(text)).toEqual(['2027-01-04', '2027-01-13']);
  });

  test('a zone that the file defines itself', () => {
    const zone = [
      'BEGIN:VTIMEZONE',
      'TZID:Our Time',
      'BEGIN:STANDARD',
      'DTSTART:19700101T000000',
      'TZOFFSETFROM:-0500',
      'TZOFFSETTO:-0500',
      'END:STANDARD',
      'END:VTIMEZONE',
    ].join('\r\n');
    const text = ics(['DTSTART;TZID=Our Time:20261224T200000', 'DTEND;TZID=Our Time:20261224T210000']).replace(
      'BEGIN:VEVENT',
      `${zone}\r\nBEGIN:VEVENT`,
    );
    expect(dates(text)).toEqual(['2026-12-25']);
  });

  test.each([
    ['no calendar', 'hello', 'it is not an iCalendar file'],
    ['nothing', '', 'it is not an iCalendar file'],
    ...[
      'FREQ=SECONDLY',
      'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30',
      'FREQ=HOURLY;INTERVAL=24;BYHOUR=5',
      'FREQ=DAILY;INTERVAL=7;BYDAY=MO',
      'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31',
      'FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=2',
      'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6',
      'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
      'FREQ=YEARLY;INTERVAL=99999999',
    ].map((rule) => [
      rule,
      ics(['DTSTART;VALUE=DATE:20260101', `RRULE:${rule}`]),
      'the event at its line 4 recurs too often, or never, to be a calendar of days',
    ]),
    [
      'a rule that is none',
      ics(['DTSTART;VALUE=DATE:20260101', 'RRULE:FREQ=SOMETIMES']),
      'the event at its line 4 cannot be read',
    ],
    ['an event without a start', ics(['SUMMARY:x']), 'the event at its line 4 has no DTSTART'],
    [
      'the second of two',
      ics(['DTSTART;VALUE=DATE:20260101'], ['DTSTART;VALUE=DATE:20260101', 'RRULE:FREQ=SECONDLY']),
      'the event at its line 8 recurs too often, or never, to be a calendar of days',
    ],
  ])('%s is refused', (_, text = '', message = '') => {
    expect(dates(text)).toBe(message);
  });
});

describe('public holidays', () => {
  test('of a state, without bank and school holidays', async () => {
    const outcome = await findHolidays('DE-HE', 2027, 2027);
    expect(outcome).toMatchObject({ ok: true, dates: expect.arrayContaining(['2027-05-27', '2027-10-03']) });
    expect(outcome.ok && outcome.dates.length).toBe(10);
  });

  test('of a country and of a region', async () => {
    expect(await findHolidays('PL', 2026, 2026)).toMatchObject({
      ok: true,
      dates: expect.arrayContaining(['2026-11-11']),
    });
    expect(await findHolidays('DE-BY-A', 2026, 2026)).toMatchObject({
      ok: true,
      dates: expect.arrayContaining(['2026-08-08']),
    });
    expect(await findHolidays('DE-BY', 2026, 2026)).not.toMatchObject({
      dates: expect.arrayContaining(['2026-08-08']),
    });
  });

  test('that last several days', async () => {
    expect(await findHolidays('SA', 2026, 2026)).toMatchObject({
      dates: expect.arrayContaining(['2026-03-19', '2026-03-20', '2026-03-21']),
    });
  });

  test.each([
    ['de', 'did you mean "DE"?'],
    ['DE-BX', 'did you mean "DE-B'],
    ['DE-BY-B', 'did you mean "DE-BY-A"?'],
    ['DE-HE-X', 'write DE-HE'],
    ['Germany', 'use one of: '],
  ])('%s is refused', async (code, fix) => {
    expect(await findHolidays(code, 2026, 2026)).toMatchObject({ ok: false, fix: expect.stringContaining(fix) });
  });
});

describe('a calendar of a schedule', () => {
  const withCalendar = (keys: string) =>
    `${head.replace('otherwise', 'calendar: c\n    otherwise')}calendars: { c: { ${keys} } }\n`;
  const files = (text: string) => ({ readFile: () => Promise.resolve(text), file: '/etc/lamplighter/l.yml' });

  test('warns of a time zone that nobody knows', async () => {
    const text = ics(['DTSTART;TZID=Nowhere Time:20270215T080000', 'DURATION:PT1H']);
    expect(await problemsOf(withCalendar('ics: a.ics, size: idle'), files(text))).toMatchObject([
      { severity: 'warning', path: 'calendars.c.ics', message: expect.stringContaining('time zone "Nowhere Time"') },
    ]);
  });

  test('names each date once, in order', async () => {
    const config = await compiled(
      withCalendar('dates: [2027-12-26, 2026-12-24, 2026-12-24], holidays: DE, actLike: saturday'),
    );
    const days = config.schedules[0]?.calendarDays ?? [];
    expect(days.filter(({ date }) => date === '2026-12-24')).toEqual([{ date: '2026-12-24', actLike: 6 }]);
    expect(days.map(({ date }) => date)).toEqual([...new Set(days.map(({ date }) => date))].sort());
  });

  test('may have a size of its own', async () => {
    const config = await compiled(withCalendar('dates: [2026-12-24], size: idle'));
    expect(config.schedules[0]?.calendarDays).toEqual([{ date: '2026-12-24', size: 'idle' }]);
  });

  test.each([
    ['dates: [2026-12-24, 2026-12-31]', '2026-12-31'],
    ['holidays: DE, dates: [2026-12-24]', '2028-12-31'],
    ['ics: a.ics', '2027-04-01'],
    ['ics: a.ics, holidays: DE', '2027-04-01'],
  ])('ends with what it knows: %s', async (keys, want) => {
    const text = ics(['DTSTART;VALUE=DATE:20270101', 'RRULE:FREQ=MONTHLY;COUNT=4']);
    expect((await compiled(withCalendar(`${keys}, size: idle`), files(text))).calendarsEnd).toEqual({ c: want });
  });

  test.each(['ics: a.ics', 'ics: a.ics, holidays: DE', 'ics: a.ics, dates: [2026-12-24]', 'dates: []'])(
    'has no end without a date: %s',
    async (keys) => {
      const text = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n';
      expect((await compiled(withCalendar(`${keys}, size: idle`), files(text))).calendarsEnd).toEqual({ c: null });
    },
  );

  test('reads its file beside the config', async () => {
    const asked: string[] = [];
    const readFile = (path: string) => {
      asked.push(path);
      return Promise.resolve(ics(['DTSTART;VALUE=DATE:20261224']));
    };
    await compiled(withCalendar('ics: cal/a.ics, size: idle'), { readFile, file: '/etc/lamplighter/l.yml' });
    expect(asked).toEqual(['/etc/lamplighter/cal/a.ics']);
  });

  test('refuses a file that is no calendar', async () => {
    const problems = await problemsOf(withCalendar('ics: a.ics, size: idle'), files('hello'));
    expect(problems).toMatchObject([
      { path: 'calendars.c.ics', message: expect.stringContaining('not an iCalendar file') },
    ]);
  });
});

test.each([
  ['no event', []],
  ['only what is long over', ['BEGIN:VEVENT', 'UID:1', 'DTSTART;VALUE=DATE:20191224', 'END:VEVENT']],
  ['only what is to do', ['BEGIN:VTODO', 'UID:1', 'DUE;VALUE=DATE:20261224', 'END:VTODO']],
  ['only what was cancelled', ['BEGIN:VEVENT', 'UID:1', 'DTSTART:20261224', 'STATUS:CANCELLED', 'END:VEVENT']],
])('a calendar file with %s is warned of', async (_, lines) => {
  const file = ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
  const calendar = `${head}calendars: { c: { ics: d.ics, size: idle } }\n`;
  expect(await problemsOf(calendar, { readFile: async () => file })).toMatchObject([
    { severity: 'warning', path: 'calendars.c.ics', message: expect.stringContaining('no event from 2025-01-01') },
  ]);
});
