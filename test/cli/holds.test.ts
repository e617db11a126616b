import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { knownFleet } from '../../lib/cli/commands/explain.ts';
import { fleetStatus } from '../../lib/cli/status/fleet-status.ts';
import { statusJson } from '../../lib/cli/status/status-json.ts';
import { statusText } from '../../lib/cli/status/status-text.ts';
import { explainPool } from '../../lib/decide/explain/explain-pool.ts';
import type { PoolState } from '../../lib/decide/scaling/plan.ts';
import { planRound } from '../../lib/decide/scaling/plan-round.ts';
import { makeRuleBook } from '../../lib/decide/scaling/rule-book.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { putAsk, putLease } from '../../lib/jobs/records/ask-records.ts';
import { clusterWrite, storeRule } from '../../lib/jobs/records/cluster-records.ts';
import { writeRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import type { ObservedPool } from '../../lib/model/cluster.ts';
import { equalSize, type Size } from '../../lib/model/size.ts';
import { iso } from '../../lib/model/time.ts';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { runs } from '../support/runs.ts';
import {
  aConfig,
  aLease,
  anOverride,
  aPause,
  aPool,
  aRule,
  aWorld,
  change,
  minute,
  round,
  type World,
} from '../support/scaling-world.ts';
import { aCliWorld, plainLook, usualConfig } from './cli-world.ts';

/** Everything that may happen to a fleet between two rounds. */
type Event =
  | { readonly kind: 'wait'; readonly minutes: number }
  | { readonly kind: 'pool'; readonly index: number; readonly patch: Partial<ObservedPool> }
  | { readonly kind: 'cluster'; readonly status: string }
  | { readonly kind: 'older'; readonly index: number }
  | { readonly kind: 'size'; readonly index: number; readonly size: number }
  | { readonly kind: 'put'; readonly onPut: World['onPut'] }
  | {
      readonly kind: 'ask';
      readonly ask: 'lease' | 'override' | 'pause';
      readonly nodes: number;
      readonly minutes: number;
    };

const index = fc.integer({ min: 0, max: 2 });
const anEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 400 }) }),
  },
  fc.record({
    kind: fc.constant('pool' as const),
    index,
    patch: fc.constantFrom<Partial<ObservedPool>[]>(
      { status: 'Scaling' },
      { status: 'Error' },
      { status: 'Running' },
      { status: 'Dreaming' },
      { size: undefined, sizeMin: undefined },
    ),
  }),
  fc.record({ kind: fc.constant('cluster' as const), status: fc.constantFrom('Running', 'Error', 'Upgrading') }),
  fc.record({ kind: fc.constant('older' as const), index }),
  fc.record({ kind: fc.constant('size' as const), index, size: fc.integer({ min: 0, max: 5 }) }),
  fc.record({
    kind: fc.constant('put' as const),
    onPut: fc.constantFrom<World['onPut'][]>('apply', 'refuse', 'ignore', 'lose'),
  }),
  fc.record({
    kind: fc.constant('ask' as const),
    ask: fc.constantFrom('lease' as const, 'override' as const, 'pause' as const),
    nodes: fc.integer({ min: 0, max: 6 }),
    minutes: fc.integer({ min: 5, max: 600 }),
  }),
);

