import { lower, upper } from '../../model/size.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { alwaysOn } from '../past/node-hours.ts';
import type { PlanStep, PoolRow } from './pool-row.ts';
import type { Span, View } from './time-axis.ts';

/**
 * SVG path data. Coordinates are minutes of the view and nodes, upwards, so tests and readers can read sizes from it.
 */
export type Shape = {
  /** Nodes in the past: the certain ones, and the most there can have been. */
  readonly seen: string;
  readonly seenMost: string;
  /** Planned nodes: the certain ones, and the most there can be. */
  readonly planned: string;
  readonly plannedMost: string;
  /** The plan if the rule acted; set while the rule only observes. */
  readonly would: string;
  /** The base over the whole view. */
  readonly always: string;
  /** The highest value of all paths. */
  readonly most: number;
};

type Step = { readonly at: number; readonly value: number };

/** One pool. */
export function poolShape(row: PoolRow, view: View): Shape {
  const lines = linesOf(row, view);
  const shape = shapeOf(lines, view);
  const isFixed = row.plan.every(({ least, most }) => least === most);
  return { ...shape, would: outline(lines.would, view.minutes), plannedMost: isFixed ? '' : shape.plannedMost };
}

/** The sum over many pools, minute by minute. */
export type Sums = {
  readonly seen: Int32Array;
  readonly seenMost: Int32Array;
  readonly planned: Int32Array;
  readonly plannedMost: Int32Array;
  readonly always: Int32Array;
};

export function beginSums(view: View): Sums {
  return {
    seen: newSum(view),
    seenMost: newSum(view),
    planned: newSum(view),
    plannedMost: newSum(view),
    always: newSum(view),
  };
}

export function addRow(sums: Sums, row: PoolRow, view: View): void {
  const lines = linesOf(row, view);
  addTo(sums.seen, lines.seen, view.now);
  addTo(sums.seenMost, lines.seenMost, view.now);
  addTo(sums.planned, lines.planned, view.minutes);
  addTo(sums.plannedMost, lines.plannedMost, view.minutes);
  addTo(sums.always, lines.always, view.minutes);
}

export function sumShape(sums: Sums, view: View): Shape {
  const shape = shapeOf(
    {
      seen: stepsOfSum(sums.seen),
      seenMost: stepsOfSum(sums.seenMost),
      planned: stepsOfSum(sums.planned),
      plannedMost: stepsOfSum(sums.plannedMost),
    },
    view,
  );
  const line = stepsOfSum(sums.always);
  const most = line.reduce((all, { value }) => Math.max(all, value), shape.most);
  return { ...shape, always: outline(line, view.minutes), most };
}

type Lines = {
  readonly seen: readonly Step[];
  readonly seenMost: readonly Step[];
  readonly planned: readonly Step[];
  readonly plannedMost: readonly Step[];
};

function linesOf(
  row: PoolRow,
  view: View,
): Lines & { readonly would: readonly Step[]; readonly always: readonly Step[] } {
  const minute = minuteIn(view);
  const past = row.past.map(({ from, size, nodes }) => {
    const most = size === undefined ? 0 : Math.max(nodes, upper(size));
    const always = size === undefined ? 0 : alwaysOn(nodes, size, row.base);
    return { at: minute(from), nodes, most, always };
  });
  const upToNow = (key: 'nodes' | 'most' | 'always') => {
    const steps = past.map((step) => ({ at: step.at, value: step[key] }));
    return upTo(steps, view.now);
  };
  const pick = (key: 'nodes' | 'most') => withGaps(upToNow(key), view.gaps);
  const plan = (steps: readonly PlanStep[], key: 'least' | 'most') =>
    steps.map((step) => ({ at: Math.max(view.now, minute(step.from)), value: step[key] }));
  const { plan: steps, would } = row;
  const ahead = steps.map(({ from, least }) => {
    const value =
      row.base === undefined ? least : Math.max(lower(row.base), least * Number(upper(row.base) > lower(row.base)));
    return { at: Math.max(view.now, minute(from)), value };
  });
  return {
    seen: pick('nodes'),
    seenMost: pick('most'),
    planned: plan(steps, 'least'),
    plannedMost: plan(steps, 'most'),
    would: plan(would, 'least'),
    always: [...upToNow('always').filter(({ at }) => at < view.now), ...ahead],
  };
}

