import { describe, expect, test } from 'vitest';
import { planRound } from '../../../lib/decide/scaling/plan-round.ts';
import { startedNotice } from '../../../lib/decide/scaling/started-notice.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import {
  aConfig,
  aLease,
  aMatch,
  aPool,
  aRule,
  aWorld,
  knownRules,
  officeHours,
  runUntil,
  usualBrake,
  type World,
} from '../../support/scaling-world.ts';

function saidBy(world: World, record?: World['record']): string {
  const { now, config, asks } = world;
  const clusters = [{ cluster: world.cluster, pools: world.pools, record, lookedAt: undefined }];
  const input = { now, config, clusters, asks, storedRules: world.storedRules, isWhole: true };
  return startedNotice(input, planRound(input)).text;
}

const pools = [aPool('build', 2), aPool('workers', 3)];
const tonight = '2026-03-02T20:00:00Z';
const asked = (config: Partial<CompiledConfig>) => ({ config: aConfig(config) });

// 2026-03-02 is a Monday.
test('by day: the lowers of the evening', () => {
  expect(saidBy(aWorld('2026-03-02T12:00:00Z', pools, asked({ rules: [aRule({ base: 'remembered' })] })))).toBe(
    '1 cluster, 2 pools under a schedule, 0 not; at 2026-03-02T19:00:00Z Lamplighter will lower 2 pools by 5 nodes; no raise before that',
  );
});

test('by night, with pools awake: what happens now, and the raise of the morning', () => {
  expect(saidBy(aWorld(tonight, pools, asked({ rules: [aRule({ base: 'remembered' })] })))).toBe(
    '1 cluster, 2 pools under a schedule, 0 not; now Lamplighter will lower 2 pools by 5 nodes; next raise 2026-03-03T07:00:00Z',
  );
});

test('a base that nobody knows is no lower, and is said', () => {
  const rules = [aRule({ base: 'remembered', idle: 4, limits: { min: 0, max: undefined } })];
  const said = saidBy(aWorld(tonight, [aPool('build', 0), aPool('workers', 4)], asked({ rules })));
  expect(said).toContain('nothing will be lowered soon');
  expect(said).toContain('; the base of 2 pools is not known; see: lamplighter rehearse');
});

test('mode observe only would', () => {
  const rules = [aRule({ base: 'remembered', mode: 'observe' })];
  expect(saidBy(aWorld(tonight, pools, asked({ rules })))).toContain(
    'now Lamplighter would lower (mode: observe) 2 pools',
  );
});

test('what is only observed is not promised among what is done', () => {
  const rules = [
    aRule({ match: aMatch('dev/build'), base: 'remembered', mode: 'observe', hash: 'b' }),
    aRule({ base: 'remembered' }),
  ];
  expect(saidBy(aWorld(tonight, pools, asked({ rules })))).toContain('now Lamplighter will lower 1 pool by 3 nodes;');
});

test('what a lease keeps up is not lowered now', () => {
  const rules = [aRule({ base: 'remembered' })];
  const asks = [aLease(3, '2026-03-02T15:00:00Z', '2026-03-03T06:00:00Z')];
  const world = aWorld(tonight, [aPool('workers', 3)], { ...asked({ rules }), asks });
  expect(saidBy(world)).toContain('nothing will be lowered or raised soon');
});

test('an autoscaled pool loses the nodes that it has, not those that it may have', () => {
  const rules = [aRule({ base: { min: 3, max: 9 }, idle: { min: 1, max: 2 } })];
  const world = aWorld(tonight, [{ ...aPool('workers', { min: 3, max: 9 }), size: 4 }], asked({ rules }));
  expect(saidBy(world)).toContain('now Lamplighter will lower 1 pool by 2 nodes');
});

test('bounds that are lowered without a node less are called so', () => {
  const rules = [aRule({ base: { min: 3, max: 9 }, idle: { min: 1, max: 4 } })];
  const world = aWorld(tonight, [{ ...aPool('workers', { min: 3, max: 9 }), size: 4 }], asked({ rules }));
  expect(saidBy(world)).toContain('now Lamplighter will lower the bounds of 1 pool;');
});

test('lowers that wait for a person are no lowers, and are said', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((name) => aPool(name, 3));
  const world = aWorld('2026-03-02T12:00:00Z', five);
  runUntil(world, '2026-03-03T12:00:00Z');
  const safety = { ...aConfig().safety, brake: usualBrake };
  world.config = aConfig({ rules: [aRule({ base: 1, hash: 'typo' })], hash: 'config-2', safety });
  expect(saidBy(world, world.record)).toMatch(
    /; the brake holds 5 scale-downs; to release them, run: lamplighter approve$/,
  );
});