const aFleet = fc.record({
  start: fc.integer({ min: 0, max: 24 * 60 - 1 }),
  sizes: fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 5 }),
      fc.record({ min: fc.integer({ min: 0, max: 2 }), max: fc.integer({ min: 2, max: 5 }) }),
    ),
    { minLength: 3, maxLength: 3 },
  ),
  rule: fc.record({
    base: fc.constantFrom<('remembered' | number)[]>('remembered', 3),
    idle: fc.constantFrom(0, 1),
    mode: fc.constantFrom('act' as const, 'act' as const, 'observe' as const),
    onHumanChange: fc.constantFrom('respect' as const, 'enforce' as const),
    lead: fc.constantFrom(
      { kind: 'none' as const },
      { kind: 'fixed' as const, ms: 20 * minute },
      { kind: 'auto' as const },
    ),
  }),
  safety: fc.record({
    brake: fc.constantFrom({ pools: 3, percent: 30 }, { pools: 0, percent: 0 }),
    maxChangesPerRound: fc.constantFrom(undefined, 0, 1),
    minNodesPerCluster: fc.constantFrom(0, 0, 4),
    runsOn: fc.constant(undefined),
  }),
  events: fc.array(anEvent, { minLength: 1, maxLength: 14 }),
  later: fc.integer({ min: 0, max: 4 }),
});

test('what holds a pool is named, and until when', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(aFleet, async ({ start, sizes, rule, safety, events, later }) => {
      const config = aConfig({ rules: [aRule(rule)], safety });
      const world = aWorld(
        new Date(Date.parse('2026-11-23T00:00:00Z') + start * minute).toISOString(),
        poolsOf(sizes),
        { config },
      );
      round(world);
      for (const event of events) {
        happen(world, event);
        if (event.kind !== 'ask') round(world);
      }
      const now = world.now + later * minute;
      await judge(world, now, seen);
    }),
    runs(50),
  );
  expect([...seen].toSorted()).toEqual(
    expect.arrayContaining(['absent-size', 'cool-down', 'observe', 'paused', 'slot', 'stale']),
  );
});

function poolsOf(sizes: readonly Size[]): readonly ObservedPool[] {
  return sizes.map((size, i) => aPool(`pool-${i}`, size));
}

function happen(world: World, event: Event): void {
  const own = 'index' in event ? world.pools[event.index] : undefined;
  switch (event.kind) {
    case 'wait':
      world.now += event.minutes * minute;
      return;
    case 'pool':
      if (own) change(world, own.id, { ...event.patch, updatedAt: world.now });
      return;
    case 'cluster':
      world.cluster = { ...world.cluster, status: event.status };
      return;
    case 'older':
      if (own) change(world, own.id, { updatedAt: 1 });
      return;
    case 'size':
      if (own)
        change(
          world,
          own.id,
          own.autoscale
            ? { sizeMin: 0, sizeMax: event.size, updatedAt: world.now }
            : { size: event.size, updatedAt: world.now },
        );
      return;
    case 'put':
      world.onPut = event.onPut;
      return;
    case 'ask':
      world.asks = [...world.asks, askOf(world, event)];
  }
}

function askOf({ now, asks }: World, { ask, nodes, minutes }: Extract<Event, { kind: 'ask' }>) {
  const [from, until] = [new Date(now).toISOString(), new Date(now + minutes * minute).toISOString()];
  const id = `${ask}/${asks.length}`;
  if (ask === 'lease') return { ...aLease(Math.max(1, nodes), from, until), id };
  return ask === 'override' ? { ...anOverride(nodes, from, until), id } : { ...aPause(from, until), id };
}

