import { changesNothing, type RehearsalDifference } from '../../decide/rehearsal/compare-rehearsals.ts';
import type { FoundFinding, Rehearsal } from '../../decide/rehearsal/rehearsal.ts';
import type { Redactor } from '../../io/redact.ts';
import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { commandHint, listed } from '../../model/text.ts';
import { dayAndTime } from '../text/instant.ts';
import type { PoolLabel } from '../text/labels.ts';
import type { Paint } from '../text/paint.ts';
import { renderTable } from '../text/table.ts';
import {
  announcementCells,
  cellsOf,
  findingText,
  first,
  hours,
  lateText,
  signed,
  type Telling,
  tellingOf,
  zoneFor,
} from './telling.ts';
import { drawWeek } from './week-picture.ts';

export type DifferenceParts = {
  readonly config: CompiledConfig;
  readonly old: CompiledConfig;
  /** Both rehearsals: with the config, and with the old one. */
  readonly next: Rehearsal;
  readonly was: Rehearsal;
  readonly columns: number;
  readonly paint: Paint;
  readonly clean: Redactor['clean'];
  /** Every change that differs, and not only how many. */
  readonly hasChanges: boolean;
};

/** Only what the other config does differently: how many changes (or each of them), the pools in a picture, the figures. */
export function differenceText(difference: RehearsalDifference, parts: DifferenceParts): readonly string[] {
  const { config, old, next, was, clean } = parts;
  const pools = [...next.pools, ...was.pools];
  const told = tellingOf(config, old, pools);
  const label: PoolLabel = (names) => clean(told.label(names));
  const telling = { ...told, label };
  const { nodeHours, oldNodeHours } = difference;
  if (changesNothing(difference))
    return [`Nothing changes against ${old.file}: the same ${hours(nodeHours)} node-hours`];
  const perPool = difference.pools.map(
    (pool) => `  ${label(pool.pool)}  ${signed(pool.nodeHours - pool.oldNodeHours)}`,
  );
  return [
    ...changesText(difference, parts, telling),
    '',
    ...picturesText(difference, parts, telling),
    `Node-hours ${hours(nodeHours)} instead of ${hours(oldNodeHours)} (${signed(nodeHours - oldNodeHours)})`,
    ...(parts.hasChanges ? perPool : first(perPool)),
    ...readinessText(difference, telling),
    ...announcedText(difference, parts, telling),
    ...modesText(difference, label, old.file),
    ...findingsText(`New findings, not with ${old.file}:`, difference.found, telling, parts),
    ...findingsText(`Findings of ${old.file} that are gone:`, difference.gone, telling, parts),
  ];
}

/** The pools that have other sizes, or have them at other times: as they will be, and as they would have been. */
function picturesText(
  { added, removed, moved }: RehearsalDifference,
  { config, old, next, was, columns, paint }: DifferenceParts,
  { zone, label }: Telling,
): readonly string[] {
  const changed = new Set([...added, ...removed, ...moved.map(({ change }) => change)].map(poolKey));
  const draw = (title: string, rehearsal: Rehearsal, rules: DrawnRules) => {
    const pools = rehearsal.pools.filter((pool) => changed.has(poolKey(pool)));
    if (pools.length === 0) return [];
    return [
      paint.bold(title),
      ...drawWeek({ ...rehearsal, pools }, zone, { config: rules, columns, label, paint }),
      '',
    ];
  };
  return [...draw(`With ${config.file}:`, next, config), ...draw(`With ${old.file}:`, was, old)];
}

type DrawnRules = Pick<CompiledConfig, 'rules'>;

function changesText(
  { added, removed, moved }: RehearsalDifference,
  { config, old: { file }, hasChanges, clean }: DifferenceParts,
  telling: Telling,
): readonly string[] {
  const rows = [
    ...removed.map((change) => ({ at: change.at, cells: ['-', ...cellsOf(change, telling)] })),
    ...added.map((change) => ({ at: change.at, cells: ['+', ...cellsOf(change, telling)] })),
    ...moved.map(({ change, wasAt }) => ({
      at: change.at,
      cells: ['~', ...cellsOf(change, telling).slice(0, 3), `was ${dayAndTime(wasAt, zoneFor(change, telling))}`],
    })),
  ].sort((a, b) => a.at - b.at);
  if (rows.length === 0) return [`Against ${file}: the same changes at the same times`];
  const counts = `Against ${file}: ${moved.length} moved (~), ${added.length} added (+), ${removed.length} removed (-)`;
  if (!hasChanges) return [`${counts}; to list them: ${commandHint(config, `rehearse --against ${file} --changes`)}`];
  const table = renderTable(
    rows.map(({ cells }) => cells),
    clean,
  );
  return [counts, ...table];
}

function readinessText({ readiness, oldReadiness, late }: RehearsalDifference, telling: Telling): readonly string[] {
  const isSame = readiness.boundaries === oldReadiness.boundaries && readiness.readyInTime === oldReadiness.readyInTime;
  if (isSame && late.length === 0) return [];
  const told = ({ readyInTime, boundaries }: RehearsalDifference['readiness']) => `${readyInTime} of ${boundaries}`;
  return [
    `Ready on time: ${told(readiness)} scale-ups, instead of ${told(oldReadiness)}`,
    ...first(late.map((one) => lateText(one, telling))),
  ];
}

/** How many messages before a boundary come and go (or each of them). */
function announcedText(
  { announced, unannounced }: RehearsalDifference,
  { config, old, hasChanges, clean }: DifferenceParts,
  { zone }: Telling,
): readonly string[] {
  if (announced.length + unannounced.length === 0) return [];
  const hasRegions = Math.max(config.regions.length, old.regions.length) > 1;
  const rows = [
    ...unannounced.map((one) => ({ at: one.at, cells: ['-', ...announcementCells(one, zone, hasRegions)] })),
    ...announced.map((one) => ({ at: one.at, cells: ['+', ...announcementCells(one, zone, hasRegions)] })),
  ].toSorted((a, b) => a.at - b.at);
  const counts = `Announcements: ${announced.length} more (+), ${unannounced.length} less (-)`;
  if (!hasChanges)
    return [`${counts}; to list them: ${commandHint(config, `rehearse --against ${old.file} --changes`)}`];
  const table = renderTable(
    rows.map(({ cells }) => cells),
    clean,
  );
  return [counts, ...table];
}

const mostNames = 20;

/** What is observed is rehearsed as though it were acted on: the changes alone do not show it. */
function modesText({ acted, observed }: RehearsalDifference, label: PoolLabel, name: string): readonly string[] {
  const names = (pools: RehearsalDifference['acted']) => listed(pools.map(label), mostNames);
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
  return found.length === 0 ? [] : [head, ...first(found.map((one) => `  ${findingText(one, zone, parts)}`))];
}
