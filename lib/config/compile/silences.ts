import type { ConfiguredSilence } from '../../decide/compiled-config.ts';
import { parseInstant } from '../../decide/schedule/parse-instant.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { type Context, itemsOf } from './context.ts';
import { readMatch } from './matches.ts';
import { readWindow } from './windows.ts';
import { readZone, zoneFor } from './zones.ts';

type SilenceInput = Salvaged<NonNullable<ConfigInput['silences']>[number]>;

const windowKeys = ['days', 'from', 'to', 'nth', 'dayOfMonth', 'months'] as const;

/** What is not told, always or in a recurring window. */
export function compileSilences(context: Context): readonly ConfiguredSilence[] {
  return itemsOf(context.input.silences).flatMap(([index, silence]) => {
    const path = ['silences', index];
    const match =
      silence.match === undefined
        ? undefined
        : readMatch(silence.match, 'either', 'any region', [...path, 'match'], context);
    const times = readTimes(silence, path, context);
    const until = readUntil(silence.until, [...path, 'until'], context);
    if (match === undefined || times === undefined) return [];
    const kinds = silence.kinds?.filter((kind) => kind !== undefined);
    return [{ match, kinds, ...times, until, reason: silence.reason }];
  });
}

function readTimes(
  silence: SilenceInput,
  path: Path,
  context: Context,
): Pick<ConfiguredSilence, 'zone' | 'window'> | undefined {
  const { report, input } = context;
  const recurs = windowKeys.some((key) => silence[key] !== undefined);
  if (!recurs) {
    const zone =
      readZone(silence.timezone, [...path, 'timezone'], context) ?? readZone(input.timezone, ['timezone'], context);
    return { zone: zone ?? 'UTC', window: undefined };
  }
  const written = Object.fromEntries(windowKeys.map((key) => [key, silence[key]]));
  const window = readWindow(written, 'base', path, report);
  const zone = zoneFor(silence.timezone, path, 'a silence with times', context);
  return window && zone !== undefined ? { zone, window } : undefined;
}

function readUntil(written: string | undefined, path: Path, { report }: Context): number | undefined {
  if (written === undefined) return undefined;
  const at = parseInstant(written);
  if (!isScheduleProblem(at)) return at;
  report.error(path, at.problem, at.fix);
  return undefined;
}
