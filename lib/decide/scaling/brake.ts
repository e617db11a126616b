import type { Rule } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import type { Names } from '../../model/match.ts';
import { describeSize, isLower, nodesOver, type Size } from '../../model/size.ts';
import { counted } from '../../model/text.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import type { Timeline } from '../schedule/timeline.ts';
import { givenBase, observedNodes } from './base.ts';
import type { StoredRule } from './memory.ts';
import type { LetThrough, RoundInput } from './plan.ts';
import type { PoolView, RankedWant } from './pool-view.ts';
import { timelineOf } from './rule-book.ts';
import { scheduledViews } from './scheduled-size.ts';

export type BrakeInput = {
  readonly now: EpochMs;
  readonly wants: readonly RankedWant[];
  /** Lowers that something else delays, such as a change under way: they come when it is over. */
  readonly delayed: readonly RankedWant[];
  /** Clusters that this round does not read, with their nodes: loaded only if there is anything to count. */
  readonly elsewhere: () => { readonly wants: readonly RankedWant[]; readonly nodes: number };
  /** Lowers that the brake let through in other parts of this round, including those not stored yet. */
  readonly letThrough: LetThrough;
  readonly storedRules: RoundInput['storedRules'];
  readonly fleetNodes: number;
  /** undefined = the brake is off. */
  readonly limits: { readonly pools: number; readonly percent: number } | undefined;
  readonly isApproved: boolean;
  /** With several regions, pools are named with their region, since names may repeat. */
  readonly hasSeveralRegions: boolean;
};

export type Braked = {
  readonly held: ReadonlySet<RankedWant>;
  readonly finding: Finding | undefined;
  readonly letThrough: LetThrough;
};

type News = { readonly want: RankedWant; readonly why: 'changed' | 'first' };

/**
 * The brake counts unexpected lowers: those that the rule under which a pool was last changed would not want now (only
 * the new config wants them), and the first ones under a rule (docs/adr/0010), if no person approved the rule. If they
 * are too many pools, or too many of the fleet's nodes, they wait for `approve`. The old rule wants an ordinary evening
 * too, so that is never braked; raises do not count. Lowers that are only delayed count, or they would let the others go
 * and follow later. Clusters that a round does not read count as last seen, and so do lowers in other parts, so that
 * parts together cannot shrink a fleet unseen.
 */
export function brakeLowers(input: BrakeInput): Braked {
  const nothing: Braked = { held: new Set<RankedWant>(), finding: undefined, letThrough: new Map() };
  const { limits } = input;
  if (input.isApproved || limits === undefined) return nothing;
  const timelines = new Map<string, Map<string, Timeline>>();
  const newsOf = (wants: readonly RankedWant[]) =>
    wants.flatMap((want): readonly News[] => {
      const why = whyNews(want, input, timelines);
      return why === undefined ? [] : [{ want, why }];
    });
  const own = newsOf(input.wants);
  if (own.length === 0) return nothing;
  const elsewhere = input.elsewhere();
  const known = [...own, ...newsOf([...input.delayed, ...elsewhere.wants])];
  const less = new Map([...input.letThrough, ...lessOf(known)]);
  const nodes = [...less.values()].reduce((sum, one) => sum + one, 0);
  const fleetNodes = input.fleetNodes + elsewhere.nodes;
  const isTooMuch = less.size > limits.pools || nodes * 100 > limits.percent * fleetNodes;
  if (!isTooMuch) return { ...nothing, letThrough: lessOf(own) };
  const finding = findingOf(known, { pools: less.size, nodes, fleetNodes }, input);
  return { ...nothing, held: new Set(own.map(({ want }) => want)), finding };
}

function lessOf(news: readonly News[]): LetThrough {
  return new Map(
    news.map(({ want: { view, to } }) => {
      const { region, clusterId, poolId } = view.names;
      return [`${region}/${clusterId}/${poolId}`, nodesOver(observedNodes(view.pool), to)] as const;
    }),
  );
}

function whyNews(
  want: RankedWant,
  input: BrakeInput,
  timelines: Map<string, Map<string, Timeline>>,
): News['why'] | undefined {
  const { view, from, to } = want;
  const acted = view.memory.actedRule;
  if (!isLower(from, to) || view.isOverridden || acted === view.rule.hash) return undefined;
  if (acted === undefined) return isFirstAct(view, input.storedRules.get(view.rule.hash)) ? 'first' : undefined;
  if (isApproved(view, input.storedRules.get(view.rule.hash))) return undefined;
  return isWantedBy(want, input.storedRules.get(acted), input.now, timelines) ? undefined : 'changed';
}

