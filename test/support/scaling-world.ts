import { dropClaim } from '../../lib/decide/scaling/claim.ts';
import type { ClusterRecord, PoolMemory, StoredRule } from '../../lib/decide/scaling/memory.ts';
import type { Plan } from '../../lib/decide/scaling/plan.ts';
import { planRound } from '../../lib/decide/scaling/plan-round.ts';
import { makeRuleBook, type RuleBook } from '../../lib/decide/scaling/rule-book.ts';
import type { Ask, Lease, Override, Pause } from '../../lib/model/asks.ts';
import type { ObservedCluster, ObservedPool } from '../../lib/model/cluster.ts';
import type { CompiledConfig, Match, Rule } from '../../lib/model/config.ts';
import type { Schedule } from '../../lib/model/schedule.ts';
import { isRange, type Size } from '../../lib/model/size.ts';
import type { EpochMs } from '../../lib/model/time.ts';

export const minute = 60_000;
export const hour = 60 * minute;

export function at(text: string): EpochMs {
  return Date.parse(text);
}

export function aMatch(text: string): Match {
  const [cluster, pool] = text.split('/') as [string, string | undefined];
  const source = (part: string) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  const exactPool = pool !== undefined && !text.includes('*');
  return {
    text,
    region: undefined,
    cluster: source(cluster),
    pool: pool === undefined ? undefined : source(pool),
    exactPool,
  };
}

/** Weekdays 07:00–19:00 UTC, otherwise idle. */
export const officeHours: Schedule = {
  name: 'office-hours',
  zone: 'UTC',
  windows: [
    {
      text: 'mon-fri 07:00-19:00',
      size: 'base',
      pieces: [{ from: 7 * 3600, to: 19 * 3600, days: [1, 2, 3, 4, 5] }],
    },
  ],
  otherwise: 'idle',
  lead: { kind: 'none' },
  calendarDays: [],
};

export function aRule(patch: Partial<Rule> = {}): Rule {
  return {
    match: aMatch('dev/*'),
    position: { file: 'lamplighter.yml', line: 1 },
    schedule: 'office-hours',
    base: 3,
    idle: 0,
    limits: { min: 0, max: undefined },
    leases: { max: undefined, longestMs: 24 * hour },
    mode: 'act',
    onHumanChange: 'respect',
    onRemove: 'restore',
    graceMs: 30 * minute,
    lead: { kind: 'none' },
    hash: 'rule-1',
    ...patch,
  };
}

/** As it is where the config does not say otherwise. Most tests go without: in a fleet of one pool every first act is much. */
export const usualBrake = { pools: 3, percent: 30 };

export function aConfig(patch: Partial<CompiledConfig> = {}): CompiledConfig {
  return {
    schema: 1,
    hash: 'config-1',
    file: 'lamplighter.yml',
    zone: undefined,
    everyMs: 5 * minute,
    keepMs: 30 * 24 * hour,
    listen: undefined,
    store: { kind: 'sqlite', path: ':memory:' },
    regions: [
      { name: 'r1', url: 'http://127.0.0.1/api/v1', mksRegion: undefined, token: { kind: 'env', name: 'TOKEN' } },
    ],
    schedules: [officeHours],
    rules: [aRule()],
    exceptions: [],
    safety: {
      brake: undefined,
      maxChangesPerRound: undefined,
      minNodesPerCluster: 0,
      runsOn: undefined,
    },
    watch: { clusters: 'all', stuckAfterMs: 30 * minute, forMs: 5 * minute, clearMs: 10 * minute },
    destinations: [],
    silences: [],
    events: [],
    heartbeat: undefined,
    calendarsEnd: {},
    ...patch,
  };
}

type Resize = { readonly to: Size; readonly doneAt: EpochMs };

/** A cluster whose pools resize in `takes`, and the memory that planning leaves. No time passes but what a test says. */
export type World = {
  now: EpochMs;
  config: CompiledConfig;
  cluster: ObservedCluster;
  pools: ObservedPool[];
  record: ClusterRecord | undefined;
  asks: Ask[];
  storedRules: Map<string, StoredRule>;
  lookedAt: EpochMs | undefined;
  takes: number;
  resizing: Map<string, Resize>;
  /** What a PUT does: apply (default), ignore with 2xx, refuse, or say busy. */
  onPut: 'apply' | 'ignore' | 'refuse' | 'busy' | 'lose';
  /** What a refusal says. */
  refusal: string;
  puts: { at: EpochMs; pool: string; to: Size }[];
  book?: { readonly config: CompiledConfig; readonly rules: RuleBook };
};

export function aPool(name: string, size: Size, patch: Partial<ObservedPool> = {}): ObservedPool {
  const created = at('2018-01-01T00:00:00Z');
  const bounds = isRange(size)
    ? { autoscale: true, size: size.min, sizeMin: size.min, sizeMax: size.max }
    : { autoscale: false, size, sizeMin: undefined, sizeMax: undefined };
  return {
    id: `id-${name}`,
    name,
    status: 'Running',
    ...bounds,
    createdAt: created,
    updatedAt: created,
    errors: [],
    ...patch,
  };
}

export function aWorld(now: string, pools: readonly ObservedPool[], patch: Partial<World> = {}): World {
  const cluster: ObservedCluster = {
    region: 'r1',
    id: 'c1',
    name: 'dev',
    status: 'Running',
    createdAt: at('2026-01-01T00:00:00Z'),
    updatedAt: at('2026-01-01T00:00:00Z'),
    version: undefined,
    errors: [],
  };
  return {
    now: at(now),
    config: aConfig(),
    cluster,
    pools: [...pools],
    record: undefined,
    asks: [],
    storedRules: new Map(),
    lookedAt: undefined,
    takes: 4 * minute,
    resizing: new Map(),
    onPut: 'apply',
    refusal: 'size 0 is not allowed',
    puts: [],
    ...patch,
  };
}