/** The store as rounds leave it, and what is said of it. */
async function judge(world: World, now: number, seen: Set<string>): Promise<void> {
  const { config, record, asks, storedRules, cluster, pools, lookedAt } = world;
  let ids = 0;
  const store = makeMemoryStore({ newId: () => `id-${(ids += 1)}` });
  if (record) await store.commit([clusterWrite('r1', cluster.id, record, undefined)]);
  for (const ask of asks) {
    if (ask.kind === 'lease') await putLease(store, ask, ask.askedAt);
    else if (ask.kind !== 'release') await putAsk(store, ask, config.keepMs);
  }
  for (const [hash, rule] of storedRules) await storeRule(store, hash, rule);
  await writeRoundFindings(store, {
    schema: 1,
    at: world.now,
    region: 'r1',
    shard: { index: 0, count: 1 },
    configHash: config.hash,
    isAnswered: true,
    checkedClusters: [cluster.id],
    pools: pools.length,
    clusters: 1,
    findings: [],
  });

  const book = makeRuleBook(config, now);
  const plan = planRound({
    now,
    config,
    clusters: [{ cluster, pools, record, lookedAt }],
    asks,
    storedRules,
    isWhole: true,
    book,
  });
  const status = await fleetStatus(store, config, now);
  const json = statusJson(status, config) as { pools: { pool: string; until: string | null; held: Said | null }[] };
  const text = statusText(status, config, plainLook);
  const fleet = await knownFleet(store, config, book, now);
  for (const state of plan.pools) {
    if (plan.actions.some(({ poolId }) => poolId === state.poolId)) continue;
    const hold = plan.holds.find(({ poolId }) => poolId === state.poolId);
    const names = { region: 'r1', cluster: 'dev', pool: state.pool };
    const { known } = fleet.statusOf(names);
    const { because } = explainPool(config, book, names, now, known);
    const own = json.pools.find(({ pool }) => pool === state.pool);
    const row = text.split('\n').find((line) => line.startsWith(`dev/${state.pool} `)) ?? '';
    // Whether a change that was sent has settled, only a look at the API can show.
    if (
      record?.change !== undefined &&
      now > world.now &&
      ['in-flight', 'slot', 'min-nodes'].includes(own?.held?.code ?? '')
    )
      continue;
    // How many lowers and nodes there are, and so what the brake counts, only a look shows after a boundary or an ask.
    const isNews = now > world.now || asks.some(({ askedAt }) => askedAt >= world.now);
    if (isNews && [hold?.code, own?.held?.code].includes('brake') && own?.held) continue;
    // Limits that pools share: which pool waits for which follows their order, and a round changes that order.
    if (isShared(hold?.code) && isShared(own?.held?.code) && plan.holds.some(({ code }) => code === 'min-nodes'))
      continue;
    if (hold) {
      seen.add(hold.code);
      const told = { code: own?.held?.code, until: own?.held?.until ?? null, explained: known.held?.code };
      const until = hold.until === undefined ? null : iso(hold.until).replace('.000', '');
      expect(told, JSON.stringify({ hold, held: own?.held, memory: world.record?.pools[state.poolId], state })).toEqual(
        { code: hold.code, until, explained: hold.code },
      );
      expect(row).toMatch(
        /until|observe: would go|changing to|by \d|approve|next round|not lowered before|tried again at|stuck|give its rule|it waits/,
      );
      expect(because.join('\n')).toMatch(
        /until|under way|mode: act|approve|next round|not lowered before|tried again at|give its rule|it waits/,
      );
    } else if (isElsewhere(world, state, now)) {
      expect(own?.held ?? own?.until, JSON.stringify({ state, own })).not.toBeNull();
      expect(row).toMatch(/until|not lowered/);
      expect(because.join('\n')).toMatch(/until|not lowered/);
    }
  }
}

function isShared(code: string | undefined): boolean {
  return code === 'min-nodes' || code === 'brake' || code === 'max-changes';
}

type Said = {
  readonly code: string;
  readonly reason: string;
  readonly until: string | null;
  readonly ends: string | null;
};

/** It is at another size than the schedule's, and the plan has nothing to say about it. */
function isElsewhere(world: World, { poolId, seen }: PoolState, now: number): boolean {
  const pool = world.pools.find(({ id }) => id === poolId);
  const scheduled = pool && scheduledAt(world, pool, now);
  return seen !== undefined && scheduled !== undefined && !equalSize(seen, scheduled);
}

/** What the office hours say, told without Lamplighter's schedules; undefined = only the pool itself could tell its base. */
function scheduledAt({ config }: World, { autoscale }: ObservedPool, now: number): Size | undefined {
  const { base, idle } = config.rules[0]!;
  const day = new Date(now);
  const isOpen = day.getUTCHours() >= 7 && day.getUTCHours() < 19 && day.getUTCDay() % 6 !== 0;
  const size = isOpen ? base : idle;
  if (typeof size !== 'number') return undefined;
  return autoscale ? { min: size, max: size } : size;
}

