import { createHash } from 'node:crypto';
import type { Announcement } from '../../../lib/decide/announcing/announcement.ts';
import { lookAhead } from '../../../lib/decide/announcing/look-ahead.ts';
import { stepAnnouncements } from '../../../lib/decide/announcing/step-announcements.ts';
import { withUnannounced } from '../../../lib/decide/announcing/unannounced.ts';
import type { Delivery } from '../../../lib/decide/incidents/delivery.ts';
import type { Decision, Plan } from '../../../lib/decide/scaling/plan.ts';
import { needsPools } from '../../../lib/decide/scaling/plan-round.ts';
import { makeRuleBook } from '../../../lib/decide/scaling/rule-book.ts';
import { mayFollow, type RoundFindings } from '../../../lib/decide/watching/scale-findings.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { Rule } from '../../../lib/model/config.ts';
import type { Schedule, Window } from '../../../lib/model/schedule.ts';
import { type Size, upper } from '../../../lib/model/size.ts';
import { aChat } from '../../support/announced-night.ts';
import {
  aConfig,
  aLease,
  aMatch,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
  aWorld,
  byHand,
  change,
  finishResizes,
  minute,
  round,
  type World,
} from '../../support/scaling-world.ts';
import { type Chance, makeChance } from '../chance.ts';

const day = '2026-03-02';
const beforeMs = 30 * minute;
const begin = at(`${day}T15:00:00Z`);
const end = at(`${day}T23:50:00Z`);

/** A scale-down as the API saw it. */
type Lowered = {
  readonly at: number;
  readonly pool: string;
  readonly from: number;
  readonly to: Size;
  readonly reason: string;
};
type Told = { readonly at: number; readonly text: string; readonly id: string; readonly boundary: number };

export type AnnouncedRun = { readonly violations: readonly string[]; readonly lowered: number; readonly told: number };

/** `seen`: as a round with rules saw it, if one ran: people may have changed it in between. */
type Shown = { readonly at: number; readonly size: Size; readonly seen: Size | undefined };

/** What a run left behind, for the judges. */
type Seen = {
  readonly told: readonly Told[];
  readonly lowered: readonly Lowered[];
  /** By pool, as the API had them. */
  readonly sizes: ReadonlyMap<string, readonly Shown[]>;
  /** When the watch ran, and whether there was no rule then. */
  readonly watched: readonly { readonly at: number; readonly isBare: boolean }[];
};

/**
 * Eight hours of one cluster: random schedules, sizes and limits; people who pause, lease, override, resize and change the
 * config, or take all rules out of it for a while; a process that is off now and then, and a watch that is off for longer.
 * Judged by what the API was sent and what was told, by nothing in between.
 */
export function runAnnouncedWorld(seed: number): AnnouncedRun {
  const chance = makeChance(seed, 'announcements');
  const world = drawWorld(chance);
  const labels = makeLabels(makeChance(seed, 'labels of announced pools'));
  const outages = makeOutages(makeChance(seed, 'outages of the watch'));
  const removals = makeRemovals(makeChance(seed, 'rules that leave'));
  labels.begin(world);
  const told: Told[] = [];
  const lowered: Lowered[] = [];
  const sizes = new Map<string, Shown[]>();
  const watched: { readonly at: number; readonly isBare: boolean }[] = [];
  let known: readonly Announcement[] = [];
  let watchedAt: number | undefined;
  let before: RoundFindings | undefined;
  for (; world.now <= end; world.now += 5 * minute) {
    finishResizes(world);
    const found = world.pools.map((pool) => ({ name: pool.name, size: shownSize(pool) }));
    if (chance.is(0.35)) disturb(world, chance);
    labels.disturb(world);
    const isLeft = removals.disturb(world);
    const isRound = !chance.is(0.05);
    for (const { name, size } of found) {
      const pool = world.pools.find((one) => one.name === name);
      const isSeen = isRound && world.config.rules.length > 0 && pool?.status === 'Running';
      const seen = isSeen ? shownSize(pool) : undefined;
      sizes.set(name, [...(sizes.get(name) ?? []), { at: world.now, size, seen }]);
    }
    const isWatching = !outages.isOff(world.now, isLeft);
    if (!isRound) continue;
    const ran = labels.shown(world, () => tick(world, known, watchedAt, { before, isWatching }));
    known = ran.known;
    before = ran.findings;
    told.push(...ran.told);
    lowered.push(...ran.lowered);
    if (!isWatching) continue;
    watchedAt = world.now;
    watched.push({ at: world.now, isBare: world.config.rules.length === 0 });
  }
  return { violations: judge(world, { told, lowered, sizes, watched }), lowered: lowered.length, told: told.length };
}

