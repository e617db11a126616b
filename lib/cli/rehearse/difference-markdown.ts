import { escapeMarkdown } from '../../decide/messages/escape.ts';
import { changesNothing, type RehearsalDifference } from '../../decide/rehearsal/compare-rehearsals.ts';
import type { RehearsedAnnouncement, RehearsedChange, RehearsedPool } from '../../decide/rehearsal/rehearsal.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { describeSize } from '../../model/size.ts';
import { compareText, counted } from '../../model/text.ts';
import { dayAndTime, localInstants } from '../text/instant.ts';
import type { PoolLabel } from '../text/labels.ts';
import { makePaint } from '../text/paint.ts';
import {
  announcementCells,
  findingText,
  hours,
  lateText,
  signed,
  type Telling,
  tellingOf,
  zoneFor,
} from './telling.ts';

/** GitHub takes 65,536 characters in a comment, GitLab a million; what is below the table needs some of them. */
const mostChars = 55_000;

type MarkdownParts = {
  readonly config: CompiledConfig;
  readonly old: CompiledConfig;
  /** The pools of both rehearsals. */
  readonly pools: readonly RehearsedPool[];
  readonly days: number;
  readonly notes: readonly string[];
};

/**
 * The difference as a comment on a merge request: what it comes to first, each change in a table that is folded. The same
 * difference gives the same text, so that a comment can be replaced only where it says something new.
 */
export function differenceMarkdown(difference: RehearsalDifference, parts: MarkdownParts): readonly string[] {
  const { config, old, pools, days, notes } = parts;
  const telling = tellingOf(config, old, pools);
  const { label } = telling;
  const head = [`### Lamplighter: ${code(config.file)} against ${code(old.file)}`, ''];
  if (changesNothing(difference))
    return [
      ...head,
      `Nothing changes in the coming ${counted(days, 'day')}: the same ${hours(difference.nodeHours)} node-hours.`,
      ...notesBlock(notes),
    ];
  return [
    ...head,
    ...summary(difference, days),
    ...modes(difference, label),
    ...lateBlock(difference, telling),
    ...findingsBlock(`New findings`, difference.found, telling, parts),
    ...findingsBlock(`Findings that are gone`, difference.gone, telling, parts),
    ...poolsTable(difference, label),
    ...changesTable(difference, telling),
    ...announcedTable(difference, parts, telling),
    ...notesBlock(notes),
  ];
}

function summary(difference: RehearsalDifference, days: number): readonly string[] {
  const { added, removed, moved, nodeHours, oldNodeHours, readiness, oldReadiness } = difference;
  const n = added.length + removed.length + moved.length;
  const ready = (one: RehearsalDifference['readiness']) => `${one.readyInTime} of ${one.boundaries}`;
  return [
    `**${n === 0 ? 'The same changes' : `${counted(n, 'change')} ${n === 1 ? 'differs' : 'differ'}`}** in the coming ${counted(days, 'day')}: ${added.length} added, ${removed.length} removed, ${moved.length} moved.`,
    '',
    '| | before | after | |',
    '|---|---:|---:|---:|',
    `| node-hours | ${hours(oldNodeHours)} | ${hours(nodeHours)} | ${signed(nodeHours - oldNodeHours)} |`,
    `| scale-ups ready on time | ${ready(oldReadiness)} | ${ready(readiness)} | |`,
  ];
}

function modes({ acted, observed }: RehearsalDifference, label: PoolLabel): readonly string[] {
  const names = (pools: RehearsalDifference['acted']) =>
    pools
      .map((pool) => code(label(pool)))
      .toSorted()
      .join(', ');
  return [
    ...(acted.length === 0 ? [] : ['', `**Now acted on**, and only observed before: ${names(acted)}`]),
    ...(observed.length === 0 ? [] : ['', `**Only observed now**, and acted on before: ${names(observed)}`]),
  ];
}

function lateBlock({ late }: RehearsalDifference, telling: Telling): readonly string[] {
  return late.length === 0 ? [] : ['', '**Late now:**', '', ...late.map((one) => `- ${prose(lateText(one, telling))}`)];
}

