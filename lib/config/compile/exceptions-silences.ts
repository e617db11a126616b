import { isPast } from '../../decide/matching/config-matches.ts';
import { parseInstant, parseMoment } from '../../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import type { ConfiguredSilence, Exception } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { type Context, itemsOf } from './context.ts';
import { readMatch } from './matches.ts';
import { readTerm } from './sizes.ts';
import { readWindow, readZone, zoneFor } from './windows.ts';

type ExceptionInput = Salvaged<NonNullable<ConfigInput['exceptions']>[number]>;

/** Dated changes, half-open; the end is checked against the start where both are of one kind. */
export function compileExceptions(context: Context): readonly Exception[] {
  return itemsOf(context.input.exceptions).flatMap(([index, exception]) => {
    const one = compileException(exception, ['exceptions', index], context);
    return one === undefined ? [] : [one];
  });
}

function compileException(input: ExceptionInput, path: Path, context: Context): Exception | undefined {
  const { report } = context;
  const match =
    input.match === undefined
      ? undefined
      : readMatch(input.match, 'either', 'default region', [...path, 'match'], context);
  const start = readMoment(input.start, [...path, 'start'], context);
  const end = readMoment(input.end, [...path, 'end'], context);
  const size = input.size === undefined ? undefined : readTerm(input.size, [...path, 'size'], report);
  if (start === undefined || end === undefined) return undefined;
  if (typeof start === typeof end && start >= end) {
    report.error([...path, 'end'], 'the exception ends before it starts', 'swap start and end, or correct one of them');
    return undefined;
  }
  if (match === undefined || size === undefined) return undefined;
  if (isPast({ end }, context.now)) {
    report.warning([...path, 'end'], 'the exception is over: it changes nothing any more', 'remove it, or move it on');
  }
  return { match, start, end, size, reason: input.reason, position: context.position(path) };
}

function readMoment(written: string | undefined, path: Path, { report }: Context): EpochMs | string | undefined {
  if (written === undefined) return undefined;
  const moment = parseMoment(written);
  if (!isScheduleProblem(moment)) return moment;
  report.error(
    path,
    moment.problem,
    'write 2026-12-23T18:00 (in each schedule’s zone), or with an offset: 2026-12-23T18:00+01:00',
  );
  return undefined;
}

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
