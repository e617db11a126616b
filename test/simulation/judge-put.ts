import { patchMembers } from '../../lib/io/mks/patch-members.ts';
import type { Ask } from '../../lib/model/asks.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { SentPut } from './fetch-of-run.ts';
import { type Bounds, bounds, isSameRule, ruleFor, type TermMeaning } from './meaning.ts';
import type { Round } from './process.ts';
import { dayMs, hourMs, minuteMs } from './scenario.ts';
import { clamp, resolve } from './schedule-oracle.ts';
import type { Simulation } from './simulation.ts';
import { basesOf, between, isSame, type PoolStory, show, sizeOf, wasDeceived, when } from './story.ts';

/** A claim may be acted on for 60 s by the clock of its process. */
const claimLastsMs = 60_000;
/** A clock that the service's answers contradict changes nothing: five minutes, and what an answer takes. */
export const clockMayErrMs = 6 * minuteMs;
/** The plan is a little older than its PUT, and clocks differ by so much. */
const slackMs = 3 * minuteMs;

export type Sent = {
  readonly from: Bounds;
  readonly to: Bounds;
  /** Its cluster was busy with something else. */
  readonly isToBusy: boolean;
};

/** Every PUT, the moment it is handed to HTTP, against what people would say about it. */
export function judgePut(sim: Simulation, round: Round, put: SentPut): void {
  sim.stats.figures.puts += 1;
  const pool = sim.story.pools.get(put.poolId);
  const text = round.reads.get(put.poolId);
  if (pool === undefined || text === undefined)
    return sim.violate('blind put', `a PUT to ${put.poolId} without a fresh read`);
  const sent = readSent(sim, put, text, pool);
  sim.trace.note(`${sim.kernel.now()} ${round.process} puts ${pool.path} ${show(sent.from)} -> ${show(sent.to)}`);
  const say = (kind: string, what: string) =>
    sim.violate(kind, `${round.process}: ${pool.path} ${show(sent.from)} → ${show(sent.to)}: ${what}`);
  if (Math.abs(round.skewMs()) > clockMayErrMs) say('wrong clock', `its clock is ${round.skewMs()} ms off`);
  if (round.options.isDryRun) say('dry run', 'a dry run sent a PUT');
  // In another letter case it is the same status, for who acts as for who watches.
  if (sent.status.toLowerCase() !== 'running') say('not running', `the pool was ${sent.status} when read`);
  judgeClaim(round, put, say);
  judgeInFlight(sim, pool, say);
  judgeSent(sim, round, pool, sent);
}

/** What can be said of a PUT by anybody who knows what people want: also from outside. */
export function judgeSent(sim: Simulation, round: Sender, pool: PoolStory, sent: Sent): void {
  const say = (kind: string, what: string) =>
    sim.violate(kind, `${round.process}: ${pool.path} ${show(sent.from)} → ${show(sent.to)}: ${what}`);
  judgeAsk(sim, round, pool, sent, say);
  judgeAsks(sim, round, pool, sent, say);
  judgeHands(sim, round, pool, sent, say);
  judgeLeft(sim, round, pool, say);
  judgeCoolDown(sim, round, pool, sent, say);
  judgeFirstAct(sim, round, pool, sent, say);
  judgeShare(sim, round, pool, sent, say);
  pool.puts.push({
    at: sim.kernel.now(),
    from: sent.from,
    to: sent.to,
    isToBusy: sent.isToBusy,
    status: undefined,
  });
  judgeNumber(sim, pool, say);
}

/** Of a round, what matters to its PUTs. */
export type Sender = Pick<Round, 'process' | 'startedAt' | 'wall' | 'config' | 'claims'>;

/** What makes a process forget, or misjudge, how long ago a refusal was. */
const forgetful = ['crash', 'store', 'loss', 'clock', 'freeze', 'twins', 'errors', 'late'] as const;

