import { describe, expect, test } from 'vitest';
import type { RemoteCalendar } from '../../lib/model/config.ts';
import { compiled, head, problemsOf } from './compile-text.ts';

const hourMs = 3_600_000;

/** What three places may say of announcements, and who is told. */
const places = (given: { readonly own?: string; readonly schedule?: string; readonly defaults?: string }) => `
timezone: UTC
regions: { r1: { api: eumetsat-r1, token: { env: T } } }
destinations: { ops: { kind: slack, url: { env: U } } }
defaults: { ${given.defaults === undefined ? '' : `announce: { before: ${given.defaults}, to: ops }`} }
schedules: { s: { otherwise: base${given.schedule === undefined ? '' : `, announce: { before: ${given.schedule}, to: ops }`} } }
pools: [{ match: "a/b", schedule: s${given.own === undefined ? '' : `, announce: { before: ${given.own}, to: ops }`} }]
`;

test.each([
  [{ own: '3h', schedule: '2h', defaults: '1h' }, 3],
  [{ own: '3h', defaults: '1h' }, 3],
  [{ schedule: '2h', defaults: '1h' }, 2],
  [{ schedule: '2h' }, 2],
  [{ defaults: '1h' }, 1],
])('a rule announces as the nearest place says: %j', async (given, hours) => {
  const { rules } = await compiled(places(given));
  expect(rules[0]?.announce?.beforeMs).toBe(hours * hourMs);
});

test.each([
  'pools: [{ match: "a/b", schedule: s, mode: observe }]',
  'defaults: { mode: observe }\npools: [{ match: "a/b", schedule: s }]',
])('what is only observed is not announced, which is said: %s', async (rule) => {
  const text = `timezone: UTC
regions: { r1: { api: eumetsat-r1, token: { env: T } } }
destinations: { ops: { kind: slack, url: { env: U } } }
schedules: { s: { otherwise: base, announce: { before: 30m, to: ops } } }
${rule}
`;
  const told = (await problemsOf(text)).map(({ message }) => message);
  expect(told).toEqual(['this rule only observes, so nothing is announced for it']);
});

test.each([
  [1, undefined],
  [2, true],
  [3, true],
])('of %i regions, messages name theirs: %s', async (count, severalRegions) => {
  const regions = Array.from(
    { length: count },
    (_, n) => `  r${n}: { api: eumetsat-r${(n % 2) + 1}, token: { env: T } }\n`,
  );
  const text = `timezone: UTC\nregions:\n${regions.join('')}destinations: { ops: { kind: slack, url: { env: U } } }\n`;
  expect((await compiled(text)).destinations[0]?.severalRegions).toBe(severalRegions);
});

test('a price for other flavors is a price', async () => {
  const { prices } = await compiled(`${head}prices: { currency: EUR, flavors: { big: 2 }, default: 0.5 }\n`);
  expect(prices).toEqual({ currency: 'EUR', flavors: { big: 2 }, default: 0.5 });
});

test.each([
  ['2026-12-24T18:00', '2026-12-23T18:00', 'ends before it starts'],
  ['2026-12-24T18:00+01:00', '2026-12-23T18:00+01:00', 'ends before it starts'],
  ['2026-12-24T18:00+01:00', '2026-12-24T17:00Z', 'ends at the moment it starts'],
])('an exception from %s to %s is refused', async (start, end, problem) => {
  const text = `${head}exceptions: [{ match: "a/b", start: "${start}", end: "${end}", size: base }]\n`;
  const errors = (await problemsOf(text)).filter(({ severity }) => severity === 'error');
  expect(errors.map(({ path, message }) => [path, message])).toEqual([
    ['exceptions[0].end', `the exception ${problem}`],
  ]);
});

describe('a calendar', () => {
  const ics = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    'UID:1',
    'DTSTART:20261201T120000Z',
    'DTEND:20261201T123000Z',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');

  test('has its days in the zone of each silence that asks for them', async () => {
    const zones = ['Pacific/Auckland', 'America/New_York', 'Asia/Tokyo'];
    const silences = zones.map((zone) => `  - { match: "*", calendar: works, timezone: ${zone} }\n`).join('');
    const text = `${head}calendars: { works: { ics: works.ics } }\nsilences:\n${silences}`;
    const config = await compiled(text, { readFile: async () => ics });
    expect(config.silences.map(({ zone, dates }) => [zone, dates])).toEqual([
      ['Pacific/Auckland', ['2026-12-02']],
      ['America/New_York', ['2026-12-01']],
      ['Asia/Tokyo', ['2026-12-01']],
    ]);
  });

  test.each([true, false])('at an address is fetched over http: only where that is allowed: %s', async (insecure) => {
    const asked: RemoteCalendar[] = [];
    const readCalendar = async (calendar: RemoteCalendar) => {
      asked.push(calendar);
      return { text: ics, at: Date.UTC(2026, 10, 23) };
    };
    const address = insecure ? '"http://c.test/works.ics", insecure: true' : '"https://c.test/works.ics"';
    const text = `${head}calendars: { works: { ics: ${address}, size: idle } }\n`;
    const { remoteCalendars } = await compiled(text, { readCalendar });
    expect(asked).toMatchObject([{ name: 'works', insecure }]);
    expect(remoteCalendars).toMatchObject([{ insecure }]);
  });
});
