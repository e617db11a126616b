import type { CompiledConfig } from '../decide/compiled-config.ts';
import type { Subject } from '../decide/model.ts';
import { printable } from './render/table.ts';

/** " in r1", where the config has several regions; else nothing needs to be said. */
export function inRegion({ regions }: Pick<CompiledConfig, 'regions'>, region: string | undefined): string {
  return regions.length > 1 && region ? ` in ${printable(region)}` : '';
}

/** The region of a finding's subject, where it has one. */
export function regionOf(subject: Subject): string | undefined {
  return 'region' in subject ? subject.region : undefined;
}
