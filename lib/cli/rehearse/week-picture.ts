import type { Rehearsal, RehearsedPool } from '../../decide/rehearsal/rehearsal.ts';
import { cutDays, type DayCells, nodesInCells } from '../../decide/rehearsal/week-cells.ts';
import { dayNumber } from '../../decide/schedule/local-time.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import { clockOf } from '../../model/wall-clock.ts';
import { ruleNaming } from '../pools.ts';
import type { PoolLabel } from '../text/labels.ts';
import type { Paint } from '../text/paint.ts';

const longestName = 30;

export type DrawParts = {
  /** Whose rules group the pools of a large fleet. */
  readonly config: Pick<CompiledConfig, 'rules'>;
  readonly columns: number;
  readonly label: PoolLabel;
  readonly paint: Paint;
};

/** One row per pool, one block per hour or, where the terminal is narrow, per few hours; of local time in `zone`. */
export function drawWeek(rehearsal: Rehearsal, zone: string, parts: DrawParts): readonly string[] {
  const { columns, paint } = parts;
  const rows = rowsOf(rehearsal, zone, parts);
  const first = dayOf(rehearsal.from, zone);
  const count = dayOf(rehearsal.to - 1, zone) - first + 1;
  const perPicture = count <= 8 ? count : 7;
  const nameWidth = Math.min(longestName, Math.max(...rows.map(({ name }) => name.length)));
  const perDay = cellsPerDay(columns - nameWidth - 2, perPicture);
  const days = cutDays(zone, first, count, perDay);
  const lines: string[] = [];
  for (let i = 0; i < count; i += perPicture) {
    const shown = days.slice(i, i + perPicture);
    lines.push(
      `${' '.repeat(nameWidth)}  ${shown.map((day) => head(day, zone).slice(0, perDay).padEnd(perDay)).join(' ')}`.trimEnd(),
    );
    for (const { pool, name } of rows) lines.push(row(pool, name, shown, rehearsal, nameWidth, paint));
    lines.push('');
  }
  const each = 24 / perDay;
  const unknown = rehearsal.pools.some(isUnclear) ? ', ? size or base not known' : '';
  return [
    ...lines,
    `one block is ${each === 1 ? 'an hour' : `${each} hours`}: █ at base or above, ▓ ▒ ░ below it, · no node${unknown}`,
  ];
}

/** Of more pools than this, those of one rule that look the same are one row. */
const mostRows = 40;

function rowsOf(
  { pools, from, to }: Rehearsal,
  zone: string,
  { config, label }: DrawParts,
): readonly { readonly pool: RehearsedPool; readonly name: string }[] {
  if (pools.length <= mostRows) return pools.map((pool) => ({ pool, name: label(pool) }));
  const first = dayOf(from, zone);
  const days = cutDays(zone, first, dayOf(to - 1, zone) - first + 1, 24);
  const ruleOf = (pool: RehearsedPool) => ruleNaming(config.rules, pool)?.match.text;
  const lookOf = (pool: RehearsedPool) =>
    days.map((day) => nodesInCells(day, pool.stretches, from, to).map((nodes) => share(pool, nodes, from, to)));
  const groups = Map.groupBy(pools, (pool) => JSON.stringify([ruleOf(pool), isUnclear(pool), lookOf(pool)]));
  return [...groups.values()].flatMap((some) => {
    const [pool] = some;
    if (pool === undefined) return [];
    return [{ pool, name: some.length === 1 ? label(pool) : `${some.length} × ${ruleOf(pool) ?? label(pool)}` }];
  });
}

/** As far as a block shows it. */
function share({ alwaysOnNodeHours }: RehearsedPool, nodes: number | undefined, from: EpochMs, to: EpochMs) {
  const base = alwaysOnNodeHours / ((to - from) / hourMs);
  return nodes === undefined || nodes === 0 || base === 0 ? nodes : Math.round((nodes / base) * 20);
}

function cellsPerDay(width: number, days: number): number {
  return [24, 12, 8, 6, 4, 3].find((cells) => days * (cells + 1) - 1 <= width) ?? 2;
}

function dayOf(at: EpochMs, zone: string): number {
  return dayNumber(clockOf(at, zone).date) ?? 0;
}

/** "Mon 23", so that its beginning alone says the day. */
function head({ date, edges }: DayCells, zone: string): string {
  return `${clockOf(edges[0] ?? 0, zone).weekday} ${date.slice(8)}`;
}

function row(
  pool: RehearsedPool,
  name: string,
  days: readonly DayCells[],
  { from, to }: Rehearsal,
  nameWidth: number,
  paint: Paint,
): string {
  const base = pool.alwaysOnNodeHours / ((to - from) / hourMs);
  const cells = days.map((day) =>
    nodesInCells(day, pool.stretches, from, to)
      .map((nodes) =>
        isUnclear(pool) && nodes !== undefined ? unclear(pool, nodes, paint) : block(nodes, base, paint),
      )
      .join(''),
  );
  const cut = name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name.padEnd(nameWidth);
  return `${cut}  ${cells.join(' ')}`.trimEnd();
}

/** Nobody knows what its base is, or an answer leaves out its size. */
function isUnclear({ base, stretches }: RehearsedPool): boolean {
  return base === undefined || stretches.some(({ size }) => size === undefined);
}

function unclear({ stretches }: RehearsedPool, nodes: number, paint: Paint): string {
  const isAtZero = nodes === 0 && stretches.every(({ size }) => size !== undefined);
  return isAtZero ? block(0, 0, paint) : paint.yellow('?');
}

function block(nodes: number | undefined, base: number, paint: Paint): string {
  if (nodes === undefined) return ' ';
  if (nodes === 0) return paint.dim('·');
  const share = base === 0 ? 1 : nodes / base;
  if (share >= 0.99) return paint.green('█');
  return paint.yellow(share >= 0.6 ? '▓' : share >= 0.3 ? '▒' : '░');
}
