import type { EpochMs } from './time.ts';

/** "Tue", "2026-11-24", "19:00". */
export type WallClock = { readonly weekday: string; readonly date: string; readonly time: string };

/** The local date and time in a zone, as in ISO 8601. */
export function clockOf(at: EpochMs, zone: string): WallClock {
  return wallClock(zone)(at);
}

/** Formatters are cached, since making one is expensive. */
const known = new Map<string, (at: EpochMs) => WallClock>();

/** The same for many instants of one zone. */
export function wallClock(zone: string): (at: EpochMs) => WallClock {
  const clock = known.get(zone) ?? makeWallClock(zone);
  known.set(zone, clock);
  return clock;
}

/** What the clocks of a zone are set to: "CEST", "GMT-4". */
export function offsetNameOf(at: EpochMs, zone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'short', hour: '2-digit' });
  return format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}

function makeWallClock(zone: string): (at: EpochMs) => WallClock {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return {
      weekday: part['weekday'] ?? '',
      date: `${part['year']}-${part['month']}-${part['day']}`,
      time: `${part['hour']}:${part['minute']}`,
    };
  };
}
