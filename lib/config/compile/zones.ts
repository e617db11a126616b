import { checkZone } from '../../decide/schedule/check-zone.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import type { Path } from '../problem.ts';
import type { Context } from './context.ts';

/** The zone written at this place; undefined when it is none, which is then reported. */
export function readZone(written: string | undefined, path: Path, { report }: Context): string | undefined {
  if (written === undefined) return undefined;
  const zone = checkZone(written);
  if (!isScheduleProblem(zone)) return zone;
  if (!report.isTold(path)) report.error(path, zone.problem, zone.fix);
  return undefined;
}

/** Its own zone, else the config's. There is no default zone: a silent UTC would be wrong for nearly everybody. */
export function zoneFor(own: string | undefined, owner: Path, what: string, context: Context): string | undefined {
  const { input, report } = context;
  if (own !== undefined) return readZone(own, [...owner, 'timezone'], context);
  if (input.timezone !== undefined) return readZone(input.timezone, ['timezone'], context);
  if (!report.isTold(['timezone'])) {
    report.missing(
      owner,
      'timezone',
      `${what} has no time zone`,
      'add timezone: Europe/Berlin (or yours) at the top of the config',
    );
  }
  return undefined;
}
