import type { Answer } from '../model/answer.ts';
import type { Finding } from '../model/finding.ts';
import { type EpochMs, iso, minuteMs } from '../model/time.ts';

/** Our clock and the server's at the same instant: the `Date` of an answer. */
export type ClockReading = { readonly ours: EpochMs; readonly server: EpochMs };

/** Correct clocks differ by less than this, including latency, caches with `Age`, and whole seconds. */
export const clocksDifferMs = 5 * minuteMs;

/** A server that gives an earlier time has no clock (1970, year 1), so its time is ignored. */
const firstYearOfClocks = Date.UTC(2000, 0);

/**
 * Both clocks as an answer shows them; undefined = no answer, no `Date`, or one that cannot be read. The answer was
 * written between our question and its arrival: a machine that slept meanwhile has no wrong clock.
 */
export function readingOf(answer: Answer<unknown>): ClockReading | undefined {
  const arrived = readingOnArrival(answer);
  if (arrived === undefined || answer.kind !== 'ok') return undefined;
  const { askedAt = answer.answeredAt } = answer;
  return { ...arrived, ours: nearest(arrived.server, askedAt, answer.answeredAt) };
}

/** Both clocks when an answer arrived, for what is done at once. */
export function readingOnArrival(answer: Answer<unknown>): ClockReading | undefined {
  if (answer.kind !== 'ok' || answer.serverDate === undefined || answer.serverDate < firstYearOfClocks)
    return undefined;
  return { ours: answer.answeredAt, server: answer.serverDate };
}

function nearest(to: EpochMs, from: EpochMs, until: EpochMs): EpochMs {
  return Math.max(from, Math.min(to, until));
}

/** Do these two times differ by more than correct clocks can? */
export function isApart({ ours, server }: ClockReading): boolean {
  return Math.abs(ours - server) > clocksDifferMs;
}

/**
 * Is our clock wrong, judged by one region's answers? Only if more than half of them say so, all in the same direction:
 * a cache with an old `Date`, or one server with a wrong clock, is outvoted. Returns the median of those; undefined =
 * the clocks agree, or nothing is known. ADR 6.
 */
export function wrongClock(readings: readonly ClockReading[]): ClockReading | undefined {
  const apart = readings.filter(isApart);
  const ahead = apart.filter(({ ours, server }) => ours > server);
  const behind = apart.filter(({ ours, server }) => ours < server);
  const agreeing = ahead.length > behind.length ? ahead : behind;
  if (agreeing.length * 2 <= readings.length) return undefined;
  return agreeing.toSorted((a, b) => a.ours - a.server - (b.ours - b.server))[agreeing.length >> 1];
}

/** Critical: nothing is changed in the region until the clocks agree. Both times are in the text and in the facts. */
export function clockFinding(region: string, { ours, server }: ClockReading): Finding {
  return {
    kind: 'clock.skewed',
    subject: { kind: 'region', region },
    severity: 'critical',
    text: `The clock of this machine shows ${iso(ours)}, the API of region ${region} shows ${iso(server)}. Nothing is changed there until they agree`,
    fix: 'Correct the clock of this machine, and synchronise it (NTP)',
    facts: { ours: iso(ours), server: iso(server), apart: apartText({ ours, server }) },
  };
}

/** "12 h", "7 min", "400 days". */
export function apartText({ ours, server }: ClockReading): string {
  const minutes = Math.round(Math.abs(ours - server) / minuteMs);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
