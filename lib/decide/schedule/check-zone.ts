import { quote, type ScheduleProblem } from './schedule-problem.ts';
import { suggestZone } from './suggest-zone.ts';

/** The areas of the tz database, its old national groups included. */
const areas = new Set(
  'Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific Etc Brazil Canada Chile Mexico US'.split(
    ' ',
  ),
);

/**
 * A zone is a name of the tz database: Area/City, UTC or Etc/…. Abbreviations mean different zones to different people
 * (CST, IST) or know no summer time (EST), and bare offsets know none either: both are refused. The answer is the name
 * as written.
 */
export function checkZone(written: unknown): string | ScheduleProblem {
  const name = typeof written === 'string' ? written : '';
  const isUsable = name === 'UTC' || (isAreaAndCity(name) && isKnown(name) && !isMisspelt(name));
  return isUsable ? name : { problem: `${quote(written)} is not a time zone that can be used`, fix: suggestZone(name) };
}

/** `Europe/Berlin`, `America/Argentina/Ushuaia`, `Etc/GMT+12`. */
function isAreaAndCity(name: string): boolean {
  const [area = '', ...places] = name.split('/');
  return areas.has(area) && places.length > 0 && places.every((place) => /^[A-Z][\w+-]*$/.test(place));
}

/** `Intl` also knows the names that `supportedValuesOf` leaves out because they are links to another. */
function isKnown(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** `Intl` takes any case; the tz database has one spelling. */
function isMisspelt(name: string): boolean {
  const lower = name.toLowerCase();
  return Intl.supportedValuesOf('timeZone').some((zone) => zone !== name && zone.toLowerCase() === lower);
}
