import { describe, expect, test } from 'vitest';
import { findIcsDates } from '../../lib/config/ics/ics-dates.ts';
import { readIcs } from '../../lib/config/ics/read-ics.ts';
import { makeConfigReader } from '../../lib/config/read-config.ts';
import { head, now, problemsOf } from './compile-text.ts';

const event = (...lines: readonly string[]) => ['BEGIN:VEVENT', 'UID:a', ...lines, 'END:VEVENT'];
const calendar = (...parts: readonly (readonly string[])[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//x//EN', ...parts.flat(), 'END:VCALENDAR'].join('\r\n');
const daily = (rule: string, start = '20260101') => event(`DTSTART;VALUE=DATE:${start}`, `RRULE:${rule}`);

/** A zone of the file's own whose changes a library would look for without end. */
const endlessZone = [
  'BEGIN:VTIMEZONE',
  'TZID:Ours',
  'BEGIN:STANDARD',
  'DTSTART:19700101T000000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0100',
  'RRULE:FREQ=DAILY;BYWEEKNO=53;BYMONTH=6',
  'END:STANDARD',
  'END:VTIMEZONE',
];
const inEndlessZone = calendar(
  endlessZone,
  event('DTSTART;TZID=Ours:20260101T080000', 'DTEND;TZID=Ours:20260101T090000'),
);
const asked = (text: string) => ({ text, zones: ['UTC'], first: '2025-01-01', last: '2028-12-31' });

describe('a calendar file cannot freeze the process', () => {
  test('whatever it makes a library do', async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 10);
    const outcome = await readIcs(asked(inEndlessZone), 400);
    clearInterval(ticking);
    expect(outcome).toEqual({
      ok: false,
      message: 'the event at its line 13 takes too long to unroll, more than 0.4 s',
    });
    expect(turns).toBeGreaterThan(5);
  });

  test.each([
    ['days that never come', daily('FREQ=DAILY;BYWEEKNO=53;BYMONTH=6')],
    ['steps of 27,000 years', daily('FREQ=DAILY;INTERVAL=10000000')],
    ['every second', daily('FREQ=SECONDLY')],
    ['every second of a day that never comes', daily('FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30')],
    ['every second since 1970', daily('FREQ=SECONDLY', '19700101')],
  ])('%s: a problem of the config, with the line of the event', { timeout: 20_000 }, async (_, lines) => {
    const text = calendar(event('DTSTART;VALUE=DATE:20261224'), lines).replace('UID:a', 'UID:b');
    const config = `${head}calendars: { c: { ics: a.ics, size: idle } }\n`;
    const problems = await problemsOf(config, { readFile: () => Promise.resolve(text), file: '/etc/l.yml' });
    expect(problems).toMatchObject([
      {
        severity: 'error',
        line: 8,
        path: 'calendars.c.ics',
        message: expect.stringMatching(
          /^the calendar file cannot be used: the event at its line 8 (recurs|takes) too /u,
        ),
      },
    ]);
  });

  test.each([
    ['a million years', event('DTSTART;VALUE=DATE:00010101', 'DTEND;VALUE=DATE:99991231')],
    [
      'ten thousand events',
      Array.from({ length: 10_000 }, (_, n) => event('DTSTART:20260101T080000Z').with(1, `UID:${n}`)).flat(),
    ],
  ])('%s are read', { timeout: 20_000 }, (_, lines) => {
    expect(findIcsDates(asked(calendar(lines)))).toMatchObject({ ok: true });
  });

  test('many days named many times are too many', { timeout: 20_000 }, () => {
    const long = event('DTSTART;VALUE=DATE:20200101', 'DTEND;VALUE=DATE:20300101', 'RRULE:FREQ=DAILY');
    expect(findIcsDates(asked(calendar(long)))).toMatchObject({
      message: 'the event at its line 4 recurs too often, or never, to be a calendar of days',
    });
  });
});

describe('a calendar file that went bad', () => {
  const config = `${head.replace('otherwise', 'calendar: c\n    otherwise')}calendars: { c: { ics: a.ics, size: idle } }
`;
  const good = calendar(event('DTSTART;VALUE=DATE:20261224'));

  test('leaves the last good one in force, and is good again when it is', async () => {
    const files = { ics: good };
    const read = makeConfigReader('/etc/l.yml', {
      readFile: (path) => Promise.resolve(path.endsWith('.ics') ? files.ics : config),
    });
    const daysNow = async () => (await read(now)).config?.schedules[0]?.calendarDays.map(({ date }) => date);
    expect(await daysNow()).toEqual(['2026-12-24']);
    files.ics = calendar(daily('FREQ=DAILY;INTERVAL=10000000'));
    expect(await read(now)).toMatchObject({ ok: false, problems: [{ path: 'calendars.c.ics' }] });
    expect(await daysNow()).toEqual(['2026-12-24']);
    files.ics = good.replace('20261224', '20261231');
    expect(await daysNow()).toEqual(['2026-12-31']);
  });
});
