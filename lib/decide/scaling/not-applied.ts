import type { ObservedPool, Size } from '../model.ts';
import type { PoolMemory } from './memory.ts';
import { isLeftOut } from './observed-size.ts';
import { equalSize } from './size.ts';

/** A PUT may be done minutes after everybody gave up on it: by then the pool is on its way. */
const beginsWithinMs = 15 * 60_000;
/** And then takes as long as a resize takes that does not hang. */
const showsForMs = 60 * 60_000;

/**
 * Does the pool show what we asked for and gave up on? The same size, touched much later than that, is somebody else's,
 * unless the pool was on its way ever since. Found by seeds of the simulation with ten clusters: 926 took an old plan of
 * Terraform for our own raise of that night, 411 a lower of ours that hung for two hours for somebody else's.
 */
export function isLateEffect(
  { notApplied, unseenSince }: Pick<PoolMemory, 'notApplied' | 'unseenSince'>,
  running: Size,
  pool: ObservedPool,
): boolean {
  if (notApplied === undefined || !equalSize(notApplied.target, running)) return false;
  const { at } = notApplied;
  const { updatedAt } = pool;
  if (at === undefined || updatedAt === undefined || isLeftOut(pool)) return true;
  return updatedAt - at <= showsForMs || (unseenSince !== undefined && unseenSince - at <= beginsWithinMs);
}
