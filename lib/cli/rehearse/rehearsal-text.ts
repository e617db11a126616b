import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { RehearsalDifference } from '../../decide/rehearsal/compare-rehearsals.ts';
import type { Rehearsal, RehearsedChange, RehearsedPool } from '../../decide/rehearsal/rehearse.ts';
import { latenessMs, totalOf } from '../../decide/rehearsal/total.ts';
import { describeSize } from '../../decide/scaling/size.ts';
import { inRegion, regionOf } from '../in-region.ts';
import type { Paint } from '../paint.ts';
import { type PoolLabel, poolLabels } from '../pool-label.ts';
import { clockOf, localInstant, localInstants, roughly } from '../render/instant.ts';
import { printable, renderTable } from '../render/table.ts';
import { type DrawParts, drawWeek } from './picture.ts';

export type TextParts = Omit<DrawParts, 'label'> & { readonly config: CompiledConfig; readonly days: number };

/** How changes are told: each in the zone of its pool's schedule, the main one unsaid. */
type Telling = { readonly zones: ReadonlyMap<string, string>; readonly zone: string; readonly label: PoolLabel };

/** A rehearsal for people: the picture, every change, what was not ready, and what it saves. */
export function rehearsalText(rehearsal: Rehearsal, parts: TextParts): readonly string[] {
  const { paint, config } = parts;
  const label = poolLabels(config);
  const zone = mainZone(rehearsal.pools);
  const { pools, changes } = rehearsal;
  return [
    paint.bold(
      `${count(parts.days, 'day')} from ${localInstant(rehearsal.from, zone)}: ${count(pools.length, 'pool')}`,
    ),
    '',
    ...drawWeek(rehearsal, zone, { ...parts, label }),
    '',
    ...changesText(changes, { zones: zonesOf(pools), zone, label }),
    '',
    ...readyText(rehearsal, label, paint),
    costText(rehearsal, paint),
    ...findingsText(rehearsal, zone, parts),
  ];
}

/** Only what the other config does differently. */
export function differenceText(
  difference: RehearsalDifference,
  rehearsals: readonly Rehearsal[],
  name: string,
  config: CompiledConfig,
): readonly string[] {
  const pools = rehearsals.flatMap((one) => one.pools);
  const telling = { zones: zonesOf(pools), zone: mainZone(pools), label: poolLabels(config) };
  const { added, removed, moved, nodeHours, oldNodeHours } = difference;
  const rows = [
    ...removed.map((change) => ({ at: change.at, cells: ['-', ...cellsOf(change, telling)] })),
    ...added.map((change) => ({ at: change.at, cells: ['+', ...cellsOf(change, telling)] })),
    ...moved.map(({ change, wasAt }) => ({
      at: change.at,
      cells: ['~', ...cellsOf(change, telling).slice(0, 3), `was ${shortInstant(wasAt, zoneFor(change, telling))}`],
    })),
  ].sort((a, b) => a.at - b.at);
  if (rows.length === 0) return [`Nothing changes against ${name}: the same ${hours(nodeHours)} node-hours`];
  const perPool = difference.pools.map(
    (pool) => `  ${telling.label(pool.pool)}  ${signed(pool.nodeHours - pool.oldNodeHours)}`,
  );
  return [
    `Against ${name}: ${moved.length} moved (~), ${added.length} added (+), ${removed.length} removed (-)`,
    ...renderTable(
      ['', '', '', '', ''],
      rows.map(({ cells }) => cells),
    ).slice(1),
    '',
    `Node-hours ${hours(nodeHours)} instead of ${hours(oldNodeHours)} (${signed(nodeHours - oldNodeHours)})`,
    ...perPool,
  ];
}

function changesText(changes: readonly RehearsedChange[], telling: Telling): readonly string[] {
  if (changes.length === 0) return ['No change'];
  const rows = changes.map((change) => cellsOf(change, telling));
  return [`${count(changes.length, 'change')}, each one PUT`, ...renderTable(['', '', '', ''], rows).slice(1)];
}

function cellsOf(change: RehearsedChange, telling: Telling): readonly string[] {
  const own = zoneFor(change, telling);
  return [
    `${shortInstant(change.at, own)}${own === telling.zone ? '' : ` ${own}`}`,
    telling.label(change),
    `${describeSize(change.from)} → ${describeSize(change.to)}`,
    printable(localInstants(change.reason, own, change.at)),
  ];
}

function readyText({ pools, changes }: Rehearsal, label: PoolLabel, paint: Paint): readonly string[] {
  const { boundaries, readyInTime } = totalOf({ pools, changes });
  if (boundaries === 0) return ['No pool has to grow at a boundary'];
  const all = `Ready at ${readyInTime} of ${count(boundaries, 'boundary', 'boundaries')} at which a pool must grow`;
  const late = pools.flatMap((pool) =>
    pool.boundaries
      .filter((boundary) => !boundary.isOpen && latenessMs(boundary) > 0)
      .map((boundary) => {
        const how = boundary.readyAt === undefined ? 'never' : `${roughly(latenessMs(boundary))} late`;
        return `  ${label(pool)}  ${shortInstant(boundary.at, pool.zone)}  ${describeSize(boundary.wanted)}: ${how}`;
      }),
  );
  return late.length === 0 ? [paint.green(all)] : [paint.yellow(all), ...late];
}

function costText(rehearsal: Rehearsal, paint: Paint): string {
  const { nodeHours, alwaysOnNodeHours, savedPercent } = totalOf(rehearsal);
  const saved = `${Math.abs(savedPercent).toFixed(0)} % ${savedPercent < 0 ? 'more' : 'saved'}`;
  return `Node-hours ${hours(nodeHours)} of ${hours(alwaysOnNodeHours)} with the base all the time: ${paint.bold(saved)}`;
}

function findingsText({ findings, pools }: Rehearsal, zone: string, { config, paint }: TextParts): readonly string[] {
  const observed = pools.filter(({ isObserved }) => isObserved).length;
  return [
    ...(observed === 0
      ? []
      : [`${count(observed, 'pool')} only observed (mode: observe): this is what would happen if the rule said act`]),
    ...findings.map(({ at, finding }) => {
      const colour = finding.severity === 'critical' ? paint.red : paint.yellow;
      const when = `${shortInstant(at, zone)}${inRegion(config, regionOf(finding.subject))}`;
      return colour(`${finding.severity} ${when}  ${printable(finding.text)}`);
    }),
  ];
}

function zonesOf(pools: readonly RehearsedPool[]): ReadonlyMap<string, string> {
  return new Map(pools.map((pool) => [`${pool.region}\n${pool.poolId}`, pool.zone]));
}

function zoneFor(change: RehearsedChange, { zones, zone }: Telling): string {
  return zones.get(`${change.region}\n${change.poolId}`) ?? zone;
}

/** The zone of most pools. */
function mainZone(pools: readonly RehearsedPool[]): string {
  const counts = new Map<string, number>();
  for (const { zone } of pools) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'UTC';
}

function shortInstant(at: EpochMs, zone: string): string {
  const { weekday, date, time } = clockOf(at, zone);
  return `${weekday} ${date} ${time}`;
}

function hours(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

function signed(n: number): string {
  return `${n < 0 ? '−' : '+'}${hours(Math.abs(n))}`;
}

function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}
