import type { Rule } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { describeSize, isLower, nodesOver, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Timeline } from '../schedule/timeline.ts';
import { givenBase, observedNodes } from './base.ts';
import type { StoredRule } from './memory.ts';
import type { RankedWant } from './pool-evaluation.ts';
import { timelineOf } from './rule-book.ts';
import { scheduledViews } from './scheduled-size.ts';

export type BrakeInput = {
  readonly now: EpochMs;
  readonly wants: readonly RankedWant[];
  /** Of clusters that this round did not look at, and their nodes: asked only where something is to be counted at all. */
  readonly elsewhere: () => { readonly wants: readonly RankedWant[]; readonly nodes: number };
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  readonly fleetNodes: number;
  readonly limits: { readonly pools: number; readonly percent: number };
  readonly isApproved: boolean;
};

export type Braked = { readonly held: ReadonlySet<RankedWant>; readonly finding: Finding | undefined };

/**
 * The brake counts the lowers that the rule under which we last acted on a pool would not want at this instant: what only
 * the new config wants. More than so many pools, or so much of the fleet's nodes, wait for `approve`. An ordinary
 * evening is wanted by the old rule too, and is never braked; pools never acted on, and raises, do not count. Clusters
 * that a round does not look at count as they were last seen: a fleet lowered by parts is lowered all the same.
 */
export function brakeLowers(input: BrakeInput): Braked {
  const nothing = { held: new Set<RankedWant>(), finding: undefined };
  if (input.isApproved) return nothing;
  const timelines = new Map<string, Map<string, Timeline>>();
  const own = input.wants.filter((want) => isNews(want, input, timelines));
  if (own.length === 0) return nothing;
  const elsewhere = input.elsewhere();
  const counted = [...own, ...elsewhere.wants.filter((want) => isNews(want, input, timelines))];
  const nodes = counted.reduce((sum, { view, to }) => sum + nodesOver(observedNodes(view.pool), to), 0);
  const fleetNodes = input.fleetNodes + elsewhere.nodes;
  const isTooMuch = counted.length > input.limits.pools || nodes * 100 > input.limits.percent * fleetNodes;
  return isTooMuch ? { held: new Set(own), finding: findingOf(counted, nodes, fleetNodes) } : nothing;
}

function isNews(want: RankedWant, input: BrakeInput, timelines: Map<string, Map<string, Timeline>>): boolean {
  const { view, from, to } = want;
  const acted = view.memory.actedRule;
  if (!isLower(from, to) || view.isOverridden) return false;
  if (acted === undefined || acted === view.rule.hash) return false;
  const stored = input.storedRules.get(acted);
  if (stored === undefined) return true;
  const known = timelines.get(acted) ?? new Map<string, Timeline>();
  timelines.set(acted, known);
  const timeline = timelineOf(stored.schedule, stored.exceptions, view.names, input.now, known);
  const { autoscale } = view.pool;
  const resolver = { rule: stored.rule, autoscale, base: baseThen(want, stored.rule) };
  const wantedThen = scheduledViews(timeline, input.now, 0, undefined, resolver).down;
  return wantedThen === undefined || isLower(wantedThen, to);
}

/** A remembered base is forgotten as soon as a rule gives one: what the old rule wanted then is not known, so it counts. */
function baseThen({ view }: RankedWant, old: Rule): Size | undefined {
  if (old.base !== 'remembered') return givenBase(old, view.pool.autoscale);
  return view.rule.base === 'remembered' ? view.base : undefined;
}

function findingOf(counted: readonly RankedWant[], nodes: number, fleetNodes: number): Finding {
  const names = counted
    .slice(0, 5)
    .map((want) => `${want.view.names.cluster}/${want.view.names.pool} → ${describeSize(want.to)}`);
  const more = counted.length > names.length ? ` and ${counted.length - names.length} more` : '';
  return {
    kind: 'config.brake',
    subject: { kind: 'config', path: 'safety.brake' },
    severity: 'warning',
    text: `the config as it is now would lower ${counted.length} pools by ${nodes} of ${fleetNodes} nodes, which the config before did not want: ${names.join(', ')}${more}`,
    fix: 'if this is what you want, run: lamplighter approve',
    facts: { pools: counted.length, nodes },
  };
}
