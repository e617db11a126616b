import type { PoolMemory } from '../decide/scaling/memory.ts';
import type { HoldCode } from '../decide/scaling/plan.ts';
import type { StoredPool } from './known-pools.ts';

/**
 * Why the last round left a pool at another size than the wanted one; undefined = it did not. The memory holds the last
 * decision as a fingerprint that begins with its kind and code; it counts while something is still to be reached.
 */
export function holdOfMemory({ decision, pending }: PoolMemory): HoldCode | undefined {
  const [kind, code] = decision?.split('|') ?? [];
  return kind === 'hold' && pending !== undefined ? (code as HoldCode) : undefined;
}

export function heldPools(pools: readonly StoredPool[], code: HoldCode): readonly StoredPool[] {
  return pools.filter(({ memory }) => holdOfMemory(memory) === code);
}
