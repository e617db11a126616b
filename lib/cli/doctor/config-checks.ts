import type { ConfigOutcome } from '../../config/compile-config.ts';
import { renderProblem } from '../../config/problem.ts';
import { calendarDays, dayMs, type EpochMs } from '../../model/time.ts';
import { type Check, checksOf } from './check-result.ts';

/** What `check` says about the file. */
export function configChecks(file: string, outcome: ConfigOutcome): readonly Check[] {
  const { ok, warning, failed } = checksOf(file);
  const errors = outcome.problems.filter(({ severity }) => severity === 'error');
  const rest = outcome.problems.filter(({ severity }) => severity === 'warning');
  return [
    ...(outcome.ok ? [ok('config', `the config is valid${ofFiles(outcome.files)}`)] : []),
    ...errors.map((problem) => failed('config', renderProblem({ ...problem, fix: '' }), problem.fix)),
    ...rest.map((problem) => warning('config', renderProblem({ ...problem, fix: '' }), problem.fix)),
  ];
}

function ofFiles({ length }: readonly string[]): string {
  return length > 1 ? ` (${length} files)` : '';
}

/** As `process.versions` has them. */
export type Versions = { readonly node: string; readonly tz?: string | undefined };

const monthMs = 30.44 * dayMs;
/** Governments change clocks with weeks of notice; data of last year knows nothing of it. */
const oldTzMonths = 18;

/** The Node that runs this, and how old its knowledge of time zones is. */
export function machineChecks({ node, tz }: Versions, now: EpochMs): readonly Check[] {
  const { ok, warning, failed, unknown } = checksOf('this machine');
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const isEnough = major > 22 || (major === 22 && minor >= 18);
  const released = releasedAt(tz);
  const months = released === undefined ? 0 : Math.round((now - released) / monthMs);
  return [
    !isEnough
      ? failed('node', `Node ${node} is too old`, 'install Node 24, or 22.18 at least')
      : major < 24
        ? warning('node', `Node ${node} works; Lamplighter is tested with Node 24`, 'install Node 24')
        : ok('node', `Node ${node}`),
    tz === undefined || released === undefined
      ? unknown('time-zones', 'this Node does not say how old its time-zone data is', 'use a Node with full ICU')
      : months > oldTzMonths
        ? warning(
            'time-zones',
            `the time-zone data ${tz} is about ${months} months old: changes of clocks since then are missing`,
            'install a newer Node',
          )
        : ok('time-zones', `time-zone data ${tz}`),
  ];
}

/** "2026b": the year and, in its order, the release of that year (iana.org/time-zones); a release comes about every two months. */
function releasedAt(tz: string | undefined): EpochMs | undefined {
  const [, year, letter] = /^(\d{4})([a-z])/.exec(tz ?? '') ?? [];
  if (year === undefined || letter === undefined) return undefined;
  return Date.UTC(Number(year), 1 + 2 * (letter.charCodeAt(0) - 97));
}

/** "in 2 days". */
export function daysFrom(now: EpochMs, then: EpochMs): string {
  const days = calendarDays(now, then);
  if (days === 0) return 'today';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}
