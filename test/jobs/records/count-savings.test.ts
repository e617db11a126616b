import { expect, test } from 'vitest';
import type { SizeChange } from '../../../lib/decide/past/size-changes.ts';
import type { ClusterRecord, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { clusterWrite } from '../../../lib/jobs/records/cluster-records.ts';
import {
  countSavings,
  groupSavings,
  type PoolSavings,
  priceOf,
  unseenHours,
} from '../../../lib/jobs/records/count-savings.ts';
import { nodesWrites, sizeWrites } from '../../../lib/jobs/records/past-records.ts';
import { writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import type { Size } from '../../../lib/model/size.ts';
import { aConfig, aMatch, aRule, at, hour } from '../../support/scaling-world.ts';

const now = at('2026-03-03T12:00:00Z');
const keepMs = 30 * 24 * hour;
const half = now - 10 * hour;
const region = (name: string) => ({ ...aConfig().regions[0]!, name });
const config = aConfig({
  regions: ['r1', 'r2'].map(region),
  rules: [
    aRule({ match: { ...aMatch('dev/*'), labels: { team: 'ml' } }, base: 5, hash: 'labels' }),
    aRule({ match: aMatch('dev/*'), base: 3 }),
    aRule({ match: aMatch('spot/*'), base: { min: 2, max: 6 }, hash: 'spot' }),
    aRule({ match: aMatch('off/*'), base: 0, hash: 'off' }),
    aRule({ match: aMatch('learnt/*'), base: 'remembered', idle: 1, hash: 'learnt' }),
  ],
  prices: { currency: 'EUR', flavors: { big: 2 }, default: 0.5 },
});

const pool = (name: string, size: Size, more: Partial<PoolMemory> = {}): PoolMemory => ({
  name,
  autoscale: typeof size === 'object',
  seen: { size, at: now - 100 * hour },
  ...more,
});

async function aPast(): Promise<Store> {
  let ids = 0;
  const newId = () => `v${(ids += 1)}`;
  const store = makeMemoryStore({ newId });
  const cluster = (name: string, pools: readonly PoolMemory[], more: Partial<ClusterRecord> = {}): ClusterRecord => {
    return {
      schema: 1,
      cluster: name,
      ...more,
      pools: Object.fromEntries(pools.map((one, i) => [`${name}-${i}`, one])),
    };
  };
  const change = (name: string, before: Size | undefined, after: Size | undefined): SizeChange => {
    return { at: half, pool: name, before, after };
  };
  const dev = [
    pool('workers', 1, { flavor: 'big' }),
    pool('auto', { min: 1, max: 4 }),
    pool('gpu', 5, { labels: { team: 'ml' }, flavor: 'small' }),
  ];
  const learnt = [pool('base', 4, { base: 4 }), pool('away', 1, { away: { base: 6, from: 'observed', since: 0 } })];
  await store.commit([
    clusterWrite('r1', 'c1', cluster('dev', dev), undefined),
    clusterWrite('r1', 'c2', cluster('learnt', learnt), undefined),
    clusterWrite('r1', 'c3', cluster('free', [pool('workers', 2), pool('none', 0)]), undefined),
    clusterWrite(
      'r1',
      'c4',
      cluster('off', [pool('workers', 1), pool('missing', 1, { missingSince: half })]),
      undefined,
    ),
    clusterWrite('r2', 'c1', cluster('dev', [pool('workers', 3)]), undefined),
    ...sizeWrites(
      'r1',
      now,
      [
        change('dev/workers', 3, 1),
        change('dev/gone', 2, undefined),
        change('dev/gone-auto', { min: 1, max: 4 }, undefined),
        change('learnt/gone', 4, undefined),
        change('spot/gone', { min: 1, max: 4 }, undefined),
        change('spot/fixed', 1, undefined),
        change('off/missing', 1, undefined),
      ],
      newId,
      keepMs,
    ),
    ...nodesWrites(
      'r1',
      { schema: 1, at: now - 15 * hour, shard: '0/1', isWhole: true, nodes: { 'dev/auto': 4 } },
      newId,
      keepMs,
    ),
  ]);
  for (const { name } of config.regions) {
    const gaps = name === 'r1' ? [[now - 40 * hour, now - 18 * hour] as const] : [];
    const about = { configHash: 'h', isAnswered: true, clusters: 1, pools: 1, checkedClusters: [], findings: [] };
    const looks = { since: now - 90 * hour, gaps };
    await writeRoundFindings(store, {
      schema: 1,
      at: now,
      region: name,
      shard: { index: 0, count: 1 },
      ...about,
      looks,
    });
  }
  return store;
}

const said = ({ region: where, cluster, pool: name, hours, price, rule }: PoolSavings) => [
  `${where} ${cluster}/${name}`,
  hours.used,
  hours.always,
  price,
  rule?.base,
];

/** 18 of the last 20 hours were seen: 8 before the change and 10 after it. */
test('a pool saves what its base would have used more', async () => {
  const found = await countSavings(await aPast(), config, now - 20 * hour, now);
  expect(found.pools.map(said)).toEqual([
    ['r1 dev/workers', 8 * 3 + 10, 18 * 3, 2, 3],
    ['r1 dev/auto', 3 * 1 + 15 * 4, 3 * 3 + 15 * 4, 0.5, 3],
    ['r1 dev/gpu', 18 * 5, 18 * 5, 0.5, 5],
    ['r1 learnt/base', 18 * 4, 18 * 4, 0.5, 'remembered'],
    ['r1 learnt/away', 18, 18 * 6, 0.5, 'remembered'],
    ['r1 free/workers', 18 * 2, 18 * 2, 0.5, undefined],
    ['r1 off/workers', 18, 0, 0.5, 0],
    ['r1 off/missing', 8, 0, 0.5, 0],
    ['r1 dev/gone', 8 * 2, 8 * 3, 0.5, 3],
    ['r1 dev/gone-auto', 8, 8 * 3, 0.5, 3],
    ['r1 learnt/gone', 8 * 4, 8 * 4, 0.5, 'remembered'],
    ['r1 spot/gone', 8, 8 * 2, 0.5, { min: 2, max: 6 }],
    ['r1 spot/fixed', 8, 8, 0.5, { min: 2, max: 6 }],
    ['r2 dev/workers', 18 * 3, 18 * 3, 0.5, 3],
  ]);
  expect([found.from, found.to, unseenHours(found)]).toEqual([now - 20 * hour, now, 2]);
});

test('pools are added up by name, with money where each has a price', async () => {
  const { pools } = await countSavings(await aPast(), config, now - 20 * hour, now);
  const some = pools.filter(({ cluster }) => cluster !== 'spot' && cluster !== 'off');
  expect(groupSavings(some.toReversed(), ({ cluster }) => cluster)).toEqual([
    {
      name: 'dev',
      pools: 6,
      hours: { used: 34 + 63 + 90 + 16 + 8 + 54, always: 54 + 69 + 90 + 24 + 24 + 54 },
      money: 55,
    },
    { name: 'free', pools: 1, hours: { used: 36, always: 36 }, money: 0 },
    { name: 'learnt', pools: 3, hours: { used: 72 + 18 + 32, always: 72 + 108 + 32 }, money: 45 },
  ]);
  const unpriced = pools.map((one) => (one.cluster === 'free' ? { ...one, price: undefined } : one));
  expect(groupSavings(unpriced, () => 'all').map(({ money }) => money)).toEqual([undefined]);
});

test('the past goes back no further than what is kept', async () => {
  const kept = { ...config, keepMs: 5 * hour };
  const found = await countSavings(await aPast(), kept, now - 20 * hour, now);
  expect([found.from, found.gaps]).toEqual([now - 5 * hour, []]);
  expect(said(found.pools[0]!).slice(0, 3)).toEqual(['r1 dev/workers', 5, 15]);
});

test.each([
  ['big', 2, config.prices],
  ['small', 0.5, config.prices],
  [undefined, 0.5, config.prices],
  ['small', undefined, { currency: 'EUR', flavors: { big: 2 } }],
  ['big', undefined, undefined],
])('a node of "%s" costs %s', (flavor, price, prices) => {
  expect(priceOf(prices === undefined ? {} : { prices }, flavor)).toBe(price);
});
