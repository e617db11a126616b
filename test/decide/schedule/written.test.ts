import { describe, expect, test } from 'vitest';
import { checkZone } from '../../../lib/config/time-zones.ts';
import {
  parseDayOfMonth,
  parseDays,
  parseMonths,
  parseNth,
  parseWeekday,
} from '../../../lib/decide/schedule/parse-days.ts';
import { parseInstant, parseMoment, parseTimeOfDay } from '../../../lib/decide/schedule/parse-time.ts';
import { makeWindow } from '../../../lib/decide/schedule/window.ts';

const refused = { problem: expect.any(String), fix: expect.any(String) };

describe('days', () => {
  test.each([
    ['mon-fri', [1, 2, 3, 4, 5]],
    ['sat-mon', [1, 6, 7]],
    ['thu', [4]],
    ['Sunday', [7]],
    [
      ['mon', 'thu'],
      [1, 4],
    ],
    [
      ['sat-mon', 'mon', 'wed'],
      [1, 3, 6, 7],
    ],
  ])('%j', (written, wanted) => expect(parseDays(written)).toEqual(wanted));

  test.each([['mo'], ['123'], ['mon-'], ['mon-wed-fri'], ['mon-mon'], [[]], [['mon', 3]], [1], [''], [null], [{}]])(
    '%j is refused',
    (written) => expect(parseDays(written)).toEqual(refused),
  );

  test('a weekday alone is no range', () => {
    expect(parseWeekday('sunday')).toBe(7);
    expect(parseWeekday('sat-sun')).toEqual(refused);
  });

  test('months wrap as days do', () => expect(parseMonths(['nov-feb', 'may'])).toEqual([1, 2, 5, 11, 12]));
});

describe('times', () => {
  test.each([
    ['00:00', 0],
    ['07:00', 25_200],
    ['01:23:45', 5025],
    ['24:00', 86_400],
    ['23:59:59', 86_399],
  ])('%s', (written, wanted) => expect(parseTimeOfDay(written)).toBe(wanted));

  test.each([
    ['25:99'],
    ['24:01'],
    ['24:00:01'],
    ['12:60'],
    ['12:00:60'],
    ['7'],
    ['7am'],
    [700],
    ['-1:00'],
    [' '],
    [null],
  ])('%j is refused', (written) => expect(parseTimeOfDay(written)).toEqual(refused));

  test('a missing zero is named', () => expect(parseTimeOfDay('7:00')).toMatchObject({ fix: 'write "07:00"' }));
});

describe('days of a month', () => {
  test.each([
    ['sun#2', { weekday: 7, n: 2 }],
    ['friL', { weekday: 5, n: 'L' }],
    ['monday#5', { weekday: 1, n: 5 }],
    ['sunl', { weekday: 7, n: 'L' }],
  ])('%s', (written, wanted) => expect(parseNth(written)).toEqual(wanted));

  test.each([['sun#6'], ['sun#0'], ['sun'], ['L'], ['#2'], ['funL'], [2]])('%j is refused', (written) =>
    expect(parseNth(written)).toEqual(refused),
  );

  test.each([[0], [32], [1.5], ['15'], ['l'], [Number.NaN]])('day %j is refused', (written) =>
    expect(parseDayOfMonth(written)).toEqual(refused),
  );
});