type Explained = {
  readonly because: readonly string[];
  readonly held: Said | null;
  readonly nextChange: { readonly at: string } | null;
};

describe('on the command line', () => {
  test('answers that are older than one seen before', async () => {
    using world = aCliWorld('2026-11-23T12:00:00Z');
    await world.run('run', '--once');
    world.world.personResizes('dev-api/workers', { size: 4 });
    await world.clock.advance(20 * minute);
    await world.run('run', '--once');
    const again = createWorld({ clock: world.clock });
    const run = (...argv: readonly string[]) =>
      world.runWith(
        { fetch: simulatorApp(again).fetch, env: { MKS_TOKEN: again.token } },
        ...argv,
        '--config',
        world.config,
      );
    await world.clock.advance(5 * minute);
    await run('run', '--once');
    const words = 'this answer of the API is older than an earlier one; it waits for a newer answer, until';
    expect((await run('plan')).out).toContain(words);
    expect((await run('explain', 'dev-api/workers')).out).toContain(`nothing is done now: ${words} 13:55`);
    expect((await run('status')).out).toMatch(new RegExp(`dev-api/workers .*held: ${words} 13:55`));
    const until = '2026-11-23T12:55:00Z';
    const [explained] = (await world.json('explain', 'dev-api/workers')) as Explained[];
    expect(explained?.held).toMatchObject({ code: 'stale', until });
    const { pools } = (await world.json('status')) as { pools: { pool: string; cluster: string; held: Said | null }[] };
    expect(pools.find(({ cluster, pool }) => cluster === 'dev-api' && pool === 'workers')?.held).toEqual(
      explained?.held,
    );
  });

  test('a pool that is up shortly before its window', async () => {
    using world = aCliWorld('2026-11-23T12:00:00Z');
    await world.run('run', '--once');
    await world.clock.advance(Date.parse('2026-11-24T05:48:00Z') - world.clock.now());
    await world.run('run', '--once');
    const plan = (await world.json('plan')) as { actions: { pool: string }[]; holds: { pool: string }[] };
    expect({ ...plan, problems: [] }).toEqual({ actions: [], holds: [], problems: [] });
    const words = 'stays at 3: the schedule asks for it again at 07:00 Europe/Berlin, so it is not lowered before that';
    expect((await world.run('explain', 'dev-api/workers')).out).toContain(`nothing is done now: ${words}`);
    expect((await world.run('status')).out).toMatch(new RegExp(`dev-api/workers .*held: ${words}`));
    const [explained] = (await world.json('explain', 'dev-api/workers')) as Explained[];
    expect(explained?.held).toMatchObject({ code: 'ahead', until: '2026-11-24T06:00:00Z' });
  });

  test('the end of a size set by hand is the next change', async () => {
    using world = aCliWorld(
      '2026-11-23T12:00:00Z',
      usualConfig
        .replace('mon-fri, from: "07:00", to: "19:00"', 'mon-sun, from: "00:00", to: "24:00"')
        .replace('base: remembered', 'base: 3, everyPool: true'),
    );
    for (let i = 0; i < 4; i += 1) {
      await world.run('run', '--once');
      await world.clock.advance(15 * minute);
    }
    world.world.personResizes('dev-api/workers', { size: 2 });
    await world.clock.advance(15 * minute);
    await world.run('run', '--once');
    const [explained] = (await world.json('explain', 'dev-api/workers')) as Explained[];
    expect(explained?.because.join()).toContain('the size 2, set by hand, is kept');
    expect(explained?.nextChange).toEqual({
      at: new Date(world.clock.now() + 24 * 60 * minute).toISOString().replace('.000', ''),
      desired: { size: 3 },
    });
  });
});
