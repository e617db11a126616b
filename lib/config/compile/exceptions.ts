import { isPast } from '../../decide/matching/config-matches.ts';
import { timeIn } from '../../decide/schedule/local-time.ts';
import { exceptionOpenings, momentIn } from '../../decide/schedule/openings.ts';
import { parseMoment } from '../../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import type { Exception, Match } from '../../model/config.ts';
import type { Schedule } from '../../model/schedule.ts';
import type { EpochMs } from '../../model/time.ts';
import { mayOverlap } from '../compile-match.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { type Context, itemsOf } from './context.ts';
import { readMatch } from './matches.ts';
import type { RuleDraft } from './rules.ts';
import { readTerm } from './sizes.ts';

type ExceptionInput = Salvaged<NonNullable<ConfigInput['exceptions']>[number]>;

/** Dated changes, half-open; the end is checked against the start where both are of one kind. */
export function compileExceptions(
  schedules: ReadonlyMap<string, { readonly schedule: Schedule }>,
  drafts: readonly RuleDraft[],
  context: Context,
): readonly Exception[] {
  const zones = new Set([...schedules.values()].map(({ schedule }) => schedule.zone));
  const zonesFor = (match: Match) =>
    drafts.flatMap(({ rule }) =>
      mayOverlap(match, rule.match) ? (schedules.get(rule.schedule ?? '')?.schedule.zone ?? []) : [],
    );
  return itemsOf(context.input.exceptions).flatMap(([index, exception]) => {
    const path = ['exceptions', index];
    const one = compileException(exception, path, context);
    if (one === undefined) return [];
    const empty = [...zones].filter((zone) => exceptionOpenings([one], zone).length === 0);
    if (empty.length > 0) warnOfNothing(one, empty, new Set(zonesFor(one.match)), path, context);
    return [one];
  });
}

/** Local times mean other instants in other zones; in some of them there may be nothing between the two. */
function warnOfNothing(
  { start, end }: Exception,
  empty: readonly string[],
  used: ReadonlySet<string>,
  path: Path,
  { report }: Context,
): void {
  const zones = empty.filter((zone) => used.has(zone));
  const [zone] = zones;
  if (zone === undefined) return;
  const where = zones.length === used.size ? '' : ` in ${zones.join(', ')}`;
  const nothing = `the exception has no effect${where}`;
  if (typeof start === typeof end) {
    const turn = timeIn(momentIn(start, zone), zone);
    const problem = `${nothing}: the clocks in ${zone} skip this time, they go forward to ${turn}`;
    report.warning([...path, 'start'], problem, `write an end after ${turn}, or remove it`);
  } else {
    report.warning([...path, 'end'], `${nothing}: in ${zone} it ends before it starts`, 'write both with an offset');
  }
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
  if (start === end) {
    report.error([...path, 'end'], 'the exception ends at the moment it starts', 'write a later end');
    return undefined;
  }
  if (typeof start === typeof end && start > end) {
    report.error([...path, 'end'], 'the exception ends before it starts', 'swap start and end, or correct one of them');
    return undefined;
  }
  if (match === undefined || size === undefined) return undefined;
  if (isPast({ end }, context.now)) {
    report.warning([...path, 'end'], 'the exception is over and has no effect', 'remove it, or change its dates');
  }
  return { match, start, end, size, reason: input.reason, position: context.position(path) };
}

function readMoment(written: string | undefined, path: Path, { report }: Context): EpochMs | string | undefined {
  if (written === undefined) return undefined;
  const usual = 'write 2026-12-23T18:00 (in each schedule’s zone), or with an offset: 2026-12-23T18:00+01:00';
  const moment = parseMoment(written, usual);
  if (!isScheduleProblem(moment)) return moment;
  report.error(path, moment.problem, moment.fix);
  return undefined;
}
