/** An independent answer to "what does the clock on the wall read": Intl alone, asked instant by instant. */

export const minuteMs = 60_000;
const stepMs = 21 * 86_400_000;

/** How far the zone's local time is ahead of UTC. Intl tells offsets to the minute for every date since 1972. */
export function intlOffset(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return (at) => {
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(format.format(at)) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * minuteMs;
  };
}

export type Transition = { readonly at: number; readonly before: number; readonly after: number };

/** Every change of the zone's offset in (from, to], found by looking every three weeks (no zone changes twice in that time) and halving. */
export function intlTransitions(zone: string, from: number, to: number): readonly Transition[] {
  const offsetAt = intlOffset(zone);
  const found: Transition[] = [];
  let before = offsetAt(from);
  for (let at = from + stepMs; at <= to; at += stepMs) {
    const after = offsetAt(at);
    if (after !== before) found.push({ at: halve(offsetAt, at - stepMs, at, before), before, after });
    before = after;
  }
  return found;
}

function halve(offsetAt: (at: number) => number, low: number, high: number, before: number): number {
  if (high - low <= minuteMs) return high;
  const middle = low + Math.floor((high - low) / 2 / minuteMs) * minuteMs;
  return offsetAt(middle) === before ? halve(offsetAt, middle, high, before) : halve(offsetAt, low, middle, before);
}

/**
 * The highest reading of the wall clock up to each instant of [from, to), step by step. A wall time has come exactly
 * when this has reached it, whatever the clocks did. The first days only fill it up.
 */
export function highestReadings(zone: string, from: number, to: number, stepMs: number): Float64Array {
  const offsetAt = intlOffset(zone);
  const readings = new Float64Array(Math.ceil((to - from) / stepMs));
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < readings.length; i += 1) {
    const at = from + i * stepMs;
    highest = Math.max(highest, at + offsetAt(at));
    readings[i] = highest;
  }
  return readings;
}