/** What was refused is tried again after 5 min, then 10, then every 20. */
function judgeCoolDown(sim: Simulation, round: Sender, pool: PoolStory, { to }: Sent, say: Say): void {
  if (forgetful.some((kind) => sim.scenario.classes.has(kind))) return;
  const refused: EpochMs[] = [];
  let until = sim.kernel.now();
  for (const put of pool.puts.toReversed()) {
    const isRefusal = !put.isToBusy && (put.status === 400 || put.status === 429) && isSame(put.to, to);
    if (!isRefusal || isAskedAnew(sim, round, pool, put, until)) break;
    refused.push(put.at);
    until = put.at;
  }
  const [last] = refused;
  if (last === undefined) return;
  const waitMs = Math.min(5 * 2 ** (refused.length - 1), 20) * minuteMs;
  if (sim.kernel.now() - last < waitMs - 5_000)
    say('too soon', `it was refused ${refused.length} times, the last time at ${when(last)}`);
}

type Put = PoolStory['puts'][number];

/**
 * Where the pool stood at what was wanted in between, what was refused is over, and the next try is the first (ADR 24): the
 * schedule said the size that it had, or people had a say.
 */
function isAskedAnew(sim: Simulation, round: Sender, pool: PoolStory, put: Put, until: EpochMs): boolean {
  const isBetween = (at: EpochMs) => at > put.at && at <= until;
  const asks = sim.story.asks.filter((told) => told.pools(pool.path));
  if (asks.some(({ ask, at }) => isBetween(at) || isBetween(ask.until))) return true;
  if (pool.hands.some(({ at }) => isBetween(at)) || sim.configs.some(({ at }) => isBetween(at))) return true;
  const { meaning } = round.config;
  const rule = ruleFor(meaning, pool.path);
  const oracle = sim.story.schedule(meaning, pool.path);
  if (rule === undefined || oracle === undefined) return false;
  const lead = meaning.schedules.find(({ name }) => name === rule.schedule)?.lead;
  // A raise is wanted as long before its hours; how long before, only the program knows, where it learns that.
  const aheadMs = put.to.min > put.from.min && typeof lead === 'number' ? lead * minuteMs : 0;
  const isItsOwn = (term: TermMeaning) =>
    term === 'leave' ||
    (term === 'base' ? basesOf(rule, pool) : [resolve(term, rule, undefined) as Bounds]).some((size) =>
      isSame(size, put.from),
    );
  return oracle.edges(put.at, until).some((edge) => {
    const isOverruled = asks.some(({ ask, at }) => ask.kind !== 'pause' && at <= edge && ask.until > edge);
    return !isOverruled && oracle.termsAt(edge).some(isItsOwn) && oracle.edges(edge, edge + aheadMs).length === 0;
  });
}

/** The brake counts more than is sent, and looks at a fleet that is some minutes older. */
const mostFirst = { pools: 3, percent: 45 };

/** What nobody has seen a rule do, and nobody has approved, happens to few pools at once. */
function judgeFirstAct(sim: Simulation, round: Sender, pool: PoolStory, { from, to }: Sent, say: Say): void {
  if (to.min >= from.min && to.max >= from.max) return;
  const first = ofOneTick(sim, round, firsts);
  if (pool.puts.length > 0 || isAskedOrApproved(sim, round, pool)) return;
  first.set(pool.id, Math.max(0, from.min - to.max));
  const nodes = [...first.values()].reduce((sum, less) => sum + less, 0);
  const fleet = sim.world
    .clusters()
    .flatMap(({ pools }) => pools)
    .reduce((sum, { size }) => sum + size, 0);
  if (first.size > mostFirst.pools || nodes * 100 > mostFirst.percent * fleet)
    say('surprise', `${first.size} pools lose ${nodes} of ${fleet} nodes for the first time, and nobody approved that`);
}

const firsts = new WeakMap<object, Tick>();
const lowered = new WeakMap<object, Tick>();

