import type { PoolMemory } from './memory.ts';
import type { Size } from '../model.ts';
import { refusalOf } from './refusal.ts';
import { describeSize, equalSize } from './size.ts';

/** What Lamplighter did for a size that is not reached, as far as it remembers: the gravest of what came of it. */
export function deedOf(memory: PoolMemory, target: Size): string | undefined {
  const { stuck, notApplied, lastSet } = memory;
  const size = describeSize(target);
  const refusal = refusalOf(memory, target);
  if (refusal !== undefined) return `asked for ${size}, which was refused: ${refusal.detail}`;
  if (stuck !== undefined && equalSize(stuck.to, target)) {
    return `asked for ${size} at ${new Date(stuck.claimedAt).toISOString().slice(0, 16)}Z, which has not happened yet`;
  }
  if (notApplied !== undefined && equalSize(notApplied.target, target)) {
    return `asked for ${size}${timesIn(notApplied.count)}`;
  }
  return lastSet !== undefined && equalSize(lastSet, target) ? `asked for ${size}, which was taken` : undefined;
}

function timesIn(count: number): string {
  if (count === 0) return ', and then no answer showed the pool for a while';
  return `${count === 1 ? ' once' : ` ${count} times`}, and nothing changed`;
}
