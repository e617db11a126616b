import { isScheduleProblem } from '../../../lib/decide/schedule/schedule-problem.ts';
import { makeTimeline, saysAt } from '../../../lib/decide/schedule/timeline.ts';
import { makeWindow } from '../../../lib/decide/schedule/window.ts';
import type { CalendarDay } from '../../../lib/model/schedule.ts';
import type { Says, Term } from '../../../lib/model/size.ts';
import { saidEachMinute, type WordsOfSchedule, type WordsOfWindow } from './minute-oracle.ts';
import { scheduleOf } from './schedule-fixtures.ts';

const day: WordsOfWindow = { days: 'mon-fri', from: '07:00', to: '19:00', size: 'base' };
const night: WordsOfWindow = { from: '19:00', to: '07:00', size: 'idle' };

/** What is asked of leave, steps within a window and working days, alone and together. */
export const said: readonly Pick<WordsOfSchedule, 'windows' | 'otherwise'>[] = [
  { windows: [night], otherwise: 'leave' },
  { windows: [day], otherwise: 'leave' },
  {
    windows: [day, { days: 'sat-sun', size: 'leave' }, { from: '12:00', to: '13:00', size: 'leave' }],
    otherwise: 'idle',
  },
  { windows: [{ ...day, from: '08:25', every: '1h', for: '10m' }], otherwise: 'idle' },
  { windows: [{ from: '22:10', to: '05:40', every: '1h30m', for: '25m', size: 'idle' }], otherwise: 'base' },
  { windows: [{ from: 'fri 20:15', to: 'mon 06:30', every: '7h', for: '1h10m', size: 'base' }], otherwise: 'leave' },
  {
    windows: [
      { every: '45m', for: '15m', size: 'base' },
      { days: 'sun', every: '2h', for: '30m', size: 'idle' },
    ],
    otherwise: 'leave',
  },
  { windows: [{ workday: [1, 'L', 'L-2'], from: '06:00', to: '22:00', size: 'base' }], otherwise: 'idle' },
  { windows: [{ workday: [3, 21, 22, 23, 'L-21', 'L-22'], size: 'base' }], otherwise: 'leave' },
  {
    windows: [
      {
        workday: [1, 'L'],
        months: ['mar', 'oct', 'dec'],
        from: '00:30',
        to: '04:30',
        every: '30m',
        for: '5m',
        size: 'base',
      },
    ],
    otherwise: 'idle',
  },
  {
    windows: [
      { workday: ['L'], from: '18:00', to: '03:00', size: 'base' },
      { days: 'mon', workday: [1, 2, 3], size: 'idle' },
    ],
    otherwise: 'leave',
  },
  {
    windows: [
      {
        nth: ['sun#2', 'friL'],
        dayOfMonth: ['L', 8, 9, 10, 11, 12, 13, 14, 31],
        every: '1h',
        for: '59m',
        size: 'base',
      },
    ],
    otherwise: 'idle',
  },
];

export const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Beirut', 'UTC'];

const years = [
  2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 2027, 2028, 2029, 2030, 2031, 2032, 2033, 2034, 2035, 2036,
];
/** Bridges and a month of holidays: what a calendar may hold. */
const holidays = years.flatMap((year) => [
  `${year}-01-01`,
  `${year}-05-01`,
  `${year}-10-03`,
  `${year}-12-24`,
  `${year}-12-25`,
  `${year}-12-26`,
  `${year}-12-31`,
  ...Array.from({ length: year % 5 === 0 ? 31 : 0 }, (_, i) => `${year}-08-${String(i + 1).padStart(2, '0')}`),
]);
const workingSaturdays = years.map((year) => `${year}-11-28`);

export function wordsOf(index: number, zone: string): WordsOfSchedule {
  const { windows, otherwise } = said[index] as (typeof said)[number];
  // A weekly window is cut at midnights, and each day of it asks the calendar: that is told elsewhere.
  const isWeekly = windows.some(({ from = '' }) => from.includes(' '));
  return {
    zone,
    windows,
    otherwise,
    actLikeSunday: isWeekly ? [] : holidays,
    actLikeMonday: isWeekly ? [] : workingSaturdays,
  };
}

/** The first minute at which the timeline and the words differ; undefined = none. */
export function firstDifference(words: WordsOfSchedule, from: number, to: number): string | undefined {
  const oracle = saidEachMinute(words, from, to);
  const calendarDays: readonly CalendarDay[] = [
    ...words.actLikeSunday.map((date) => ({ date, actLike: 7 as const })),
    ...words.actLikeMonday.map((date) => ({ date, actLike: 1 as const })),
  ];
  const windows = words.windows.map(({ size, ...written }) => {
    const window = makeWindow(written, size as Term);
    if (isScheduleProblem(window)) throw new Error(window.problem);
    return window;
  });
  const schedule = scheduleOf({ zone: words.zone, windows, otherwise: words.otherwise as Term, calendarDays });
  const texts = new Map<Says, string>();
  for (let begin = from; begin < to; begin += 30 * 86_400_000) {
    const timeline = makeTimeline(schedule, [], begin);
    const end = Math.min(begin + 30 * 86_400_000, to);
    for (let at = begin; at < end; at += 60_000) {
      const says = saysAt(timeline, at);
      const text = texts.get(says) ?? [...says].map(String).sort().join('+');
      texts.set(says, text);
      const wanted = oracle((at - from) / 60_000);
      if (text !== wanted) return `${new Date(at).toISOString()} says ${text}, and its words say ${wanted}`;
    }
  }
  return undefined;
}