describe('windows', () => {
  test.each([
    [
      'mon-fri 07:00-19:00',
      { days: 'mon-fri', from: '07:00', to: '19:00' },
      [{ days: [1, 2, 3, 4, 5], from: 25_200, to: 68_400 }],
    ],
    ['mon, thu, sat', { days: ['mon', 'thu', 'sat'] }, [{ days: [1, 4, 6], from: 0, to: 86_400 }]],
    ['20:00-06:30', { from: '20:00', to: '06:30' }, [{ from: 72_000, to: 109_800 }]],
    ['08:00-00:00', { from: '08:00', to: '00:00' }, [{ from: 28_800, to: 86_400 }]],
    ['00:00-24:00', { from: '00:00', to: '24:00' }, [{ from: 0, to: 86_400 }]],
    [
      'day 1, L in apr',
      { dayOfMonth: [1, 'L'], months: ['apr'] },
      [{ dayOfMonth: [1, 'L'], months: [4], from: 0, to: 86_400 }],
    ],
    [
      'sun#2 00:00-11:00',
      { nth: 'sun#2', from: '00:00', to: '11:00' },
      [{ nth: [{ weekday: 7, n: 2 }], from: 0, to: 39_600 }],
    ],
    ['apr', { months: 'apr' }, [{ months: [4], from: 0, to: 86_400 }]],
    [
      'fri 20:00 - mon 06:30',
      { from: 'fri 20:00', to: 'mon 06:30' },
      [
        { days: [5], from: 72_000, to: 86_400 },
        { days: [6], from: 0, to: 86_400 },
        { days: [7], from: 0, to: 109_800 },
      ],
    ],
    ['fri 20:00 - sat 06:00', { from: 'fri 20:00', to: 'sat 06:00' }, [{ days: [5], from: 72_000, to: 108_000 }]],
    ['mon 06:00 - mon 20:00', { from: 'mon 06:00', to: 'mon 20:00' }, [{ days: [1], from: 21_600, to: 72_000 }]],
    [
      'sat 00:00 - sun 24:00',
      { from: 'sat 00:00', to: 'sun 24:00' },
      [
        { days: [6], from: 0, to: 86_400 },
        { days: [7], from: 0, to: 86_400 },
      ],
    ],
    [
      'dec fri 20:00 - sun 00:00',
      { from: 'fri 20:00', to: 'sun 00:00', months: 'dec' },
      [
        { months: [12], days: [5], from: 72_000, to: 86_400 },
        { months: [12], days: [6], from: 0, to: 86_400 },
      ],
    ],
  ])('%s', (text, written, pieces) => {
    expect(makeWindow(written, 'idle')).toEqual({ text, size: 'idle', pieces });
  });

  test('almost a week wraps around', () => {
    const window = makeWindow({ from: 'mon 20:00', to: 'mon 06:00' }, 'base');
    expect('pieces' in window && window.pieces.map(({ days }) => days?.[0])).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect('pieces' in window && window.pieces.at(-1)).toEqual({ days: [7], from: 0, to: 108_000 });
  });

  test.each([
    ['from equals to', { from: '07:00', to: '07:00' }, 'to'],
    ['midnight to midnight', { from: '00:00', to: '00:00' }, 'to'],
    ['a week that is empty or full', { from: 'mon 07:00', to: 'mon 07:00' }, 'to'],
    ['from alone', { from: '07:00' }, 'from'],
    ['to alone', { days: 'mon', to: '07:00' }, 'to'],
    ['nothing at all', {}, undefined],
    ['a start at the end of a day', { from: '24:00', to: '07:00' }, 'from'],
    ['a weekday in from only', { from: 'fri 20:00', to: '07:00' }, 'to'],
    ['a weekday in to only', { from: '20:00', to: 'mon 07:00' }, 'from'],
    ['days beside weekly times', { days: 'mon', from: 'fri 20:00', to: 'mon 07:00' }, 'days'],
    ['nth beside weekly times', { nth: 'sun#1', from: 'fri 20:00', to: 'mon 07:00' }, 'nth'],
    ['an unknown day', { days: 'mo', from: '07:00', to: '08:00' }, 'days'],
    ['an unknown weekday in a time', { from: 'fry 20:00', to: 'mon 07:00' }, 'from'],
    ['a bad time', { from: '25:99', to: '07:00' }, 'from'],
    ['a null', { days: null }, 'days'],
  ])('%s is refused', (_, written, key) => {
    expect(makeWindow(written, 'base')).toEqual(key === undefined ? refused : { ...refused, key });
  });
});

