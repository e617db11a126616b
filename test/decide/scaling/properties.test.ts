import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ask } from '../../../lib/model/asks.ts';
import type { Rule } from '../../../lib/model/config.ts';
import { asPoolSize, clampSize, isRaise, isRange, lower, type Size, upper } from '../../../lib/model/size.ts';
import { runs } from '../../support/runs.ts';
import {
  aConfig,
  aLease,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
  aWorld,
  byHand,
  change,
  hour,
  memoryOf,
  minute,
  officeHours,
  round,
  type World,
} from '../../support/scaling-world.ts';

/** Without the brake, which waits for a person. */
const safety = { ...aConfig().safety, brake: { pools: 1000, percent: 100 } };
const start = at('2026-03-02T00:00:00Z');
const count = fc.integer({ min: 0, max: 6 });
const aRange = fc.tuple(count, count).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));
const aSizeFor = (autoscale: boolean): fc.Arbitrary<Size> => (autoscale ? fc.oneof(count, aRange) : count);
const seenSizeFor = (autoscale: boolean): fc.Arbitrary<Size> => (autoscale ? aRange : count);

type Step =
  | { readonly kind: 'hand'; readonly size: Size }
  | { readonly kind: 'lease'; readonly atLeast: number; readonly hours: number }
  | { readonly kind: 'override'; readonly exactly: Size; readonly hours: number }
  | { readonly kind: 'pause'; readonly hours: number }
  | { readonly kind: 'put'; readonly how: World['onPut'] }
  | { readonly kind: 'status'; readonly status: string }
  | { readonly kind: 'rule'; readonly rule: Rule | undefined }
  | { readonly kind: 'absent' };

const hours = fc.integer({ min: 1, max: 20 });

function ruleFor(autoscale: boolean): fc.Arbitrary<Rule> {
  return fc
    .record({
      base: fc.oneof({ weight: 2, arbitrary: fc.constant('remembered' as const) }, aSizeFor(autoscale)),
      idle: aSizeFor(autoscale),
      limits: fc.record({
        min: fc.integer({ min: 0, max: 1 }),
        max: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }),
      }),
      lead: fc.constantFrom<Rule['lead']>({ kind: 'none' }, { kind: 'auto' }, { kind: 'fixed', ms: 25 * minute }),
      onHumanChange: fc.constantFrom('respect' as const, 'enforce' as const),
      leases: fc.record({ max: fc.option(count, { nil: undefined }), longestMs: fc.constant(24 * hour) }),
    })
    .map((patch) => aRule({ ...patch, hash: JSON.stringify(patch) }));
}

function stepFor(autoscale: boolean): fc.Arbitrary<Step> {
  return fc.oneof(
    fc.record({ kind: fc.constant('hand' as const), size: seenSizeFor(autoscale) }),
    fc.record({ kind: fc.constant('lease' as const), atLeast: fc.integer({ min: 1, max: 9 }), hours }),
    fc.record({ kind: fc.constant('override' as const), exactly: aSizeFor(autoscale), hours }),
    fc.record({ kind: fc.constant('pause' as const), hours }),
    fc.record({
      kind: fc.constant('put' as const),
      how: fc.constantFrom<World['onPut']>('apply', 'ignore', 'refuse', 'busy', 'lose'),
    }),
    fc.record({
      kind: fc.constant('status' as const),
      status: fc.constantFrom('Running', 'Error', 'Upgrading', 'Nonsense'),
    }),
    fc.record({ kind: fc.constant('rule' as const), rule: fc.option(ruleFor(autoscale), { nil: undefined }) }),
    fc.record({ kind: fc.constant('absent' as const) }),
  );
}

type Life = { readonly size: Size; readonly rule: Rule; readonly steps: readonly (readonly [number, Step])[] };

const aLife: fc.Arbitrary<Life> = fc.boolean().chain((autoscale) =>
  fc.record({
    size: seenSizeFor(autoscale),
    rule: ruleFor(autoscale),
    steps: fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), stepFor(autoscale)), { maxLength: 14 }),
  }),
);

function take(world: World, step: Step, n: number): void {
  const iso = (ms: number) => new Date(ms).toISOString();
  const until = (length: number) => iso(world.now + length * hour);
  const add = (ask: Ask) => world.asks.push(ask);
  switch (step.kind) {
    case 'hand':
      if (!world.resizing.has('id-workers')) byHand(world, 'workers', step.size);
      break;
    case 'lease':
      add(aLease(step.atLeast, iso(world.now), until(step.hours), { id: `lease/${n}` }));
      break;
    case 'override':
      add({ ...anOverride(step.exactly, iso(world.now), until(step.hours)), id: `override/${n}` });
      break;
    case 'pause':
      add({ ...aPause(iso(world.now), until(step.hours)), id: `pause/${n}` });
      break;
    case 'put':
      world.onPut = step.how;
      break;
    case 'status':
      if (!world.resizing.has('id-workers')) change(world, 'id-workers', { status: step.status, updatedAt: world.now });
      break;
    case 'rule':
      world.config = aConfig({ safety, rules: step.rule ? [step.rule] : [], hash: step.rule?.hash ?? 'none' });
      break;
    case 'absent':
      change(world, 'id-workers', { size: undefined, sizeMax: undefined, updatedAt: world.now });
      break;
  }
}

/** Lives a life in rounds of 5 minutes and shows every plan to `judge`. */
function live({ size, rule, steps }: Life, judge: (world: World, plan: ReturnType<typeof round>) => void): World {
  const world = aWorld(new Date(start).toISOString(), [aPool('workers', size)], {
    config: aConfig({ safety, rules: [rule] }),
  });
  let rounds = 0;
  steps.forEach(([ticks, step], n) => {
    for (let i = 0; i < ticks; i += 1, rounds += 1) {
      world.now = start + rounds * 5 * minute;
      judge(world, round(world));
    }
    take(world, step, n);
  });
  return world;
}