/** Pools and nodes of the rounds that one tick began. */
type Tick = { readonly at: EpochMs; readonly pools: Map<string, number> };

/** The parts of a region begin within a minute of each other, and what is limited in a round is limited in all of them. */
function ofOneTick(sim: Simulation, round: Sender, known: WeakMap<object, Tick>): Map<string, number> {
  const owner = sim.scenario.parts === 1 ? round : sim;
  const last = known.get(owner);
  if (last !== undefined && round.startedAt - last.at < minuteMs) return last.pools;
  const tick: Tick = { at: round.startedAt, pools: new Map() };
  known.set(owner, tick);
  return tick.pools;
}

/** `safety.maxChangesPerRound`: of all parts together; a clock that jumps may begin a round anew. */
function judgeShare(sim: Simulation, round: Sender, pool: PoolStory, { from, to }: Sent, say: Say): void {
  const { maxChangesPerRound: most } = round.config.meaning;
  if (most === undefined || to.min > from.min || to.max > from.max || isSame(from, to)) return;
  if (sim.scenario.parts > 1 && shaken.some((kind) => sim.scenario.classes.has(kind))) return;
  const pools = ofOneTick(sim, round, lowered);
  pools.set(pool.id, 1);
  if (pools.size > most) say('too many at once', `${pools.size} pools are lowered in one round, and ${most} may be`);
}

/** What makes parts that share a round begin it at different times, or forget what they share. */
const shaken = ['clock', 'loss', 'store', 'freeze', 'ticks'] as const;

/** Its rule was approved as it stands, or the service took a change of an older pool, or somebody asked for this size. */
function isAskedOrApproved(sim: Simulation, round: Sender, pool: PoolStory): boolean {
  const isApproved = sim.story.approvals.some(({ meaning }) => isSameRule(meaning, round.config.meaning, pool.path));
  const isYounger = [...sim.story.pools.values()].some(({ puts }) =>
    puts.some(({ at, status = 0 }) => at < pool.bornAt && Math.floor(status / 100) === 2),
  );
  return isApproved || isYounger || askedFor(sim, round, pool).some(({ kind }) => kind === 'override');
}

function isBusy(sim: Simulation, pool: PoolStory): boolean {
  const cluster = sim.world.clusters().find(({ id }) => id === pool.clusterId);
  return cluster?.pools.some(({ status }) => status !== 'Running') ?? true;
}

/** A busy cluster is asked again each round, and that is no harm; anything else must not repeat itself for hours. */
function judgeNumber(sim: Simulation, pool: PoolStory, say: Say): void {
  const within = (ms: number) => pool.puts.filter(({ at, isToBusy }) => !isToBusy && at > sim.kernel.now() - ms).length;
  if (within(hourMs) > 8 || within(dayMs) > 72)
    say('too many', `${within(hourMs)} PUTs in an hour, ${within(dayMs)} in a day`);
}

type Say = (kind: string, what: string) => void;

/** Only the owned fields differ from the text that was read, byte for byte. */
function readSent(sim: Simulation, put: SentPut, text: string, pool: PoolStory): Sent & { readonly status: string } {
  const before = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const after = JSON.parse(put.body) as Readonly<Record<string, unknown>>;
  const isAutoscaled = before['autoscale'] === true;
  const owned = isAutoscaled ? ['size_min', 'size_max'] : ['size'];
  const sent = (keys: readonly string[]) =>
    Object.fromEntries(keys.map((key) => [key, after[key] as number | undefined] as const));
  if (patchMembers(text, sent(owned)) !== put.body) {
    // A key that the text does not have yet is added in the order in which it is given.
    const orders = [
      ['size', ...owned],
      [...owned, 'size'],
    ];
    const isSizeToo = isAutoscaled && orders.some((keys) => patchMembers(text, sent(keys)) === put.body);
    if (!isSizeToo || !maySendSize(pool, before, after))
      sim.violate('foreign fields', `the PUT of ${pool.path} changes more than ${owned.join(' and ')}`);
  }
  if (after['autoscale'] !== before['autoscale']) sim.violate('autoscale', `the PUT of ${pool.path} flips autoscale`);
  const size = (from: Readonly<Record<string, unknown>>): Bounds =>
    isAutoscaled
      ? { min: Number(from['size_min'] ?? 0), max: Number(from['size_max'] ?? 0) }
      : bounds(Number(from['size'] ?? 0));
  if (size(after).min > size(after).max) sim.violate('bounds', `the PUT of ${pool.path} has min above max`);
  return { from: size(before), to: size(after), status: String(before['status']), isToBusy: isBusy(sim, pool) };
}

