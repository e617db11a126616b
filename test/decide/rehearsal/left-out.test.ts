import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RehearsalInput } from '../../../lib/decide/rehearsal/rehearsal.ts';
import { rehearse } from '../../../lib/decide/rehearsal/rehearse.ts';
import type { ClusterRecord, ObservedFleetCluster, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { Ask } from '../../../lib/model/asks.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { Rule } from '../../../lib/model/config.ts';
import type { Lead, Window } from '../../../lib/model/schedule.ts';
import type { Size } from '../../../lib/model/size.ts';
import type { EpochMs } from '../../../lib/model/time.ts';
import { runs } from '../../support/runs.ts';
import {
  aConfig,
  aLease,
  aMatch,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
  hour,
  knownRules,
  minute,
  officeHours,
} from '../../support/scaling-world.ts';
import { aCluster } from './rehearsal-fleet.ts';

/** Two days, around the night in which the clocks change; not on a tick of the clock. */
const from = at('2026-03-28T10:03:20Z');
const to = from + 40 * hour;

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
const past = fc
  .oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 90, max: 30 * 24 * 60 }))
  .map((minutes) => from - minutes * minute);
/** Now and then of a clock that went back. */
const around = fc.oneof(
  { weight: 5, arbitrary: past },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 180 }).map((minutes) => from + minutes * minute) },
);
const future = fc.integer({ min: 1, max: 40 * 60 }).map((minutes) => from + minutes * minute + 777);
const iso = (instant: EpochMs) => new Date(instant).toISOString();

const nodes = fc.integer({ min: 0, max: 4 });
const range = fc.tuple(nodes, nodes).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));
const sizeOf = (autoscale: boolean): fc.Arbitrary<Size> => (autoscale ? range : nodes);

const labels = fc.constantFrom(undefined, undefined, {}, { team: 'x' }, { team: 'y' });

const leads = fc.constantFrom<Lead>(
  { kind: 'none' },
  { kind: 'auto' },
  { kind: 'fixed', ms: 20 * minute },
  { kind: 'fixed', ms: 90 * minute },
);
const windows = fc.array(
  fc.record({
    start: fc.integer({ min: 0, max: 47 }),
    lasts: fc.integer({ min: 1, max: 30 }),
    size: fc.constantFrom('base' as const, 'base' as const, 'idle' as const, 'leave' as const, 2),
  }),
  { minLength: 1, maxLength: 4 },
);
const schedules = fc
  .record({
    windows,
    zone: fc.constantFrom('Europe/Berlin', 'UTC'),
    otherwise: fc.constantFrom('idle' as const, 'idle' as const, 'leave' as const, 1),
  })
  .map(({ windows: drawn, ...schedule }) => ({
    ...officeHours,
    ...schedule,
    windows: drawn.map(
      ({ start, lasts, size }): Window => ({
        text: '',
        size,
        pieces: [{ from: start * 1800, to: (start + lasts) * 1800 }],
      }),
    ),
  }));

const rules = fc
  .record({
    match: fc.constantFrom('dev*/*', 'dev/a', '*/b', 'prod/*'),
    labels: fc.constantFrom(undefined, undefined, { team: 'x' }),
    schedule: fc.constantFrom('one', 'one', 'two', undefined),
    base: fc.oneof(fc.constant('remembered' as const), nodes, range),
    idle: fc.oneof(fc.constant(0), nodes, range),
    limits: fc.record({ min: fc.integer({ min: 0, max: 1 }), max: fc.constantFrom(undefined, 3) }),
    graceMs: fc.constantFrom(0, 30 * minute, 2 * hour),
    lead: leads,
    hash: fc.constantFrom('rule-1', 'rule-2', 'rule-3'),
    onHumanChange: fc.constantFrom('respect' as const, 'enforce' as const),
    leases: fc.constantFrom({ max: undefined, longestMs: hour }, { max: 2, longestMs: hour }),
  })
  .map(({ match, labels, schedule, ...rule }): Rule => {
    return aRule({ ...rule, match: { ...aMatch(match), ...(labels && { labels }) }, schedule: schedule as string });
  });

const asks = fc.array(
  fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), past, future, fc.constantFrom('dev/*', '*/a'))
      .map(([n, askedAt, until, match]): Ask => aLease(n, iso(askedAt), iso(until), { match: aMatch(match) })),
    fc
      .tuple(fc.oneof(nodes, range), future, fc.constantFrom('dev/*', 'prod/b'))
      .map(([n, until, match]): Ask => ({ ...anOverride(n, iso(from), iso(until)), match: aMatch(match) })),
    fc.tuple(future, fc.constantFrom(undefined, 'dev/a', 'prod/*')).map(
      ([until, match]): Ask => ({
        ...aPause(iso(from), iso(until)),
        match: match === undefined ? undefined : aMatch(match),
      }),
    ),
    future.map((until): Ask => {
      const common = { schema: 1, kind: 'approval', id: 'approval/1', region: '', who: 'ana' } as const;
      return { ...common, reason: undefined, askedAt: from, configHash: 'config-1', until };
    }),
  ),
  { maxLength: 2 },
);