type Past = { readonly before?: RoundFindings | undefined; readonly isWatching?: boolean };

/** One round and one pass of the watch; what goes from one to the other, and to the next round, goes as JSON. */
export function tick(
  world: World,
  known: readonly Announcement[],
  watchedAt: number | undefined,
  { before, isWatching = true }: Past = {},
) {
  const { now, config } = world;
  const isTold = config.rules.some(({ announce }) => announce !== undefined);
  const { findings, lowered } = scaled(world, isTold || (before && mayFollow(before)) ? known : [], before);
  const isLooked = isWatching && (isTold || mayFollow(findings));
  const changes = !isLooked
    ? []
    : stepAnnouncements({
        now,
        config,
        hash: (text) => createHash('sha256').update(text).digest('hex'),
        destinations: new Map([['dev-chat', 'dev-chat~1']]),
        everyDestination: new Map(),
        known,
        rounds: [findings],
        silences: { configured: [], asked: [], isWindowOpen: () => false },
        watchedAt,
      });
  const replaced = new Map(
    changes.map(({ after }) => [after.boundary, JSON.parse(JSON.stringify(after)) as Announcement]),
  );
  return {
    known: [...known.filter(({ boundary }) => !replaced.has(boundary)), ...replaced.values()],
    told: changes.flatMap(({ delivery }) => (delivery ? [toldOf(delivery)] : [])),
    lowered,
    findings,
  };
}

function scaled(world: World, known: readonly Announcement[], before: RoundFindings | undefined) {
  const { now, config, cluster, record, asks, lookedAt } = world;
  const pools = world.pools.map((pool) => ({ ...pool }));
  const isRead = needsPools(makeRuleBook(config, now), cluster, record);
  const input = {
    now,
    config,
    clusters: [{ cluster, pools: isRead ? pools : undefined, record, lookedAt }],
    asks,
    storedRules: new Map(world.storedRules),
    isWhole: true,
  };
  const planned = round(world);
  const plan = withUnannounced(planned, input, known);
  const { coming, verdicts, isFollowing } = lookAhead(input, plan, known, before?.verdicts ?? []);
  const findings: RoundFindings = {
    schema: 1,
    at: now,
    region: 'r1',
    shard: { index: 0, count: 1 },
    configHash: config.hash,
    isAnswered: true,
    clusters: 1,
    pools: pools.length,
    checkedClusters: isRead ? [cluster.id] : [],
    findings: [],
    ...(coming.length > 0 && { coming }),
    ...(verdicts.length > 0 && { verdicts }),
    ...(isFollowing && { isFollowing }),
  };
  return {
    findings: JSON.parse(JSON.stringify(findings)) as RoundFindings,
    lowered: loweredBy(plan, pools, world),
  };
}

function toldOf({ id, facts, episode, queuedAt }: Delivery): Told {
  return { at: queuedAt, text: facts.text, id, boundary: episode };
}

/** What the plan sent, where it surely takes nodes away. */
function loweredBy(plan: Plan, pools: readonly ObservedPool[], world: World): readonly Lowered[] {
  const decisions = plan.updates.flatMap((update) => update.decisions);
  return plan.actions.flatMap(({ poolId, pool, to }) => {
    const { size: from = 0, labels } = pools.find(({ id }) => id === poolId) ?? {};
    // What an answer leaves out is as it was seen last.
    const known = labels ?? world.record?.pools[poolId]?.labels;
    const rule = world.config.rules.find(({ match }) =>
      Object.entries(match.labels ?? {}).every(([key, value]) => known?.[key] === value),
    );
    if (rule?.announce === undefined || upper(to) >= from) return [];
    const reason = decisions.find((one: Decision) => one.kind === 'scale' && one.poolId === poolId)?.reason ?? '';
    return [{ at: world.now, pool, from, to, reason }];
  });
}

