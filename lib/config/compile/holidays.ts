import { findNearest } from '../../model/did-you-mean.ts';
import { dayMs, isoDate } from '../../model/time.ts';

export type HolidayOutcome =
  | { readonly ok: true; readonly dates: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** A year of a code always has the same holidays, and computing them takes milliseconds that every round would pay. */
const known = new Map<string, HolidayOutcome>();

/**
 * The local dates of public holidays by the code of a country, state or region (DE, DE-HE, DE-BY-A), each year from
 * `firstYear` to `lastYear`. Bank, school and optional holidays are not counted. Data: the package date-holidays.
 */
export async function findHolidays(code: string, firstYear: number, lastYear: number): Promise<HolidayOutcome> {
  const key = `${code} ${firstYear} ${lastYear}`;
  const outcome = known.get(key) ?? (await computeHolidays(code, firstYear, lastYear));
  if (outcome.ok) known.set(key, outcome);
  return outcome;
}

async function computeHolidays(code: string, firstYear: number, lastYear: number): Promise<HolidayOutcome> {
  // Loading its data takes a tenth of a second, which only those who use it should pay.
  const { default: Holidays } = await import('date-holidays');
  const [country = '', state, ...rest] = code.split('-');
  const region = rest.length > 0 ? rest.join('-') : undefined;
  const wrong = findWrongCode(new Holidays(), country, state, region);
  if (wrong !== undefined) return { ok: false, ...wrong };
  const holidays = new Holidays();
  holidays.init(country, ...[state, region].filter((part) => part !== undefined));
  const dates: string[] = [];
  for (let year = firstYear; year <= lastYear; year += 1) {
    for (const day of holidays.getHolidays(year)) {
      if (day.type === 'public') dates.push(...spread(day.date.slice(0, 10), day.start, day.end));
    }
  }
  return { ok: true, dates };
}

type Lists = {
  readonly getCountries: () => Record<string, string>;
  readonly getStates: (country: string) => Record<string, string> | undefined;
  readonly getRegions: (country: string, state: string) => Record<string, string> | undefined;
};

function findWrongCode(lists: Lists, country: string, state: string | undefined, region: string | undefined) {
  const countries = Object.keys(lists.getCountries());
  if (!countries.includes(country)) return refuse('country', country, countries, '');
  if (state === undefined) return undefined;
  const states = Object.keys(lists.getStates(country) ?? {});
  if (!states.includes(state)) return refuse('state', state, states, `${country}-`);
  if (region === undefined) return undefined;
  const regions = Object.keys(lists.getRegions(country, state) ?? {});
  return regions.includes(region) ? undefined : refuse('region', region, regions, `${country}-${state}-`);
}

function refuse(what: string, code: string, codes: readonly string[], before: string) {
  const nearest = findNearest(code, codes);
  const fix =
    nearest !== undefined
      ? `did you mean "${before}${nearest}"?`
      : codes.length === 0
        ? `write ${before.replace(/-$/u, '')}`
        : `use one of: ${codes.map((one) => before + one).join(', ')}`;
  return { message: `no public holidays are known for the ${what} "${code}"`, fix };
}

/** Some holidays last several days. */
function spread(first: string, start: Date, end: Date): readonly string[] {
  const days = Math.max(1, Math.round((end.getTime() - start.getTime()) / dayMs));
  const at = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: days }, (_, index) => isoDate(at + index * dayMs));
}
