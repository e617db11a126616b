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
  for (const { to } of own) {
    const hole = holeFrom(to, covered);
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

function holeFrom(at: EpochMs, covered: readonly Opening[]): Opening | undefined {
  const index = covered.findIndex(({ to }) => to === at);
  const next = covered[index + 1];
  if (index < 0 || next === undefined || next.from - at > holeMinutes * 60_000) return undefined;
  return { from: at, to: next.from };
}