function minuteIn({ from, minutes }: View): (at: EpochMs) => number {
  return (at) => Math.min(minutes, Math.max(0, Math.round((at - from) / minuteMs)));
}

function upTo(steps: readonly Step[], end: number): readonly Step[] {
  return [...steps.filter(({ at }) => at < end), { at: end, value: 0 }];
}

/** Gaps without a round are left blank. */
function withGaps(steps: readonly Step[], gaps: readonly Span[]): readonly Step[] {
  return gaps.reduce<readonly Step[]>((left, [from, to]) => {
    const after = left.findLast(({ at }) => at <= to)?.value ?? 0;
    return [
      ...left.filter(({ at }) => at < from),
      { at: from, value: 0 },
      { at: to, value: after },
      ...left.filter(({ at }) => at > to),
    ];
  }, steps);
}

function shapeOf(lines: Lines, { minutes, now }: View): Shape {
  const all = [...lines.seenMost, ...lines.plannedMost, ...lines.seen];
  const most = all.reduce((highest, { value }) => Math.max(highest, value), 1);
  return {
    seen: area(lines.seen, Math.min(now, minutes)),
    seenMost: area(lines.seenMost, Math.min(now, minutes)),
    planned: area(lines.planned, minutes),
    plannedMost: area(lines.plannedMost, minutes),
    would: '',
    always: '',
    most,
  };
}

/** "M0 0V4H300V0H400": starts and ends at 0 nodes. Empty if there is never a node. */
function area(steps: readonly Step[], end: number): string {
  const kept = withoutTwins(steps, end);
  if (kept.every(({ value }) => value === 0)) return '';
  return `${outlineFrom(kept, 'M', 0)}H${end}V0`;
}

function outline(steps: readonly Step[], end: number): string {
  const kept = withoutTwins(steps, end);
  const [first] = kept;
  return first === undefined ? '' : `${outlineFrom(kept, 'M', first.value)}H${end}`;
}

function outlineFrom(steps: readonly Step[], move: string, ground: number): string {
  let path = '';
  let last = ground;
  for (const { at, value } of steps) {
    path += path === '' ? `${move}${at} ${ground}` : `H${at}`;
    if (value !== last) path += `V${value}`;
    last = value;
  }
  return path;
}

/** Removes redundant points: the last of several at one minute, the first of equal neighbours, none after the end. */
function withoutTwins(steps: readonly Step[], end: number): readonly Step[] {
  const kept: Step[] = [];
  for (const step of steps) {
    if (step.at > end || (step.at === end && kept.length > 0)) continue;
    if (kept.at(-1)?.at === step.at) kept.pop();
    if (kept.at(-1)?.value !== step.value) kept.push(step);
  }
  return kept;
}

/** Changes by minute, to be summed. */
function newSum({ minutes }: View): Int32Array {
  return new Int32Array(minutes + 1);
}

function addTo(sum: Int32Array, steps: readonly Step[], end: number): void {
  let last = 0;
  for (let i = 0; i < steps.length; i += 1) {
    const { at, value } = steps[i] as Step;
    if (at > end) break;
    sum[at] = (sum[at] ?? 0) + value - last;
    last = value;
  }
}

function stepsOfSum(sum: Int32Array): readonly Step[] {
  const steps: Step[] = [];
  let value = 0;
  for (let at = 0; at < sum.length; at += 1) {
    const change = sum[at] as number;
    value += change;
    if (change !== 0) steps.push({ at, value });
  }
  return steps;
}
