import type { ConfigOutcome } from '../../config/compile-config.ts';
import { renderProblem } from '../../config/problem.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import { type Check, checksOf } from './check.ts';
import { daysFrom } from './days-from.ts';

const dayMs = 86_400_000;
const soonMs = 60 * dayMs;

/** What `check` says about the file. */
export function configChecks(file: string, outcome: ConfigOutcome): readonly Check[] {
  const { ok, warning, failed } = checksOf(file);
  const errors = outcome.problems.filter(({ severity }) => severity === 'error');
  const rest = outcome.problems.filter(({ severity }) => severity === 'warning');
  return [
    ...(outcome.ok ? [ok('config', 'the config is valid')] : []),
    ...errors.map((problem) => failed('config', renderProblem({ ...problem, fix: '' }), problem.fix)),
    ...rest.map((problem) => warning('config', renderProblem({ ...problem, fix: '' }), problem.fix)),
  ];
}

/** Calendars name dates; after the last one a holiday is a working day. */
export function calendarChecks({ calendarsEnd }: CompiledConfig, now: EpochMs): readonly Check[] {
  return Object.entries(calendarsEnd).map(([name, end]) => {
    const { ok, warning } = checksOf(`calendar ${name}`);
    const left = Date.parse(`${end}T00:00:00Z`) + dayMs - now;
    const fix = 'add the dates to come, or let it read holidays or an ICS file that goes on';
    if (left <= 0) return warning('calendar', `its last date was ${end}: it names no day any more`, fix);
    return left < soonMs
      ? warning('calendar', `it runs out on ${end}, ${daysFrom(now, Date.parse(end))}`, fix)
      : ok('calendar', `it goes on until ${end}`);
  });
}
