import { changesNothing, type RehearsalDifference } from '../../decide/rehearsal/compare-rehearsals.ts';
import type { FoundFinding, RehearsedPool } from '../../decide/rehearsal/rehearsal.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { type PoolLabel, poolLabels } from '../text/labels.ts';
import type { Paint } from '../text/paint.ts';
import { renderTable } from '../text/table.ts';
import {
  cellsOf,
  findingText,
  hours,
  lateText,
  mainZone,
  shortInstant,
  type Telling,
  zoneFor,
  zonesOf,
} from './telling.ts';

export type DifferenceParts = {
  readonly config: CompiledConfig;
  readonly old: CompiledConfig;
  /** The pools of both rehearsals. */
  readonly pools: readonly RehearsedPool[];
  readonly paint: Paint;
};

/** Only what the other config does differently. */
export function differenceText(difference: RehearsalDifference, parts: DifferenceParts): readonly string[] {
  const { config, old, pools } = parts;
  const label = poolLabels({ regions: config.regions.length > old.regions.length ? config.regions : old.regions });
  const telling: Telling = { zones: zonesOf(pools), zone: mainZone(pools), label };
  const { nodeHours, oldNodeHours } = difference;
  if (changesNothing(difference))
    return [`Nothing changes against ${old.file}: the same ${hours(nodeHours)} node-hours`];
  const perPool = difference.pools.map(
    (pool) => `  ${label(pool.pool)}  ${signed(pool.nodeHours - pool.oldNodeHours)}`,
  );
  return [
    ...changesText(difference, old.file, telling),
    '',
    `Node-hours ${hours(nodeHours)} instead of ${hours(oldNodeHours)} (${signed(nodeHours - oldNodeHours)})`,
    ...perPool,
    ...readinessText(difference, telling),
    ...modesText(difference, label, old.file),
    ...findingsText(`New findings, not with ${old.file}:`, difference.found, telling, parts),
    ...findingsText(`Findings of ${old.file} that are gone:`, difference.gone, telling, parts),
  ];
}

function changesText(
  { added, removed, moved }: RehearsalDifference,
  name: string,
  telling: Telling,
): readonly string[] {
  const rows = [
    ...removed.map((change) => ({ at: change.at, cells: ['-', ...cellsOf(change, telling)] })),
    ...added.map((change) => ({ at: change.at, cells: ['+', ...cellsOf(change, telling)] })),
    ...moved.map(({ change, wasAt }) => ({
      at: change.at,
      cells: ['~', ...cellsOf(change, telling).slice(0, 3), `was ${shortInstant(wasAt, zoneFor(change, telling))}`],
    })),
  ].sort((a, b) => a.at - b.at);
  if (rows.length === 0) return [`Against ${name}: the same changes at the same times`];
  return [
    `Against ${name}: ${moved.length} moved (~), ${added.length} added (+), ${removed.length} removed (-)`,
    ...renderTable(
      ['', '', '', '', ''],
      rows.map(({ cells }) => cells),
    ).slice(1),
  ];
}

function readinessText({ readiness, oldReadiness, late }: RehearsalDifference, telling: Telling): readonly string[] {
  const isSame = readiness.boundaries === oldReadiness.boundaries && readiness.readyInTime === oldReadiness.readyInTime;
  if (isSame && late.length === 0) return [];
  const told = ({ readyInTime, boundaries }: RehearsalDifference['readiness']) => `${readyInTime} of ${boundaries}`;
  return [
    `Ready on time: ${told(readiness)} scale-ups, instead of ${told(oldReadiness)}`,
    ...late.map((one) => lateText(one, telling)),
  ];
}

/** What is observed is rehearsed as though it were acted on: the changes alone do not show it. */
function modesText({ acted, observed }: RehearsalDifference, label: PoolLabel, name: string): readonly string[] {
  const names = (pools: RehearsalDifference['acted']) => pools.map(label).join(', ');
  return [
    ...(acted.length === 0 ? [] : [`Now changed, and with ${name} only observed: ${names(acted)}`]),
    ...(observed.length === 0 ? [] : [`Only observed (mode: observe), and with ${name} changed: ${names(observed)}`]),
  ];
}

function findingsText(
  head: string,
  found: readonly FoundFinding[],
  { zone }: Telling,
  parts: DifferenceParts,
): readonly string[] {
  return found.length === 0 ? [] : [head, ...found.map((one) => `  ${findingText(one, zone, parts)}`)];
}

function signed(n: number): string {
  return `${n < 0 ? '−' : '+'}${hours(Math.abs(n))}`;
}
