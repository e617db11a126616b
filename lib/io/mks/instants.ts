import type { EpochMs } from '../../model/time.ts';

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?$/;

/**
 * An RFC 3339 timestamp (0 to 9 fraction digits), or a date alone; without a zone it is UTC. undefined = missing,
 * unreadable, or a placeholder: MKS has shown the years 1 and 3000 for "not set", and protobuf's own zero is 1970.
 */
export function readInstant(value: unknown): EpochMs | undefined {
  const parts = typeof value === 'string' ? rfc3339.exec(value) : null;
  if (!parts) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = parts;
  if (Number(year) < 2000 || Number(year) >= 3000) return undefined;
  const millis = fraction.padEnd(3, '0').slice(0, 3);
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}${zone.toUpperCase()}`);
  return Number.isNaN(instant) || !isRealDay(Number(year), Number(month), Number(day)) ? undefined : instant;
}

/** Date.parse takes February 30 for March 2. */
function isRealDay(year: number, month: number, day: number): boolean {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}