test('clusters that did not answer are said', () => {
  const { now, config, cluster, record } = aWorld('2026-03-02T12:00:00Z', []);
  const clusters = [{ cluster, pools: undefined, record, lookedAt: undefined }];
  const input = { now, config, clusters, asks: [], storedRules: new Map(), isWhole: true };
  const { text } = startedNotice(input, { actions: [], holds: [] });
  expect(text).toMatch(/^1 cluster, 0 pools under a schedule, 0 not; .*; the pools of 1 cluster could not be read$/);
});

describe('a lower that the brake will hold', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((name) => aPool(name, 3));
  const braked = { safety: { ...aConfig().safety, brake: usualBrake } };

  test('is not promised', () => {
    const said = saidBy(aWorld('2026-03-02T12:00:00Z', five, asked(braked)));
    expect(said).toContain('at 2026-03-02T19:00:00Z lowering 5 pools by 15 nodes needs approval: lamplighter approve');
    expect(said).not.toContain('Lamplighter will lower');
  });

  test('is told beside those that it will not hold', () => {
    const config = { ...braked, rules: [aRule({ match: aMatch('dev/a') }), aRule({ hash: 'rule-2' })] };
    const known = knownRules(aConfig({ rules: config.rules.slice(0, 1) }));
    const said = saidBy(aWorld('2026-03-02T12:00:00Z', five, { ...asked(config), storedRules: known }));
    expect(said).toContain('at 2026-03-02T19:00:00Z Lamplighter will lower 1 pool by 3 nodes; ');
    expect(said).toContain('lowering 4 pools by 12 nodes needs approval: lamplighter approve');
  });

  test('is promised where it was approved, or the brake is off', () => {
    const storedRules = knownRules(aConfig());
    const said = saidBy(aWorld('2026-03-02T12:00:00Z', five, { ...asked(braked), storedRules }));
    expect(said).toContain('Lamplighter will lower 5 pools by 15 nodes');
    expect(saidBy(aWorld('2026-03-02T12:00:00Z', five))).toContain('Lamplighter will lower 5 pools by 15 nodes');
  });

  test('by mode observe it is none', () => {
    const rules = [aRule({ mode: 'observe' })];
    const said = saidBy(aWorld('2026-03-02T12:00:00Z', five, asked({ ...braked, rules })));
    expect(said).toContain('Lamplighter would lower (mode: observe) 5 pools by 15 nodes');
    expect(said).not.toContain('approve');
  });
});

describe('clusters of one name', () => {
  function twins() {
    const { now, config, cluster } = aWorld('2026-03-02T12:00:00Z', []);
    const clusters = ['c1', 'c2'].map((id) => ({
      cluster: { ...cluster, id },
      pools: pools.map((pool) => ({ ...pool, id: `${id}-${pool.name}` })),
      record: undefined,
      lookedAt: undefined,
    }));
    const input = { now, config, clusters, asks: [], storedRules: new Map(), isWhole: true };
    return { input, plan: planRound(input) };
  }

  test('are counted once, and no lower of them is promised', () => {
    const { input, plan } = twins();
    const { text, facts } = startedNotice(input, plan);
    expect(text).toBe(
      '1 cluster, 2 pools under a schedule, 0 not; nothing will be lowered or raised soon; 2 clusters are called dev: nothing is changed in them until each has a name of its own',
    );
    expect(facts).toMatchObject({ clusters: 1, matched: 2, unmatched: 0 });
  });

  test('are one finding', () => {
    expect(twins().plan.findings).toMatchObject([
      { kind: 'config.mismatch', subject: { kind: 'cluster', clusterId: 'c1' } },
    ]);
  });
});

test('clusters that no rule names are said, and their pools count', () => {
  const { now, config, cluster } = aWorld('2026-03-02T12:00:00Z', []);
  const left = aConfig({ rules: [...config.rules, aRule({ match: aMatch('spared/*'), schedule: undefined })] });
  const of = (name: string, own: typeof pools) => ({
    cluster: { ...cluster, id: name, name },
    pools: own.map((pool) => ({ ...pool, id: `${name}-${pool.name}` })),
    record: undefined,
    lookedAt: undefined,
  });
  const clusters = [of('dev', pools), of('zoo', pools), of('attic', []), of('spared', pools)];
  const input = { now, config: left, clusters, asks: [], storedRules: new Map(), isWhole: true };
  expect(startedNotice(input, planRound(input)).text).toMatch(
    /^4 clusters, 2 pools under a schedule, 4 not; no rule matches the clusters attic, zoo; /,
  );
});

