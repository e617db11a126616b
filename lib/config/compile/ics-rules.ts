import type ICAL from 'ical.js';

const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * A recurrence rule that is no calendar of days: finer than daily, or one whose filters may never let a day pass
 * (ical.js 2.2 looks for the next such day without end). Every rule of an event is looked at before it is unrolled.
 */
export function hasUnusableRule(event: ICAL.Component): boolean {
  return event.getAllProperties('rrule').some((property) => isUnusable(property.getFirstValue() as ICAL.Recur));
}

function isUnusable(rule: ICAL.Recur): boolean {
  if (['SECONDLY', 'MINUTELY', 'HOURLY'].includes(rule.freq)) return true;
  const filters = Object.keys(rule.parts);
  if (rule.freq === 'DAILY' && rule.interval > 1 && filters.length > 0) return true;
  return !hasPossibleDate(numbersOf(rule, 'BYMONTH'), numbersOf(rule, 'BYMONTHDAY'));
}

function numbersOf(rule: ICAL.Recur, part: string): readonly number[] {
  const values: unknown = (rule.parts as Record<string, unknown>)[part];
  return Array.isArray(values) ? values.map(Number) : [];
}

/** The 30th of February never comes. */
function hasPossibleDate(months: readonly number[], days: readonly number[]): boolean {
  if (months.length === 0 || days.length === 0) return true;
  return months.some((month) => days.some((day) => Math.abs(day) <= (daysOfMonth[month - 1] ?? 0)));
}
