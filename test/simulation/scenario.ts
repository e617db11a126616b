import type { EpochMs } from '../../lib/model/time.ts';
import type { ClusterSpec } from '../../lib/simulator/fleet.ts';
import { lastSunday } from './berlin-time.ts';
import { type Chance, makeChance } from './chance.ts';
import { drawConfigs, type TimedConfig } from './draw-configs.ts';
import { withSizes } from './draw-sizes.ts';

/** What can go wrong, each off in half of all seeds. */
export const faultClasses = [
  'ticks',
  'crash',
  'twins',
  'freeze',
  'store',
  'loss',
  'errors',
  'lies',
  'late',
  'resizes',
  'refusals',
  'secrets',
  'people',
  'terraform',
  'config',
  'asks',
  'clock',
] as const;

export type FaultClass = (typeof faultClasses)[number];

export type SimulationOptions = {
  readonly seed: number;
  /** In all; the last three and an eighth days are without faults. */
  readonly days?: number;
  readonly clusters?: number;
  /** Only these; absent = by the seed. */
  readonly faults?: readonly FaultClass[];
  /** Which adapter keeps the state; absent = by the seed. */
  readonly store?: StoreKind;
  /** How many times as much goes wrong; default 1. */
  readonly intensity?: number;
  /** Schedules that say more than base and idle; absent = in two of five seeds. */
  readonly hasSizes?: boolean;
  /** How many parts the region is cut into, each with runs of its own; default 1. */
  readonly parts?: number;
};

export type StoreKind = 'memory' | 'dynamodb';

export type Scenario = {
  readonly seed: number;
  readonly days: number;
  readonly classes: ReadonlySet<FaultClass>;
  readonly start: EpochMs;
  readonly faultsEnd: EpochMs;
  /** From here on every pool must be right, or a finding says why not: what people set by hand has ended. */
  readonly judgedFrom: EpochMs;
  readonly end: EpochMs;
  readonly tickMs: number;
  readonly intensity: number;
  readonly parts: number;
  readonly storeKind: StoreKind;
  readonly hasSizes: boolean;
  readonly clusters: readonly ClusterSpec[];
  readonly configs: readonly TimedConfig[];
};

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** A kept size lasts 24 h at most; then come the resizes. */
const calmMs = 27 * hourMs;
const judgedMs = 2 * dayMs;

export function drawScenario(options: SimulationOptions): Scenario {
  const { seed, days = 14 } = options;
  const chance = makeChance(seed, 'scenario');
  const drawn = faultClasses.filter(() => chance.is(0.5));
  const start = drawStart(chance, days);
  const end = start + days * dayMs;
  const faultsEnd = end - judgedMs - calmMs;
  const tickMs = chance.pick([5, 10, 15, 15]) * minuteMs;
  const classes = new Set(options.faults ?? drawn);
  const clusters = drawClusters(chance, options.clusters ?? 4);
  const hasSizes = options.hasSizes ?? makeChance(seed, 'has sizes').is(0.4);
  const drawnConfigs = drawConfigs({ seed, start, faultsEnd, tickMs, clusters, isEdited: classes.has('config') });
  const configs = hasSizes
    ? drawnConfigs.map(({ at, config }) => ({ at, config: withSizes(config, seed) }))
    : drawnConfigs;
  return {
    seed,
    days,
    classes,
    start,
    faultsEnd,
    judgedFrom: faultsEnd + calmMs,
    end,
    tickMs,
    intensity: options.intensity ?? 1,
    hasSizes,
    parts: options.parts ?? 1,
    storeKind: options.store ?? (chance.is(0.1) ? 'dynamodb' : 'memory'),
    clusters,
    configs,
  };
}

/** Any day; in every other seed one with a night that is an hour too short or too long, a leap day, or Christmas. */
function drawStart(chance: Chance, days: number): EpochMs {
  const year = chance.integer(2026, 2028);
  const anyDay = Date.UTC(year, chance.integer(0, 11), chance.integer(1, 28));
  const special = chance.pick([
    lastSunday(year, 2),
    lastSunday(year, 9),
    Date.UTC(2028, 1, 29),
    Date.UTC(year, 11, 24),
  ]);
  const before = chance.integer(0, days - 1);
  return (chance.is(0.5) ? special - before * dayMs : anyDay) + chance.integer(0, 143) * 10 * minuteMs;
}

/** A fleet has at most as many: names must differ. */
export const clusterNames = ['dev-a', 'prod-a', 'ml', 'dev-b', 'prod-b', 'dev-c', 'mgmt', 'dev-d', 'prod-c', 'dev-e'];

function drawClusters(chance: Chance, count: number): readonly ClusterSpec[] {
  const offset = chance.integer(0, 2);
  return Array.from({ length: count }, (_, index) => {
    const name = clusterNames[(index + offset) % clusterNames.length] as string;
    return { name, pools: drawPools(chance, name) };
  });
}

function drawPools(chance: Chance, cluster: string): ClusterSpec['pools'] {
  if (cluster === 'ml')
    return [
      { name: 'system', size: 2 },
      { name: 'gpu', min: 0, max: 4 },
    ];
  if (cluster.startsWith('prod')) {
    return [
      { name: 'workers', min: 3, max: 9 },
      { name: 'edge', size: 4 },
    ];
  }
  const pools = [
    { name: 'workers', size: chance.integer(2, 5) },
    { name: 'build', size: chance.integer(2, 4) },
    chance.is(0.5) ? { name: 'burst', min: 1, max: chance.integer(3, 6) } : { name: 'tools', size: 3 },
  ];
  return chance.is(0.5) ? pools : pools.slice(0, 2);
}
