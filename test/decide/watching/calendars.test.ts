import { describe, expect, test } from 'vitest';
import { observeCalendars } from '../../../lib/decide/watching/observe-calendars.ts';
import type { RemoteCalendar } from '../../../lib/model/config.ts';
import { start } from './watching-world.ts';

const dayMs = 86_400_000;
const address = { kind: 'env', name: 'CAL' } as const;
const look = (patch: Partial<RemoteCalendar>, isBuiltIn = false) => {
  const calendar = { name: 'holidays', insecure: false, ...(!isBuiltIn && { address }), ...patch };
  const [seen] = observeCalendars({ remoteCalendars: [calendar] }, [], start);
  return seen?.state === 'bad' ? seen.finding.text : seen?.state;
};

describe('a calendar at an address is', () => {
  test.each<readonly [string, Partial<RemoteCalendar>, boolean, unknown]>([
    ['well when it was fetched today', { fetchedAt: start - dayMs, problem: 'it answered 503' }, false, 'ok'],
    [
      'stale after a day',
      { fetchedAt: start - dayMs - 1, problem: 'it answered 503' },
      false,
      /since \d.*: it answered 503$/,
    ],
    [
      'unknown when it was never had',
      { problem: 'it answered 404' },
      false,
      /could not be fetched yet.*: it answered 404$/,
    ],
    ['well for a month where it is compiled in', { fetchedAt: start - 30 * dayMs }, true, 'ok'],
    ['old then', { fetchedAt: start - 30 * dayMs - 1 }, true, /compiled in as it was on 2/],
  ])('%s', (_, patch, isBuiltIn, want) => {
    expect(look(patch, isBuiltIn)).toEqual(want instanceof RegExp ? expect.stringMatching(want) : want);
  });
});

test('its incident is over when it leaves the config, and no other one', () => {
  const subject = (path: string) => ({ kind: 'config', path }) as const;
  const open = [
    { kind: 'calendar.stale', subject: subject('calendars.gone') },
    { kind: 'calendar.stale', subject: subject('calendars.holidays') },
    { kind: 'config.invalid', subject: subject('lamplighter.yml') },
  ] as const;
  const remoteCalendars = [{ name: 'holidays', insecure: false, address, fetchedAt: start }];
  expect(observeCalendars({ remoteCalendars }, open, start).map(({ subject: of, state }) => [of, state])).toEqual([
    [subject('calendars.holidays'), 'ok'],
    [subject('calendars.gone'), 'over'],
  ]);
  expect(observeCalendars({}, [], start)).toEqual([]);
});
