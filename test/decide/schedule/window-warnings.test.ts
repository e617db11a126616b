import { expect, test } from 'vitest';
import type { WrittenWindow } from '../../../lib/decide/schedule/window.ts';
import { windowWarnings } from '../../../lib/decide/schedule/window-warnings.ts';
import type { Term } from '../../../lib/model/size.ts';
import { scheduleOf, windowOf } from './schedule-fixtures.ts';

const now = Date.UTC(2026, 10, 23);

type Given = readonly (WrittenWindow & { readonly size?: Term })[];

test.each<[string, Given, readonly string[]]>([
  ['office hours are fine', [{ days: 'mon-fri', from: '07:00', to: '19:00' }], []],
  [
    'a lunch break inside office hours',
    [
      { from: '07:00', to: '19:00' },
      { from: '12:00', to: '13:00', size: 'idle' },
    ],
    ['1 never-wins'],
  ],
  [
    'a smaller number inside a larger',
    [
      { from: '07:00', to: '19:00', size: 5 },
      { days: 'fri', from: '08:00', to: '12:00', size: { min: 1, max: 4 } },
    ],
    ['1 never-wins'],
  ],
  [
    'a range that is larger in one part',
    [
      { from: '07:00', to: '19:00', size: 5 },
      { from: '08:00', to: '12:00', size: { min: 1, max: 9 } },
    ],
    [],
  ],
  [
    'base and a number cannot be compared',
    [
      { from: '07:00', to: '19:00' },
      { from: '08:00', to: '12:00', size: 1 },
    ],
    [],
  ],
  [
    'the same twice',
    [
      { days: 'mon', from: '07:00', to: '19:00' },
      { days: 'mon', from: '07:00', to: '19:00' },
    ],
    ['1 never-wins'],
  ],
  [
    'covered by two together',
    [
      { from: '06:00', to: '12:00' },
      { from: '12:00', to: '20:00' },
      { from: '11:00', to: '13:00', size: 'idle' },
    ],
    ['2 never-wins'],
  ],
  [
    'covered on most days only',
    [
      { days: 'mon-fri', from: '07:00', to: '19:00' },
      { from: '12:00', to: '13:00', size: 'idle' },
    ],
    [],
  ],
  [
    'a window that leaves the pool alone inside one with a size',
    [
      { from: '07:00', to: '19:00', size: 'idle' },
      { from: '12:00', to: '13:00', size: 'leave' },
    ],
    ['1 never-wins'],
  ],
  [
    'a few minutes of leave, alone and between others',
    [
      { from: '05:00', to: '10:00' },
      { from: '10:01', to: '10:03', size: 'leave' },
    ],
    [],
  ],
  ['30 February', [{ dayOfMonth: 30, months: 'feb' }], ['0 never-opens']],
  ['29 February comes', [{ dayOfMonth: 29, months: 'feb' }], []],
  [
    'a minute before midnight',
    [
      { from: '05:00', to: '23:59' },
      { from: '00:00', to: '03:00' },
    ],
    ['0 hole'],
  ],
  [
    'five minutes',
    [
      { from: '05:00', to: '10:00' },
      { from: '10:05', to: '15:00', size: 3 },
    ],
    ['0 hole'],
  ],
  [
    'six minutes are meant',
    [
      { from: '05:00', to: '10:00' },
      { from: '10:06', to: '15:00' },
    ],
    [],
  ],
  [
    'no hole where windows touch',
    [
      { from: '05:00', to: '10:00' },
      { from: '10:00', to: '15:00' },
    ],
    [],
  ],
  [
    'no hole where another window is open',
    [
      { from: '05:00', to: '10:00' },
      { from: '10:01', to: '15:00' },
      { from: '09:00', to: '11:00', size: 9 },
    ],
    [],
  ],
  [
    'a hole before a window that says what is said anyway',
    [
      { from: '05:00', to: '10:00' },
      { from: '10:01', to: '15:00', size: 'idle' },
    ],
    [],
  ],
  ['in the skipped hour', [{ from: '02:10', to: '02:50' }], ['0 skipped']],
  ['the whole skipped hour', [{ from: '02:00', to: '03:00' }], ['0 skipped']],
  ['longer than the skipped hour', [{ from: '02:00', to: '03:01' }], []],
  ['never on a Sunday', [{ days: 'mon-sat', from: '02:10', to: '02:50' }], []],
  ['what repeats', [{ from: '00:00', to: '06:00', every: '1h', for: '20m' }], []],
  ['over midnight into the skipped hour', [{ from: '22:00', to: '02:30' }], []],
  ['ten minutes', [{ from: '05:00', to: '05:10' }], ['0 short']],
  ['a quarter of an hour', [{ from: '05:00', to: '05:15' }], []],
  ['a weekend with a short first piece', [{ from: 'fri 23:55', to: 'mon 06:00' }], []],
])('%s', (_, given, wanted) => {
  const windows = given.map(({ size = 'base', ...written }) => windowOf(written, size));
  const warnings = windowWarnings(scheduleOf({ zone: 'Europe/Berlin', windows }), now);
  expect(warnings.map(({ window, kind }) => `${window} ${kind}`)).toEqual(wanted);
});

test('a warning names the windows as written', () => {
  const windows = [windowOf({ from: '05:00', to: '10:00' }), windowOf({ from: '10:01', to: '15:00' })];
  expect(windowWarnings(scheduleOf({ windows }), now)).toEqual([
    {
      kind: 'hole',
      window: 0,
      problem: 'between the windows "05:00-10:00" and "10:01-15:00" there is a gap of at most 5 min',
      fix: 'let the first end when the second begins ("24:00" is the end of a day)',
    },
  ]);
});

test('a calendar that swallows every opening is noticed', () => {
  const windows = [windowOf({ dayOfMonth: 29, months: 'feb' })];
  const calendarDays = [{ date: '2028-02-29', size: 'idle' }] as const;
  expect(windowWarnings(scheduleOf({ windows, calendarDays }), now)).toMatchObject([
    { kind: 'never-opens', window: 0 },
  ]);
});
