import { announcementText, correctionText } from '../../decide/announcing/announcement-text.ts';
import type {
  FoundFinding,
  RehearsedAnnouncement,
  RehearsedChange,
  RehearsedPool,
} from '../../decide/rehearsal/rehearsal.ts';
import { type LateBoundary, latenessMs } from '../../decide/rehearsal/totals.ts';
import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { describeSize } from '../../model/size.ts';
import { withConfig } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { dayAndTime, localInstants, roughly } from '../text/instant.ts';
import { inRegion, type PoolLabel, poolLabels, regionOf } from '../text/labels.ts';
import { colourOf, type Paint } from '../text/paint.ts';

/** How changes are told: each in the zone of its pool's schedule, the main one unsaid. */
export type Telling = { readonly zones: ReadonlyMap<string, string>; readonly zone: string; readonly label: PoolLabel };

export function cellsOf(change: RehearsedChange, telling: Telling): readonly string[] {
  const own = zoneFor(change, telling);
  return [
    instantIn(change.at, own, telling.zone),
    telling.label(change),
    `${describeSize(change.from)} → ${describeSize(change.to)}`,
    printable(localInstants(change.reason, own, change.at)),
  ];
}

/** How the difference between two configs is told: with regions where one of them has several. */
export function tellingOf(config: CompiledConfig, old: CompiledConfig, pools: readonly RehearsedPool[]): Telling {
  const label = poolLabels(config.regions.length > old.regions.length ? config : old);
  return { zones: zonesOf(pools), zone: mainZone(pools), label };
}

/** "  dev/a  Tue 2026-03-03 07:00  2: 15m late". */
export function lateText({ pool, boundary }: LateBoundary, { label, zone }: Telling): string {
  const how = boundary.readyAt === undefined ? 'never' : `${roughly(latenessMs(boundary))} late`;
  return `  ${label(pool)}  ${instantIn(boundary.at, pool.zone, zone)}  ${describeSize(boundary.wanted)}: ${how}`;
}

/** When it is told, to whom, and the message. */
export function announcementCells(
  one: RehearsedAnnouncement,
  zone: string,
  hasSeveralRegions: boolean,
): readonly string[] {
  const { at, boundary, destination, isAddition, pools } = one;
  const telling = { now: at, zone, hasSeveralRegions };
  const text = isAddition
    ? correctionText({ at: boundary, gone: [], added: pools, rest: [] }, telling)
    : announcementText(pools, boundary, telling);
  return [dayAndTime(at, zone), printable(destination), printable(text)];
}

/** With what to do about it, where there is something to do. */
export function findingText(
  { at, finding }: FoundFinding,
  zone: string,
  { config, paint }: { readonly config: CompiledConfig; readonly paint: Paint },
): string {
  const { severity, subject, text, fix } = finding;
  const when = `${dayAndTime(at, zone)}${inRegion(config, regionOf(subject))}`;
  return colourOf(
    severity,
    paint,
  )(`${severity} ${when}  ${printable(text)}${fix === undefined ? '' : `; ${withConfig(config, printable(fix))}`}`);
}

export function zonesOf(pools: readonly RehearsedPool[]): ReadonlyMap<string, string> {
  return new Map(pools.map((pool) => [poolKey(pool), pool.zone]));
}

export function zoneFor(change: RehearsedChange, { zones, zone }: Telling): string {
  return zones.get(poolKey(change)) ?? zone;
}

/** The zone of most pools. */
export function mainZone(pools: readonly RehearsedPool[]): string {
  const counts = new Map<string, number>();
  for (const { zone } of pools) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'UTC';
}

function instantIn(at: EpochMs, zone: string, main: string): string {
  return `${dayAndTime(at, zone)}${zone === main ? '' : ` ${zone}`}`;
}

/** Made once: to make a formatter takes longer than to use it a hundred times. */
const oneDigit = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

export function hours(n: number): string {
  return oneDigit.format(n);
}

/** Of a large fleet, the first of what there is to say. */
export function first(lines: readonly string[], most = 20): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `  and ${lines.length - most} more like these`];
}

export function signed(n: number): string {
  return `${n < 0 ? '−' : '+'}${hours(Math.abs(n))}`;
}
