import { quote, type ScheduleProblem } from '../decide/schedule/schedule-problem.ts';
import { countEdits } from '../model/did-you-mean.ts';

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

/** What `Intl` said of a name once. Only names that it knows: those are few, and a long list of wrong ones is not kept. */
const knownZones = new Set<string>();

/** `Intl` also knows the names that `supportedValuesOf` leaves out because they are links to another. */
function isKnown(name: string): boolean {
  if (knownZones.has(name)) return true;
  try {
    const isZone = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
    if (isZone) knownZones.add(name);
    return isZone;
  } catch {
    return false;
  }
}

/** `Intl` takes any case; the tz database has one spelling. */
function isMisspelt(name: string): boolean {
  const spelt = spellings().get(name.toLowerCase());
  return spelt !== undefined && spelt !== name;
}

let spelt: ReadonlyMap<string, string> | undefined;

/** In lower case → as the tz database spells it. Made once: there are hundreds, and every zone of a config asks. */
function spellings(): ReadonlyMap<string, string> {
  spelt ??= new Map(Intl.supportedValuesOf('timeZone').map((zone) => [zone.toLowerCase(), zone]));
  return spelt;
}

/** What people most often mean by an abbreviation. Only ever a suggestion. */
const meant: { readonly [abbreviation: string]: string } = {
  CET: 'Europe/Berlin',
  CEST: 'Europe/Berlin',
  MET: 'Europe/Berlin',
  WET: 'Europe/Lisbon',
  WEST: 'Europe/Lisbon',
  EET: 'Europe/Helsinki',
  EEST: 'Europe/Helsinki',
  BST: 'Europe/London',
  GMT: 'UTC or Europe/London',
  Z: 'UTC',
  ZULU: 'UTC',
  UCT: 'UTC',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  EST5EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  CST6CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  MST7MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  PST8PDT: 'America/Los_Angeles',
  HST: 'Pacific/Honolulu',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  AEST: 'Australia/Sydney',
  POLAND: 'Europe/Warsaw',
  PORTUGAL: 'Europe/Lisbon',
  TURKEY: 'Europe/Istanbul',
};

const otherwise = 'use Area/City of the tz database, such as Europe/Berlin, or UTC';

/** The way out for a name that is no usable zone. */
function suggestZone(name: string): string {
  if (/^(UTC|GMT)?[+-]\d/i.test(name)) return `an offset has no daylight-saving time; ${otherwise}`;
  if (/^etc\//i.test(name))
    return 'use Etc/UTC, or Etc/GMT-14 … Etc/GMT+12, whose signs are inverted (Etc/GMT+5 is UTC-5)';
  const known = meant[name.toUpperCase()];
  if (known !== undefined) return `did you mean ${known}?`;
  const near = nearestZone(name);
  return near === undefined ? otherwise : `did you mean ${near}?`;
}

/** The zone whose whole name, or whose city alone, takes the fewest changes; at most a third of its letters. */
function nearestZone(name: string): string | undefined {
  const lower = name.toLowerCase().replaceAll(' ', '_');
  let best: { readonly zone: string; readonly away: number } | undefined;
  for (const zone of ['UTC', ...Intl.supportedValuesOf('timeZone')]) {
    const known = zone.toLowerCase();
    const compared = lower.includes('/') ? known : known.slice(known.lastIndexOf('/') + 1);
    const allowed = Math.floor(compared.length / 3);
    // As many changes at least, and so a name of any length costs nothing.
    if (Math.abs(lower.length - compared.length) > allowed) continue;
    const away = countEdits(lower, compared);
    if (away <= allowed && (best === undefined || away < best.away)) best = { zone, away };
  }
  return best?.zone;
}
