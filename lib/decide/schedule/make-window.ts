import type { Window } from '../compiled-config.ts';
import type { Term } from '../model.ts';
import { parseFilters } from './window-filters.ts';
import { makePieces } from './window-pieces.ts';
import { isScheduleProblem, type ScheduleProblem } from './schedule-problem.ts';
import { windowText } from './window-text.ts';

/** A window as written; what is undefined was left out. */
export type WrittenWindow = {
  readonly days?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly nth?: unknown;
  readonly dayOfMonth?: unknown;
  readonly months?: unknown;
};

/** `key`: the part of the window that the problem is about; absent = the window as a whole. */
export type WindowProblem = ScheduleProblem & { readonly key?: keyof WrittenWindow };

/**
 * A window opens at `from` on each local date that passes all its filters, and closes at the next `to`; without both,
 * it lasts the whole local day. With weekdays in its times it is open once a week, from the one to the other.
 */
export function makeWindow(written: WrittenWindow, size: Term): Window | WindowProblem {
  const filters = parseFilters(written);
  if (isScheduleProblem(filters)) return filters;
  const pieces = makePieces(written, filters);
  return isScheduleProblem(pieces) ? pieces : { text: windowText(written), size, pieces };
}