/** A person approved this rule while the pool was under it: that lasts, also where its first lower comes days later. */
function isApproved({ memory: { ruledSince } }: PoolView, known: StoredRule | undefined): boolean {
  const { approvedAt = Number.NEGATIVE_INFINITY } = known ?? {};
  return ruledSince !== undefined && ruledSince <= approvedAt;
}

/**
 * True if this rule has not lowered such a pool before. A pool created after the rule's first change or approval is
 * simply one more of its kind. An older pool counts as known only if it was under this rule then, not if a wider match
 * or a removed rule brought it here later.
 */
function isFirstAct({ rule, pool, memory }: PoolView, known: StoredRule | undefined): boolean {
  if (rule.hash === 'removed') return false;
  if (known === undefined) return true;
  const { approvedAt = Number.NEGATIVE_INFINITY } = known;
  const met = memory.metAt ?? Number.NEGATIVE_INFINITY;
  const appeared = pool.createdAt ?? memory.thereSince ?? met - sameRoundMs;
  return appeared <= knownFrom(known) && met > approvedAt;
}

/** Pools created later than this are more of the same kind: their rule has acted, or was approved, before. */
export function knownFrom({ isTried, knownSince = Number.NEGATIVE_INFINITY }: StoredRule): EpochMs {
  return isTried ? Number.POSITIVE_INFINITY : knownSince;
}

/** For a pool of unknown age, first seen by one part while another part began to act under its rule. */
const sameRoundMs = 10 * minuteMs;

function isWantedBy(
  want: RankedWant,
  stored: StoredRule | undefined,
  now: EpochMs,
  timelines: Map<string, Map<string, Timeline>>,
): boolean {
  const { view, from, to } = want;
  if (stored === undefined) return false;
  const { hash } = stored.rule;
  const known = timelines.get(hash) ?? new Map<string, Timeline>();
  timelines.set(hash, known);
  const timeline = timelineOf(stored.schedule, stored.exceptions, view.names, now, known);
  const { autoscale } = view.pool;
  const resolver = { rule: stored.rule, autoscale, base: baseThen(want, stored.rule) };
  const wantedThen = scheduledViews(timeline, now, 0, undefined, resolver, from).down;
  return wantedThen !== undefined && !isLower(wantedThen, to);
}

/** A remembered base is dropped once a rule gives one, so what the old rule wanted is unknown, and the lower counts. */
function baseThen({ view }: RankedWant, old: Rule): Size | undefined {
  if (old.base !== 'remembered') return givenBase(old, view.pool.autoscale);
  return view.rule.base === 'remembered' ? view.base : undefined;
}

function findingOf(
  news: readonly News[],
  { pools, nodes, fleetNodes }: { readonly pools: number; readonly nodes: number; readonly fleetNodes: number },
  { hasSeveralRegions }: Pick<BrakeInput, 'hasSeveralRegions'>,
): Finding {
  const nameOf = ({ region, cluster, pool }: Names) => `${hasSeveralRegions ? `${region}:` : ''}${cluster}/${pool}`;
  const names = news.slice(0, 5).map(({ want: { view, to } }) => `${nameOf(view.names)} → ${describeSize(to)}`);
  const more = pools > names.length ? ` and ${pools - names.length} more` : '';
  // A pool that only another part has read is new.
  const changed = news.filter(({ why }) => why === 'changed').length;
  return {
    kind: 'config.brake',
    subject: { kind: 'config', path: 'safety.brake' },
    severity: 'warning',
    text: `the new config would lower ${counted(pools, 'pool')} by ${nodes} of ${fleetNodes} nodes, ${whyText(pools, pools - changed)}: ${names.join(', ')}${more}`,
    fix: 'if you want this, run: lamplighter approve',
    facts: { pools, nodes },
  };
}

function whyText(all: number, first: number): string {
  if (first === 0) return 'which the config before would not do';
  if (first === all) return 'as the first change under their rules';
  return `${first} of them as the first change under their rules, the others because of the config change`;
}