/** Bounds that were refused before may come with the size nearest to the one that lies outside of them. */
function maySendSize(
  pool: PoolStory,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): boolean {
  const to = { min: Number(after['size_min']), max: Number(after['size_max']) };
  const size = Number(before['size'] ?? 0);
  // Whether it was refused for being busy is the service's to say: a pool in Error does not make its cluster busy.
  const isRefused = pool.puts.some((put) => isSame(put.to, to) && put.status === 400);
  return isRefused && (size < to.min || size > to.max) && after['size'] === (size < to.min ? to.min : to.max);
}

function judgeClaim(round: Round, put: SentPut, say: Say): void {
  const claimedAt = round.claims.get(put.clusterId);
  if (claimedAt === undefined) return say('no claim', 'nothing was claimed before');
  const before = round.sentFor.get(put.clusterId);
  if (before?.claimedAt === claimedAt && before.status !== 401) say('sent twice', 'one claim, two PUTs');
  round.sentFor.set(put.clusterId, { claimedAt, status: undefined });
  const age = round.wall() - claimedAt;
  if (age >= claimLastsMs) say('old claim', `its claim is ${Math.round(age / 1000)} s old`);
}

/** Somebody must want this size: the schedule, a lease, an override, a person, or a base that is given back. */
function judgeAsk(sim: Simulation, round: Sender, pool: PoolStory, sent: Sent, say: Say): void {
  const wanted = wantedBy(sim, round, pool, sent.from);
  if (wanted === undefined) return say('not ours', 'the rule of this pool only observes');
  const floors = leasesFor(sim, round, pool);
  const part = (key: 'min' | 'max') => {
    const from = sent.from[key];
    const to = sent.to[key];
    const all = wanted.map((one) => one[key]);
    const most = Math.max(from, ...all, ...floors.map((floor) => floor[key]));
    return to === from || (to >= Math.min(...all) && to <= most);
  };
  if (!part('min') || !part('max'))
    say('unwanted', `nobody wants this; what is wanted: ${[...new Set(wanted.map(show))].join(', ')}`);
}

function wantedBy(sim: Simulation, round: Sender, pool: PoolStory, current: Bounds): readonly Bounds[] | undefined {
  const { meaning } = round.config;
  const [wall, latest] = wallsOf(round, pool);
  const rule = ruleFor(meaning, pool.path);
  const given = sim.configs.flatMap((one) => {
    const { base } = ruleFor(one.meaning, pool.path) ?? { base: 'remembered' as const };
    return base === 'remembered' ? [] : [bounds(base)];
  });
  if (rule === undefined) return [...given, ...pool.bases];
  if (rule.mode === 'observe') return undefined;
  const oracle = sim.story.schedule(meaning, pool.path);
  const instants = [
    wall - slackMs,
    latest,
    ...(oracle?.edges(wall - slackMs, latest + leadOf(round, rule.schedule)) ?? []),
  ];
  const bases = [...basesOf(rule, pool), ...(rule.base === 'remembered' ? given : [])];
  const scheduled = instants.flatMap((at) =>
    (oracle?.termsAt(at) ?? []).flatMap((term) =>
      term === 'leave'
        ? current
        : term === 'base' && rule.base === 'remembered'
          ? bases
          : (resolve(term, rule, undefined) ?? []),
    ),
  );
  const hands = pool.hands.filter(({ at }) => at > wall - keptForMs(sim)).map(({ size }) => size);
  // A PUT that met a fault may look as if somebody had put the old size back, which then is kept.
  const undone = pool.puts
    .filter(({ at }) => at > wall - 25 * hourMs && hadTrouble(sim, pool, at))
    .map(({ from }) => from);
  const overrides = askedFor(sim, round, pool).flatMap((ask) =>
    ask.kind === 'override' ? [clamp(bounds(ask.exactly as number), rule)] : [],
  );
  const floor = meaning.minNodesPerCluster;
  return [...scheduled, ...hands, ...undone, ...overrides, ...(floor === undefined ? [] : [bounds(floor)])];
}

