import type { Hold } from '../../lib/decide/scaling/plan.ts';
import type { Finding } from '../../lib/model/finding.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { ClusterView, PoolView } from '../../lib/simulator/views.ts';
import { ruleFor } from './meaning.ts';
import { hourMs, minuteMs } from './scenario.ts';
import { resolve } from './schedule-oracle.ts';
import type { ConfigInForce, Simulation } from './simulation.ts';
import { basesOf, isSame, type PoolStory, sizeOf, wasDeceived, when } from './story.ts';

/** What one round saw and said, as far as it can be told from outside. */
export type Sight = {
  readonly startedAt: EpochMs;
  readonly config: ConfigInForce;
  readonly findings: readonly Finding[];
  /** Empty where nobody can look into a round. */
  readonly holds: readonly Hold[];
  readonly sees: (clusterId: string) => boolean;
  /** What it saw could be written down. */
  readonly isKept: boolean;
};

/** What was seen truly is noted, and darkness without a word refused. */
export function judgeSight(sim: Simulation, sight: Sight): void {
  for (const cluster of sim.world.clusters()) {
    if (!sawTruly(sim, sight, cluster)) continue;
    for (const view of cluster.pools) {
      const pool = sim.story.pools.get(view.id);
      if (pool === undefined) continue;
      if (!isUnclear(sight, view.id)) noteArrival(sim, sight, pool, view);
      judgeDarkness(sim, sight, pool, { view, siblings: cluster.pools.length - 1 });
      judgeNodes(sim, sight, pool, { view, siblings: cluster.pools.length - 1 });
    }
  }
}

function sawTruly(sim: Simulation, sight: Sight, cluster: ClusterView): boolean {
  return !wasDeceived(sim, sight.startedAt, cluster.id) && sight.sees(cluster.id);
}

/** Nobody can arrive at a size that the answer leaves out. */
function isUnclear({ holds, findings }: Sight, poolId: string): boolean {
  if (holds.some((hold) => hold.poolId === poolId && hold.code === 'absent-size')) return true;
  return findings.some((finding) => finding.kind === 'pool.unclear' && isAbout(finding, poolId));
}

function noteArrival(sim: Simulation, sight: Sight, pool: PoolStory, view: PoolView): void {
  const rule = ruleFor(sight.config.meaning, pool.path);
  const oracle = sim.story.schedule(sight.config.meaning, pool.path);
  // What got there while the round looked, it may have seen or not (seed 3812).
  if (rule === undefined || oracle === undefined || view.status !== 'Running' || view.updatedAt > sight.startedAt)
    return;
  const terms = oracle.termsAt(sight.startedAt);
  if (terms.join() === 'base' && basesOf(rule, pool).some((base) => isSame(base, sizeOf(view))))
    pool.baseSeenAt = sight.startedAt;
  const wanted = terms.flatMap((term) =>
    term === 'base' ? basesOf(rule, pool) : (resolve(term, rule, undefined) ?? []),
  );
  // Where several bases are possible, it is not known which one it had arrived at.
  if (wanted.length === 1 && wanted[0] && isSame(wanted[0], sizeOf(view))) pool.arrivedAt = sight.startedAt;
}

type Seen = { readonly view: PoolView; readonly siblings: number };

/** In the hours of its base no pool stands at 0 past its deadline without a critical word about it. */
function judgeDarkness(sim: Simulation, sight: Sight, pool: PoolStory, { view, siblings }: Seen): void {
  const darkFrom = darkSince(sim, sight, pool);
  // Nobody can be late for what nobody has looked at: the time runs from the first round that saw it.
  if (darkFrom === undefined || pool.darkSeen?.since !== darkFrom) {
    // A round that could not write has seen it and forgotten it.
    pool.darkSeen = darkFrom === undefined || !sight.isKept ? undefined : { since: darkFrom, at: sight.startedAt };
    return;
  }
  const since = Math.max(darkFrom, pool.darkSeen.at);
  if (sight.startedAt <= since + allowedMs(sim, siblings) || sizeOf(view).max > 0) return;
  const findings = sight.findings.filter((finding) => isAbout(finding, pool.id));
  if (findings.some(({ severity }) => severity === 'critical')) return;
  // Somebody made it a pool of the other kind, for which its rule has no size: that is said, and is no more than that.
  if (pool.kindChangedAt !== undefined && findings.some(({ kind }) => kind === 'config.mismatch')) return;
  // The schedule changed while the round looked.
  if (darkSince(sim, { ...sight, startedAt: sim.kernel.now() }, pool) === undefined) return;
  const said = findings.map(({ kind }) => kind).join(', ') || 'nothing';
  const held = sight.holds.filter(({ poolId }) => poolId === pool.id).map(({ code, reason }) => `${code} (${reason})`);
  const text = `${pool.path} is ${view.status} at 0 since ${when(since)} and nothing critical is said; said: ${said}; held: ${held.join(', ')}`;
  sim.violate('dark', text);
}

