import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import { withConfig } from '../../decide/command-hint.ts';
import type { FoundFinding, Rehearsal, RehearsedChange, RehearsedPool } from '../../decide/rehearsal/rehearse.ts';
import { type LateBoundary, lateBoundaries, latenessMs, totalOf } from '../../decide/rehearsal/total.ts';
import { describeSize, isRange } from '../../decide/scaling/size.ts';
import { inRegion, regionOf } from '../in-region.ts';
import type { Paint } from '../paint.ts';
import { type PoolLabel, poolLabels } from '../pool-label.ts';
import { clockOf, localInstant, localInstants, roughly } from '../render/instant.ts';
import { printable, renderTable } from '../render/table.ts';
import { type DrawParts, drawWeek } from './picture.ts';

export type TextParts = Omit<DrawParts, 'label'> & { readonly config: CompiledConfig; readonly days: number };

/** How changes are told: each in the zone of its pool's schedule, the main one unsaid. */
export type Telling = { readonly zones: ReadonlyMap<string, string>; readonly zone: string; readonly label: PoolLabel };

/** A rehearsal for people: the picture, every change, what was not ready, and what it saves. */
export function rehearsalText(rehearsal: Rehearsal, parts: TextParts): readonly string[] {
  const { paint, config } = parts;
  const label = poolLabels(config);
  const zone = mainZone(rehearsal.pools);
  const { pools, changes } = rehearsal;
  const telling = { zones: zonesOf(pools), zone, label };
  return [
    paint.bold(
      `${count(parts.days, 'day')} from ${localInstant(rehearsal.from, zone)}: ${count(pools.length, 'pool')}`,
    ),
    '',
    ...drawWeek(rehearsal, zone, { ...parts, label }),
    '',
    ...changesText(changes, telling),
    '',
    ...readyText(rehearsal, telling, paint),
    costText(rehearsal, paint),
    ...costNotes(rehearsal.pools),
    ...observedText(pools),
    ...rehearsal.findings.map((found) => findingText(found, zone, parts)),
  ];
}

function changesText(changes: readonly RehearsedChange[], telling: Telling): readonly string[] {
  if (changes.length === 0) return ['No change'];
  const rows = changes.map((change) => cellsOf(change, telling));
  return [`${count(changes.length, 'change')}, each one PUT`, ...renderTable(['', '', '', ''], rows).slice(1)];
}

export function cellsOf(change: RehearsedChange, telling: Telling): readonly string[] {
  const own = zoneFor(change, telling);
  return [
    instantIn(change.at, own, telling.zone),
    telling.label(change),
    `${describeSize(change.from)} → ${describeSize(change.to)}`,
    printable(localInstants(change.reason, own, change.at)),
  ];
}

function readyText({ pools, changes }: Rehearsal, telling: Telling, paint: Paint): readonly string[] {
  const { boundaries, readyInTime } = totalOf({ pools, changes });
  const unknown = pools.filter(({ schedule, base }) => schedule !== undefined && base === undefined);
  const unjudged =
    unknown.length === 0 ? '' : `; ${count(unknown.length, 'pool')} without a known base cannot be judged`;
  if (boundaries === 0) return [`No pool has to grow at a boundary${unjudged}`];
  const all = `Ready at ${readyInTime} of ${count(boundaries, 'boundary', 'boundaries')} at which a pool must grow${unjudged}`;
  const late = lateBoundaries(pools).map((one) => lateText(one, telling));
  return late.length + unknown.length === 0 ? [paint.green(all)] : [paint.yellow(all), ...late];
}

/** "  dev/a  Tue 2026-03-03 07:00  2: 15m late". */
export function lateText({ pool, boundary }: LateBoundary, { label, zone }: Telling): string {
  const how = boundary.readyAt === undefined ? 'never' : `${roughly(latenessMs(boundary))} late`;
  return `  ${label(pool)}  ${instantIn(boundary.at, pool.zone, zone)}  ${describeSize(boundary.wanted)}: ${how}`;
}

function costText(rehearsal: Rehearsal, paint: Paint): string {
  const { nodeHours, alwaysOnNodeHours, savedPercent } = totalOf(rehearsal);
  const saved = `${Math.abs(savedPercent).toFixed(0)} % ${savedPercent < 0 ? 'more' : 'saved'}`;
  return `Node-hours ${hours(nodeHours)} of ${hours(alwaysOnNodeHours)} with the base all the time: ${paint.bold(saved)}`;
}

/** What the figures cannot know. */
function costNotes(pools: readonly RehearsedPool[]): readonly string[] {
  const isScaled = ({ stretches }: RehearsedPool) => stretches.some(({ size }) => size !== undefined && isRange(size));
  return [
    ...(pools.some(isScaled)
      ? [
          '  (an autoscaled pool counts the nodes it has now, within its bounds; away from its base, all that they allow)',
        ]
      : []),
    ...(pools.some(({ base }) => base === undefined)
      ? ['  (a pool without a known base counts as it is, and saves nothing)']
      : []),
  ];
}

function observedText(pools: readonly RehearsedPool[]): readonly string[] {
  const observed = pools.filter(({ isObserved }) => isObserved).length;
  if (observed === 0) return [];
  return [`${count(observed, 'pool')} only observed (mode: observe): this is what would happen if the rule said act`];
}

/** With what to do about it, where there is something to do. */
export function findingText(
  { at, finding }: FoundFinding,
  zone: string,
  { config, paint }: Pick<TextParts, 'config' | 'paint'>,
): string {
  const { severity, subject, text, fix } = finding;
  const colour = severity === 'critical' ? paint.red : paint.yellow;
  const when = `${shortInstant(at, zone)}${inRegion(config, regionOf(subject))}`;
  return colour(
    `${severity} ${when}  ${printable(text)}${fix === undefined ? '' : `; ${withConfig(config, printable(fix))}`}`,
  );
}

export function zonesOf(pools: readonly RehearsedPool[]): ReadonlyMap<string, string> {
  return new Map(pools.map((pool) => [`${pool.region}\n${pool.poolId}`, pool.zone]));
}

export function zoneFor(change: RehearsedChange, { zones, zone }: Telling): string {
  return zones.get(`${change.region}\n${change.poolId}`) ?? zone;
}

/** The zone of most pools. */
export function mainZone(pools: readonly RehearsedPool[]): string {
  const counts = new Map<string, number>();
  for (const { zone } of pools) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'UTC';
}

function instantIn(at: EpochMs, zone: string, main: string): string {
  return `${shortInstant(at, zone)}${zone === main ? '' : ` ${zone}`}`;
}

export function shortInstant(at: EpochMs, zone: string): string {
  const { weekday, date, time } = clockOf(at, zone);
  return `${weekday} ${date} ${time}`;
}

export function hours(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}