/** One round at the world's instant: what has finished shows, then plan, claim, and PUT. */
export function round(world: World): Plan {
  finishResizes(world);
  const { now, config, cluster, record, asks, storedRules, lookedAt } = world;
  const seen = { cluster, pools: [...world.pools], record, lookedAt };
  const plan = planRound({ now, config, clusters: [seen], asks, storedRules, isWhole: true, book: bookOf(world) });
  for (const update of plan.updates) {
    // What is stored is plain JSON: a memory must survive the journey.
    world.record = JSON.parse(JSON.stringify(update.record)) as ClusterRecord;
    if (update.action) keepRule(world, update.record.pools[update.action.poolId]?.actedRule);
    if (update.action) put(world, update.action.poolId, update.action.pool, update.action.to);
  }
  world.lookedAt = now;
  return plan;
}

/** Made anew when a test hands in another config, as rounds of one process do. */
function bookOf(world: World): RuleBook {
  if (world.book?.config !== world.config)
    world.book = { config: world.config, rules: makeRuleBook(world.config, world.now) };
  return world.book.rules;
}

/** Rules that were acted under long before a test begins: as 0.1.0 stored them. */
export function knownRules(config: CompiledConfig): Map<string, StoredRule> {
  return new Map(config.rules.flatMap((rule) => storedRule(config, rule.hash)).map((one) => [one.rule.hash, one]));
}

function storedRule({ rules, schedules, exceptions }: CompiledConfig, hash: string): readonly StoredRule[] {
  const rule = rules.find((one) => one.hash === hash);
  const schedule = schedules.find((one) => one.name === rule?.schedule) ?? officeHours;
  return rule ? [{ schema: 1, rule, schedule, exceptions }] : [];
}

/** As a real round does, before it acts. */
function keepRule({ config, storedRules, now }: World, hash: string | undefined): void {
  if (hash === undefined || storedRules.has(hash)) return;
  for (const rule of storedRule(config, hash)) storedRules.set(hash, { ...rule, knownSince: now });
}

function put(world: World, poolId: string, pool: string, to: Size): void {
  world.puts.push({ at: world.now, pool, to });
  if (world.onPut === 'apply') {
    world.resizing.set(poolId, { to, doneAt: world.now + world.takes });
    change(world, poolId, { status: 'Scaling', updatedAt: world.now + 1 });
  }
  if (world.onPut === 'refuse' && world.record)
    world.record = dropClaim(
      world.record,
      { kind: 'refused', why: 'invalid', detail: world.refusal },
      world.pools[0]?.updatedAt,
      world.now,
    );
  if (world.onPut === 'busy' && world.record)
    world.record = dropClaim(world.record, { kind: 'busy' }, undefined, world.now);
}

export function finishResizes(world: World): void {
  for (const [poolId, { to, doneAt }] of world.resizing) {
    if (doneAt > world.now) continue;
    world.resizing.delete(poolId);
    const sizes = isRange(to) ? { sizeMin: to.min, sizeMax: to.max, size: to.min } : { size: to };
    change(world, poolId, { ...sizes, status: 'Running', updatedAt: doneAt });
  }
}

export function change(world: World, poolId: string, patch: Partial<ObservedPool>): void {
  world.pools = world.pools.map((pool) => (pool.id === poolId ? { ...pool, ...patch } : pool));
}

/** A person's (or Terraform's) change that is over at once. */
export function byHand(world: World, name: string, size: Size): void {
  const sizes = isRange(size) ? { sizeMin: size.min, sizeMax: size.max } : { size };
  change(world, `id-${name}`, { ...sizes, updatedAt: world.now });
}

/** Rounds every `step` until `until`; gives all plans with their instants. */
export function runUntil(world: World, until: string, step = 5 * minute): { at: EpochMs; plan: Plan }[] {
  const plans: { at: EpochMs; plan: Plan }[] = [];
  for (; world.now <= at(until); world.now += step) plans.push({ at: world.now, plan: round(world) });
  return plans;
}

export function sizeOf(world: World, name: string): Size | undefined {
  const pool = world.pools.find((one) => one.name === name);
  if (pool?.autoscale) return { min: pool.sizeMin ?? -1, max: pool.sizeMax ?? -1 };
  return pool?.size;
}

export function memoryOf(world: World, name: string): PoolMemory | undefined {
  return world.record?.pools[`id-${name}`];
}

const common = { schema: 1 as const, region: 'r1', who: 'ana@desk', reason: undefined };

export function aLease(atLeast: number, askedAt: string, until: string, patch: Partial<Lease> = {}): Lease {
  return {
    ...common,
    kind: 'lease',
    id: `lease/${atLeast}`,
    match: aMatch('dev/*'),
    atLeast,
    askedAt: at(askedAt),
    time: at(askedAt),
    until: at(until),
    ...patch,
  };
}

export function anOverride(exactly: Size, askedAt: string, until: string): Override {
  return {
    ...common,
    kind: 'override',
    id: 'override/1',
    match: aMatch('dev/*'),
    exactly,
    askedAt: at(askedAt),
    until: at(until),
  };
}

export function aPause(askedAt: string, until: string): Pause {
  return { ...common, kind: 'pause', id: 'pause/1', match: undefined, askedAt: at(askedAt), until: at(until) };
}
