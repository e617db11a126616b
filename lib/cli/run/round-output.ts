import { holdEnds } from '../../decide/explain/explain-pool.ts';
import type { Action, Hold } from '../../decide/scaling/plan.ts';
import type { ScaleReport } from '../../jobs/scale/scale-round.ts';
import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { printable } from '../../model/printable.ts';
import { describeSize, type Size } from '../../model/size.ts';
import { commandHint, counted, withConfig } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { ruleNaming, ruleText } from '../pools.ts';
import { localInstants } from '../text/instant.ts';
import { inRegion, type PoolLabel, poolLabels } from '../text/labels.ts';
import { instantJson } from '../text/table.ts';

/** The machine-readable form of `plan --json` and `run --once --json` (docs/json.md). */
export type RoundJson = {
  readonly actions: readonly RoundEntry[];
  readonly holds: readonly (RoundEntry & {
    readonly code: string;
    readonly until: string | null;
    readonly ends: string | null;
  })[];
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
  /** How many nodes the pool has now, beside the bounds of an autoscaled pool. */
  readonly nodes: number | null;
  readonly reason: string;
  readonly who: string;
  /** Only after a round that acts: what became of it. */
  readonly result?: string;
};

export function roundJson(report: ScaleReport, config: Pick<CompiledConfig, 'file'>): RoundJson {
  const resultOf = (action: Action) =>
    report.results.find(
      ({ region, cluster, pool }) => region === action.region && cluster === action.cluster && pool === action.pool,
    )?.result;
  const nodes = new Map(report.plan.pools.map((state) => [poolKey(state), state.nodes]));
  return {
    actions: report.plan.actions.map((action) => {
      const result = resultOf(action);
      return { ...entryOf(action, nodes), ...(result === undefined ? {} : { result }) };
    }),
    holds: oncePerName(report.plan.holds).map((hold) => {
      const { code, until } = hold;
      const ends = holdEnds(config, hold, hold) ?? null;
      return { ...entryOf(hold, nodes), code, until: instantJson(until), ends };
    }),
    problems: report.problems.map(({ region, cluster, pool, reason }) => {
      return { region, cluster: cluster ?? null, pool: pool ?? null, from: null, to: null, reason };
    }),
    ...(report.started !== undefined && { started: report.started }),
  };
}

/** What holds pools that share a name is told of the name, once. */
function oncePerName(holds: readonly Hold[]): readonly Hold[] {
  const told = new Set<string>();
  return holds.filter(({ code, region, cluster, pool }) => {
    const name = `${region}\n${cluster}\n${pool}`;
    if (code !== 'ambiguous') return true;
    if (told.has(name)) return false;
    told.add(name);
    return true;
  });
}

function entryOf(entry: Action | Hold, nodes: ReadonlyMap<string, number | undefined>): RoundEntry {
  const { region, cluster, pool, from, to, reason, who } = entry;
  const own = nodes.get(poolKey(entry)) ?? null;
  return { region, cluster, pool, from: from ?? null, to: to ?? null, nodes: own, reason, who };
}

/** In which zone people read it, and what is today. */
type Reading = { readonly zone: string; readonly now: EpochMs; readonly isWhole?: boolean };

type Named = Pick<CompiledConfig, 'regions' | 'file'> & Partial<Pick<CompiledConfig, 'rules'>>;

