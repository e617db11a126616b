import type { Weekday } from '../model.ts';
import { type NameCycle, numberOfName, parseNames, unknownName } from './parse-names.ts';
import type { ScheduleProblem } from './schedule-problem.ts';

const weekdays: NameCycle = {
  kind: 'weekday',
  names: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
  hint: 'use mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or a list of these',
};

const months: NameCycle = {
  kind: 'month',
  names: [
    'january',
    'february',
    'march',
    'april',
    'may',
    'june',
    'july',
    'august',
    'september',
    'october',
    'november',
    'december',
  ],
  hint: 'use jan … dec, a range such as nov-feb, or a list of these',
};

/** `mon` or `monday`, in any case → the ISO weekday. */
export function parseWeekday(written: unknown): Weekday | ScheduleProblem {
  return (numberOfName(written, weekdays) as Weekday | undefined) ?? unknownName(written, weekdays);
}

/** `mon`, `mon-fri`, `sat-mon` (ranges wrap), or a list of these → ISO weekdays in order, each once. */
export function parseDays(written: unknown): readonly Weekday[] | ScheduleProblem {
  return parseNames(written, weekdays) as readonly Weekday[] | ScheduleProblem;
}

/** `apr`, `nov-feb`, or a list of these → months 1 … 12 in order, each once. */
export function parseMonths(written: unknown): readonly number[] | ScheduleProblem {
  return parseNames(written, months);
}