/** Anything that a memory may hold, also what no round writes at once. */
function memoryOf(name: string, id: string, autoscale: boolean): fc.Arbitrary<PoolMemory> {
  const size = sizeOf(autoscale);
  const hash = fc.constantFrom('rule-1', 'rule-2', 'rule-0');
  return fc
    .record({
      seen: maybe(fc.record({ size, at: past, updatedAt: maybe(around) })),
      unseenSince: maybe(past),
      olderSince: maybe(around),
      base: maybe(size),
      away: maybe(
        fc.record({
          base: fc.oneof(size, fc.constant('unknown' as const)),
          from: fc.constantFrom('config' as const, 'remembered' as const, 'observed' as const),
          since: past,
        }),
      ),
      reachedAt: maybe(past),
      resetAt: maybe(past),
      ruleHash: maybe(hash),
      actedRule: maybe(hash),
      metAt: maybe(past),
      onRemove: maybe(fc.constantFrom('restore' as const, 'leave' as const)),
      kept: maybe(fc.record({ size, since: past, until: future })),
      ahead: maybe(future),
      raisesMs: maybe(fc.array(fc.integer({ min: 10_000, max: 30 * minute }), { maxLength: 4 })),
      foreign: maybe(fc.array(around, { minLength: 1, maxLength: 3 }).map((times) => times.toSorted((a, b) => a - b))),
      lastSet: maybe(size),
      labels,
    })
    .chain((known) =>
      fc
        .record({
          short: maybe(fc.record({ least: nodes, since: past, claimedAt: maybe(past) })),
          refusals: maybe(
            fc.array(
              fc.record({
                target: size,
                count: fc.constant(1),
                invalid: fc.constantFrom(0, 3),
                until: around,
                why: fc.constantFrom('invalid' as const, 'quota' as const, 'forbidden' as const, 'ignored' as const),
                detail: fc.constant('no'),
                ruleHash: hash,
                poolUpdatedAt: maybe(around),
              }),
              { minLength: 1, maxLength: 2 },
            ),
          ),
          pending: maybe(
            fc.record({ target: size, since: past, owed: maybe(fc.record({ target: size, since: past })) }),
          ),
          stuck: maybe(changeOf(id, size)),
          busySince: maybe(around),
          notApplied: maybe(
            fc.record({
              target: size,
              count: fc.integer({ min: 0, max: 2 }),
              at: maybe(around),
              byRule: maybe(hash),
            }),
          ),
        })
        .map((odd) => {
          // Most memories hold one or two of these.
          const some = Object.fromEntries(
            Object.entries(odd).filter((_, i) => (known.raisesMs?.length ?? i) % 3 !== 1),
          );
          return { name, autoscale, ...known, ...some };
        }),
    );
}

function changeOf(poolId: string, size: fc.Arbitrary<Size>) {
  const made = { poolId: fc.constant(poolId), wroteAway: fc.boolean(), reason: fc.constant('because') };
  return fc.record({ ...made, from: size, to: size, claimedAt: around });
}

type PoolOf = { readonly pool: ObservedPool; readonly memory: PoolMemory | undefined };

function poolOf(cluster: string, name: string): fc.Arbitrary<PoolOf> {
  return fc.boolean().chain((autoscale) => {
    const id = `id-${cluster}-${name}`;
    return fc
      .record({
        size: sizeOf(autoscale),
        status: fc.oneof(
          { weight: 6, arbitrary: fc.constant('Running') },
          { weight: 1, arbitrary: fc.constantFrom('Scaling', 'Creating', 'Error', 'Deleting', 'Odd') },
        ),
        createdAt: fc.oneof(past, fc.constant(undefined)),
        updatedAt: fc.oneof(around, fc.constant(undefined)),
        nodes: maybe(nodes),
        isAbsent: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
        labels,
        memory: maybe(memoryOf(name, id, autoscale)),
      })
      .map(({ size, memory, nodes: seen, isAbsent, ...pool }) => {
        const whole = aPool(name, size, { ...pool, id });
        const counted = autoscale ? { ...whole, size: seen } : whole;
        return { memory, pool: isAbsent ? { ...counted, size: undefined, sizeMin: undefined } : counted };
      });
  });
}

