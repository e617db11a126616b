import type { ObservedPool, Size } from '../model.ts';
import type { PoolMemory } from './memory.ts';
import { equalSize } from './size.ts';

/** A PUT may be done minutes after everybody gave up on it, and then takes as long as a resize may take. */
const showsForMs = 60 * 60_000;

/**
 * Does the pool show what we asked for and gave up on? The same size, touched much later than that, is somebody else's.
 * Found by seed 926 of the simulation with ten clusters: an old plan of Terraform was taken for our own raise of that night.
 */
export function isLateEffect({ notApplied }: PoolMemory, running: Size, { updatedAt }: ObservedPool): boolean {
  if (notApplied === undefined || !equalSize(notApplied.target, running)) return false;
  return notApplied.at === undefined || updatedAt === undefined || updatedAt - notApplied.at <= showsForMs;
}