/** The same for people: one line each, actions first. Where the round acted, only what was sent counts as a change. */
export function roundText(
  report: ScaleReport,
  config: Named,
  acted: boolean,
  { zone, now, isWhole = true }: Reading,
): string {
  const tell = (text: string) => localInstants(printable(text), zone, now);
  const json = roundJson(report, config);
  const label = poolLabels(config);
  const changes = acted ? json.actions.filter(({ result }) => result === 'sent') : json.actions;
  const lines = [
    ...(report.isUninstalled
      ? [`uninstalled: pools are only restored to their bases; to undo it: ${commandHint(config, 'uninstall --undo')}`]
      : []),
    ...byRule(json.actions, isWhole, config, {
      verb: (action) => (acted ? doneVerb(action) : 'would scale'),
      text: (action) => `${labelled(action, label)} (${tell(action.reason)})`,
    }),
    ...byRule(json.holds, isWhole, config, {
      verb: ({ code }) => (code === 'observe' ? 'observe:' : 'holds'),
      kind: ({ code }) => code,
      text: (hold) =>
        hold.code === 'observe'
          ? `${label(hold)} ${tell(hold.reason.replace(/^mode is observe: it /u, ''))}`
          : `${labelled(hold, label)}: ${withConfig(config, tell(hold.reason))}${hold.ends === null ? '' : `; ${tell(hold.ends)}`}`,
    }),
    ...(isWhole && Math.max(json.actions.length, json.holds.length) > mostLines
      ? [`one line for each pool: ${commandHint(config, `${acted ? 'history' : 'plan'} "<match>"`)}`]
      : []),
    ...report.plan.findings.flatMap((finding) => (finding.kind === 'config.brake' ? brakeText(finding, config) : [])),
    ...json.problems.map(({ region, reason }) => `problem${inRegion(config, region)}: ${tell(reason)}`),
    ...(json.problems.length > 0 ? [`for advice on problems, run: ${commandHint(config, 'doctor')}`] : []),
  ];
  return [...lines, summaryOf(report, json, changes.length), ''].join('\n');
}

/** What the brake holds, and what to type to let it go: the last thing that a person must not miss. */
function brakeText({ text, fix }: Finding, config: Named): readonly string[] {
  return [
    `the brake waits for your approval: ${printable(text)}`,
    ...(fix === undefined ? [] : [withConfig(config, fix)]),
  ];
}

/** Of more than this, one line for each rule and reason. */
const mostLines = 40;

type Wording<T> = {
  readonly verb: (entry: T) => string;
  readonly kind?: (entry: T) => string;
  readonly text: (entry: T) => string;
};

function byRule<T extends RoundEntry>(
  entries: readonly T[],
  isWhole: boolean,
  config: Named,
  { verb, kind, text }: Wording<T>,
): readonly string[] {
  if (!isWhole || entries.length <= mostLines) return entries.map((entry) => `${verb(entry)} ${text(entry)}`);
  const ruleOf = (entry: T) => {
    const rule = ruleNaming(config.rules ?? [], entry);
    return rule === undefined ? 'no rule' : `rule ${ruleText(rule)}`;
  };
  const groups = Map.groupBy(entries, (entry) => JSON.stringify([verb(entry), kind?.(entry), ruleOf(entry)]));
  return [...groups.values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    if (some.length === 1) return [`${verb(first)} ${text(first)}`];
    const why = kind === undefined ? '' : ` (${kind(first)})`;
    return [`${verb(first)} ${counted(some.length, 'pool')} of ${ruleOf(first)}${why}, such as ${text(first)}`];
  });
}

function summaryOf({ clusters, pools }: ScaleReport, { holds, problems }: RoundJson, changes: number): string {
  const observed = holds.filter(({ code }) => code === 'observe').length;
  const counts = [
    ...(observed === 0 ? [] : [`${counted(observed, 'change')} would be made (mode is observe)`]),
    ...(observed > 0 && changes === 0 ? [] : [counted(changes, 'change')]),
    counted(holds.length - observed, 'hold'),
    counted(problems.length, 'problem'),
  ];
  return `${counted(clusters, 'cluster')}, ${counted(pools, 'pool')} read: ${counts.join(', ')}`;
}

const verbs: ReadonlyMap<string | undefined, string> = new Map([
  ['sent', 'scaled'],
  ['busy', 'not scaled (busy, tried again next round)'],
  ['refused', 'refused'],
  ['dropped', 'not scaled (the pool has changed meanwhile, planned again next round)'],
  ['failed', 'not scaled (the call failed, see the problems)'],
  ['outcome-unknown', 'outcome unknown (the next round will see)'],
  ['claimed-elsewhere', 'not scaled (another process was first)'],
  ['no-time', 'not scaled (no time was left)'],
]);

function doneVerb({ result }: RoundEntry): string {
  return verbs.get(result) ?? `not scaled (${result ?? 'not tried'})`;
}

function labelled({ region, cluster, pool, from, to, nodes }: RoundEntry, label: PoolLabel): string {
  // Bounds do not tell how many nodes there are.
  const beside = typeof from === 'object' && nodes !== null ? ` (${counted(nodes, 'node')})` : '';
  const before = `${describeSize(from ?? undefined)}${beside}`;
  return `${label({ region, cluster, pool })} ${to === null ? `at ${before}` : `${before} → ${describeSize(to)}`}`;
}
