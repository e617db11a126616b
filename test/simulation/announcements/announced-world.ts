import { createHash } from 'node:crypto';
import type { Announcement } from '../../../lib/decide/announcing/announcement.ts';
import { lookAhead } from '../../../lib/decide/announcing/look-ahead.ts';
import { stepAnnouncements } from '../../../lib/decide/announcing/step-announcements.ts';
import { withUnannounced } from '../../../lib/decide/announcing/unannounced.ts';
import type { Delivery } from '../../../lib/decide/incidents/delivery.ts';
import type { Decision, Plan } from '../../../lib/decide/scaling/plan.ts';
import type { RoundFindings } from '../../../lib/decide/watching/scale-findings.ts';
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

/**
 * Eight hours of one cluster: random schedules, sizes and limits; people who pause, lease, override, resize and change the
 * config; a process that is off now and then. Judged by what the API was sent and what was told, by nothing in between.
 */
export function runAnnouncedWorld(seed: number): AnnouncedRun {
  const chance = makeChance(seed, 'announcements');
  const world = drawWorld(chance);
  const labels = makeLabels(makeChance(seed, 'labels of announced pools'));
  labels.begin(world);
  const told: Told[] = [];
  const lowered: Lowered[] = [];
  const sizes = new Map<string, { readonly at: number; readonly size: Size }[]>();
  let known: readonly Announcement[] = [];
  let watchedAt: number | undefined;
  for (; world.now <= end; world.now += 5 * minute) {
    finishResizes(world);
    for (const pool of world.pools)
      sizes.set(pool.name, [...(sizes.get(pool.name) ?? []), { at: world.now, size: shownSize(pool) }]);
    if (chance.is(0.35)) disturb(world, chance);
    labels.disturb(world);
    if (chance.is(0.05)) continue;
    const ran = labels.shown(world, () => tick(world, known, watchedAt));
    known = ran.known;
    watchedAt = world.now;
    told.push(...ran.told);
    lowered.push(...ran.lowered);
  }
  return { violations: judge(world, told, lowered, sizes), lowered: lowered.length, told: told.length };
}

/** One round and one pass of the watch; what goes from one to the other goes as JSON. */
export function tick(world: World, known: readonly Announcement[], watchedAt: number | undefined) {
  const { now, config, cluster, record, asks, lookedAt } = world;
  const pools = world.pools.map((pool) => ({ ...pool }));
  const input = {
    now,
    config,
    clusters: [{ cluster, pools, record, lookedAt }],
    asks,
    storedRules: new Map(world.storedRules),
    isWhole: true,
  };
  const planned = round(world);
  const plan = withUnannounced(planned, input, known);
  const { coming, verdicts } = lookAhead(input, plan, known, []);
  const findings: RoundFindings = {
    schema: 1,
    at: now,
    region: 'r1',
    shard: { index: 0, count: 1 },
    configHash: config.hash,
    isAnswered: true,
    clusters: 1,
    pools: pools.length,
    checkedClusters: [cluster.id],
    findings: [],
    coming,
    verdicts,
  };
  const changes = stepAnnouncements({
    now,
    config,
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    destinations: new Map([['dev-chat', 'dev-chat~1']]),
    retired: new Map(),
    known,
    rounds: [JSON.parse(JSON.stringify(findings)) as RoundFindings],
    silences: { configured: [], asked: [], isWindowOpen: () => false },
    watchedAt,
  });
  const replaced = new Map(
    changes.map(({ after }) => [after.boundary, JSON.parse(JSON.stringify(after)) as Announcement]),
  );
  return {
    known: [...known.filter(({ boundary }) => !replaced.has(boundary)), ...replaced.values()],
    told: changes.flatMap(({ delivery }) => (delivery ? [toldOf(delivery)] : [])),
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

function judge(
  { now }: World,
  told: readonly Told[],
  lowered: readonly Lowered[],
  sizes: ReadonlyMap<string, readonly { readonly at: number; readonly size: Size }[]>,
): readonly string[] {
  const first = told.filter(({ text }) => text.startsWith('At '));
  const ids = new Set(told.map(({ id }) => id));
  const twice = first.filter((one) => first.some((other) => other !== one && other.boundary === one.boundary));
  return [
    ...(ids.size === told.length ? [] : ['a message was told twice']),
    ...twice.map(({ text }) => `a boundary was announced twice: ${text}`),
    ...told.filter(({ text }) => /: (;|$)|by 0 nodes/u.test(text)).map(({ text }) => `told for nothing: ${text}`),
    ...lowered.filter((one) => !isExplained(one, told)).map((one) => `lowered without a word: ${show(one)}`),
    ...promises(told).flatMap((promise) =>
      isKept(promise, told, lowered, sizes, now) ? [] : [`promised and not done: ${promise.text}`],
    ),
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
function isKept(
  promise: Promised,
  told: readonly Told[],
  lowered: readonly Lowered[],
  sizes: ReadonlyMap<string, readonly { readonly at: number; readonly size: Size }[]>,
  now: number,
): boolean {
  const { pool, to, at: said, boundary } = promise;
  if (boundary + 150 * minute > now) return true;
  const later = told.filter((other) => other.boundary === boundary && other.at > said);
  if (later.some(({ text }) => isTakenBack(pool, text) || isToldLate(pool, text) || promisesIn(text).has(pool)))
    return true;
  if (lowered.some((one) => one.pool === pool && one.at >= said && upper(one.to) <= to)) return true;
  return sizes.get(pool)?.some((one) => one.at >= said && upper(one.size) <= to) ?? true;
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
