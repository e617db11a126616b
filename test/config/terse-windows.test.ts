import { describe, expect, test } from 'vitest';
import { compiled, problemsOf } from './compile-text.ts';

const config = (windows: string, more = '', zone = 'timezone: Europe/Berlin\n') => `${zone}regions:
  r1: { api: eumetsat-r1, token: { env: TOKEN } }
schedules:
  own: { windows: ${windows}, otherwise: idle }
${more}`;

async function windowsOf(text: string) {
  const { schedules } = await compiled(text);
  return schedules.map(({ zone, windows }) => ({ zone, windows: windows.map((window) => ({ ...window, text: '' })) }));
}

const spelt = '[{ days: mon-fri, from: "07:00", to: "19:00" }]';

describe('a window on one line', () => {
  test.each([
    ['as kube-downscaler writes it', '["Mon-Fri 07:00-19:00 Europe/Berlin"]', spelt],
    ['with blanks around the dashes', '["Mon - Fri 07:00 - 19:00 Europe/Berlin"]', spelt],
    ['with the dashes of a word processor', '["Mon–Fri 07:00—19:00 Europe/Berlin"]', spelt],
    ['with the dashes of a mail program', '["Mon − Fri 07:00 ‑ 19:00"]', spelt],
    ['without a zone', '["Mon-Fri 07:00-19:00"]', spelt],
    ['by itself, not in a list', '"Mon-Fri 07:00-19:00 Europe/Berlin"', spelt],
    ['in other letter cases and blanks', '["  MON-fri   07:00-19:00 "]', spelt],
    [
      'several, separated by commas',
      '"Mon-Fri 07:00-19:00 Europe/Berlin,Sat-Sun 08:00-12:00 Europe/Berlin"',
      '[{ days: mon-fri, from: "07:00", to: "19:00" }, { days: sat-sun, from: "08:00", to: "12:00" }]',
    ],
    ['one day', '["Sat 08:00-12:00"]', '[{ days: sat, from: "08:00", to: "12:00" }]'],
    ['one day as a range', '["Sat-sat 08:00-12:00"]', '[{ days: sat, from: "08:00", to: "12:00" }]'],
    ['only days', '["Sat-Sun"]', '[{ days: sat-sun }]'],
    ['only times, across midnight', '["22:00-06:00"]', '[{ from: "22:00", to: "06:00" }]'],
    ['to the end of the day', '["Sun-Mon 00:00-24:00"]', '[{ days: sun-mon, from: "00:00", to: "24:00" }]'],
    ['from one day to another', '["fri 20:00 - mon 06:30"]', '[{ from: "fri 20:00", to: "mon 06:30" }]'],
    [
      'as a key, with a size',
      '[{ window: "Mon-Fri 07:00-19:00, Sat 09:00-10:00", size: 2 }]',
      '[{ days: mon-fri, from: "07:00", to: "19:00", size: 2 }, { days: sat, from: "09:00", to: "10:00", size: 2 }]',
    ],
    [
      'beside others',
      `["Sun 10:00-12:00", ${spelt.slice(1)}`,
      `[{ days: sun, from: "10:00", to: "12:00" }, ${spelt.slice(1)}`,
    ],
  ])('%s', async (_title, line, keys) => {
    expect(await windowsOf(config(line))).toEqual(await windowsOf(config(keys)));
  });

  test('its zone is that of the schedule, where no key says one', async () => {
    const tokyo = '["Mon-Fri 07:00-19:00 Asia/Tokyo", "Sat 10:00-12:00 Asia/Tokyo"]';
    for (const zone of ['', 'timezone: Europe/Berlin\n'])
      expect(await windowsOf(config(tokyo, '', zone))).toMatchObject([{ zone: 'Asia/Tokyo' }]);
  });

  test('a zone that does not exist is named', async () => {
    const [problem] = await problemsOf(config('["Mon 07:00-19:00 Europe/Berln"]', '', ''));
    expect(problem).toMatchObject({ line: 4, message: expect.stringContaining('Europe/Berln') });
  });

  test.each([
    ['CET', ['"Mon 07:00-19:00 CET", "Tue 07:00-19:00 CET"'], ['"CET" is not', '"CET" is not']],
    ['two zones', ['"Mon 07:00-19:00 Asia/Tokyo, Tue 07:00-19:00 Europe/Berlin"'], ['several zones: Asia/Tokyo, Eu']],
    ['one zone of two', ['"Mon 07:00-19:00 Asia/Tokyo", { days: tue }'], ['not every window of the schedule "own"']],
  ])('without a timezone elsewhere: %s', async (_title, [lines], told) => {
    const problems = await problemsOf(config(`[${lines}]`, '', ''));
    expect(problems.map(({ message }) => message)).toEqual(told.map((one) => expect.stringContaining(one)));
  });

  test('its calendar file is read in that zone', async () => {
    const ics =
      'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261224T200000Z\r\nDTEND:20261224T210000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';
    const text = `regions: { r1: { api: eumetsat-r1, token: { env: TOKEN } } }
calendars: { c: { ics: x.ics, actLike: sunday } }
schedules: { own: { calendar: c, windows: ["Mon-Fri 07:00-19:00 Asia/Tokyo"], otherwise: idle } }\n`;
    const { schedules } = await compiled(text, { readFile: () => Promise.resolve(ics) });
    expect(schedules[0]?.calendarDays).toEqual([{ date: '2026-12-25', actLike: 7 }]);
  });

  test('silences take it too, several at once', async () => {
    const { silences } = await compiled(
      config(spelt, 'silences: [{ match: "dev-*", window: "Mon-Fri 22:00-06:00 Asia/Tokyo, Sat-Sun Asia/Tokyo" }]\n'),
    );
    expect(silences.map(({ zone, window }) => [zone, window?.text])).toEqual([
      ['Asia/Tokyo', 'Mon-Fri 22:00-06:00'],
      ['Asia/Tokyo', 'Sat-Sun'],
    ]);
  });
});

describe('working days', () => {
  test('without a calendar are told about', async () => {
    const problems = await problemsOf(config('[{ workday: [1, L] }]'));
    expect(problems).toMatchObject([
      { severity: 'warning', path: 'schedules.own.windows[0].workday', fix: expect.stringContaining('add calendar') },
    ]);
  });

  test('with one are fine', async () => {
    const text = config('[{ workday: L-2, from: "07:00", to: "19:00" }]').replace(
      '{ windows',
      '{ calendar: h, windows',
    );
    expect(await problemsOf(`${text}calendars: { h: { holidays: DE, actLike: sunday } }\n`)).toEqual([]);
  });
});