function judge(world: World, seen: Seen): readonly string[] {
  const { now } = world;
  const { told, lowered } = seen;
  const first = told.filter(({ text }) => text.startsWith('At '));
  const ids = new Set(told.map(({ id }) => id));
  const twice = first.filter((one) => first.some((other) => other !== one && other.boundary === one.boundary));
  return [
    ...(ids.size === told.length ? [] : ['a message was told twice']),
    ...twice.map(({ text }) => `a boundary was announced twice: ${text}`),
    ...told.filter(({ text }) => /: (;|$)|by 0 nodes/u.test(text)).map(({ text }) => `told for nothing: ${text}`),
    ...lowered.filter((one) => !isExplained(one, told)).map((one) => `lowered without a word: ${show(one)}`),
    ...promises(told).flatMap((promise) => [
      ...(isKept(promise, seen, now) ? [] : [`promised and not done: ${promise.text}`]),
      ...(isForgotten(promise, world, seen) ? [`its rule left, and nobody was told: ${promise.text}`] : []),
      ...(isDenied(promise, seen) ? [`done, and taken back: ${promise.text}`] : []),
    ]),
  ];
}

/** Told half an hour before and not taken back since, or the history says why not. */
function isExplained({ at: when, pool, reason }: Lowered, told: readonly Told[]): boolean {
  // What is sent again as it was sent before has no second line in the history.
  if (reason === '' || reason.includes('not announced in time: ')) return true;
  return told.some((one) => {
    const isInTime = one.boundary <= when && one.at <= one.boundary - beforeMs && promisesIn(one.text).has(pool);
    // Nor in the same tick: it would be said of what has just been done.
    const later = told.filter((other) => other.boundary === one.boundary && other.at > one.at && other.at <= when);
    return isInTime && !later.some((other) => isTakenBack(pool, other.text));
  });
}

type Promised = Told & { readonly pool: string; readonly to: number };

function promises(told: readonly Told[]): readonly Promised[] {
  return told.flatMap((one) => [...promisesIn(one.text)].map(([pool, to]) => ({ ...one, pool, to })));
}

