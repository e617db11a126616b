import type { EpochMs } from '../model.ts';

/** Made once per zone: making one costs more than a thousand uses. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** "Mon 23 Nov 2026, 07:42 CET": an instant as the destination's readers live it. */
export function tellTime(at: EpochMs, zone: string): string {
  const parts = Object.fromEntries(
    formatFor(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.weekday} ${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute} ${parts.timeZoneName}`;
}

/** "4 min", "2 h 5 min", "3 days 4 h": two units, the rest is noise. */
export function tellDuration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'}${hours > 0 ? ` ${hours} h` : ''}`;
  if (hours > 0) return `${hours} h${rest > 0 ? ` ${rest} min` : ''}`;
  return minutes === 0 ? 'less than a minute' : `${minutes} min`;
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const;
  const format = new Intl.DateTimeFormat('en-GB', { ...day, ...time, timeZone });
  formats.set(timeZone, format);
  return format;
}
