import { describe, expect, test } from 'vitest';
import { makeTimeline, openWindowsAt, saysAt } from '../../../lib/decide/schedule/timeline.ts';
import type { CalendarDay } from '../../../lib/model/schedule.ts';
import { saysKey } from '../../../lib/model/size.ts';
import { exceptionOf, scheduleOf, windowOf } from './schedule-fixtures.ts';

const zone = 'Europe/Berlin';
const office = windowOf({ days: 'mon-fri', from: '07:00', to: '19:00' });
const weekend = windowOf({ from: 'fri 20:00', to: 'mon 06:30' }, 1);
const night = windowOf({ from: '22:00', to: '06:00' }, 2);

function says(calendarDays: readonly CalendarDay[], windows: Parameters<typeof scheduleOf>[0]['windows'], at: string) {
  const schedule = scheduleOf({ zone, calendarDays, windows: windows ?? [] });
  return saysKey(saysAt(makeTimeline(schedule, [], Date.parse(at)), Date.parse(at)));
}

describe('2026-12-24 is a Thursday', () => {
  const likeSunday: CalendarDay = { date: '2026-12-24', actLike: 7 };
  const likeFriday: CalendarDay = { date: '2026-12-24', actLike: 5 };
  const idleDay: CalendarDay = { date: '2026-12-24', size: 'idle' };
  const baseDay: CalendarDay = { date: '2026-12-24', size: 'base' };

  test.each([
    ['no calendar: the office is open', [], [office], '2026-12-24T10:00+01:00', 'base'],
    ['like a Sunday it stays closed', [likeSunday], [office], '2026-12-24T10:00+01:00', 'idle'],
    ['the day before is not changed', [likeSunday], [office], '2026-12-23T10:00+01:00', 'base'],
    ['the day after is not changed', [likeSunday], [office], '2026-12-25T10:00+01:00', 'base'],
    ['like a Sunday it has a weekend', [likeSunday], [weekend], '2026-12-24T10:00+01:00', '1'],
    ['which lasts into the next morning', [likeSunday], [weekend], '2026-12-25T06:29+01:00', '1'],
    ['and ends there', [likeSunday], [weekend], '2026-12-25T06:30+01:00', 'idle'],
    ['like a Friday the weekend begins and is cut at midnight', [likeFriday], [weekend], '2026-12-24T23:59+01:00', '1'],
    ['nothing follows it', [likeFriday], [weekend], '2026-12-25T00:00+01:00', 'idle'],
    ['its own size holds from its midnight', [baseDay], [], '2026-12-24T00:00+01:00', 'base'],
    ['to its last instant', [baseDay], [], '2026-12-24T23:59:59.999+01:00', 'base'],
    ['and no longer', [baseDay], [], '2026-12-25T00:00+01:00', 'idle'],
    ['its own size beats open windows', [idleDay], [office], '2026-12-24T10:00+01:00', 'idle'],
    ['also one from the night before', [idleDay], [night], '2026-12-24T03:00+01:00', 'idle'],
    ['no window starts on it', [idleDay], [night], '2026-12-25T03:00+01:00', 'idle'],
    ['the next night is an ordinary one', [idleDay], [night], '2026-12-25T23:00+01:00', '2'],
    [
      'nth weekdays look at the date itself',
      [likeSunday],
      [windowOf({ nth: 'thu#4' }, 3)],
      '2026-12-24T10:00+01:00',
      '3',
    ],
    ['and never at what it acts like', [likeSunday], [windowOf({ nth: 'sun#4' }, 3)], '2026-12-24T10:00+01:00', 'idle'],
  ] as const)('%s', (_, calendarDays, windows, at, wanted) => {
    expect(says(calendarDays, windows, at)).toBe(wanted);
  });

  test('an exception beats the calendar day', () => {
    const schedule = scheduleOf({ zone, calendarDays: [idleDay], windows: [office] });
    const exceptions = [exceptionOf('2026-12-24T09:00:00', '2026-12-24T12:00:00', 4)];
    const at = Date.parse('2026-12-24T10:00+01:00');
    expect(saysAt(makeTimeline(schedule, exceptions, at), at)).toEqual([4]);
    expect(openWindowsAt(schedule, exceptions, at)).toMatchObject({
      decidedBy: 'exception',
      exceptions,
      calendarDay: idleDay,
    });
    expect(openWindowsAt(schedule, [], at)).toEqual({
      windows: [],
      decidedBy: 'calendar',
      exceptions: [],
      calendarDay: idleDay,
    });
  });
});