/** A size set by hand is kept for a day from when it was noticed, and who cannot look notices late. */
function keptForMs({ scenario }: Simulation): number {
  const blinding = ['ticks', 'crash', 'freeze', 'store', 'errors', 'lies', 'secrets', 'clock'] as const;
  return (blinding.some((kind) => scenario.classes.has(kind)) ? 60 : 28) * hourMs;
}

/** Its clock when it claimed, and now: the earlier and the later, for a clock may jump in between. */
function wallsOf(round: Sender, pool: PoolStory): readonly [EpochMs, EpochMs] {
  const wall = round.wall();
  const claimedAt = round.claims.get(pool.clusterId) ?? wall;
  return [Math.min(wall, claimedAt), Math.max(wall, claimedAt)];
}

/** Something went wrong with this very PUT. */
function hadTrouble(sim: Simulation, pool: PoolStory, at: EpochMs): boolean {
  return [sim.story.failures, sim.story.lies].some((list) =>
    between(list, at, at + minuteMs).some(({ cluster }) => cluster === pool.clusterId),
  );
}

function leadOf(round: Sender, schedule: string): number {
  const lead = round.config.meaning.schedules.find(({ name }) => name === schedule)?.lead;
  return lead === 'auto' ? hourMs : lead === 'none' || lead === undefined ? 0 : lead * minuteMs;
}

/** Asks that are live by the round's clock, or were a moment ago. */
function askedFor(sim: Simulation, round: Sender, pool: PoolStory): readonly Ask[] {
  const since = wallsOf(round, pool)[0] - slackMs;
  return sim.story.asks.flatMap(({ ask, pools }) => (pools(pool.path) && ask.until >= since ? [ask] : []));
}

/** Leases raise and never lower: what they ask for is no reason to go down. */
function leasesFor(sim: Simulation, round: Sender, pool: PoolStory): readonly Bounds[] {
  const rule = ruleFor(round.config.meaning, pool.path);
  if (rule === undefined) return [];
  const cap = rule.leasesMax ?? rule.limits.max ?? Math.max(0, ...basesOf(rule, pool).map(({ max }) => max));
  return askedFor(sim, round, pool).flatMap((ask) =>
    ask.kind === 'lease' ? [clamp(bounds(Math.min(ask.atLeast, cap)), rule)] : [],
  );
}

/** A live pause stops everything; a live lease that was acknowledged before the round is a floor. */
function judgeAsks(sim: Simulation, round: Sender, pool: PoolStory, sent: Sent, say: Say): void {
  // A clock that is set back by hours after the claim brings no pause of this morning back (seed 380, eight times the faults).
  const [earliest, latest] = wallsOf(round, pool);
  const since = round.startedAt;
  const lastLoss = sim.story.losses.at(-1) ?? Number.NEGATIVE_INFINITY;
  const live = sim.story.asks.filter(
    ({ ask, at, pools }) => at < since && at > lastLoss && ask.until > latest && pools(pool.path),
  );
  if (live.some(({ ask }) => ask.kind === 'pause')) say('paused', 'somebody paused it before the round began');
  const rule = ruleFor(round.config.meaning, pool.path);
  // One that is asked for while the round looks may have been seen or not.
  const isOverridden = sim.story.asks.some(
    ({ ask, at, pools }) => ask.kind === 'override' && at > lastLoss && ask.until > earliest && pools(pool.path),
  );
  if (rule === undefined || isOverridden) return;
  for (const { ask, at } of live) {
    if (ask.kind !== 'lease' || pool.hands.some((hand) => hand.at >= at - slackMs)) continue;
    const cap = rule.leasesMax ?? rule.limits.max ?? Math.min(...basesOf(rule, pool).map(({ max }) => max));
    const floor = Math.min(ask.atLeast, cap);
    if (sent.to.min < floor && sent.to.min < sent.from.min)
      say('below a lease', `${ask.id} asks for at least ${ask.atLeast} until ${when(ask.until)}`);
  }
}

