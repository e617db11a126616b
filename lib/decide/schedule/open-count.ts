import type { Says, Term } from '../model.ts';
import type { Opening } from './openings.ts';
import { canonicalSays, saysKey, termKey } from './says.ts';

/** What counts first: an exception (0), then the calendar day's own size (1), then the open windows (2). */
export type Layer = 0 | 1 | 2;

export type LayeredOpening = Opening & { readonly layer: Layer; readonly term: Term };

export type OpenChange = { readonly by: 1 | -1; readonly opening: LayeredOpening };

export type OpenCount = {
  apply(change: OpenChange): void;
  /** Equal answers are the same array. */
  says(): Says;
};

/** Counts what is open, per layer and term: the first layer with anything open decides, else `otherwise`. */
export function countOpen(openings: readonly LayeredOpening[], otherwise: Term): OpenCount {
  const terms = canonicalSays(openings.map(({ term }) => term));
  const placeOf = new Map(terms.map((term, place) => [termKey(term), place]));
  const countsOf = ([0, 1, 2] as const).map(() => new Int32Array(terms.length));
  const known = new Map<string, Says>();
  return {
    apply({ opening, by }) {
      const counts = countsOf[opening.layer] as Int32Array;
      const place = placeOf.get(termKey(opening.term)) as number;
      counts[place] = (counts[place] as number) + by;
    },
    says() {
      const counts = countsOf.find((layer) => layer.some((count) => count > 0));
      const says = counts === undefined ? [otherwise] : terms.filter((_, place) => (counts[place] as number) > 0);
      const key = saysKey(says);
      const same = known.get(key) ?? says;
      known.set(key, same);
      return same;
    },
  };
}
