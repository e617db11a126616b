import type { Approval, Ask } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import type { EpochMs } from '../../model/time.ts';
import { subjectId } from '../incidents/incident.ts';
import type { ClusterRecord, ObservedFleetCluster, PoolMemory } from '../scaling/memory.ts';
import { planRound } from '../scaling/plan-round.ts';
import { makeRuleBook, type RuleBook } from '../scaling/rule-book.ts';
import { longestLeadMs, lowerLookMs } from '../scaling/scheduled-size.ts';
import { nextChange } from '../schedule/timeline.ts';
import type { FoundFinding, Rehearsal, RehearsalInput, RehearsedChange } from './rehearsal.ts';
import { advanceFleet, applyPlan, beginFleet, type Fleet } from './rehearsed-fleet.ts';
import { bystandersOf, closePools } from './totals.ts';

/**
 * The days to come, with the planning of real rounds on a fleet in which only time and our own changes do anything: a
 * resize takes as long as the pool's raises took, nobody else touches a pool, and no call fails.
 */
export function rehearse(input: RehearsalInput): Rehearsal {
  const { from, to } = input;
  const config = actEverywhere(input.config);
  const book = makeRuleBook(config, from);
  const regions = new Set(config.regions.map(({ name }) => name));
  const isOurs = ({ cluster }: ObservedFleetCluster) => regions.has(cluster.region);
  const fleet = beginFleet(input.clusters.filter(isOurs), input.storedRules, from);
  const elsewhere = beginFleet(
    input.clusters.filter((one) => !isOurs(one)),
    new Map(),
    from,
  );
  const changes: RehearsedChange[] = [];
  const findings = new Map<string, FoundFinding>();
  let { asks } = input;
  for (let now = from; now < to; ) {
    advanceFleet(fleet, now);
    // The names of the fleet stay as they are: one look at them is enough.
    const isWhole = input.isWhole !== false && now === from;
    const { clusters, storedRules } = fleet;
    const round = { now, config, clusters, storedRules, isWhole, book };
    const asWritten = planRound({ ...round, asks });
    const isBraked = asWritten.findings.some(({ kind }) => kind === 'config.brake');
    if (isBraked) asks = [...asks, approvalOf(config, now, to)];
    const plan = isBraked ? planRound({ ...round, asks }) : asWritten;
    changes.push(...applyPlan(fleet, plan, config, now));
    for (const finding of asWritten.findings) noteFinding(findings, finding, now);
    const isQuiet = plan.updates.length === 0 && input.everyRound !== true;
    now = nextTick(now, isQuiet ? quietUntil(fleet, book, asks, now) : now, config.everyMs);
  }
  advanceFleet(fleet, to);
  advanceFleet(elsewhere, to);
  const closed = closePools(fleet, input, book, changes);
  const bystanders = [...closed.bystanders, ...bystandersOf(elsewhere, input)];
  return { from, to, changes, pools: closed.pools, bystanders, findings: [...findings.values()] };
}

/** The first tick after `now` that is not before `until`. */
function nextTick(now: EpochMs, until: EpochMs, everyMs: number): EpochMs {
  return now + everyMs * Math.max(1, Math.ceil((until - now) / everyMs));
}

/** What the brake holds is told, and rehearsed as though somebody approved it at once: seeing it is what one rehearses for. */
function approvalOf({ hash }: CompiledConfig, now: EpochMs, until: EpochMs): Approval {
  const common = { schema: 1, kind: 'approval', id: 'approval/rehearsal', region: '', who: 'the rehearsal' } as const;
  return { ...common, reason: undefined, askedAt: now, configHash: hash, until };
}

/** A config that only observes is rehearsed as though it acted: seeing that is what one rehearses it for. */
function actEverywhere(config: CompiledConfig): CompiledConfig {
  return { ...config, rules: config.rules.map((rule) => ({ ...rule, mode: 'act' })) };
}

function noteFinding(found: Map<string, FoundFinding>, finding: Finding, at: EpochMs): void {
  const key = findingKey(finding);
  if (!found.has(key)) found.set(key, { at, finding });
}

/** What is found is one thing as long as its kind and subject are the same. */
export function findingKey({ kind, subject }: Finding): string {
  return `${kind} ${subjectId(subject)}`;
}

/**
 * After a round at `now` that changed nothing: the instant before which no round can find anything else. Nothing moves,
 * no memory waits for its time to come, and every schedule, ask and grace is further away than any rule looks. Weekends
 * and nights are then free, and a rehearsal tells the same as with all their rounds.
 */
function quietUntil(fleet: Fleet, book: RuleBook, asks: readonly Ask[], now: EpochMs): EpochMs {
  for (const life of fleet.lives.values()) if (life.resize || life.nodesDueAt !== undefined) return now;
  let until = Math.min(...asks.map((ask) => (ask.until > now ? ask.until : Number.POSITIVE_INFINITY)));
  for (const { cluster, pools, record } of fleet.clusters) {
    if (record && isRestless(record)) return now;
    for (const pool of pools ?? []) {
      const applied = book.appliedRule({ region: cluster.region, cluster: cluster.name, pool: pool.name });
      if (applied === undefined) continue;
      const { rule, timeline } = applied;
      const leadMs = rule.lead.kind === 'fixed' ? Math.max(rule.lead.ms, longestLeadMs) : longestLeadMs;
      const edge = nextChange(timeline, now)?.at ?? Number.POSITIVE_INFINITY;
      const graceEnds = (pool.createdAt ?? 0) + rule.graceMs;
      until = Math.min(until, edge - lowerLookMs(leadMs), graceEnds > now ? graceEnds : until);
    }
  }
  return until;
}

function isRestless({ change, pools }: ClusterRecord): boolean {
  return change !== undefined || Object.values(pools).some(waitsForTime);
}

/** Everything in a memory that ends, or is judged anew, as time passes. */
function waitsForTime(memory: PoolMemory): boolean {
  const { kept, ahead, foreign, refusals, pending, short, stuck, busySince, missingSince, notApplied } = memory;
  return [kept, ahead, foreign, refusals, pending, short, stuck, busySince, missingSince, notApplied].some(
    (each) => each !== undefined,
  );
}
