import type { EpochMs } from '../model.ts';
import type { Rehearsal, RehearsedPool } from './rehearse.ts';
import type { BoundaryCheck } from './check-boundaries.ts';

export type RehearsalTotal = {
  readonly puts: number;
  readonly nodeHours: number;
  readonly alwaysOnNodeHours: number;
  /** Of always-on; below 0 where more was asked for than the base. */
  readonly savedPercent: number;
  /** Boundaries at which a pool had to grow, and that could be judged. */
  readonly boundaries: number;
  readonly readyInTime: number;
  /** The one that was ready last, or never, after its boundary. */
  readonly worst: LateBoundary | undefined;
};

export type LateBoundary = { readonly pool: RehearsedPool; readonly boundary: BoundaryCheck };

export function totalOf({ pools, changes }: Pick<Rehearsal, 'pools' | 'changes'>): RehearsalTotal {
  const hours = pools.reduce((sum, pool) => sum + pool.nodeHours, 0);
  const alwaysOn = pools.reduce((sum, pool) => sum + pool.alwaysOnNodeHours, 0);
  const judged = judgedBoundaries(pools);
  const late = lateBoundaries(pools);
  return {
    puts: changes.length,
    nodeHours: hours,
    alwaysOnNodeHours: alwaysOn,
    savedPercent: alwaysOn === 0 ? 0 : ((alwaysOn - hours) / alwaysOn) * 100,
    boundaries: judged.length,
    readyInTime: judged.length - late.length,
    worst: late.toSorted((a, b) => latenessMs(b.boundary) - latenessMs(a.boundary))[0],
  };
}

function judgedBoundaries(pools: readonly RehearsedPool[]): readonly LateBoundary[] {
  return pools.flatMap((pool) =>
    pool.boundaries.filter(({ isOpen }) => !isOpen).map((boundary) => ({ pool, boundary })),
  );
}

/** Those at which a pool was ready too late, or never. */
export function lateBoundaries(pools: readonly RehearsedPool[]): readonly LateBoundary[] {
  return judgedBoundaries(pools).filter(({ boundary }) => latenessMs(boundary) > 0);
}

/** Infinite where the pool was never ready. */
export function latenessMs({ at, readyAt }: { readonly at: EpochMs; readonly readyAt: EpochMs | undefined }): number {
  return readyAt === undefined ? Number.POSITIVE_INFINITY : readyAt - at;
}
