/** regions, calendars, schedules: where the clusters are, and when is what. */
import * as v from 'valibot';
import { announceKey } from './announcing.ts';
import { expected, may, need } from './complaint.ts';
import { duration, flag, listOf, mapFix, oneOf, oneOrMany, secret, term, text, whole } from './values.ts';

export const region = v.strictObject(
  {
    api: need(text('the name of an API or its URL'), {
      says: 'A known API (eumetsat-r1, eumetsat-r2, eumetsat-fra1-3, cloudferro-lcj1-1, cloudferro-fra1-3, creodias-waw4-1) or the URL of one. `http:` only on loopback.',
      type: 'name or URL',
    }),
    token: need(secret, { says: 'Where the API token is kept.', type: 'secret' }),
    allowHost: may(flag, {
      says: 'Allow a host that is not one of the provider’s: it gets the token. Not needed on loopback.',
      type: 'true or false',
      default: false,
    }),
  },
  expected('a region', mapFix),
);

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const icsPlace = v.union(
  [secret, text('a path or an address')],
  expected('a path, an address, or a reference to one', 'write holidays.ics, https://… or { env: NAME }'),
);

export const calendar = v.strictObject(
  {
    holidays: may(text('a country code'), {
      says: 'Public holidays of a country, state or region, by its code: DE, DE-HE, DE-BY-A. Known to the end of the year after next.',
      type: 'text',
    }),
    dates: may(listOf('dates', text('a date such as 2026-12-24')), {
      says: 'Dates, each YYYY-MM-DD.',
      type: 'list of dates',
    }),
    ics: may(icsPlace, {
      says: 'An iCalendar file, relative to the config; or its address (https://…); or, if the address is private, a reference to it. Every local date that one of its events touches counts; recurring events up to the end of the year after next. Moved, deleted and cancelled days are read as Exchange, Outlook, Google and Nextcloud write them. A file that takes more than 5 seconds is refused, with the line of the event; the last good one stays in force.',
      type: 'path, address or secret',
    }),
    insecure: may(flag, { says: 'ics: allow an address over `http:`.', type: 'true or false', default: false }),
    actLike: may(oneOf('a weekday', weekdays), {
      says: 'These dates count as that weekday, for `days` and weekly windows. Either this or `size`.',
      type: 'weekday',
    }),
    size: may(oneOf('base, idle or leave', ['base', 'idle', 'leave']), {
      says: 'The size for the whole local day; windows that start on it do not open. Either this or `actLike`.',
      type: 'base, idle or leave',
    }),
  },
  expected('a calendar', mapFix),
);

const dayFix = 'write mon-fri, sat, or a list of them';

/** Which days, and from when to when: of a window and of a silence. */
export const windowKeys = {
  window: may(
    text(
      'a window such as "Mon-Fri 07:00-19:00"',
      'write "Mon-Fri 07:00-19:00", with a zone at its end where it needs one',
    ),
    {
      says: 'Days, times and zone on one line, instead of the keys below: "Mon-Fri 07:00-19:00 Europe/Berlin", several separated by commas.',
      type: 'text',
    },
  ),
  days: may(oneOrMany('days', text('days such as mon-fri', dayFix)), {
    says: 'Weekdays on which it starts: mon, mon-fri, sat-mon, or a list.',
    type: 'days',
    absent: 'every day',
  }),
  from: may(text('a time such as "07:00"', 'write "07:00", or "fri 20:00" for a weekly window'), {
    says: 'Start, local time (HH:MM or HH:MM:SS), or weekday and time. With `to`.',
    type: 'time',
    absent: 'the whole day',
  }),
  to: may(text('a time such as "19:00"', 'write "19:00", or "mon 06:30" for a weekly window'), {
    says: 'End, not included. Up to 24:00; before `from` means the next day.',
    type: 'time',
    absent: 'the whole day',
  }),
  nth: may(oneOrMany('days of a month', text('a day such as sun#2 or friL', 'write sun#2 or friL')), {
    says: 'The n-th or last such weekday of the month: sun#2, friL.',
    type: 'nth weekdays',
  }),
  dayOfMonth: may(
    oneOrMany(
      'days of the month',
      v.union([whole(1, 31), v.literal('L')], expected('1 to 31, or L', 'L is the last day')),
    ),
    {
      says: 'Days of the month, L for the last.',
      type: 'numbers or L',
    },
  ),
  workday: may(
    oneOrMany(
      'working days of the month',
      v.union(
        [whole(1, 23), text('L or L-2', 'write 1, L or L-2')],
        expected('1 to 23, L or L-2', 'L is the last one, L-2 the third-last'),
      ),
    ),
    {
      says: 'Working days of the month: 1 is the first, L the last, L-2 the third-last. Monday to Friday, as the calendar has them.',
      type: 'numbers, L or L-n',
    },
  ),
  every: may(text('a length such as 1h', 'write 1h, 30m or 1h30m'), {
    says: 'Repeat the window at this interval, from `from` until its end. With `for`.',
    type: 'duration',
    absent: 'open all the time',
  }),
  for: may(text('a length such as 10m', 'write 10m, 1h or 1h30m'), {
    says: 'How long it stays open each time. With `every`.',
    type: 'duration',
  }),
  months: may(oneOrMany('months', text('a month such as apr', 'write jan to dec')), {
    says: 'Months in which it starts: jan to dec.',
    type: 'months',
  }),
};

const terseFix = 'write { days: mon-fri, from: "07:00", to: "19:00" }, or "Mon-Fri 07:00-19:00"';

const window = v.strictObject(
  {
    ...windowKeys,
    size: may(term, {
      says: 'The size of pools while it is open.',
      type: 'base, idle, leave or size',
      default: 'base',
    }),
  },
  expected('a window', terseFix),
);

const windows = listOf('windows', v.union([text('a window', terseFix), window], expected('a window', terseFix)));

const lead = v.union(
  [v.picklist(['auto', 'none']), duration],
  expected('a duration, auto or none', 'write 20m, or auto to learn it from the last raises'),
);

export const schedule = v.strictObject(
  {
    timezone: may(text('a time zone'), {
      says: 'The time zone of its times, as Area/City.',
      type: 'zone',
      absent: 'the config’s timezone',
    }),
    calendar: may(text('the name of a calendar'), { says: 'A calendar whose days are special.', type: 'name' }),
    windows: may(v.union([text('windows', terseFix), windows], expected('a list of windows', terseFix)), {
      says: 'Periods of time and their sizes. If several are open, the largest size counts. Each is a map, or a line such as "Mon-Fri 07:00-19:00"; separate several on one line by commas.',
      type: 'list of windows',
      absent: 'none',
    }),
    otherwise: need(term, { says: 'The size while no window is open.', type: 'base, idle, leave or size' }),
    lead: may(lead, {
      says: 'How long before a boundary a raise starts, so that nodes are there on time; auto learns it from the pool’s last ten raises.',
      type: 'duration, auto or none',
      default: 'none',
    }),
    announce: announceKey,
  },
  expected('a schedule', mapFix),
);