/** Bounds without nodes wake nobody: past the deadline that is said, and where the nodes are it is not. */
function judgeNodes(sim: Simulation, sight: Sight, pool: PoolStory, { view, siblings }: Seen): void {
  const late = sight.findings.find((finding) => finding.kind === 'pool.late' && isAbout(finding, pool.id));
  const missing = view.autoscale ? (view.sizeMin ?? 0) - view.size : 0;
  if (missing <= 0 && late?.text.includes('though its bounds are') && view.updatedAt < sight.startedAt)
    sim.violate('untrue', `${pool.path} has ${view.size} nodes, and it is said: ${late.text}`);
  const isShort = missing > 0 && view.status === 'Running';
  const from = isShort && sight.isKept ? shortSince(sim, sight, pool, view) : undefined;
  if (from === undefined || pool.shortSeen?.since !== from) {
    pool.shortSeen = from === undefined ? undefined : { since: from, at: sight.startedAt };
    return;
  }
  if (
    late !== undefined ||
    isSaidUnclear(sim, sight, view) ||
    sight.startedAt <= Math.max(from, pool.shortSeen.at) + allowedMs(sim, siblings)
  )
    return;
  const text = `${pool.path} has ${view.size} nodes under bounds of ${view.sizeMin}..${view.sizeMax} since ${when(from)}`;
  sim.violate('short', `${text}, and nothing is said`);
}

/** Nobody can count nodes that no answer has: that is said, and is no more than that. */
function isSaidUnclear(sim: Simulation, { findings }: Sight, view: PoolView): boolean {
  const isLeftOut = sim.world.behaviour.leavesOutZeroSize && view.size === 0;
  return isLeftOut && findings.some((finding) => finding.kind === 'pool.unclear' && isAbout(finding, view.id));
}

/** Since when the schedule alone has wanted the bounds that it has; undefined = it does not, or somebody had a say. */
function shortSince(sim: Simulation, sight: Sight, pool: PoolStory, view: PoolView): EpochMs | undefined {
  const { meaning, at: configAt } = sight.config;
  const rule = ruleFor(meaning, pool.path);
  const oracle = sim.story.schedule(meaning, pool.path);
  const now = sight.startedAt;
  if (rule === undefined || oracle === undefined || rule.mode === 'observe') return undefined;
  if (pool.kindChangedAt !== undefined || pool.isBaseUncertain) return undefined;
  if (pool.hands.some((hand) => hand.at > now - 25 * hourMs)) return undefined;
  if (sim.story.asks.some((told) => told.pools(pool.path) && told.ask.until > now - 25 * hourMs)) return undefined;
  const isWanted = [now - clockErrorMs(sim), now, now + clockErrorMs(sim)].every((at) => {
    const [term, ...others] = oracle.termsAt(at);
    const [base, ...otherBases] = basesOf(rule, pool);
    const isClear = term !== undefined && others.length === 0 && (term !== 'base' || otherBases.length === 0);
    const size = isClear ? resolve(term, rule, base) : undefined;
    return size !== undefined && isSame(size, sizeOf(view));
  });
  if (!isWanted) return undefined;
  const edge = oracle.edges(now - 24 * hourMs, now).at(-1) ?? now - 24 * hourMs;
  return Math.max(edge, configAt, sim.story.losses.at(-1) ?? 0, pool.bornAt + 30 * minuteMs);
}

/** From when it is wanted until it is said that it is late, at most. */
function allowedMs(sim: Simulation, siblings: number): number {
  return (45 + 17 * siblings + 15) * minuteMs + 2 * sim.scenario.tickMs + clockErrorMs(sim);
}

/** Since when it should be at its base and is not, for all that people can know; undefined = somebody wanted that. */
function darkSince(sim: Simulation, sight: Sight, pool: PoolStory): EpochMs | undefined {
  const { meaning, at: configAt } = sight.config;
  const rule = ruleFor(meaning, pool.path);
  const oracle = sim.story.schedule(meaning, pool.path);
  const now = sight.startedAt;
  if (rule === undefined || oracle === undefined || rule.mode === 'observe' || pool.zeroSince === undefined)
    return undefined;
  const clocks = [now - clockErrorMs(sim), now, now + clockErrorMs(sim)];
  if (clocks.some((at) => oracle.termsAt(at).some((term) => term !== 'base'))) return undefined;
  if (basesOf(rule, pool).every(({ max }) => max === 0)) return undefined;
  const edge = oracle.edges(now - 24 * hourMs, now).at(-1) ?? now - 24 * hourMs;
  if (pool.hands.some((hand) => hand.at > now - 25 * hourMs)) return undefined;
  const asks = sim.story.asks
    .filter((told) => told.pools(pool.path))
    .map(({ ask, at }) => (at <= sim.kernel.now() ? Math.min(ask.until, now) : 0));
  const lastLoss = sim.story.losses.at(-1) ?? 0;
  return Math.max(edge, pool.zeroSince, configAt, lastLoss, pool.bornAt + 30 * minuteMs, ...asks);
}

/** By how much the clock of a process may be off. */
function clockErrorMs({ scenario }: Simulation): number {
  return scenario.classes.has('clock') ? 5 * minuteMs : 0;
}

export function isAbout(finding: Finding, poolId: string): boolean {
  return finding.subject.kind === 'pool' && finding.subject.poolId === poolId;
}
