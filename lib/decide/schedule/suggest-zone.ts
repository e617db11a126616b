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
export function suggestZone(name: string): string {
  if (/^(UTC|GMT)?[+-]\d/i.test(name)) return `an offset knows no summer time; ${otherwise}`;
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
    const away = editDistance(lower, compared);
    if (away <= Math.floor(compared.length / 3) && (best === undefined || away < best.away)) best = { zone, away };
  }
  return best?.zone;
}

/** Letters to insert, drop or replace (Levenshtein), one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
