import type { RoundFindings } from '../../lib/decide/watching/scale-findings.ts';
import { listRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import type { Finding } from '../../lib/model/finding.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { PoolView } from '../../lib/simulator/views.ts';
import { isAbout } from './judge-sight.ts';
import { type Bounds, bounds, ruleFor } from './meaning.ts';
import { hourMs, minuteMs } from './scenario.ts';
import { largestOf, resolve } from './schedule-oracle.ts';
import { configAt, type Simulation } from './simulation.ts';
import { basesOf, isSame, type PoolStory, show, sizeOf, when } from './story.ts';

const lookEveryMs = 20 * minuteMs;

/** From `judgedFrom` on, every pool is where people mean it to be, or a finding says why it is not. */
export function judgeConvergence(sim: Simulation): void {
  const look = () => {
    void judgeAll(sim);
    if (sim.kernel.now() + lookEveryMs < sim.scenario.end) sim.kernel.at(sim.kernel.now() + lookEveryMs, look);
  };
  sim.kernel.at(sim.scenario.judgedFrom, look);
}

async function judgeAll(sim: Simulation): Promise<void> {
  const now = sim.kernel.now();
  const views = sim.world
    .clusters()
    .flatMap(({ pools }) => pools.map((view) => ({ view, siblings: pools.filter((other) => other !== view) })));
  const rounds = await listRoundFindings(sim.store.plain, 'r1');
  for (const { view, siblings } of views) {
    const pool = sim.story.pools.get(view.id);
    if (pool) judgePool(sim, pool, view, siblings, now, rounds);
  }
}

function judgePool(
  sim: Simulation,
  pool: PoolStory,
  view: PoolView,
  siblings: readonly PoolView[],
  now: EpochMs,
  rounds: readonly RoundFindings[],
): void {
  const wanted = wantedAt(sim, pool, siblings.length, now);
  if (wanted === undefined) return;
  sim.stats.figures.judged += 1;
  const seen = sizeOf(view);
  if (wanted.some((size) => isSame(size, seen) || isForItsCluster(sim, size, seen, siblings))) return;
  const findings = rounds
    .flatMap((round) => round.findings)
    .filter((finding) => isAbout(finding, pool.id) || finding.kind === 'config.brake');
  const excuse = excuseOf(sim, pool, findings);
  if (excuse !== undefined) {
    sim.stats.figures.excused += 1;
    return;
  }
  const said = findings.map(({ kind }) => kind).join(', ') || 'nothing';
  sim.violate(
    'not right',
    `${pool.path} is ${view.status} at ${show(seen)} and should be at ${wanted.map(show).join(' or ')}; said: ${said}`,
  );
}

/** Larger than its schedule has it, and the cluster has no node more than it is to keep. */
function isForItsCluster(sim: Simulation, wanted: Bounds, seen: Bounds, siblings: readonly PoolView[]): boolean {
  const { minNodesPerCluster: least = 0 } = configAt(sim, sim.kernel.now()).meaning;
  const others = siblings.reduce((sum, view) => sum + sizeOf(view).min, 0);
  return seen.min > wanted.min && seen.max === Math.max(wanted.max, seen.min) && others + seen.min <= least;
}

/** Sizes that are right now; undefined = not to be judged at this instant (a change is still allowed to be under way). */
function wantedAt(sim: Simulation, pool: PoolStory, siblings: number, now: EpochMs): readonly Bounds[] | undefined {
  const { meaning } = configAt(sim, now);
  const rule = ruleFor(meaning, pool.path);
  const oracle = sim.story.schedule(meaning, pool.path);
  if (rule === undefined) return wantedWithoutRule(sim, pool, now);
  if (oracle === undefined || rule.mode === 'observe') return undefined;
  const lowers = meaning.maxChangesPerRound === undefined ? 0 : sim.story.pools.size * sim.scenario.tickMs;
  const allowedMs = (45 + 17 * siblings) * minuteMs + 2 * sim.scenario.tickMs + lowers;
  const told = sim.story.asks.filter((one) => one.pools(pool.path) && one.at > sim.scenario.faultsEnd);
  const hand = pool.hands.findLast(({ at }) => at > sim.scenario.faultsEnd);
  const restless = [
    ...told.flatMap(({ ask, at }) => [at, ask.until]),
    ...(hand ? [hand.at, ...[23.5, 24, 24.5, 25].map((hours) => hand.at + hours * hourMs)] : []),
  ];
  if (restless.some((at) => at <= now && at > now - allowedMs)) return undefined;
  if (oracle.edges(now - allowedMs, now + 80 * minuteMs).length > 0) return undefined;
  // Whatever it is then, it is right: what is done to it is judged as it is sent.
  if (oracle.termsAt(now).includes('leave')) return undefined;
  const scheduled = scheduledAt(pool, rule, oracle.termsAt(now));
  if (meaning.minNodesPerCluster !== undefined && scheduled.every(({ max }) => max < 2)) return undefined;
  const edge = oracle.edges(now - 7 * 24 * hourMs, now).at(-1) ?? now;
  const isKept =
    hand !== undefined &&
    hand.at > edge &&
    now - hand.at < 24 * hourMs &&
    hand.isAfterArrival &&
    rule.onHumanChange !== 'enforce';
  const standing = isKept ? [hand.size] : scheduled;
  const leases = told.flatMap(({ ask }) => (ask.kind === 'lease' && ask.until > now ? [ask.atLeast] : []));
  const caps = [rule.leasesMax ?? rule.limits.max ?? basesOf(rule, pool).map(({ max }) => max)].flat();
  return caps.flatMap((cap) =>
    standing.map((size) => largestOf([size, ...leases.map((n) => bounds(Math.min(n, cap)))])),
  );
}

function scheduledAt(
  pool: PoolStory,
  rule: NonNullable<ReturnType<typeof ruleFor>>,
  terms: readonly (string | number)[],
): readonly Bounds[] {
  const bases = basesOf(rule, pool);
  const isBase = terms.includes('base');
  return (isBase ? bases : [undefined]).map((base) =>
    largestOf(terms.flatMap((term) => resolve(term as 'base', rule, base) ?? [])),
  );
}

/** What left the config is given back; what never was in it is nobody's to judge. */
function wantedWithoutRule(sim: Simulation, pool: PoolStory, now: EpochMs): readonly Bounds[] | undefined {
  const past = sim.configs.filter(({ at }) => at <= now);
  const ruledLast = past.findLastIndex(({ meaning }) => ruleFor(meaning, pool.path) !== undefined);
  const leftAt = past[ruledLast + 1]?.at ?? now;
  // What people make of it after that is theirs, and so is a size that they set and nobody has changed since.
  const lastPut = pool.puts.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  if (pool.hands.some(({ at }) => at > Math.min(leftAt, lastPut))) return undefined;
  const rules = sim.configs.flatMap(({ meaning }) => ruleFor(meaning, pool.path) ?? []);
  const last = rules.at(-1);
  if (last === undefined || last.onRemove === 'leave' || rules.some(({ mode }) => mode === 'observe')) return undefined;
  if (sim.story.losses.length > 0) return undefined;
  return [...pool.bases, ...rules.flatMap(({ base }) => (base === 'remembered' ? [] : [bounds(base)]))];
}

/** What a finding may excuse, and only where something happened that nobody can repair. */
export function excuseOf(sim: Simulation, pool: PoolStory, findings: readonly Finding[]): string | undefined {
  const kinds = new Set(findings.map(({ kind }) => kind));
  // A base is written down when its pool is first moved; what somebody moved before that, nobody knows.
  const firstPut = pool.puts[0]?.at ?? Number.POSITIVE_INFINITY;
  const isNeverKnown = pool.hands.some(({ at }) => at < firstPut);
  const isUncertain =
    pool.isBaseUncertain || isNeverKnown || pool.kindChangedAt !== undefined || isForgotten(sim, pool);
  if (kinds.has('base.unknown') && isUncertain) return 'base';
  if (kinds.has('config.mismatch') && pool.kindChangedAt !== undefined) return 'kind';
  const isZeroUnclear =
    sim.world.behaviour.leavesOutZeroSize && (pool.isBaseUncertain || pool.hands.some(({ size }) => size.max === 0));
  if (kinds.has('pool.unclear') && isZeroUnclear) return 'a zero that is left out';
  // What is done long after it was answered looks as if it were ignored.
  const refusing = ['refusals', 'errors', 'late'] as const;
  const isRefusing = refusing.some((one) => sim.scenario.classes.has(one));
  if (kinds.has('pool.refused') && isRefusing) return 'refused';
  return undefined;
}

/**
 * A pool whose rule left the config is forgotten once it has its base again, or at once if the rule said so. If somebody
 * sets it after that, and the rule comes back, nobody knows its base.
 */
function isForgotten(sim: Simulation, pool: PoolStory): boolean {
  return sim.configs.some(({ meaning, at }, index) => {
    if (ruleFor(meaning, pool.path) !== undefined) return false;
    const before = sim.configs[index - 1]?.meaning;
    if (before && ruleFor(before, pool.path)?.onRemove === 'leave') return true;
    const until = sim.configs[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    return pool.hands.some((hand) => hand.at >= at && hand.at < until && isGivenBack(pool, hand.at));
  });
}

function isGivenBack(pool: PoolStory, at: EpochMs): boolean {
  const last = pool.puts.findLast((put) => put.at <= at);
  return last === undefined || pool.bases.some((base) => isSame(base, last.to));
}

export function violationText(at: EpochMs, kind: string, text: string): string {
  return `${when(at)} ${kind}: ${text}`;
}