test('a cluster that no rule acts on and that did not answer is said', () => {
  const { now, config, cluster } = aWorld('2026-03-02T12:00:00Z', []);
  const clusters = [{ cluster: { ...cluster, name: 'zoo' }, pools: undefined, record: undefined, lookedAt: undefined }];
  const input = { now, config, clusters, asks: [], storedRules: new Map(), isWhole: true };
  expect(startedNotice(input, planRound(input)).text).toContain('; the pools of 1 cluster could not be read');
});

describe('what the notice counts', () => {
  const { now, config, cluster } = aWorld('2026-03-02T12:00:00Z', []);
  const of = (name: string, patch: Partial<typeof cluster> = {}) => ({
    cluster: { ...cluster, id: name, name, ...patch },
    pools: [aPool('a', 3, { id: `${name}-a` })],
    record: undefined,
    lookedAt: undefined,
  });
  type Seen = Omit<ReturnType<typeof of>, 'pools'> & { readonly pools: ReturnType<typeof of>['pools'] | undefined };
  const textOf = (clusters: readonly Seen[], patch: Partial<CompiledConfig> = {}) => {
    const input = { now, config: { ...config, ...patch }, clusters, asks: [], storedRules: new Map(), isWhole: true };
    return startedNotice(input, planRound(input)).text;
  };

  test('is no cluster that is being deleted', () => {
    for (const status of ['Deleting', 'Deleted']) {
      expect(textOf([of('zoo', { status })])).not.toContain('no rule matches');
      expect(textOf([{ ...of('dev', { status }), pools: undefined }])).not.toContain('could not be read');
    }
    expect(textOf([of('zoo')])).toContain('; no rule matches the cluster zoo;');
  });

  test('names ten forgotten clusters, with their region where there are several', () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => of(`zoo-${String(n).padStart(2, '0')}`));
    expect(textOf(many(10))).toContain('zoo-08, zoo-09;');
    expect(textOf(many(12))).toContain('zoo-08, zoo-09 and 2 more;');
    const regions = ['r1', 'r2'].map((name) => ({ ...config.regions[0]!, name }));
    expect(textOf([of('zoo')], { regions })).toContain('no rule matches the cluster r1:zoo;');
  });

  test('names ten matches of nothing', () => {
    const rules = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        aRule({ match: aMatch(`x${n}/*`), position: { file: 'f', line: n + 1 } }),
      );
    const named = { answered: new Set(['r1']), clusters: [{ region: 'r1', name: 'dev', pools: ['a'] }] };
    const said = (count: number) => {
      const input = { now, config: { ...config, rules: [aRule(), ...rules(count)] }, clusters: [of('dev')], named };
      const whole = { ...input, asks: [], storedRules: new Map(), isWhole: true } as unknown as Parameters<
        typeof planRound
      >[0];
      return startedNotice(whole, planRound(whole)).text;
    };
    expect(said(0)).not.toContain('nothing in the fleet');
    expect(said(1)).toContain('; this matches nothing in the fleet: ');
    expect(said(2)).toContain('; these match nothing in the fleet: ');
    expect(said(10)).not.toContain('more; see: lamplighter doctor');
    expect(said(11)).toMatch(/ and 1 more; see: lamplighter doctor$/);
  });

  test('is the first lower alone, and no edge that leaves a pool', () => {
    const late = {
      ...officeHours,
      name: 'late',
      windows: [{ ...officeHours.windows[0]!, pieces: [{ from: 7 * 3600, to: 21 * 3600 }] }],
    };
    const schedules = [officeHours, late];
    const rules = [aRule({ match: aMatch('dev/a') }), aRule({ match: aMatch('dev/b'), schedule: 'late', hash: 'b' })];
    const both = [aPool('a', 3), aPool('b', 3)];
    expect(saidBy(aWorld('2026-03-02T12:00:00Z', both, asked({ rules, schedules })))).toContain(
      'at 2026-03-02T19:00:00Z Lamplighter will lower 1 pool by 3 nodes',
    );
    const leaving = [{ ...officeHours, otherwise: 'leave' as const }];
    expect(saidBy(aWorld('2026-03-02T12:00:00Z', [aPool('a', 3)], asked({ schedules: leaving })))).toContain(
      'nothing will be lowered or raised soon',
    );
  });

  test('is what an autoscaled pool has within its bounds', () => {
    const rules = [aRule({ base: { min: 3, max: 9 }, idle: { min: 1, max: 2 } })];
    const said = (size: number) =>
      saidBy(aWorld('2026-03-02T12:00:00Z', [{ ...aPool('a', { min: 3, max: 9 }), size }], asked({ rules })));
    expect([said(1), said(5), said(12)].map((text) => /by (\d+) node/.exec(text)?.[1])).toEqual(['1', '3', '7']);
  });
});
