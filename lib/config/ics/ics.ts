export type IcsDates = {
  readonly ok: true;
  /** Per zone that was asked for: its local dates, in order. */
  readonly dates: { readonly [zone: string]: readonly string[] };
  /** An event recurs beyond the last date asked for. */
  readonly endless: boolean;
  /** Zones that events name, which are neither known nor defined in the file: their times are local wherever they are read. */
  readonly unknownZones: readonly string[];
};

export type IcsOutcome = IcsDates | { readonly ok: false; readonly message: string };

export type IcsAsked = {
  readonly text: string;
  readonly zones: readonly string[];
  /** YYYY-MM-DD, both included. */
  readonly first: string;
  readonly last: string;
};

/** Where the event with this number (from 0) begins, counted from 1. */
export function lineOfEvent(text: string, index: number): number {
  let left = index;
  const found = text.split(/\r\n|\n|\r/u).findIndex((line) => /^BEGIN:VEVENT\s*$/iu.test(line) && (left -= 1) < 0);
  return found + 1;
}
