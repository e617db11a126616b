import { type EpochMs, hourMs } from '../../model/time.ts';
import { clockOf } from '../../model/wall-clock.ts';
import type { Paint } from '../text/paint.ts';

/** What a pool looked like at one instant. */
export type Look = {
  /** Nodes. */
  readonly size: number;
  /** What was asked for: the size, or the bounds of an autoscaled pool. */
  readonly asked: string;
  readonly isMoving: boolean;
};

/** Everything that has been seen so far: one look per pool and tick. */
export type Film = {
  readonly startedAt: EpochMs;
  readonly lengthMs: number;
  readonly tickMs: number;
  readonly zone: string;
  readonly pools: ReadonlyMap<string, readonly Look[]>;
};

const bars = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const none = '·';

/** One row per pool: its nodes over time, as bars, and how many it has now; hours below. */
export function drawFilm(film: Film, columns: number, paint: Paint): readonly string[] {
  const names = [...film.pools.keys()];
  const nameWidth = Math.max(...names.map((name) => name.length));
  const cells = Math.max(16, Math.min(64, columns - nameWidth - 12));
  const rows = names.map((name) => {
    const looks = film.pools.get(name) ?? [];
    const last = looks.at(-1);
    const now = last === undefined ? '' : `${String(last.size).padStart(2)}${last.isMoving ? ' …' : ''}`;
    return `${name.padEnd(nameWidth)} ${paint.yellow(drawPool(looks, cells, film))} ${now}`;
  });
  return [...rows, `${' '.repeat(nameWidth)} ${paint.dim(drawHours(film, cells))}`];
}

/** Each cell shows the most nodes within its stretch of time; a pool's own highest is a full bar, 0 is a dot. */
function drawPool(looks: readonly Look[], cells: number, { lengthMs, tickMs }: Film): string {
  const most = Math.max(1, ...looks.map(({ size }) => size));
  const perCell = lengthMs / tickMs / cells;
  let text = '';
  for (let cell = 0; cell < cells; cell += 1) {
    const part = looks.slice(Math.floor(cell * perCell), Math.max(1, Math.floor((cell + 1) * perCell)));
    if (part.length === 0) text += ' ';
    else text += barOf(Math.max(...part.map(({ size }) => size)), most);
  }
  return text;
}

function barOf(size: number, most: number): string {
  return size === 0 ? none : (bars[Math.max(1, Math.round((size / most) * (bars.length - 1)))] as string);
}

/** "17  19  21  23 …": the hour stands where it begins. */
function drawHours({ startedAt, lengthMs, zone }: Film, cells: number): string {
  const hours = Math.round(lengthMs / hourMs);
  const every = Math.ceil((3 * hours) / cells);
  let text = '';
  for (let hour = 0; hour < hours; hour += every) {
    const column = Math.round((hour / hours) * cells);
    const label = clockOf(startedAt + hour * hourMs, zone).time.slice(0, 2);
    text = text.padEnd(column) + label;
  }
  return text;
}