describe('months and their ends', () => {
  const whole = (written: Parameters<typeof windowOf>[0]) => [windowOf(written)];
  test.each([
    ['the last day of a short month', whole({ dayOfMonth: 'L' }), '2027-02-28T12:00Z', 'base'],
    ['28 February of a leap year is not the last', whole({ dayOfMonth: 'L' }), '2028-02-28T12:00Z', 'idle'],
    ['29 February is', whole({ dayOfMonth: 'L' }), '2028-02-29T12:00Z', 'base'],
    ['a 31st only where there is one', whole({ dayOfMonth: 31 }), '2027-04-30T12:00Z', 'idle'],
    ['a list of days', whole({ dayOfMonth: [1, 15, 'L'], months: 'apr' }), '2027-04-15T12:00Z', 'base'],
    ['in its months only', whole({ dayOfMonth: [1, 15, 'L'], months: 'apr' }), '2027-05-15T12:00Z', 'idle'],
    ['months wrap', whole({ months: 'nov-feb' }), '2027-01-31T12:00Z', 'base'],
    ['the last Friday', whole({ nth: 'friL' }), '2027-04-30T12:00Z', 'base'],
    ['a fourth Friday that is not the last', whole({ nth: 'friL' }), '2027-04-23T12:00Z', 'idle'],
    [
      'a night that starts in the month',
      whole({ months: 'apr', from: '22:00', to: '06:00' }),
      '2027-05-01T03:00Z',
      'base',
    ],
    [
      'a night that starts before it',
      whole({ months: 'apr', from: '22:00', to: '06:00' }),
      '2027-04-01T03:00Z',
      'idle',
    ],
    ['New Year’s Eve', whole({ days: 'fri', from: '22:00', to: '06:00' }), '2028-01-01T05:59Z', 'base'],
  ])('%s', (_, windows, at, wanted) => {
    const schedule = scheduleOf({ windows });
    expect(saysKey(saysAt(makeTimeline(schedule, [], Date.parse(at)), Date.parse(at)))).toBe(wanted);
  });
});

describe('several at once', () => {
  test('everything that is open is said, once, in one order', () => {
    const sizes = [{ min: 1, max: 4 }, 3, 'idle', 'base', 3, { min: 0, max: 9 }, 0] as const;
    const schedule = scheduleOf({ windows: sizes.map((size) => windowOf({ days: 'mon-sun' }, size)), otherwise: 7 });
    expect(saysKey(saysAt(makeTimeline(schedule, [], 0), 0))).toBe('base+idle+0+3+0-9+1-4');
  });

  test('overlapping exceptions are all said', () => {
    const exceptions = [
      exceptionOf('2026-12-01T00:00:00', '2026-12-03T00:00:00', 'idle'),
      exceptionOf(Date.parse('2026-12-02T00:00Z'), Date.parse('2026-12-04T00:00Z'), 5),
      exceptionOf('2026-12-05T00:00:00', '2026-12-05T00:00:00', 9),
    ];
    const at = (day: number) => Date.UTC(2026, 11, day, 12);
    const timeline = makeTimeline(scheduleOf({ otherwise: 'base' }), exceptions, at(1));
    expect([1, 2, 3, 4, 5].map((day) => saysKey(saysAt(timeline, at(day))))).toEqual([
      'idle',
      'idle+5',
      '5',
      'base',
      'base',
    ]);
  });

  test('open windows are named as written', () => {
    const schedule = scheduleOf({ zone, windows: [office, night, weekend] });
    const at = Date.parse('2026-11-28T03:00+01:00');
    const opened = openWindowsAt(schedule, [], at);
    expect(opened).toMatchObject({ windows: ['22:00-06:00', 'fri 20:00 - mon 06:30'], decidedBy: 'windows' });
    expect(openWindowsAt(schedule, [], Date.parse('2026-11-27T19:30+01:00')).decidedBy).toBe('otherwise');
  });
});
