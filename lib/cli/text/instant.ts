import { formatDuration } from '../../config/duration.ts';
import { timeIn } from '../../decide/schedule/local-time.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { type EpochMs, minuteMs, replaceInstants } from '../../model/time.ts';
import { clockOf } from '../../model/wall-clock.ts';
import type { CliParts } from '../parts.ts';

/** RFC 3339 in UTC, for programs: fractions only where there are some. */
export function rfc3339(at: EpochMs): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** "Tue 2026-11-24 07:00 Europe/Berlin (06:00Z)": the reader's own time, and the one that means the same everywhere. */
export function localInstant(at: EpochMs, zone: string): string {
  const local = clockOf(at, zone);
  const utc = clockOf(at, 'UTC');
  if (zone === 'UTC') return `${utc.weekday} ${utc.date} ${utc.time} UTC`;
  const universal = local.date === utc.date ? utc.time : `${utc.date} ${utc.time}`;
  return `${local.weekday} ${local.date} ${local.time} ${zone} (${universal}Z)`;
}

/** Text with the instants in it as people read them: "07:00 Europe/Berlin" on the day of `near`, else with its date. */
export function localInstants(text: string, zone: string, near: EpochMs): string {
  return replaceInstants(text, (at) => clockNear(at, zone, near));
}

/** "07:00 Europe/Berlin" on the day of `near`, else "Tue 2026-11-24 07:00 Europe/Berlin". */
export function clockNear(at: EpochMs, zone: string, near: EpochMs): string {
  const time = `${timeIn(at, zone)} ${zone}`;
  const { weekday, date } = clockOf(at, zone);
  return date === clockOf(near, zone).date ? time : `${weekday} ${date} ${time}`;
}

/** "2026-11-24 07:00", for lists whose zone is said once; of a time that comes twice, which: "2026-10-25 02:30 CEST". */
export function dateAndTime(at: EpochMs, zone: string): string {
  return `${clockOf(at, zone).date} ${timeIn(at, zone)}`;
}

/** The same with its weekday. */
export function dayAndTime(at: EpochMs, zone: string): string {
  return `${clockOf(at, zone).weekday} ${dateAndTime(at, zone)}`;
}

/** "4h12m ago"; to the minute, below one to the second. */
export function ago(at: EpochMs, now: EpochMs): string {
  return `${roughly(Math.max(0, now - at))} ago`;
}

export function roughly(ms: number): string {
  return formatDuration(ms < minuteMs ? ms : Math.floor(ms / minuteMs) * minuteMs);
}

/** The zone in which people read instants: the config's, else the one that its schedules share, else this machine's. */
export function readingZone(
  { zone, schedules }: Pick<CompiledConfig, 'zone' | 'schedules'>,
  machine: Pick<CliParts, 'zone'>,
): string {
  const [shared, ...others] = new Set(schedules.map((schedule) => schedule.zone));
  return zone ?? (others.length === 0 ? shared : undefined) ?? machine.zone;
}

/** A command's parts with that zone in them, for those that hand them on. */
export function inReadingZone(config: Pick<CompiledConfig, 'zone' | 'schedules'>, parts: CliParts): CliParts {
  return { ...parts, zone: readingZone(config, parts) };
}

/** The zone this machine is set to; UTC where it names none that exists (`TZ=` and `TZ=Foo/Bar` give such answers). */
export function machineZone(given: string | undefined): string {
  if (given === undefined || given === '') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: given }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