/** "dev/a 3 → 0" of what goes down, with the most nodes that are left; what only still holds was promised before. */
function promisesIn(text: string): ReadonlyMap<string, number> {
  return listedIn(text, /goe?s? down by [^(]*\(((?:[^()]|\([^()]*\))*)\)/gu);
}

function listedIn(text: string, lists: RegExp): ReadonlyMap<string, number> {
  const own = text.split('; as announced')[0] ?? '';
  const listed = [...own.matchAll(lists)].map(([, list = '']) => list).join(', ');
  const found = [...listed.matchAll(/dev\/(\w+) [^→]*→ (?:\d+\.\.)?(\d+)/gu)];
  return new Map(found.map(([, pool = '', to]) => [pool, Number(to)]));
}

/** In a later word of the same boundary: it does not go down, or goes up now. */
function isTakenBack(pool: string, text: string): boolean {
  const isUp = listedIn(text, /goe?s? up by [^(]*\(((?:[^()]|\([^()]*\))*)\)/gu).has(pool);
  return isUp || new RegExp(`dev/${pool}[^;]*(?:(?:does|do|did) not go|instead)`, 'u').test(text);
}

/** It is still tried, or still waits for another: it may come yet. */
function isToldLate(pool: string, text: string): boolean {
  return new RegExp(`dev/${pool}[^;]*(?:has|have) not gone`, 'u').test(text);
}

/** It was done, it is there already, a later word about this boundary took it back, or the evening ended too early to tell. */
function isKept(promise: Promised, { told, lowered, sizes }: Seen, now: number): boolean {
  const { pool, to, at: said, boundary } = promise;
  if (boundary + 150 * minute + longestOutage * 5 * minute > now) return true;
  const later = told.filter((other) => other.boundary === boundary && other.at > said);
  if (later.some(({ text }) => isTakenBack(pool, text) || isToldLate(pool, text) || promisesIn(text).has(pool)))
    return true;
  if (lowered.some((one) => one.pool === pool && one.at >= said && upper(one.to) <= to)) return true;
  return sizes.get(pool)?.some((one) => one.at >= said && upper(one.size) <= to) ?? true;
}

/** The third watch after all rules had left had said nothing of it yet, and it did not come, nor was it asked of the API. */
function isForgotten(
  { pool, to, at: said, boundary }: Promised,
  { puts }: World,
  { told, sizes, watched }: Seen,
): boolean {
  const [, , bare] = watched.filter(({ at: when, isBare }) => when > said && isBare);
  if (bare === undefined || sizes.get(pool)?.some((one) => one.at >= said && upper(one.size) <= to)) return false;
  if (puts.some((one) => one.pool === pool && one.at >= said && upper(one.to) <= to)) return false;
  const later = told.filter((other) => other.boundary === boundary && other.at > said && other.at <= bare.at);
  return !later.some(({ text }) => isTakenBack(pool, text) || isToldLate(pool, text) || promisesIn(text).has(pool));
}

/** A round saw the size that was promised, at its time or later; and then it was said not to have come. */
function isDenied({ pool, to, at: said, boundary }: Promised, { told, sizes }: Seen): boolean {
  const isThere = ({ at: when, seen }: Shown) =>
    when >= Math.max(said, boundary) && typeof seen === 'number' && seen <= to;
  const there = sizes.get(pool)?.find(isThere)?.at ?? Number.POSITIVE_INFINITY;
  const later = told.filter((other) => other.boundary === boundary && other.at > said);
  const word = later.find(
    ({ text }) => promisesIn(text).has(pool) || isTakenBack(pool, text) || isToldLate(pool, text),
  );
  return word !== undefined && word.at >= there && (isTakenBack(pool, word.text) || isToldLate(pool, word.text));
}

function show({ at: when, pool, from, to, reason }: Lowered): string {
  return `${new Date(when).toISOString().slice(11, 16)} ${pool} ${from} → ${JSON.stringify(to)} (${reason})`;
}

function shownSize({ autoscale, size, sizeMin, sizeMax }: ObservedPool): Size {
  return autoscale ? { min: sizeMin ?? 0, max: sizeMax ?? 0 } : (size ?? 0);
}

export function drawWorld(chance: Chance): World {
  const names = ['a', 'b', 'c', 'd'].slice(0, chance.integer(1, 4));
  const pools = names.map((name) => {
    const most = chance.integer(1, 6);
    return aPool(name, chance.is(0.3) ? { min: chance.integer(0, most), max: most } : most);
  });
  const world = aWorld(`${day}T15:00:00Z`, pools, { takes: chance.integer(1, 14) * minute });
  world.now = begin + chance.integer(0, 4) * minute;
  world.config = aConfig({
    schedules: [drawSchedule(chance)],
    rules: [drawRule(chance, 'rule-1')],
    destinations: [aChat('dev-chat')],
    safety: {
      brake: chance.is(0.2) ? { pools: 1, percent: 50 } : undefined,
      maxChangesPerRound: chance.is(0.2) ? 1 : undefined,
      minNodesPerCluster: chance.is(0.3) ? chance.integer(1, 5) : 0,
      runsOn: undefined,
    },
  });
  return world;
}

function drawRule(chance: Chance, hash: string): Rule {
  const leads = [{ kind: 'none' }, { kind: 'none' }, { kind: 'fixed', ms: 20 * minute }, { kind: 'auto' }] as const;
  return aRule({
    match: aMatch('dev/*'),
    base: 'remembered',
    idle: chance.pick([0, 0, 1, 2]),
    leases: { max: chance.pick([undefined, 3, 9]), longestMs: 24 * 60 * minute },
    onHumanChange: chance.pick(['respect', 'enforce']),
    graceMs: 0,
    lead: chance.pick(leads),
    announce: { beforeMs, to: ['dev-chat'], raises: chance.is(0.3) },
    hash,
  });
}

/** Base until the evening, and perhaps once more later; times to the minute, so that ticks and boundaries differ. */
function drawSchedule(chance: Chance): Schedule {
  const evening = 16 * 60 + chance.integer(0, 180);
  const again = evening + chance.integer(5, 120);
  const window = (from: number, to: number): Window => {
    return { text: 'drawn', size: 'base', pieces: [{ from: from * 60, to: to * 60 }] };
  };
  const windows = [window(6 * 60, evening), ...(chance.is(0.4) ? [window(again, again + chance.integer(5, 90))] : [])];
  return { name: 'office-hours', zone: 'UTC', windows, otherwise: 'idle', lead: { kind: 'none' }, calendarDays: [] };
}

const iso = (time: number) => new Date(time).toISOString();

function disturb(world: World, chance: Chance): void {
  const { now } = world;
  const until = iso(now + chance.integer(1, 150) * minute);
  const pool = chance.pick(world.pools);
  const match = aMatch(chance.is(0.5) ? 'dev/*' : `dev/${pool.name}`);
  const id = `ask-${now}-${chance.integer(1, 3)}`;
  const others = world.asks.filter((ask) => ask.id !== id);
  const deeds: readonly (() => void)[] = [
    () => (world.asks = [...others, { ...aPause(iso(now), until), id }]),
    () => (world.asks = [...others, aLease(chance.integer(1, 6), iso(now), until, { id, match })]),
    () => (world.asks = [...others, { ...anOverride(chance.integer(0, 4), iso(now), until), id, match }]),
    () => (world.asks = world.asks.map((ask) => (chance.is(0.5) ? { ...ask, until: Math.min(ask.until, now) } : ask))),
    () => {
      if (pool.status === 'Running' && !pool.autoscale) byHand(world, pool.name, chance.integer(0, 6));
    },
    () => {
      if (!pool.autoscale || pool.status !== 'Running') return;
      const [min, max] = [pool.sizeMin ?? 0, pool.sizeMax ?? 0];
      change(world, pool.id, { size: chance.integer(min, Math.max(min, max)) });
    },
    () => {
      const [first, ...rest] = world.config.rules;
      const rule = { ...drawRule(chance, `rule-${now}`), match: first?.match ?? aMatch('dev/*') };
      world.config = { ...world.config, hash: `config-${now}`, rules: [rule, ...rest] };
    },
    () => (world.cluster = { ...world.cluster, status: world.cluster.status === 'Running' ? 'Upgrading' : 'Running' }),
    () => (world.onPut = chance.pick(['apply', 'apply', 'apply', 'refuse', 'busy', 'ignore'])),
  ];
  chance.pick(deeds)();
}

const longestOutage = 12;

/** Now and then the watch misses some ticks, while the rounds go on. */
function makeOutages(chance: Chance): { readonly isOff: (now: number, isNew: boolean) => boolean } {
  let until = 0;
  return {
    isOff: (now, isNew) => {
      const most = isNew && chance.is(0.5) ? 3 : longestOutage;
      if (now >= until && (most === 3 || chance.is(0.04))) until = now + chance.integer(1, most) * 5 * minute;
      return now < until;
    },
  };
}

/** In some worlds all rules leave the config, and come back later. True = they left just now. */
function makeRemovals(chance: Chance): { readonly disturb: (world: World) => boolean } {
  const isRemoving = chance.is(0.4);
  let kept: readonly Rule[] = [];
  return {
    disturb: (world) => {
      const { rules } = world.config;
      if (!isRemoving || !chance.is(rules.length > 0 ? 0.05 : 0.08)) return false;
      world.config = { ...world.config, hash: `config-${world.now}-rules`, rules: rules.length > 0 ? [] : kept };
      kept = rules;
      return rules.length > 0;
    },
  };
}

type Labelling = {
  readonly begin: (world: World) => void;
  /** Somebody labels a pool. */
  readonly disturb: (world: World) => void;
  /** A tick, now and then with an answer that leaves labels out. */
  readonly shown: <T>(world: World, run: () => T) => T;
};

/** In some worlds the rule that announces asks for a label, and another one, or none, takes the other pools. */
function makeLabels(chance: Chance): Labelling {
  const isLabelled = chance.is(0.3);
  const draw = () => chance.pick([{ team: 'data' }, { team: 'data' }, { team: 'web' }, {}]);
  return {
    begin: (world) => {
      if (!isLabelled) return;
      const [rule] = world.config.rules as [Rule];
      const labelled = { ...rule, match: { ...rule.match, labels: { team: 'data' }, labelText: '{ team: data }' } };
      const { announce: _, ...silent } = { ...rule, hash: 'rest' };
      world.config = { ...world.config, rules: chance.is(0.5) ? [labelled, silent] : [labelled] };
      world.pools = world.pools.map((pool) => ({ ...pool, labels: draw() }));
    },
    disturb: (world) => {
      if (isLabelled && chance.is(0.1)) change(world, chance.pick(world.pools).id, { labels: draw() });
    },
    shown: (world, run) => {
      if (!isLabelled || !chance.is(0.15)) return run();
      const own = new Map(world.pools.map(({ id, labels }) => [id, labels]));
      for (const { id } of world.pools) change(world, id, { labels: undefined });
      const ran = run();
      for (const [id, labels] of own) change(world, id, { labels });
      return ran;
    },
  };
}

/** So many seeds from the first one; what is wrong, by seed. */
export function searchAnnouncedWorlds(firstSeed: number, count: number) {
  const runs = Array.from({ length: count }, (_, i) => ({ seed: firstSeed + i, ...runAnnouncedWorld(firstSeed + i) }));
  return {
    wrong: runs.flatMap(({ seed, violations }) => violations.map((text) => `${seed}: ${text}`)),
    lowered: runs.reduce((sum, run) => sum + run.lowered, 0),
    told: runs.reduce((sum, run) => sum + run.told, 0),
  };
}
