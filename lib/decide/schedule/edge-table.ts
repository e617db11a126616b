import type { EpochMs, Says, Term } from '../model.ts';
import { dayMs } from './local-date.ts';
import { countOpen, type LayeredOpening, type OpenChange } from './open-count.ts';
import type { Opening } from './openings.ts';

/**
 * What is said over [start, end): `says[i]` from `edges[i]` to `edges[i + 1]`; neighbours differ, and equal sayings
 * are the same array. `edges` begins with the start and ends with the end.
 */
export type EdgeTable = {
  readonly edges: Float64Array;
  readonly says: readonly Says[];
  /** For each slot of time since the start, where in `edges` to begin looking. */
  readonly firstOfSlot: Uint32Array;
};

/** A quarter of a day rarely holds more than two edges, so that asking costs no search. */
const slotMs = dayMs / 4;

/** One sweep over all openings: at each instant the first layer with anything open decides, else `otherwise`. */
export function buildEdgeTable(openings: readonly LayeredOpening[], otherwise: Term, span: Opening): EdgeTable {
  const changes = changesIn(openings, span);
  const open = countOpen(openings, otherwise);
  const edges: EpochMs[] = [];
  const says: Says[] = [];
  for (let i = 0, at = span.from; at < span.to; at = changes[i]?.at ?? span.to) {
    for (; changes[i]?.at === at; i += 1) open.apply(changes[i] as OpenChange);
    const said = open.says();
    if (said === says.at(-1)) continue;
    edges.push(at);
    says.push(said);
  }
  return { edges: Float64Array.from([...edges, span.to]), says, firstOfSlot: indexSlots(edges, span) };
}

/** The index of the stretch that holds `at`, which must lie within the table. */
export function stretchAt({ edges, firstOfSlot }: EdgeTable, at: EpochMs): number {
  let i = firstOfSlot[Math.floor((at - (edges[0] as number)) / slotMs)] as number;
  while ((edges[i + 1] as number) <= at) i += 1;
  return i;
}

type Change = OpenChange & { readonly at: EpochMs };

function changesIn(openings: readonly LayeredOpening[], span: Opening): readonly Change[] {
  const changes: Change[] = [];
  for (const opening of openings) {
    if (opening.to <= span.from || opening.from >= span.to) continue;
    changes.push({ at: Math.max(opening.from, span.from), by: 1, opening });
    if (opening.to < span.to) changes.push({ at: opening.to, by: -1, opening });
  }
  return changes.sort((a, b) => a.at - b.at);
}

/** For each slot the last stretch that has begun when the slot begins. */
function indexSlots(edges: readonly EpochMs[], span: Opening): Uint32Array {
  const firstOfSlot = new Uint32Array(Math.ceil((span.to - span.from) / slotMs));
  let i = 0;
  for (let slot = 0; slot < firstOfSlot.length; slot += 1) {
    while ((edges[i + 1] ?? span.to) <= span.from + slot * slotMs) i += 1;
    firstOfSlot[slot] = i;
  }
  return firstOfSlot;
}