function clusterOf(id: string, name: string): fc.Arbitrary<ObservedFleetCluster> {
  return fc
    .record({
      pools: fc.tuple(poolOf(id, 'a'), poolOf(id, 'b'), poolOf(id, 'c')),
      gone: maybe(
        memoryOf('x', `id-${id}-x`, false).chain((memory) => past.map((missingSince) => ({ ...memory, missingSince }))),
      ),
      change: fc.option(changeOf(`id-${id}-a`, nodes), { nil: undefined, freq: 1 }),
      lookedAt: maybe(past),
      isKnown: fc.boolean(),
      isTwin: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    })
    .map(({ pools, gone, change, lookedAt, isKnown, isTwin }) => {
      const memories = pools.flatMap(({ pool, memory }) => (memory ? [[pool.id, memory] as const] : []));
      const known = gone === undefined ? memories : [...memories, [`id-${id}-x`, gone] as const];
      const record: ClusterRecord = { schema: 1, cluster: name, change, pools: Object.fromEntries(known) };
      const seen = pools.map(({ pool }, i) => (isTwin && i === 2 ? { ...pool, name: 'b' } : pool));
      const own = aCluster(name, seen, { record: isKnown ? record : undefined, lookedAt });
      return { ...own, cluster: { ...own.cluster, id } };
    });
}

/** The same under another name, which may be another's, too; most are a little older. */
function copyOf(
  seen: ObservedFleetCluster,
  i: number,
  { name, agedMs }: { readonly name: string; readonly agedMs: number },
): ObservedFleetCluster {
  const text = JSON.stringify(seen).replaceAll('id-c1', `id-a${i}`);
  const copy = JSON.parse(text, (_, value) => value ?? undefined) as ObservedFleetCluster;
  const cluster = { ...copy.cluster, id: `a${i}`, name: `${name}-${i}` };
  const older = <T>(instant: T) => (typeof instant === 'number' ? instant - agedMs : instant);
  const pools = copy.pools?.map((pool) => ({
    ...pool,
    createdAt: older(pool.createdAt),
    updatedAt: older(pool.updatedAt),
  }));
  return { ...copy, cluster, pools, record: copy.record && { ...copy.record, cluster: cluster.name } };
}

const inputs: fc.Arbitrary<RehearsalInput> = fc
  .record({
    one: schedules,
    two: schedules,
    rules: fc.array(rules, { minLength: 1, maxLength: 4 }),
    everyMs: fc.constantFrom(5 * minute, 7 * minute, 20 * minute),
    brake: fc.constantFrom(undefined, { pools: 1, percent: 30 }, { pools: 3, percent: 60 }),
    maxChangesPerRound: fc.constantFrom(undefined, undefined, 1),
    minNodesPerCluster: fc.constantFrom(0, 0, 2),
    asks,
    clusters: fc.tuple(
      clusterOf('c1', 'dev'),
      clusterOf('c2', 'prod'),
      clusterOf('c3', 'dev-2'),
      clusterOf('c4', 'dev-2'),
    ),
    count: fc.integer({ min: 1, max: 4 }),
    copies: fc.array(
      fc.record({
        name: fc.constantFrom('dev', 'dev-3', 'prod'),
        agedMs: fc.integer({ min: 0, max: 3 }).map((n) => n * hour),
      }),
      { maxLength: 2 },
    ),
    isKnown: fc.boolean(),
    isOldRuleKnown: fc.boolean(),
  })
  .map(
    ({
      one,
      two,
      rules: drawn,
      everyMs,
      brake,
      maxChangesPerRound,
      minNodesPerCluster,
      asks: asked,
      clusters,
      count,
      copies,
      isKnown,
      isOldRuleKnown,
    }) => {
      const both = [
        { ...one, name: 'one' },
        { ...two, name: 'two' },
      ];
      const safety = { brake, maxChangesPerRound, minNodesPerCluster, runsOn: undefined };
      const config = aConfig({ schedules: both, rules: drawn, everyMs, safety });
      const old = aConfig({ schedules: both, rules: [aRule({ schedule: 'two', base: 4, hash: 'rule-0' })] });
      const storedRules = new Map([...(isKnown ? knownRules(config) : []), ...(isOldRuleKnown ? knownRules(old) : [])]);
      return {
        config,
        from,
        to,
        clusters: [...clusters.slice(0, count), ...copies.map((copy, i) => copyOf(clusters[0], i, copy))],
        asks: asked,
        storedRules,
      };
    },
  );

test('a rehearsal tells what one with every round tells', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      expect(rehearse(input)).toEqual(rehearse({ ...input, everyRound: true }));
    }),
    runs(10),
  );
});
