import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findIcsDates } from '../../lib/config/ics/ics-dates.ts';
import { reduceIcs } from '../../lib/config/ics/reduce-ics.ts';

const file = new URL('../fixtures/calendars/cases.json', import.meta.url);
const cases = JSON.parse(readFileSync(file, 'utf8')) as { readonly [name: string]: readonly string[] };
const zones = ['UTC', 'Europe/Berlin', 'America/New_York'];
const dates = (text: string) => findIcsDates({ text, zones, first: '2025-01-01', last: '2028-12-31' });

describe('what is left of a calendar has the same days', () => {
  test.each(Object.entries(cases))('%s', (_, lines) => {
    for (const end of ['\r\n', '\n']) {
      const text = lines.join(end);
      expect(dates(reduceIcs(text))).toEqual(dates(text));
      expect(reduceIcs(reduceIcs(text))).toBe(reduceIcs(text));
    }
  });
});

const event = (stamp: string, title: string) => `BEGIN:VCALENDAR
PRODID:-//x//EN
X-WR-CALNAME:${title}
BEGIN:VEVENT
UID:1
DTSTAMP:${stamp}
LAST-MODIFIED:${stamp}
SUMMARY:${title}
DESCRIPTION:call DTSTART
 ;RRULE:${title}
ATTENDEE;CN=Ada:mailto:ada@example.org
DTSTART;VALUE=DATE:202612
 24
BEGIN:VALARM
TRIGGER:-PT15M
DTSTART:20200101
END:VALARM
END:VEVENT
BEGIN:VTODO
UID:2
DTSTART;VALUE=DATE:20261231
END:VTODO
END:VCALENDAR
`;

test('nobody’s business is left, and no stamp of the download', () => {
  const reduced = reduceIcs(event('20261123T120000Z', 'Secret party'));
  expect(reduced).not.toMatch(/Secret|Ada|ada@|2026112|VALARM|VTODO/);
  expect(reduced).toBe(reduceIcs(event('20261124T130000Z', 'Other')));
  expect(dates(reduced)).toMatchObject({ ok: true, dates: { UTC: ['2026-12-24'] } });
});

test.each(['', 'x', 'BEGIN:VEVENT\nEND:VEVENT', 'END:VCALENDAR\nBEGIN:VCALENDAR', 'BEGIN:\n:\n'])(
  'rubbish %j is no calendar afterwards',
  (text) => {
    expect(() => reduceIcs(text)).not.toThrow();
  },
);
