import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ClusterRecord,
  type ObservedFleetCluster,
  type PoolMemory,
  rememberedCluster,
  type StoredRule,
} from '../../../lib/decide/scaling/memory.ts';
import type { RoundInput } from '../../../lib/decide/scaling/plan.ts';
import { planRound } from '../../../lib/decide/scaling/plan-round.ts';
import type { Approval, Ask, Pause } from '../../../lib/model/asks.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { CompiledConfig, Exception, Rule } from '../../../lib/model/config.ts';
import {
  aLease,
  aMatch,
  anOverride,
  aConfig as anyConfig,
  aWorld as anyWorld,
  aPause,
  aPool,
  aRule,
  change,
  knownRules,
  memoryOf,
  minute,
  round,
  runUntil,
  sizeOf,
  usualBrake,
  type World,
} from '../../support/scaling-world.ts';

const safety = { ...anyConfig().safety, brake: usualBrake };

function aConfig(patch: Partial<CompiledConfig> = {}): CompiledConfig {
  return anyConfig({ safety, ...patch });
}

/** Whose first config was acted under long ago. */
function aWorld(
  now: string,
  of: readonly ObservedPool[],
  { config = aConfig(), ...patch }: Partial<World> = {},
): World {
  return anyWorld(now, of, { config, storedRules: knownRules(config), ...patch });
}

const pools = ['a', 'b', 'c', 'd', 'e'].map((name) => aPool(name, 3));

function anApproval(configHash: string, askedAt: number): Approval {
  const common = { schema: 1 as const, kind: 'approval' as const, id: 'approval', region: 'r1', who: 'ana' };
  return { ...common, reason: undefined, askedAt, configHash, until: askedAt + 24 * 60 * minute };
}

function aPauseOf(cluster: string): Pause {
  return { ...aPause('2026-03-03T00:00:00Z', '2026-03-04T00:00:00Z'), id: `pause/${cluster}`, match: aMatch(cluster) };
}

function anException(match: string, size: Exception['size']): Exception {
  return {
    match: aMatch(match),
    start: '2026-03-03T12:00:00',
    end: '2026-03-03T16:00:00',
    size,
    reason: undefined,
    position: { file: 'lamplighter.yml', line: 9 },
  };
}

/** Slept and woke once, so that every pool was acted on under the first rule. */
function afterANight(exceptions: readonly Exception[]) {
  const world = aWorld('2026-03-02T12:00:00Z', pools, { config: aConfig({ exceptions }) });
  runUntil(world, '2026-03-03T11:55:00Z');
  return world;
}

describe('the brake and exceptions', () => {
  test('an exception for other pools is none for these: the old rule wanted them up', () => {
    const world = afterANight([anException('prod/*', 'idle')]);
    world.now = Date.parse('2026-03-03T13:00:00Z');
    world.config = aConfig({ rules: [aRule({ base: 1, hash: 'typo' })], hash: 'config-2' });
    expect(round(world).holds.map(({ code }) => code)).toEqual(['brake', 'brake', 'brake', 'brake', 'brake']);
  });

  test('an exception that the old rule knew brakes nothing when it begins', () => {
    const world = afterANight([anException('dev/*', 'idle')]);
    world.config = aConfig({
      rules: [aRule({ hash: 'rule-2' })],
      exceptions: [anException('dev/*', 'idle')],
      hash: 'config-2',
    });
    runUntil(world, '2026-03-03T13:30:00Z');
    expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
  });

  test('an exception taken out of the config lets nothing fall that it held up', () => {
    const world = aWorld('2026-03-02T12:00:00Z', pools, {
      config: aConfig({ exceptions: [{ ...anException('dev/*', 'base'), end: '2026-03-03T23:00:00' }] }),
    });
    runUntil(world, '2026-03-03T21:00:00Z');
    expect(sizeOf(world, 'a')).toBe(3);
    world.config = aConfig({ rules: [aRule({ hash: 'rule-2' })], hash: 'config-2' });
    const plans = runUntil(world, '2026-03-03T22:55:00Z');
    expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).toContain('config.brake');
    expect(sizeOf(world, 'a')).toBe(3);
  });
});

test('a claim that was taken back is no act: the brake still asks the rule that acted', () => {
  const world = afterANight([]);
  world.onPut = 'busy';
  world.config = aConfig({ rules: [aRule({ base: 4, hash: 'rule-2' })], hash: 'config-2' });
  round(world);
  world.now += minute;
  expect(memoryOf(world, 'a')?.actedRule).toBe('rule-1');
});

test('a raise is no lower, also where the old rule would have raised further', () => {
  const world = afterANight([]);
  runUntil(world, '2026-03-03T22:00:00Z');
  world.config = aConfig({ rules: [aRule({ base: 2, hash: 'rule-2' })], hash: 'config-2' });
  const plans = runUntil(world, '2026-03-04T08:00:00Z');
  expect(plans.flatMap(({ plan }) => plan.findings)).toEqual([]);
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([2, 2, 2, 2, 2]);
});

