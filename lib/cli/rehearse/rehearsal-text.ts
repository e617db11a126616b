import { isAnnouncing } from '../../decide/announcing/announcement.ts';
import type {
  Rehearsal,
  RehearsedAnnouncement,
  RehearsedChange,
  RehearsedPool,
} from '../../decide/rehearsal/rehearsal.ts';
import { lateBoundaries, totalOf } from '../../decide/rehearsal/totals.ts';
import type { Redactor } from '../../io/redact.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { isRange } from '../../model/size.ts';
import { commandHint, counted } from '../../model/text.ts';
import { dayAndTime, localInstant } from '../text/instant.ts';
import { type PoolLabel, poolLabels } from '../text/labels.ts';
import type { Paint } from '../text/paint.ts';
import { renderTable } from '../text/table.ts';
import {
  announcementCells,
  cellsOf,
  findingText,
  first,
  hours,
  lateText,
  mainZone,
  type Telling,
  zonesOf,
} from './telling.ts';
import { type DrawParts, drawWeek } from './week-picture.ts';

export type TextParts = Omit<DrawParts, 'label'> & {
  readonly clean: Redactor['clean'];
  readonly config: CompiledConfig;
  readonly days: number;
  /** Every change, and not only how many. */
  readonly hasChanges: boolean;
};

/** A rehearsal for people: the picture, how many changes (or each of them), what was not ready, and what it saves. */
export function rehearsalText(rehearsal: Rehearsal, parts: TextParts): readonly string[] {
  const { paint, config, clean } = parts;
  const known = poolLabels(config);
  const label: PoolLabel = (names) => clean(known(names));
  const zone = mainZone(rehearsal.pools);
  const { pools, changes } = rehearsal;
  const telling = { zones: zonesOf(pools), zone, label };
  return [
    paint.bold(
      `${counted(parts.days, 'day')} from ${localInstant(rehearsal.from, zone)}: ${counted(pools.length, 'pool')}`,
    ),
    '',
    ...drawWeek(rehearsal, zone, { ...parts, label }),
    '',
    ...(parts.hasChanges ? changesText(changes, telling, clean) : [changesCount(changes, config)]),
    ...announcedText(rehearsal.announced, parts, zone),
    '',
    ...readyText(rehearsal, telling, paint),
    costText(rehearsal, paint),
    ...costNotes(rehearsal.pools),
    ...observedText(pools),
    ...first(rehearsal.findings.map((found) => findingText(found, zone, parts))),
  ];
}

function changesText(
  changes: readonly RehearsedChange[],
  telling: Telling,
  clean: Redactor['clean'],
): readonly string[] {
  if (changes.length === 0) return ['No change'];
  const rows = changes.map((change) => cellsOf(change, telling));
  return [`${counted(changes.length, 'change')} (one API write each)`, ...renderTable(rows, clean)];
}

function changesCount(changes: readonly RehearsedChange[], config: CompiledConfig): string {
  if (changes.length === 0) return 'No change';
  return `${counted(changes.length, 'change')} (one API write each); to list them: ${commandHint(config, 'rehearse --changes')}`;
}

/** Nothing where nobody asked to be told. */
function announcedText(
  announced: readonly RehearsedAnnouncement[],
  { config, hasChanges, clean }: TextParts,
  zone: string,
): readonly string[] {
  const [earliest] = announced;
  if (earliest === undefined) return isAnnouncing(config) ? ['Nothing is announced'] : [];
  if (hasChanges) {
    const rows = announced.map((one) => announcementCells(one, zone, config.regions.length > 1));
    return ['', counted(announced.length, 'announcement'), ...renderTable(rows, clean)];
  }
  const byName = [...Map.groupBy(announced, ({ destination }) => destination)];
  const to = byName.map(([name, some]) => (byName.length === 1 ? name : `${some.length} to ${name}`)).join(', ');
  const count = `${counted(announced.length, 'announcement')}${byName.length === 1 ? ` to ${to}` : ` (${to})`}`;
  return [
    `${count}, the first ${dayAndTime(earliest.at, zone)}; to list them: ${commandHint(config, 'rehearse --changes')}`,
  ];
}

function readyText({ pools, changes }: Rehearsal, telling: Telling, paint: Paint): readonly string[] {
  const { boundaries, readyInTime } = totalOf({ pools, changes });
  const unknown = pools.filter(({ schedule, base }) => schedule !== undefined && base === undefined);
  const unjudged =
    unknown.length === 0 ? '' : `; not known for ${counted(unknown.length, 'pool')} without a known base`;
  if (boundaries === 0) return [`No pool has to be scaled up${unjudged}`];
  const all = `Ready on time: ${readyInTime} of ${counted(boundaries, 'scale-up')}${unjudged}`;
  const late = lateBoundaries(pools).map((one) => lateText(one, telling));
  return late.length + unknown.length === 0 ? [paint.green(all)] : [paint.yellow(all), ...first(late)];
}

function costText(rehearsal: Rehearsal, paint: Paint): string {
  const { nodeHours, alwaysOnNodeHours, savedPercent } = totalOf(rehearsal);
  const saved = `${Math.abs(savedPercent).toFixed(0)} % ${savedPercent < 0 ? 'more' : 'saved'}`;
  return `Node-hours ${hours(nodeHours)} of ${hours(alwaysOnNodeHours)} if all pools were always at their base: ${paint.bold(saved)}`;
}

/** What the figures cannot know. */
function costNotes(pools: readonly RehearsedPool[]): readonly string[] {
  const isScaled = ({ stretches }: RehearsedPool) => stretches.some(({ size }) => size !== undefined && isRange(size));
  return [
    ...(pools.some(isScaled)
      ? ['  (an autoscaled pool counts the nodes it has now, within its bounds; below its base, the most they allow)']
      : []),
    ...(pools.some(({ base }) => base === undefined)
      ? ['  (a pool without a known base counts as it is now, and saves nothing)']
      : []),
    ...(pools.some(({ leftMs }) => leftMs > 0)
      ? ['  (where a schedule says leave, a pool stays as it is: what people change there is not rehearsed)']
      : []),
  ];
}

function observedText(pools: readonly RehearsedPool[]): readonly string[] {
  const observed = pools.filter(({ isObserved }) => isObserved).length;
  if (observed === 0) return [];
  return [`${counted(observed, 'pool')} only observed (mode is observe): this shows what would happen with mode: act`];
}