/** What the schedule says at three in the morning, read off the rule alone. */
function idleOf({ config, pools: [pool] }: World): Size | undefined {
  const rule = config.rules[0];
  const idle = rule?.idle === undefined ? undefined : asPoolSize(rule.idle, pool?.autoscale ?? false);
  return rule === undefined || idle === undefined ? undefined : clampSize(idle, rule.limits);
}

const lives = runs(8);

describe('whatever happens to a pool', () => {
  test('min is never above max, and what is sent has the pool’s own form', () => {
    fc.assert(
      fc.property(aLife, (life) => {
        live(life, (world, plan) => {
          for (const { to } of plan.actions) {
            expect(isRange(to)).toBe(world.pools[0]?.autoscale);
            expect(lower(to)).toBeLessThanOrEqual(upper(to));
            expect(lower(to)).toBeGreaterThanOrEqual(0);
          }
        });
      }),
      lives,
    );
  });

  test('a size outside the limits is only ever one that a person gave', () => {
    fc.assert(
      fc.property(aLife, (life) => {
        const steps = life.steps.filter(([, { kind }]) => kind !== 'rule');
        const byHands = [life.size, ...steps.flatMap(([, step]) => (step.kind === 'hand' ? [step.size] : []))];
        const persons = new Set(byHands.flatMap((size) => [lower(size), upper(size)]));
        const { min, max = Number.POSITIVE_INFINITY } = life.rule.limits;
        live({ ...life, steps }, (_world, plan) => {
          for (const part of plan.actions.flatMap(({ to }) => [lower(to), upper(to)])) {
            if (persons.has(part)) continue;
            expect(part).toBeGreaterThanOrEqual(min);
            expect(part).toBeLessThanOrEqual(max);
          }
        });
      }),
      lives,
    );
  });

  test('a second look at the same instant does nothing new', () => {
    fc.assert(
      fc.property(aLife, (life) => {
        live(life, (world, plan) => {
          if (plan.actions.length > 0 && world.onPut !== 'lose' && world.onPut !== 'apply') return;
          const again = round(world);
          expect(again.actions).toEqual([]);
          expect(again.notices).toEqual([]);
        });
      }),
      lives,
    );
  });

  test('each hold says why, each finding what is wrong', () => {
    fc.assert(
      fc.property(aLife, (life) => {
        live(life, (_world, plan) => {
          for (const { reason, who } of plan.holds) {
            expect(reason).toMatch(/^\S.{5,}[^.]$/u);
            expect(reason).not.toMatch(/undefined|NaN|\[object/);
            expect(who).not.toBe('');
          }
          for (const { text } of [
            ...plan.findings,
            ...plan.notices,
            ...plan.actions.map((one) => ({ text: one.reason })),
          ])
            expect(text).not.toMatch(/undefined|NaN|\[object/);
        });
      }),
      lives,
    );
  });

  test('when the trouble is over it comes to rest: at its wanted size, or held with a reason', () => {
    fc.assert(
      fc.property(aLife, (life) => {
        const world = live(life, () => undefined);
        world.onPut = 'apply';
        world.asks = [];
        if (!world.resizing.has('id-workers')) change(world, 'id-workers', { status: 'Running', updatedAt: world.now });
        if (world.pools[0]?.size === undefined) byHand(world, 'workers', isRange(life.size) ? { min: 1, max: 2 } : 2);
        const end = world.now + 30 * hour;
        let plan = round(world);
        for (; world.now < end; world.now += 5 * minute) plan = round(world);
        world.now = Math.ceil(world.now / (24 * hour)) * 24 * hour + 3 * hour;
        for (let i = 0; i < 15; i += 1, world.now += 5 * minute) plan = round(world);
        expect(world.record?.change).toBeUndefined();
        const state = plan.pools[0];
        if (state === undefined || world.config.rules.length === 0) return;
        const held = plan.holds.find(({ poolId }) => poolId === state.poolId);
        if (held === undefined) expect(state.seen).toEqual(idleOf(world));
        else expect(['absent-size', 'base-unknown', 'refused', 'contended', 'cool-down']).toContain(held.code);
        expect(plan.updates.filter(({ action }) => action)).toEqual([]);
      }),
      lives,
    );
  });
});

test('a lease never lowers, and never lets anything be lower than without it', () => {
  fc.assert(
    fc.property(
      fc.boolean().chain((autoscale) => fc.tuple(seenSizeFor(autoscale), ruleFor(autoscale))),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 7 * 24 * 12 }),
      ([size, rule], atLeast, ticks) => {
        const now = new Date(start + ticks * 5 * minute).toISOString();
        const without = aWorld(now, [aPool('workers', size)], {
          config: aConfig({ rules: [rule], schedules: [officeHours] }),
        });
        const withLease = { ...without, asks: [aLease(atLeast, '2026-03-01T00:00:00Z', '2026-03-20T00:00:00Z')] };
        const [plain, leased] = [round(without).actions[0]?.to ?? size, round(withLease).actions[0]?.to ?? size];
        expect(isRaise(leased, plain)).toBe(false);
      },
    ),
    runs(25),
  );
});

test('what is remembered of a base is never 0, never the idle size', () => {
  fc.assert(
    fc.property(aLife, (life) => {
      live(life, (world) => {
        const base = memoryOf(world, 'workers')?.base;
        if (base !== undefined) expect(upper(base)).toBeGreaterThan(0);
      });
    }),
    lives,
  );
});
