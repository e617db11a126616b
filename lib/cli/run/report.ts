import type { Size } from '../../decide/model.ts';
import type { Action, Hold } from '../../decide/scaling/plan.ts';
import { describeSize } from '../../decide/scaling/size.ts';
import type { ScaleReport } from '../../jobs/scale/scale-parts.ts';

/** The machine-readable form of `plan --json` and `run --once --json` (docs/json.md). */
export type RoundJson = {
  readonly actions: readonly RoundEntry[];
  readonly holds: readonly (RoundEntry & { readonly code: string })[];
  readonly problems: readonly {
    readonly region: string;
    readonly cluster: string | null;
    readonly pool: string | null;
    readonly from: null;
    readonly to: null;
    readonly reason: string;
  }[];
  /** Only in the first round under a config. */
  readonly started?: string;
};

type RoundEntry = {
  readonly region: string;
  readonly cluster: string;
  readonly pool: string;
  readonly from: Size | null;
  readonly to: Size | null;
  readonly reason: string;
  readonly who: string;
  /** Only after a round that acts: what became of it. */
  readonly result?: string;
};

export function roundJson(report: ScaleReport): RoundJson {
  const resultOf = (action: Action) =>
    report.results.find(
      ({ region, cluster, pool }) => region === action.region && cluster === action.cluster && pool === action.pool,
    )?.result;
  return {
    actions: report.plan.actions.map((action) => {
      const result = resultOf(action);
      return { ...entryOf(action), ...(result === undefined ? {} : { result }) };
    }),
    holds: report.plan.holds.map((hold) => ({ ...entryOf(hold), code: hold.code })),
    problems: report.problems.map(({ region, cluster, pool, reason }) => {
      return { region, cluster: cluster ?? null, pool: pool ?? null, from: null, to: null, reason };
    }),
    ...(report.started !== undefined && { started: report.started }),
  };
}

function entryOf({ region, cluster, pool, from, to, reason, who }: Action | Hold): RoundEntry {
  return { region, cluster, pool, from: from ?? null, to: to ?? null, reason, who };
}

/** The same for people: one line each, actions first. */
export function roundText(report: ScaleReport, verb: 'would scale' | 'scaled'): string {
  const json = roundJson(report);
  const lines = [
    ...(report.isUninstalled
      ? ['uninstalled: pools only get their bases back (undo: lamplighter uninstall --undo)']
      : []),
    ...json.actions.map((action) => `${labelled(verb, action)} (${action.reason})${resultText(action.result)}`),
    ...json.holds.map((hold) => `${labelled('holds', hold)}: ${hold.reason}`),
    ...json.problems.map((problem) => `problem: ${problem.reason}`),
  ];
  const summary = `${report.clusters} clusters, ${report.pools} pools read: ${count(json.actions, 'change')}, ${count(json.holds, 'hold')}, ${count(json.problems, 'problem')}`;
  return [...lines, summary, ''].join('\n');
}

function labelled(verb: string, { cluster, pool, from, to }: RoundEntry): string {
  const sizes =
    to === null ? `at ${describeSize(from ?? undefined)}` : `${describeSize(from ?? undefined)} → ${describeSize(to)}`;
  return `${verb} ${cluster}/${pool} ${sizes}`;
}

function resultText(result: string | undefined): string {
  return result === undefined || result === 'sent' ? '' : ` [${result}]`;
}

function count(list: readonly unknown[], noun: string): string {
  return `${list.length} ${noun}${list.length === 1 ? '' : 's'}`;
}
