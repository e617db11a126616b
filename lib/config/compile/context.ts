import type { RemoteCalendar, SourcePosition } from '../../model/config.ts';
import { suggest } from '../../model/did-you-mean.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Report } from '../collect-problems.ts';
import { parseDurationMs } from '../duration.ts';
import type { Path } from '../problem.ts';
import type { SalvagedConfig } from '../validate.ts';

/** Reads a text file; rejects with a reason in plain words. */
export type ReadFile = (path: string) => Promise<string>;

/**
 * What is known of a calendar at an address: its last good copy, when it was fetched, and why the last fetch failed.
 */
export type CalendarReading = { readonly text?: string; readonly at?: EpochMs; readonly problem?: string };

/** The copy of a calendar at an address. Never rejects but for a store that cannot be reached. */
export type ReadCalendar = (calendar: RemoteCalendar) => Promise<CalendarReading>;

/** Where the compiled config will run: an AWS build takes secrets only from Secrets Manager, and no local files. */
export type Target = 'local' | 'aws';

/** What every part of the compilation needs. Each part reports what it finds and returns what it could make. */
export type Context = {
  readonly input: SalvagedConfig;
  readonly report: Report;
  readonly now: EpochMs;
  readonly file: string;
  /** The folder of the file that contains this place: relative paths start there. */
  readonly directoryOf: (path: Path) => string;
  readonly target: Target;
  readonly readFile: ReadFile;
  readonly readCalendar: ReadCalendar;
  readonly position: (path: Path) => SourcePosition;
  /** The line of each match, by its path; filled as matches are read. */
  readonly matchPlaces: Map<string, SourcePosition>;
};

/** A name must be one of those defined in a section of the config; else it is reported with the nearest. */
export function isDefined(
  name: string,
  section: Readonly<Record<string, unknown>> | undefined,
  what: string,
  path: Path,
  report: Report,
): boolean {
  const names = Object.keys(section ?? {});
  if (names.includes(name)) return true;
  report.error(path, `there is no ${what} "${name}"`, suggest(name, names));
  return false;
}

/** The duration, which the schema has checked, or its default, in ms. */
export function toMs(text: string | undefined, otherwise: string): number {
  return parseDurationMs(text ?? otherwise) ?? parseDurationMs(otherwise) ?? 0;
}

/** The entries of a map of the config, without those that were wrong as a whole. */
export function entriesOf<T>(
  section: { readonly [name: string]: T | undefined } | undefined,
): readonly (readonly [string, T])[] {
  return Object.entries(section ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
}

/** The items of a list of the config with their places, without those that were wrong as a whole. */
export function itemsOf<T>(list: readonly (T | undefined)[] | undefined): readonly (readonly [number, T])[] {
  return (list ?? []).flatMap((value, index) => (value === undefined ? [] : [[index, value] as const]));
}

/** "in line 7", as seen from `from`: another file is named too. */
export function inLine({ file, line }: SourcePosition, from: Pick<SourcePosition, 'file'>): string {
  return `in line ${line}${file === from.file ? '' : ` of ${file}`}`;
}
