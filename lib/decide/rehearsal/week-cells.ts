import { type EpochMs, hourMs } from '../../model/time.ts';
import { boundaryOf, type DayNumber, offsetsAround, renderDate } from '../schedule/local-time.ts';
import type { Stretch } from './rehearsal.ts';
import { nodeHours } from './totals.ts';

/** One local day, cut at wall times: the hours that a clock change skips are an empty cell, those that come twice a long one. */
export type DayCells = { readonly date: string; readonly edges: readonly EpochMs[] };

const daySeconds = 86_400;

/** The local days from `first` on, each in `perDay` cells; `edges` has one more entry than there are cells. */
export function cutDays(zone: string, first: DayNumber, days: number, perDay: number): readonly DayCells[] {
  const offsets = offsetsAround(zone, first, first + days);
  return Array.from({ length: days }, (_, i) => {
    const day = first + i;
    const edges = Array.from({ length: perDay + 1 }, (_unused, cell) =>
      boundaryOf(day, (cell * daySeconds) / perDay, offsets),
    );
    return { date: renderDate(day), edges };
  });
}

/** The nodes that were there on average in each cell; undefined where the rehearsal does not reach or no time passes. */
export function nodesInCells(
  { edges }: DayCells,
  stretches: readonly Stretch[],
  from: EpochMs,
  to: EpochMs,
): readonly (number | undefined)[] {
  return edges.slice(1).map((end, i) => {
    const [start, stop] = [Math.max(edges[i] as EpochMs, from), Math.min(end, to)];
    return stop > start ? nodeHours(stretches, start, stop) / ((stop - start) / hourMs) : undefined;
  });
}
