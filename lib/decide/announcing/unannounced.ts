import { poolKey } from '../../model/cluster.ts';
import { describeSize, equalSize } from '../../model/size.ts';
import { because } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { observedNodes } from '../scaling/base.ts';
import type { Action, Plan, RecordUpdate, RoundInput } from '../scaling/plan.ts';
import { withAskedLabels } from '../scaling/plan-round.ts';
import { makeRuleBook } from '../scaling/rule-book.ts';
import { asksOfPool } from '../scaling/wanted-size.ts';
import { type AnnouncedPool, type Announcement, isAnnouncing } from './announcement.ts';
import { nodesBy } from './look-ahead.ts';

/**
 * Adds a reason to each change of the plan that should have been announced and was not, or too late. The reason is kept
 * in the history. No change waits for its announcement.
 */
export function withUnannounced(plan: Plan, input: RoundInput, announced: readonly Announcement[]): Plan {
  if (!isAnnouncing(input.config)) return plan;
  return { ...plan, updates: plan.updates.map((update) => noted(update, input, announced)) };
}

function noted(update: RecordUpdate, input: RoundInput, announced: readonly Announcement[]): RecordUpdate {
  const { action } = update;
  const why = action && whyUnannounced(action, input, announced);
  if (why === undefined) return update;
  const decisions = update.decisions.map((decision) =>
    decision.kind === 'scale' && decision.poolId === action?.poolId
      ? { ...decision, reason: `${decision.reason}; not announced in time: ${why}` }
      : decision,
  );
  return { ...update, decisions };
}

/** undefined = announced in time, or no announcement is wanted. */
function whyUnannounced(action: Action, input: RoundInput, announced: readonly Announcement[]): string | undefined {
  const book = input.book ?? makeRuleBook(input.config, input.now);
  const seen = input.clusters.find(
    ({ cluster }) => cluster.region === action.region && cluster.id === action.clusterId,
  );
  const pool = seen && withAskedLabels(seen, book).pools?.find(({ id }) => id === action.poolId);
  const rule = book.appliedRule({ ...action, labels: pool?.labels })?.rule;
  if (rule?.announce === undefined || pool === undefined) return undefined;
  const by = nodesBy(observedNodes(pool), action.to);
  if (by === 0 || (by > 0 && !rule.announce.raises)) return undefined;
  const told = announced
    .flatMap(({ boundary, pools }) =>
      pools.filter((one) => poolKey(one) === poolKey(action)).map((one) => ({ ...one, boundary })),
    )
    .filter((one) => Math.sign(one.by) === Math.sign(by) && one.ended?.how !== 'done')
    // A raise begins ahead of its boundary; a lower never does.
    .filter((one) => by > 0 || one.boundary <= input.now)
    .sort((a, b) => b.boundary - a.boundary);
  return told.length === 0 ? whyUnknown(action, input) : whyLate(told, action);
}

/** In time if a valid announcement was; otherwise the reason of the latest one. */
function whyLate(
  told: readonly (AnnouncedPool & { readonly boundary: EpochMs })[],
  { to }: Action,
): string | undefined {
  const standing = told.filter(({ ended }) => ended === undefined || ended.how === 'late');
  const inTime = standing.filter(({ late }) => late === undefined);
  if (inTime.some((one) => equalSize(one.to, to))) return undefined;
  const [other] = inTime;
  if (other !== undefined) return `it was announced as ${describeSize(other.from)} → ${describeSize(other.to)}`;
  const [latest] = standing;
  if (latest?.late !== undefined) return latest.late;
  const [back] = told;
  return `the one for ${iso(back?.boundary ?? 0)} was withdrawn${because(back?.ended?.why)}`;
}

/** It was not known early enough. */
function whyUnknown(action: Action, { asks, now, clusters }: RoundInput): string {
  const { override } = asksOfPool(asks, action, now);
  if (override !== undefined) return `${override.who} asked for it at ${iso(override.askedAt)}`;
  const record = clusters.find(
    ({ cluster }) => cluster.region === action.region && cluster.id === action.clusterId,
  )?.record;
  const memory = record?.pools[action.poolId];
  if (memory === undefined) return 'its pool was first seen just now';
  if (memory.held !== undefined) return `it was held before: ${memory.held.reason}`;
  return memory.resetAt === undefined
    ? 'it was not known before'
    : `what is asked of it, or its rule, changed at ${iso(memory.resetAt)}`;
}
