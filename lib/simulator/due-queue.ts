import type { EpochMs } from '../decide/model.ts';

/** What is due at an instant; `happen` gets that instant, which may lie before the look that made it happen. */
export type Due = { readonly at: EpochMs; readonly happen: (at: EpochMs) => void };

export type DueQueue = {
  readonly add: (due: Due) => void;
  /** Takes out the earliest that is due at or before `now`; of equals, the one added first. */
  readonly takeDue: (now: EpochMs) => Due | undefined;
};

/** Kept sorted: few things are under way at once, and most are added at the end. */
export function dueQueue(): DueQueue {
  const waiting: Due[] = [];
  return {
    add: (due) => {
      let index = waiting.length;
      while (index > 0 && (waiting[index - 1]?.at ?? 0) > due.at) index -= 1;
      waiting.splice(index, 0, due);
    },
    takeDue: (now) => {
      const first = waiting[0];
      return first !== undefined && first.at <= now ? waiting.shift() : undefined;
    },
  };
}
