import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findIcsDates } from '../../lib/config/compile/ics-dates.ts';

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