test('an override is not braked: a person asked for it', () => {
  const world = afterANight([]);
  world.config = aConfig({ rules: [aRule({ hash: 'rule-2' })], hash: 'config-2' });
  world.asks = [anOverride(1, '2026-03-03T12:00:00Z', '2026-03-03T16:00:00Z')];
  runUntil(world, '2026-03-03T13:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([1, 1, 1, 1, 1]);
});

test('what the base that the old rule gave allows is no news: leases that end are not braked', () => {
  const leases = { max: 9, longestMs: 24 * 60 * minute };
  const world = aWorld('2026-03-02T12:00:00Z', pools, { config: aConfig({ rules: [aRule({ leases })] }) });
  world.asks = [aLease(5, '2026-03-02T12:00:00Z', '2026-03-02T14:00:00Z')];
  runUntil(world, '2026-03-02T13:55:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([5, 5, 5, 5, 5]);
  world.config = aConfig({ rules: [aRule({ leases, hash: 'rule-2' })], hash: 'config-2' });
  runUntil(world, '2026-03-02T15:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([3, 3, 3, 3, 3]);
});

test('so it is with a base that both rules remember', () => {
  const leases = { max: 9, longestMs: 24 * 60 * minute };
  const rule = { base: 'remembered', leases } as const;
  const world = aWorld('2026-03-02T11:55:00Z', pools, { config: aConfig({ rules: [aRule(rule)] }) });
  runUntil(world, '2026-03-02T11:55:00Z');
  world.asks = [aLease(5, '2026-03-02T12:00:00Z', '2026-03-02T14:00:00Z')];
  runUntil(world, '2026-03-02T13:55:00Z');
  world.config = aConfig({ rules: [aRule({ ...rule, hash: 'rule-2' })], hash: 'config-2' });
  runUntil(world, '2026-03-02T15:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([3, 3, 3, 3, 3]);
});

test('an ordinary evening is not braked, also where nobody has the rule any more', () => {
  const world = afterANight([]);
  world.storedRules.clear();
  world.now = Date.parse('2026-03-03T20:00:00Z');
  expect(round(world)).toMatchObject({ actions: [{ to: 0 }], findings: [] });
});

test('a base that is given back once its rule is gone is not braked', () => {
  const memory = (name: string) =>
    ({ name, autoscale: false, away: { base: 1, from: 'remembered', since: 0 } }) as const;
  const memories = Object.fromEntries(pools.map(({ id, name }) => [id, memory(name)]));
  const world = aWorld('2026-03-03T20:00:00Z', pools, { config: aConfig({ rules: [] }) });
  world.record = { schema: 1, cluster: 'dev', pools: memories };
  expect(round(world).actions).toMatchObject([{ from: 3, to: 1 }]);
});

test('a base that is given now, and was remembered, is braked where it is smaller: round after round', () => {
  const config = aConfig({ rules: [aRule({ base: 'remembered' })] });
  const world = aWorld('2026-03-02T12:00:00Z', pools, { config });
  runUntil(world, '2026-03-03T11:55:00Z');
  world.config = aConfig({ rules: [aRule({ base: 1, hash: 'given' })], hash: 'config-2' });
  const plans = runUntil(world, '2026-03-03T15:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([3, 3, 3, 3, 3]);
  expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).toContain('config.brake');
  runUntil(world, '2026-03-03T21:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
});

test.each<[string, Ask]>([
  ['an approval of the config before', anApproval('config-1', Date.parse('2026-03-03T11:00:00Z'))],
  ['an approval that has ended', anApproval('config-2', Date.parse('2026-03-02T12:00:00Z'))],
  ['a lease', aLease(1, '2026-03-03T11:00:00Z', '2026-03-03T15:00:00Z')],
])('%s approves nothing', (_title, ask) => {
  const world = afterANight([]);
  world.now = Date.parse('2026-03-03T12:00:00Z');
  world.config = aConfig({ rules: [aRule({ base: 1, hash: 'typo' })], hash: 'config-2' });
  world.asks = [ask];
  expect(round(world).findings.map(({ kind }) => kind)).toEqual(['config.brake']);
});

describe('an approval of a changed rule', () => {
  const day = 24 * 60 * minute;

  /** Every pool was lowered under the first rule; at noon the second one wants them lower by day too. */
  function afterAnEdit(): World {
    const world = afterANight([]);
    world.config = aConfig({ rules: [aRule({ hash: 'rule-2', base: 1 })], hash: 'config-2' });
    world.now = Date.parse('2026-03-03T12:00:00Z');
    expect(heldIn(world)).toBe(5);
    world.now += minute;
    return world;
  }

  function heldIn(world: World): number {
    return round(world).holds.filter(({ code }) => code === 'brake').length;
  }

  function approveRule(world: World, at: number): void {
    const [rule] = knownRules(world.config).values();
    world.storedRules.set('rule-2', { ...rule!, knownSince: at, approvedAt: at });
  }

  test('lasts where its first lower comes days later', () => {
    const world = afterAnEdit();
    world.asks = [anApproval('config-2', world.now), { ...aPauseOf('dev'), until: world.now + 2 * day }];
    approveRule(world, world.now - minute);
    round(world);
    expect(world.puts.filter(({ at }) => at >= world.now)).toEqual([]);
    world.now += 2 * day;
    world.asks = [];
    runUntil(world, '2026-03-05T13:00:00Z');
    expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([1, 1, 1, 1, 1]);
  });

  test('covers no pool that came under it later', () => {
    const world = afterAnEdit();
    approveRule(world, world.now - 2 * minute);
    expect(heldIn(world)).toBe(5);
  });

  test('does not outlast a rule in between', () => {
    const world = afterAnEdit();
    const edited = world.config;
    approveRule(world, world.now);
    world.config = aConfig();
    round(world);
    world.config = edited;
    world.now += minute;
    expect(heldIn(world)).toBe(5);
  });

  test('covers no pool of a record before times were kept', () => {
    const world = afterAnEdit();
    approveRule(world, world.now);
    world.record = JSON.parse(JSON.stringify(world.record).replaceAll(/,"ruledSince":\d+/g, ''));
    expect(heldIn(world)).toBe(5);
  });
});

describe('the first act under a rule', () => {
  const evening = '2026-03-02T19:05:00Z';
  const created = Date.parse('2026-01-01T00:00:00Z');
  const old = ['a', 'b', 'c', 'd', 'e'].map((name) => aPool(name, 3, { createdAt: created }));

  function aFirstDay(patch: Partial<Rule> = {}, own: readonly ObservedPool[] = old): World {
    return anyWorld('2026-03-02T12:00:00Z', own, { config: aConfig({ rules: [aRule(patch)] }) });
  }

  function codes(world: World) {
    return round(world).holds.map(({ code }) => code);
  }

  test('waits for approve where it is much, and says so', () => {
    const world = aFirstDay();
    runUntil(world, '2026-03-02T22:00:00Z');
    expect(world.puts).toEqual([]);
    const plan = round(world);
    expect(plan.holds.map(({ code }) => code)).toEqual(['brake', 'brake', 'brake', 'brake', 'brake']);
    expect(plan.findings.find(({ kind }) => kind === 'config.brake')).toMatchObject({
      text: expect.stringContaining(
        'would lower 5 pools by 15 of 15 nodes, as the first change under their rules: dev/a',
      ),
      fix: 'if you want this, run: lamplighter approve',
    });
    world.asks = [anApproval('config-1', world.now)];
    runUntil(world, '2026-03-03T01:00:00Z');
    expect(old.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
  });

  test('is not braked where it is little: three pools of many nodes', () => {
    const world = aFirstDay({ match: aMatch('dev/a') }, [...old, aPool('big', 90)]);
    runUntil(world, '2026-03-02T19:30:00Z');
    expect(sizeOf(world, 'a')).toBe(0);
  });

  test('a raise never waits', () => {
    const asleep = old.map((pool) => ({ ...pool, size: 0 }));
    const world = aFirstDay({}, asleep);
    runUntil(world, '2026-03-02T14:00:00Z');
    expect(old.map(({ name }) => sizeOf(world, name))).toEqual([3, 3, 3, 3, 3]);
  });

  test('an override is a person’s, and never waits', () => {
    const world = aFirstDay();
    world.asks = [anOverride(1, '2026-03-02T12:00:00Z', '2026-03-02T14:00:00Z')];
    runUntil(world, '2026-03-02T13:00:00Z');
    expect(old.map(({ name }) => sizeOf(world, name))).toEqual([1, 1, 1, 1, 1]);
  });

  test('brake: off lets it go', () => {
    const world = anyWorld(evening, old, { config: aConfig({ safety: { ...safety, brake: undefined } }) });
    expect(round(world).actions).toHaveLength(1);
  });

  test('the evening after it is ordinary', () => {
    const world = aFirstDay();
    world.asks = [anApproval('config-1', world.now)];
    const plans = runUntil(world, '2026-03-05T22:00:00Z');
    expect(plans.flatMap(({ plan }) => plan.findings)).toEqual([]);
    expect(old.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
  });

  test('pools that join later under an acted rule are lowered with the others', () => {
    const world = aFirstDay();
    world.asks = [anApproval('config-1', world.now)];
    runUntil(world, '2026-03-05T12:00:00Z');
    const young = ['f', 'g', 'h', 'i', 'j'].map((name) => aPool(name, 3, { createdAt: world.now }));
    world.pools.push(...young);
    const plans = runUntil(world, '2026-03-05T23:55:00Z');
    expect(plans.flatMap(({ plan }) => plan.findings.map(({ kind }) => kind))).not.toContain('config.brake');
    expect(young.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
  });

  test('clusters that come daily need one approval of their rule, not one a day', () => {
    const world = aFirstDay();
    round(world);
    const [stored] = knownRules(world.config).values();
    world.storedRules.set('rule-1', { ...stored!, knownSince: world.now, approvedAt: world.now });
    for (let day = 3; day < 7; day += 1) {
      runUntil(world, `2026-03-0${day}T12:00:00Z`);
      // Everything of the day before is gone, with all that is remembered of it.
      world.record = undefined;
      world.pools = old.map((pool) => ({
        ...pool,
        id: `${pool.id}-${day}`,
        createdAt: world.now - 60 * minute,
        size: 3,
      }));
      const plans = runUntil(world, `2026-03-0${day}T23:00:00Z`);
      expect(plans.flatMap(({ plan }) => plan.findings)).toEqual([]);
      expect(world.pools.map(({ size }) => size)).toEqual([0, 0, 0, 0, 0]);
    }
  });

  test('a rule that 0.1.0 acted under needs no approval', () => {
    const world = aFirstDay();
    world.storedRules = knownRules(world.config);
    runUntil(world, '2026-03-02T23:00:00Z');
    expect(old.map(({ name }) => sizeOf(world, name))).toEqual([0, 0, 0, 0, 0]);
  });

  test('a match made wider does not take what it newly names to bed', () => {
    const world = aFirstDay({ match: aMatch('dev/a') }, [...old, ...['x', 'y'].map((name) => aPool(name, 3))]);
    world.storedRules = knownRules(world.config);
    runUntil(world, '2026-03-03T12:00:00Z');
    world.config = aConfig({ rules: [aRule({ hash: 'wider' })], hash: 'config-2' });
    runUntil(world, '2026-03-04T03:00:00Z');
    expect([...old.map(({ name }) => sizeOf(world, name)), sizeOf(world, 'x')]).toEqual([0, 3, 3, 3, 3, 3]);
  });

  test('a rule taken away from above an approved one hands nothing over unasked', () => {
    const spared = { ...aRule({ schedule: undefined, hash: 'none' }), match: aMatch('dev/[bcde]') };
    const kept = { ...spared, match: { ...spared.match, pool: '[bcde]' } };
    const world = aFirstDay();
    world.config = aConfig({ rules: [kept, aRule()] });
    const [stored] = knownRules(aConfig()).values();
    world.storedRules.set('rule-1', { ...stored!, knownSince: world.now, approvedAt: world.now });
    runUntil(world, '2026-03-03T12:00:00Z');
    world.config = aConfig({ rules: [aRule()], hash: 'config-2' });
    runUntil(world, '2026-03-03T22:00:00Z');
    expect(old.map(({ name }) => sizeOf(world, name))).toEqual([0, 3, 3, 3, 3]);
    expect(codes(world)).toEqual(['brake', 'brake', 'brake', 'brake']);
  });
});

test.each<[string, Ask]>([
  ['a lease', aLease(5, '2026-03-03T12:30:00Z', '2026-03-03T14:00:00Z')],
  ['an override', anOverride(5, '2026-03-03T12:30:00Z', '2026-03-03T14:00:00Z')],
])('what %s raises meanwhile is held all the same when it ends', (_, ask) => {
  const world = afterANight([]);
  const leases = { max: 9, longestMs: 24 * 60 * minute };
  world.config = aConfig({ rules: [aRule({ base: 1, leases, hash: 'typo' })], hash: 'config-2' });
  runUntil(world, '2026-03-03T12:25:00Z');
  world.asks = [ask];
  runUntil(world, '2026-03-03T13:55:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([5, 5, 5, 5, 5]);
  runUntil(world, '2026-03-03T16:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([5, 5, 5, 5, 5]);
});

test.each<[string, Ask]>([
  ['a lease', aLease(5, '2026-03-02T20:30:00Z', '2026-03-02T22:00:00Z')],
  ['an override', anOverride(1, '2026-03-02T20:30:00Z', '2026-03-02T22:00:00Z')],
])('what the brake holds on a first evening stays held after %s', (_, ask) => {
  const rule = aRule({ leases: { max: 9, longestMs: 24 * 60 * minute } });
  const world = anyWorld('2026-03-02T12:00:00Z', pools, { config: aConfig({ rules: [rule] }) });
  runUntil(world, '2026-03-02T20:25:00Z');
  world.asks = [ask];
  runUntil(world, '2026-03-02T21:55:00Z');
  const asked = ask.kind === 'lease' ? 5 : 1;
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual(pools.map(() => asked));
  runUntil(world, '2026-03-03T00:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual(pools.map(() => asked));
});

test('a lease on the first day is an act, so that its end is not braked', () => {
  const rule = aRule({ leases: { max: 9, longestMs: 24 * 60 * minute } });
  const world = anyWorld('2026-03-02T12:00:00Z', pools, { config: aConfig({ rules: [rule] }) });
  world.asks = [aLease(5, '2026-03-02T12:00:00Z', '2026-03-02T14:00:00Z')];
  runUntil(world, '2026-03-02T13:55:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([5, 5, 5, 5, 5]);
  runUntil(world, '2026-03-02T15:00:00Z');
  expect(pools.map(({ name }) => sizeOf(world, name))).toEqual([3, 3, 3, 3, 3]);
});

describe('a raise that may not take effect is no act under its rule', () => {
  const evening = Date.parse('2026-03-02T19:00:00Z');
  const raised = { poolId: 'id-a', from: 2, to: 3, claimedAt: evening - minute, wroteAway: true, reason: 'a lease' };

  /** Four pools, three of which the limit allows; of the first, a raise is open in the evening. */
  function heldIn(open: Partial<ClusterRecord>, stuck: Partial<PoolMemory>, patch: Partial<ObservedPool> = {}): number {
    const four = [aPool('a', 2, patch), ...pools.slice(1, 4)];
    const config = aConfig({ safety: { ...safety, brake: { pools: 3, percent: 100 } } });
    const world = anyWorld('2026-03-02T18:00:00Z', four, { config, takes: 0 });
    const memories = four.map(({ id, name }) => {
      const memory = { name, autoscale: false, ruleHash: 'rule-1', metAt: evening - 60 * minute };
      return [id, id === 'id-a' ? { ...memory, actedRule: 'rule-1', ...stuck } : memory] as const;
    });
    world.record = { schema: 1, cluster: 'dev', ...open, pools: Object.fromEntries(memories) };
    world.now = evening;
    return round(world).holds.filter(({ code }) => code === 'brake').length;
  }

  test.each<[string, Parameters<typeof heldIn>, number]>([
    ['it is awaited', [{ change: raised }, {}], 3],
    ['it is awaited, and another one acted', [{ change: { ...raised, actedBefore: 'rule-1' } }, {}], 0],
    ['it hangs', [{}, { stuck: raised }, { status: 'Scaling' }], 3],
    ['it failed', [{}, { stuck: raised }, { status: 'Error' }], 3],
    ['it failed, and another one acted', [{}, { stuck: { ...raised, actedBefore: 'rule-1' } }, { status: 'Error' }], 0],
  ])('while %s', (_, given, expected) => {
    expect(heldIn(...given)).toBe(expected);
  });
});

describe('a rule that changed while nobody knew whether a claim took effect', () => {
  const at = (time: string) => Date.parse(`2026-03-02T${time}:00Z`);
  const none = { ...safety, brake: { pools: 0, percent: 0 } };
  const under = (rule: Rule) => aConfig({ rules: [rule], hash: `config-${rule.hash}`, safety: none });
  const withLeases = (patch: Partial<Rule> = {}) => aRule({ leases: { max: 9, longestMs: 60 * minute }, ...patch });

  /** A raise for a lease of a few minutes is claimed and lost at 12:50; no rule has acted before. */
  function claimed(): World {
    const world = anyWorld('2026-03-02T12:00:00Z', [aPool('a', 3)], { config: under(withLeases()) });
    runUntil(world, '2026-03-02T12:45:00Z');
    world.asks = [aLease(5, '2026-03-02T12:50:00Z', '2026-03-02T12:51:00Z')];
    world.onPut = 'lose';
    round(world);
    world.onPut = 'apply';
    expect(world.puts).toEqual([{ at: at('12:50'), pool: 'a', to: 5 }]);
    world.now += minute;
    return world;
  }

  function approve(world: World, config: CompiledConfig, time: string): void {
    for (const [hash, stored] of knownRules(config))
      world.storedRules.set(hash, { ...stored, knownSince: at(time), approvedAt: at(time) });
  }

  test('is approved for the pools that were under it then, not for this one', () => {
    const world = claimed();
    const other = under(withLeases({ hash: 'other' }));
    approve(world, other, '12:30');
    world.config = other;
    runUntil(world, '2026-03-02T20:00:00Z', 2 * minute);
    expect(memoryOf(world, 'a')).toMatchObject({ metAt: at('12:51') });
    expect(round(world).holds.map(({ code }) => code)).toEqual(['brake']);
  });

  test('is older than the pool, which was there all the same', () => {
    const world = claimed();
    world.pools = [{ ...world.pools[0]!, createdAt: undefined }];
    const other = under(withLeases({ hash: 'other' }));
    approve(world, other, '12:30');
    world.config = other;
    runUntil(world, '2026-03-02T20:00:00Z', 2 * minute);
    expect(round(world).holds.map(({ code }) => code)).toEqual(['brake']);
  });

  test('stays approved where the change shows late after all', () => {
    const world = claimed();
    world.now = at('12:55');
    round(world);
    world.config = under(withLeases({ base: 1, hash: 'other' }));
    world.now = at('13:00');
    expect(round(world).holds.map(({ code }) => code)).toEqual(['brake']);
    approve(world, world.config, '13:02');
    change(world, 'id-a', { size: 5, updatedAt: at('13:04') });
    world.now = at('13:05');
    expect(round(world).actions).toMatchObject([{ from: 5, to: 1 }]);
  });
});

describe('a fleet that is looked at by parts', () => {
  const every = { match: aMatch('*/*') };
  const typo = aConfig({ rules: [aRule({ ...every, base: 1, hash: 'typo' })], hash: 'config-2' });

  function remembered({ cluster, record }: Pick<ObservedFleetCluster, 'cluster' | 'record'>): ObservedFleetCluster {
    return rememberedCluster('r1', cluster.id, record!);
  }

  /** Clusters of one pool each, all acted on under the first rule; the first half is seen, the rest only remembered. */
  function halfSeen(count: number) {
    const worlds = Array.from({ length: count }, (_, i) => {
      const world = aWorld('2026-03-02T12:00:00Z', [aPool('a', 3)], { config: aConfig({ rules: [aRule(every)] }) });
      world.cluster = { ...world.cluster, id: `cluster-${i}`, name: `dev-${i}` };
      runUntil(world, '2026-03-03T11:55:00Z');
      return world;
    });
    const seenOf = ({ cluster, pools: own, record, lookedAt }: World) => ({
      cluster,
      pools: [...own],
      record,
      lookedAt,
    });
    const clusters = worlds.slice(0, count / 2).map(seenOf);
    const elsewhere = worlds.slice(count / 2).map(remembered);
    const { now, storedRules } = worlds[0]!;
    const plan = (more: Partial<RoundInput> = {}) =>
      planRound({
        now,
        config: typo,
        clusters,
        elsewhere: () => elsewhere,
        asks: [],
        storedRules,
        isWhole: false,
        ...more,
      });
    return Object.assign(plan, { fleet: worlds.map(seenOf) });
  }

  test('is braked for what all of it would lose', () => {
    const plan = halfSeen(6)();
    expect(plan.actions).toEqual([]);
    expect(plan.holds.map(({ code }) => code)).toEqual(['brake', 'brake', 'brake']);
    expect(plan.findings.find(({ kind }) => kind === 'config.brake')).toMatchObject({
      text: expect.stringMatching(/would lower 6 pools by 12 of 18 nodes, .* and 1 more$/),
      facts: { pools: 6, nodes: 12 },
    });
  });

  test('never loses by parts what it may not lose at once', () => {
    const fleetSize = 6;
    const plan = halfSeen(fleetSize);
    const part = fc.record({
      seen: fc.uniqueArray(fc.integer({ min: 0, max: fleetSize - 1 }), { minLength: 1 }),
      limits: fc.record({ pools: fc.integer({ min: 0, max: 7 }), percent: fc.integer({ min: 0, max: 100 }) }),
    });
    fc.assert(
      fc.property(part, ({ seen, limits }) => {
        const config = { ...typo, safety: { ...typo.safety, brake: limits } };
        const all = plan.fleet;
        const whole = plan({ config, clusters: all, elsewhere: () => [] });
        const [clusters, elsewhere] = [all.filter((_, i) => seen.includes(i)), all.filter((_, i) => !seen.includes(i))];
        const some = plan({ config, clusters, elsewhere: () => elsewhere.map(remembered) });
        expect(some.actions.length > 0).toBe(whole.actions.length > 0);
      }),
    );
  });

  test('and not for what it would not: nodes that nobody looked at are nodes of the fleet', () => {
    const limits = { pools: 9, percent: 60 };
    const config = { ...typo, safety: { ...typo.safety, brake: limits } };
    const plan = halfSeen(6);
    expect(plan({ config }).actions).toEqual([]);
    const asks = [aPauseOf('dev-3'), aPauseOf('dev-4'), aPauseOf('dev-5')];
    expect(plan({ config, asks }).actions).toHaveLength(3);
  });
});

describe('bounds that move both ways', () => {
  const wide = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...aPool(name, { min: 3, max: 9 }), size: 7 }));
  const narrow = aConfig({ rules: [aRule({ base: { min: 4, max: 4 }, hash: 'narrow' })], hash: 'config-2' });

  function asBefore() {
    const config = aConfig({ rules: [aRule({ base: { min: 3, max: 9 } })] });
    const world = aWorld('2026-03-02T12:00:00Z', wide, { config });
    runUntil(world, '2026-03-03T11:55:00Z');
    world.config = narrow;
    return world;
  }

  test('are braked downwards, as often as it is tried; the raise goes on at once', () => {
    const world = asBefore();
    const plans = runUntil(world, '2026-03-03T15:00:00Z');
    expect(wide.map(({ name }) => sizeOf(world, name))).toEqual(wide.map(() => ({ min: 4, max: 9 })));
    expect(plans.at(-1)?.plan.holds.map(({ code }) => code)).toEqual(wide.map(() => 'brake'));
    expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).toContain('config.brake');
  });

  test('go all the way once that is approved', () => {
    const world = asBefore();
    runUntil(world, '2026-03-03T15:00:00Z');
    world.asks = [anApproval('config-2', world.now)];
    runUntil(world, '2026-03-03T18:00:00Z');
    expect(wide.map(({ name }) => sizeOf(world, name))).toEqual(wide.map(() => ({ min: 4, max: 4 })));
  });
});

describe('a change of a cluster that this round does not read', () => {
  const night = Date.parse('2026-03-02T20:00:00Z');

  /** Three first lowers are allowed, and three are wanted; elsewhere one was claimed, so many minutes ago. */
  function held(from: number, to: number, minutesAgo: number, actedBefore?: string): number {
    const { cluster } = anyWorld('2026-03-02T20:00:00Z', []);
    const clusters = ['x', 'y', 'z'].map((name): ObservedFleetCluster => {
      return {
        cluster: { ...cluster, id: name, name },
        pools: [aPool(name, 3)],
        record: undefined,
        lookedAt: undefined,
      };
    });
    const change = { poolId: 'id-a', from, to, claimedAt: night - minutesAgo * minute, wroteAway: false, reason: 'r' };
    const common = { name: 'a', autoscale: false, ruleHash: 'rule-1', metAt: night - 600 * minute };
    const memory = { ...common, actedRule: 'rule-1', seen: { size: from, at: night - 600 * minute } };
    const before = actedBefore === undefined ? {} : { actedBefore };
    const record = { schema: 1, cluster: 'w', change: { ...change, ...before }, pools: { 'id-a': memory } } as const;
    const config = aConfig({
      rules: [aRule({ match: aMatch('*/*') })],
      safety: { ...safety, brake: { pools: 3, percent: 100 } },
    });
    const elsewhere = () => [rememberedCluster('r1', 'w', record)];
    const plan = planRound({
      now: night,
      config,
      clusters,
      elsewhere,
      asks: [],
      storedRules: new Map(),
      isWhole: false,
    });
    return plan.holds.filter(({ code }) => code === 'brake').length;
  }

  test.each([1, 5, 29, 31])('a lower claimed %s minutes ago does not count, and a raise does', (minutesAgo) => {
    expect(held(3, 0, minutesAgo)).toBe(0);
    expect(held(2, 3, minutesAgo)).toBe(3);
    expect(held(2, 3, minutesAgo, 'rule-1')).toBe(0);
  });
});

describe('the brake at its limits', () => {
  /** `lowered` clusters of one pool, and others that no rule touches, all of so many nodes. */
  function held(lowered: number, others: number, size: number, brake: { pools: number; percent: number }) {
    const clusters = Array.from({ length: lowered + others }, (_, n): ObservedFleetCluster => {
      const name = n < lowered ? `dev-${n}` : `prod-${n}`;
      const cluster = { ...anyWorld('2026-03-02T20:00:00Z', []).cluster, id: `c${n}`, name };
      return { cluster, pools: [{ ...aPool('a', size), id: `p${n}` }], record: undefined, lookedAt: undefined };
    });
    const config = aConfig({ rules: [aRule({ match: aMatch('dev-*/*'), idle: 1 })], safety: { ...safety, brake } });
    const common = { config, clusters, asks: [], storedRules: new Map(), isWhole: true };
    const plan = planRound({ ...common, now: Date.parse('2026-03-02T20:00:00Z') });
    const braked = plan.holds.filter(({ code }) => code === 'brake').length;
    expect(plan.actions).toHaveLength(lowered - braked);
    expect(plan.findings.filter(({ kind }) => kind === 'config.brake')).toHaveLength(braked === 0 ? 0 : 1);
    return braked;
  }

  test.each([1, 2, 3, 5, 8])('%s pools may go, one more may not', (pools) => {
    expect(held(pools, 0, 3, { pools, percent: 100 })).toBe(0);
    expect(held(pools + 1, 0, 3, { pools, percent: 100 })).toBe(pools + 1);
  });

  // Of 20 pools of 2 nodes each lowered one loses 1 of 40: 2.5 %; of 3 nodes 2 of 60; of 5 nodes 4 of 100.
  test.each([
    [4, 2, 10],
    [9, 3, 30],
    [2, 5, 8],
    [10, 5, 40],
  ])(
    '%s of 20 pools of %s nodes each are %s percent of all, which is allowed, and one less is not',
    (lowered, size, percent) => {
      expect(held(lowered, 20 - lowered, size, { pools: 99, percent })).toBe(0);
      expect(held(lowered, 20 - lowered, size, { pools: 99, percent: percent - 1 })).toBe(lowered);
    },
  );
});

describe('the first lowers under a rule', () => {
  const known = Date.parse('2026-03-01T12:00:00Z');
  const night = '2026-03-02T20:00:00Z';

  /** Five pools that were never acted on, at the first evening of their rule; is it braked? */
  function isBraked(
    of: { readonly createdAt?: number | undefined; readonly metAt?: number },
    rule: Partial<StoredRule> | undefined,
    patch: Partial<World> = {},
  ): boolean {
    const five = pools.map((pool) => ({ ...pool, createdAt: of.createdAt }));
    const met = of.metAt === undefined ? {} : { metAt: of.metAt };
    const memories = pools.map(({ id, name }) => [id, { name, autoscale: false, ruleHash: 'rule-1', ...met }] as const);
    const record = { schema: 1, cluster: 'dev', pools: Object.fromEntries(memories) } as const;
    const [stored] = knownRules(aConfig()).values();
    const storedRules = new Map(rule === undefined ? [] : [['rule-1', { ...stored!, ...rule }]]);
    const plan = round(anyWorld(night, five, { config: aConfig(), record, storedRules, ...patch }));
    return plan.holds.some(({ code }) => code === 'brake');
  }

  test.each<[string, Parameters<typeof isBraked>[0], Parameters<typeof isBraked>[1], boolean]>([
    ['nobody acted under it', { createdAt: known }, undefined, true],
    ['it was known before times were kept', { createdAt: known, metAt: known }, {}, false],
    ['it is as old as the pools', { createdAt: known, metAt: known }, { knownSince: known }, true],
    [
      'it was only tried before the pools came',
      { createdAt: known + 1, metAt: known + 1 },
      { knownSince: known, isTried: true },
      true,
    ],
    ['it is older than the pools', { createdAt: known + 1, metAt: known + 1 }, { knownSince: known }, false],
    [
      'it is older than the pools, which came long before they were met',
      { createdAt: known - 1, metAt: known + 1 },
      { knownSince: known },
      true,
    ],
    [
      'it is older than when pools of no age were met',
      { createdAt: undefined, metAt: known + 10 * minute + 1 },
      { knownSince: known },
      false,
    ],
    [
      'it is as old as when pools of no age were met',
      { createdAt: undefined, metAt: known + 10 * minute },
      { knownSince: known },
      true,
    ],
    ['it was approved when they were met', { createdAt: 0, metAt: known }, { knownSince: 1, approvedAt: known }, false],
    [
      'it was approved before they were met',
      { createdAt: 0, metAt: known + 1 },
      { knownSince: 1, approvedAt: known },
      true,
    ],
  ])('where %s', (_, of, rule, expected) => {
    expect(isBraked(of, rule)).toBe(expected);
  });

  test('are those of a person where an override asks for them', () => {
    const asks: Ask[] = [anOverride(1, '2026-03-02T19:00:00Z', '2026-03-02T22:00:00Z')];
    expect(isBraked({ createdAt: known }, undefined, { asks })).toBe(false);
  });

  test('are said with their names, five at most, and what they come to', () => {
    const said = (names: readonly string[]) => {
      const { findings } = round(
        anyWorld(
          night,
          names.map((name) => aPool(name, 3)),
          { config: aConfig() },
        ),
      );
      return findings.find(({ kind }) => kind === 'config.brake');
    };
    const five = 'dev/a → 0, dev/b → 0, dev/c → 0, dev/d → 0, dev/e → 0';
    expect(said(['a', 'b', 'c', 'd', 'e'])).toMatchObject({
      text: `the new config would lower 5 pools by 15 of 15 nodes, as the first change under their rules: ${five}`,
      subject: { kind: 'config', path: 'safety.brake' },
      facts: { pools: 5, nodes: 15 },
    });
    expect(said(['a', 'b', 'c', 'd', 'e', 'f', 'g'])?.text).toContain(
      `by 21 of 21 nodes, as the first change under their rules: ${five} and 2 more`,
    );
  });

  test('and others that the config before did not want are told apart', () => {
    const world = aWorld('2026-03-02T12:00:00Z', pools.slice(0, 3), {});
    runUntil(world, '2026-03-03T12:00:00Z');
    world.pools = [...world.pools, aPool('d', 3), aPool('e', 3)];
    world.config = aConfig({ rules: [aRule({ base: 1, hash: 'rule-2' })], hash: 'config-2' });
    const of = (plan: ReturnType<typeof round>) => plan.findings.find(({ kind }) => kind === 'config.brake')?.text;
    expect(of(round(world))).toContain(': dev/a → 1');
    expect(of(round(world))).toContain(
      '2 of them as the first change under their rules, the others because of the config change',
    );
    world.pools = world.pools.slice(0, 3);
    expect(
      of(
        round({
          ...world,
          config: aConfig({ ...world.config, safety: { ...safety, brake: { pools: 1, percent: 100 } } }),
        }),
      ),
    ).toContain(', which the config before would not do: ');
  });

  test('of a rule that nobody stored count as changed', () => {
    const world = afterANight([]);
    world.storedRules.clear();
    world.config = aConfig({ rules: [aRule({ base: 2, hash: 'rule-2' })], hash: 'config-2' });
    const plan = round(world);
    expect(plan.holds.map(({ code }) => code)).toEqual(['brake', 'brake', 'brake', 'brake', 'brake']);
    expect(plan.findings.find(({ kind }) => kind === 'config.brake')?.text).toContain(
      'which the config before would not do',
    );
  });

  test('ask for nothing elsewhere while there is nothing to count', () => {
    const elsewhere = () => {
      throw new Error('asked');
    };
    const { cluster } = anyWorld('2026-03-02T12:00:00Z', []);
    const common = { config: aConfig(), asks: [], storedRules: new Map(), isWhole: false, elsewhere };
    const clusters = [{ cluster, pools, record: undefined, lookedAt: undefined }];
    expect(planRound({ ...common, clusters, now: Date.parse('2026-03-02T12:00:00Z') }).actions).toEqual([]);
  });
});
