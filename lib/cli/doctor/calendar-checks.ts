import type { CalendarReading } from '../../config/compile/context.ts';
import { loadConfig } from '../../config/read-config.ts';
import type { CompiledConfig, RemoteCalendar } from '../../model/config.ts';
import { dayMs, type EpochMs, iso } from '../../model/time.ts';
import { lookIntoStore } from '../config-and-store.ts';
import type { CliParts } from '../parts.ts';
import { fetchUsable, makeRemoteCalendars, remoteParts } from '../remote-calendars.ts';
import { type Check, checksOf } from './check-result.ts';
import { daysFrom } from './config-checks.ts';

const soonMs = 60 * dayMs;

/** Calendars at addresses are fetched, as a round would; then how far each calendar goes. */
export async function calendarChecks(parts: CliParts, config: CompiledConfig): Promise<readonly Check[]> {
  const { remoteCalendars = [] } = config;
  const now = parts.clock.now();
  const fetched = new Map<string, CalendarReading>();
  const checks: Check[] = [];
  for (const calendar of remoteCalendars) {
    const reading = await fetchUsable(remoteParts(parts), calendar);
    const copy = reading.text === undefined ? await storedCopy(parts, config, calendar) : undefined;
    fetched.set(calendar.name, copy ?? reading);
    checks.push(fetchCheck(calendar, reading, copy));
  }
  if (remoteCalendars.length === 0) return endChecks(config, now);
  const readCalendar = async ({ name }: RemoteCalendar) => fetched.get(name) ?? {};
  const outcome = await loadConfig(config.file, { now, readCalendar });
  return [...checks, ...endChecks(outcome.ok ? outcome.config : config, now)];
}

async function storedCopy(
  parts: CliParts,
  config: CompiledConfig,
  calendar: RemoteCalendar,
): Promise<CalendarReading | undefined> {
  const copy = await lookIntoStore(parts, config, (store) =>
    makeRemoteCalendars(remoteParts(parts), store).read(calendar),
  );
  return copy?.text === undefined ? undefined : copy;
}

function fetchCheck({ name }: RemoteCalendar, { problem }: CalendarReading, copy: CalendarReading | undefined): Check {
  const { ok, warning } = checksOf(`calendar ${name}`);
  if (problem === undefined) return ok('calendar', 'it can be fetched');
  const meanwhile =
    copy?.at === undefined
      ? 'there is no copy of it, so its days count as ordinary ones'
      : `the copy of ${iso(copy.at)} is used`;
  return warning(
    'calendar',
    `it cannot be fetched: ${problem}; ${meanwhile}`,
    'open its address on this machine, and correct it in the config',
  );
}

/** Calendars name dates; after the last one a holiday is a working day. */
function endChecks({ calendarsEnd }: CompiledConfig, now: EpochMs): readonly Check[] {
  return Object.entries(calendarsEnd).map(([name, end]) => {
    const { ok, warning } = checksOf(`calendar ${name}`);
    if (end === null)
      return warning(
        'calendar',
        'no date is in its file or its list: no day of it is to come',
        'export its file again, or add dates; remove it if it is not needed',
      );
    const left = Date.parse(`${end}T00:00:00Z`) + dayMs - now;
    const fix = 'add future dates, or use holidays or an ICS file';
    if (left <= 0) return warning('calendar', `its last date was ${end}: no day of it is to come`, fix);
    return left < soonMs
      ? warning('calendar', `it ends on ${end}, ${daysFrom(now, Date.parse(end))}`, fix)
      : ok('calendar', `it lasts until ${end}`);
  });
}