/** What a person set by hand stays until the schedule next says something else. */
function judgeHands(sim: Simulation, round: Sender, pool: PoolStory, sent: Sent, say: Say): void {
  const hand = pool.hands.at(-1);
  const now = sim.kernel.now();
  if (hand === undefined || !hand.isAfterArrival || !isSame(sent.from, hand.size)) return;
  const rule = ruleFor(round.config.meaning, pool.path);
  const oracle = sim.story.schedule(round.config.meaning, pool.path);
  if (rule === undefined || rule.onHumanChange === 'enforce' || now - hand.at > 23 * hourMs) return;
  // After an outage in which an ask ended, nobody knows which came first: that end is acted on, like an edge in the dark
  // (seed 1180, three parts).
  const seenSince = Math.min(hand.at - hourMs, pool.arrivedAt);
  const isUndisturbed =
    (oracle?.edges(hand.at - 5 * minuteMs, now + leadOf(round, rule.schedule) + 5 * minuteMs) ?? [0]).length === 0 &&
    !sim.configs.some(({ at }) => at > hand.at - hourMs && at <= now) &&
    !sim.story.losses.some((at) => at > hand.at - hourMs) &&
    !wasDeceived(sim, hand.at - hourMs) &&
    !sim.story.asks.some((told) => told.pools(pool.path) && told.ask.until > seenSince);
  if (isUndisturbed && sent.to.min < sent.from.min)
    say('overruled', `a person set ${show(hand.size)} at ${when(hand.at)}, after the pool had arrived`);
}

/** While the schedule says leave nothing is done that nobody asked for, but ahead of what it says next. */
function judgeLeft(sim: Simulation, round: Sender, pool: PoolStory, say: Say): void {
  const { meaning } = round.config;
  const rule = ruleFor(meaning, pool.path);
  const oracle = sim.story.schedule(meaning, pool.path);
  if (rule === undefined || oracle === undefined || askedFor(sim, round, pool).length > 0) return;
  const [wall, latest] = wallsOf(round, pool);
  const until = latest + leadOf(round, rule.schedule);
  const instants = [wall - slackMs, ...oracle.edges(wall - slackMs, until), until];
  if (instants.every((at) => oracle.termsAt(at).includes('leave'))) say('left alone', 'its schedule says leave');
}

/** No second change while the world still works on our first one, unless an answer lied about it. */
function judgeInFlight(sim: Simulation, pool: PoolStory, say: Say): void {
  const now = sim.kernel.now();
  const recent = (at: EpochMs) => at > now - 28 * minuteMs;
  if (wasDeceived(sim, now - 35 * minuteMs) || sim.scenario.classes.has('clock')) return;
  const cluster = sim.world.clusters().find(({ id }) => id === pool.clusterId);
  for (const view of cluster?.pools ?? []) {
    const last = sim.story.pools.get(view.id)?.puts.at(-1);
    if (last === undefined || !recent(last.at) || view.status !== 'Scaling' || !isSame(last.to, sizeOf(view))) continue;
    say('two in flight', `${view.name} is still being changed by our PUT of ${when(last.at)}`);
  }
}
