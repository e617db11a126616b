import type { EpochMs, ObservedPool, Size } from '../model.ts';
import type { Change } from '../scaling/memory.ts';
import { describeSize, isRange, isRaise, lower, upper } from '../scaling/size.ts';
import { isChanging } from '../watching/statuses.ts';

/** How long a pool's resizes take. */
export type Durations = { readonly raiseMs: number; readonly lowerMs: number };

/** What a pool was over [from, the next stretch). */
export type Stretch = {
  readonly from: EpochMs;
  /** undefined = the answer held no size. */
  readonly size: Size | undefined;
  /** false while it is being resized, or is in no state to work. */
  readonly isRunning: boolean;
  /** Nodes that are there, and cost, as far as can be told. */
  readonly nodes: number;
};

/** One pool of the rehearsed fleet: what the API would show, and what it was until now. */
export type PoolLife = {
  pool: ObservedPool;
  readonly durations: Durations;
  /** Nodes that an autoscaled pool needs; its bounds keep it from having them. */
  readonly demand: number;
  resize: { readonly to: Size; readonly doneAt: EpochMs } | undefined;
  readonly stretches: Stretch[];
};

/** Until a raise was seen: MKS's own command-line tests allow a resize 15 minutes. A lower only takes nodes away. */
export const usualDurations: Durations = { raiseMs: 15 * 60_000, lowerMs: 10 * 60_000 };

/** Takes over a pool as it is; a change in flight, ours or somebody's, ends after the time that such a change takes. */
export function beginLife(
  pool: ObservedPool,
  change: Change | undefined,
  durations: Durations,
  demand: number,
  now: EpochMs,
): PoolLife {
  const life: PoolLife = { pool, durations, demand, resize: undefined, stretches: [] };
  const to = change?.to ?? shownSize(pool);
  if (isChanging(pool.status) && pool.status !== 'Deleting' && to !== undefined) {
    const began = change?.claimedAt ?? now;
    const takesMs = change && !isRaise(change.from, change.to) ? durations.lowerMs : durations.raiseMs;
    life.resize = { to, doneAt: Math.max(now, began + takesMs) };
  }
  note(life, now);
  return life;
}

/** A PUT that the API took. */
export function beginResize(life: PoolLife, from: Size, to: Size, now: EpochMs): void {
  const { raiseMs, lowerMs } = life.durations;
  life.resize = { to, doneAt: now + (isRaise(from, to) ? raiseMs : lowerMs) };
  life.pool = { ...life.pool, status: 'Scaling', updatedAt: now };
  note(life, now);
}

/** Lets a resize end that is due; true when one did. */
export function endResize(life: PoolLife, now: EpochMs): boolean {
  const { resize } = life;
  if (resize === undefined || resize.doneAt > now) return false;
  life.resize = undefined;
  life.pool = { ...life.pool, ...fieldsOf(resize.to), status: 'Running', updatedAt: resize.doneAt };
  note(life, resize.doneAt);
  return true;
}

/** Nodes of a pool at a size: an autoscaled one has what it needs, as far as its bounds let it. */
export function nodesAt(size: Size, demand: number): number {
  return isRange(size) ? Math.min(Math.max(demand, size.min), size.max) : size;
}

export function shownSize({ autoscale, size, sizeMin, sizeMax }: ObservedPool): Size | undefined {
  if (!autoscale) return size;
  return sizeMin === undefined || sizeMax === undefined ? undefined : { min: sizeMin, max: sizeMax };
}

/** While a pool is being resized it counts as the larger of both sizes: nodes come early and go late. */
function note(life: PoolLife, from: EpochMs): void {
  const { pool, resize, demand, stretches } = life;
  const size = shownSize(pool);
  const nodes = size === undefined ? 0 : nodesAt(size, demand);
  const isRunning = pool.status === 'Running';
  const stretch = { from, size, isRunning, nodes: resize ? Math.max(nodes, nodesAt(resize.to, demand)) : nodes };
  const last = stretches.at(-1);
  if (last?.from === from) stretches.pop();
  else if (last && last.isRunning === isRunning && describeSize(last.size) === describeSize(size)) return;
  stretches.push(stretch);
}

function fieldsOf(size: Size): Pick<ObservedPool, 'size'> | Pick<ObservedPool, 'sizeMin' | 'sizeMax'> {
  return isRange(size) ? { sizeMin: lower(size), sizeMax: upper(size) } : { size };
}
