import type { CompiledConfig } from '../decide/compiled-config.ts';
import type { CliParts } from './cli-parts.ts';

/** The zone in which people read instants: the config's, else the one that its schedules share, else this machine's. */
export function readingZone(
  { zone, schedules }: Pick<CompiledConfig, 'zone' | 'schedules'>,
  machine: Pick<CliParts, 'zone'>,
): string {
  const [shared, ...others] = new Set(schedules.map((schedule) => schedule.zone));
  return zone ?? (others.length === 0 ? shared : undefined) ?? machine.zone;
}

/** A command's parts with that zone in them, for those that hand them on. */
export function inReadingZone(config: Pick<CompiledConfig, 'zone' | 'schedules'>, parts: CliParts): CliParts {
  return { ...parts, zone: readingZone(config, parts) };
}