function findingsBlock(
  head: string,
  found: RehearsalDifference['found'],
  { zone }: Telling,
  { config }: MarkdownParts,
): readonly string[] {
  const lines = found.map(
    (one) => `- ${prose(findingText(one, zone, { config, paint: makePaint({ isTerminal: false }, {}) }))}`,
  );
  return lines.length === 0 ? [] : ['', `**${head}:**`, '', ...lines];
}

function poolsTable({ pools }: RehearsalDifference, label: PoolLabel): readonly string[] {
  const rows = pools
    .map(({ pool, nodeHours, oldNodeHours }) => [
      code(label(pool)),
      hours(oldNodeHours),
      hours(nodeHours),
      signed(nodeHours - oldNodeHours),
    ])
    .toSorted(byFirst);
  return folded(`Node-hours of ${counted(rows.length, 'pool')}`, ['pool', 'before', 'after', ''], rows);
}

function changesTable({ added, removed, moved }: RehearsalDifference, telling: Telling): readonly string[] {
  const row = (sign: string, change: RehearsedChange, why: string) => {
    const zone = zoneFor(change, telling);
    const when = `${dayAndTime(change.at, zone)}${zone === telling.zone ? '' : ` ${zone}`}`;
    const size = `${describeSize(change.from)} → ${describeSize(change.to)}`;
    return { at: change.at, cells: [sign, when, code(telling.label(change)), size, why] };
  };
  const why = (change: RehearsedChange) =>
    prose(printable(localInstants(change.reason, zoneFor(change, telling), change.at)));
  const rows = [
    ...removed.map((change) => row('removed', change, why(change))),
    ...added.map((change) => row('added', change, why(change))),
    ...moved.map(({ change, wasAt }) => row('moved', change, `was ${dayAndTime(wasAt, zoneFor(change, telling))}`)),
  ].toSorted((a, b) => a.at - b.at || byFirst(a.cells.slice(2), b.cells.slice(2)) || byFirst(a.cells, b.cells));
  return folded(
    `${counted(rows.length, 'change')} one by one (times: ${telling.zone})`,
    ['', 'when', 'pool', 'size', 'why'],
    rows.map(({ cells }) => cells),
  );
}

function announcedTable(
  { announced, unannounced }: RehearsalDifference,
  { config, old }: MarkdownParts,
  { zone }: Telling,
): readonly string[] {
  const hasRegions = Math.max(config.regions.length, old.regions.length) > 1;
  const row = (sign: string, one: RehearsedAnnouncement) => {
    const [when = '', to = '', text = ''] = announcementCells(one, zone, hasRegions);
    return { at: one.at, cells: [sign, when, code(to), prose(text)] };
  };
  const rows = [
    ...unannounced.map((one) => row('removed', one)),
    ...announced.map((one) => row('added', one)),
  ].toSorted((a, b) => a.at - b.at || byFirst(a.cells, b.cells));
  return folded(
    `${counted(rows.length, 'announcement')} one by one (times: ${zone})`,
    ['', 'when', 'to', 'message'],
    rows.map(({ cells }) => cells),
  );
}

function notesBlock(notes: readonly string[]): readonly string[] {
  return notes.length === 0 ? [] : ['', ...notes.map((note) => `> ${prose(note)}  `)];
}

/** Folded until somebody opens it. GitHub and GitLab read Markdown in it only after an empty line. */
function folded(title: string, head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  let chars = 0;
  const shown = rows.map(line).filter((text) => (chars += text.length + 1) <= mostChars / 3);
  const left = rows.length - shown.length;
  return [
    '',
    '<details>',
    `<summary>${title}</summary>`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...shown,
    ...(left === 0 ? [] : ['', `and ${left} more: see the output of \`lamplighter rehearse --against\``]),
    '',
    '</details>',
  ];
}

function byFirst(a: readonly string[], b: readonly string[]): number {
  return compareText(a.join('\n'), b.join('\n'));
}

/** Names stay whole and call nobody: in a span of code an @ is no mention. A bar would end the cell, even there. */
function code(text: string): string {
  return `\`${printable(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

/** A sentence that holds what others wrote: no markup of theirs, no HTML, no mention. */
function prose(text: string): string {
  return escapeMarkdown(text.trim())
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('@', '@\u200B')
    .replaceAll(/([#!])(?=\d)/gu, '$1\u200B');
}