describe('instants', () => {
  test.each([
    ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00.000Z'],
    ['2026-12-24T18:00+01:00', '2026-12-24T17:00:00.000Z'],
    ['2026-12-24t18:00:00.25z', '2026-12-24T18:00:00.250Z'],
    ['2026-12-31T23:59:59.123456789-05:30', '2027-01-01T05:29:59.123Z'],
    ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('%s', (written, wanted) => expect(new Date(Number(parseInstant(written))).toISOString()).toBe(wanted));

  test.each([
    ['2026-12-24T18:00:00'],
    ['2026-12-24'],
    ['2027-02-29T00:00Z'],
    ['2026-13-01T00:00Z'],
    ['2026-12-24T24:00Z'],
    ['2026-12-24T18:60Z'],
    ['2026-12-24T18:00+1'],
    ['2026-12-24T18:00+24:00'],
    ['2026-12-24T18:00 CET'],
    ['2026-12-24T18:00ZZ'],
    ['18:00Z'],
    ['tomorrow'],
    [1_790_000_000_000],
    [undefined],
  ])('%j is refused', (written) => expect(parseInstant(written)).toEqual(refused));

  test('without an offset a moment stays local', () => {
    expect(parseMoment('2026-12-24T18:00', '')).toBe('2026-12-24T18:00:00');
    expect(parseMoment('2026-12-24T18:00:05', '')).toBe('2026-12-24T18:00:05');
    expect(parseMoment('2026-12-24T18:00Z', '')).toBe(Date.UTC(2026, 11, 24, 18));
    expect(parseMoment('2026-12-24', '')).toEqual(refused);
  });

  test.each([
    ['2026-12-24', 'write 2026-12-24T00:00 for its start, or 2026-12-25T00:00 for its end'],
    ['2026-12-31T24:00', 'write 2027-01-01T00:00'],
    ['2028-02-28t24:00:00+01:00', 'write 2028-02-29T00:00+01:00'],
    ['2026-12-24 18:00', 'write 2026-12-24T18:00'],
    ['24.12.2026', 'write 2026-12-24T00:00 for its start, or 2026-12-25T00:00 for its end'],
    ['4.1.2027 07:30', 'write 2027-01-04T07:30'],
    ['2027-02-29T07:00', 'usual'],
    ['31.04.2027', 'usual'],
    ['2026-12-24T25:00', 'usual'],
    ['2026-12-24T18:00 CET', 'usual'],
    ['2026-12-24 soon', 'usual'],
    ['tomorrow', 'usual'],
    [undefined, 'usual'],
  ])('of %j it says what to write', (written, fix) => {
    expect(parseMoment(written, 'usual')).toMatchObject({ fix });
    const [moment] = fix.match(/\d\S*/u) ?? [];
    if (moment !== undefined) expect(parseMoment(moment, 'usual')).not.toEqual(refused);
  });

  test.each(['2027-02-29', '2027-02-29T07:00', '31.04.2027'])('that there is no day %s is told', (written) => {
    expect(parseMoment(written, 'usual')).toMatchObject({ problem: expect.stringContaining('there is no day 2027-') });
  });

  test.each([
    ['2026-12-24', 'write 2026-12-24T00:00Z for its start, or 2026-12-25T00:00Z for its end'],
    ['2026-12-24T24:00Z', 'write 2026-12-25T00:00Z'],
    ['2026-12-24T24:00', 'write 2026-12-25T00:00Z'],
    ['2026-12-24 18:00', 'write 2026-12-24T18:00Z'],
    ['2026-12-24 18:00+01:00', 'write 2026-12-24T18:00+01:00'],
  ])('of %j it says which instant to write', (written, fix) => {
    expect(parseInstant(written)).toMatchObject({ fix });
    const [moment] = fix.match(/\d\S*/u) ?? [];
    expect(parseInstant(moment)).toEqual(expect.any(Number));
  });
});

describe('zones', () => {
  test('every zone Intl names is usable', () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) expect(checkZone(zone)).toBe(zone);
  });

  test.each([
    ['UTC'],
    ['Etc/UTC'],
    ['Etc/GMT-14'],
    ['Europe/Kyiv'],
    ['Asia/Kolkata'],
    ['US/Pacific'],
    ['America/Argentina/Ushuaia'],
    ['America/Port-au-Prince'],
  ])('%s is usable', (zone) => expect(checkZone(zone)).toBe(zone));

  test.each([
    ['Europe/Warszawa', 'did you mean Europe/Warsaw?'],
    ['europe/berlin', 'did you mean Europe/Berlin?'],
    ['Berlin', 'did you mean Europe/Berlin?'],
    ['New York', 'did you mean America/New_York?'],
    ['utc', 'did you mean UTC?'],
    ['EST', 'did you mean America/New_York?'],
    ['CET', 'did you mean Europe/Berlin?'],
    [
      '+01:00',
      'an offset has no daylight-saving time; use Area/City of the tz database, such as Europe/Berlin, or UTC',
    ],
    ['UTC+1', 'an offset has no daylight-saving time; use Area/City of the tz database, such as Europe/Berlin, or UTC'],
    ['Etc/GMT+20', 'Etc/GMT+12'],
    ['Mars/Olympus_Mons', 'use Area/City'],
    ['', 'use Area/City'],
  ])('%j is refused', (zone, fix) => {
    expect(checkZone(zone)).toEqual({
      problem: `"${zone}" is not a time zone that can be used`,
      fix: expect.stringContaining(fix),
    });
  });

  test('what is no text is refused', () => expect(checkZone(undefined)).toEqual(refused));
});
