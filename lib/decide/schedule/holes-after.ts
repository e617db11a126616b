import type { Schedule, Window } from '../compiled-config.ts';
import type { EpochMs } from '../model.ts';
import { joinOpenings } from './join-openings.ts';
import type { Opening, WindowOpening } from './openings.ts';
import { saysKey } from './says.ts';
import type { WindowWarning } from './window-warnings.ts';

/** A hole as short as this is rather a slip ("to 23:59") than a wish. */
const holeMinutes = 5;

/** Between two windows `otherwise` counts; for a few minutes that is two resizes for nothing. */
export function holesAfter(
  schedule: Schedule,
  window: number,
  own: readonly WindowOpening[],
  openings: readonly WindowOpening[],
): readonly WindowWarning[] {
  const { text, size } = schedule.windows[window] as Window;
  const otherwise = saysKey([schedule.otherwise]);
  if (saysKey([size]) === otherwise) return [];
  const next = new Set<Window>();
  const covered = joinOpenings(openings);
  const byEnd = new Map(covered.map(({ to }, index) => [to, index]));
  for (const { to } of own) {
    const hole = holeBetween(to, covered[(byEnd.get(to) ?? Number.NaN) + 1]);
    if (hole !== undefined) for (const one of openings) if (one.from === hole.to) next.add(one.window);
  }
  return [...next]
    .filter((other) => saysKey([other.size]) !== otherwise)
    .map((other) => ({
      kind: 'hole',
      window,
      problem: `between the windows "${text}" and "${other.text}" there is a hole of at most ${holeMinutes} min`,
      fix: `let the first end when the second begins ("24:00" is the end of a day)`,
    }));
}

/** `next` = what opens next after all that was open has closed at `at`; undefined = nothing, or something was still open. */
function holeBetween(at: EpochMs, next: Opening | undefined): Opening | undefined {
  if (next === undefined || next.from - at > holeMinutes * 60_000) return undefined;
  return { from: at, to: next.from };
}
