import { describe, expect, test } from 'vitest';
import type { ClusterRecord, PoolMemory } from '../../lib/decide/scaling/memory.ts';
import { openStore } from '../../lib/io/stores/open-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { clusterWrite, readClusterRecord } from '../../lib/jobs/records/cluster-records.ts';
import { aCliWorld, type CliWorld, usualConfig } from './cli-world.ts';

const since = Date.parse('2026-11-23T11:00:00Z');
const names = ['build', 'proxy', 'workers'] as const;

/** Each pool has a size that a person set, and a base of its own. */
function memoryOf(name: string, at: number): PoolMemory {
  const kept = { size: 7 + at, since, until: since + 86_400_000 };
  return { name, autoscale: false, base: 3 + at, seen: { size: 7 + at, at: since }, kept, foreign: [since] };
}

const record = (cluster: string): ClusterRecord => ({
  schema: 1,
  cluster,
  pools: Object.fromEntries(names.map((name, at) => [`p-${name}`, memoryOf(name, at)])),
});

/** Two regions with the same two clusters, each with three pools. */
async function aFleet(): Promise<CliWorld & { readonly places: readonly Place[] }> {
  const r1 = '  r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } }';
  const text = usualConfig.replace(r1, `${r1}\n${r1.replace('r1:', 'r2:').replace('8090', '8091')}`);
  const world = aCliWorld(undefined, text);
  const places = ['r1', 'r2'].flatMap((region) => ['dev-api', 'dev-web'].map((cluster) => ({ region, cluster })));
  await inStore(world, async (store) => {
    for (const { region, cluster } of places) {
      await store.commit([clusterWrite(region, `c-${cluster}`, record(cluster), undefined)]);
    }
  });
  return { ...world, places, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

type Place = { readonly region: string; readonly cluster: string };

async function inStore<T>({ folder, clock }: CliWorld, work: (store: Store) => Promise<T>): Promise<T> {
  const path = `${folder}/lamplighter.db`;
  const store = await openStore({ kind: 'sqlite', path }, { clock, newId: () => `own-${(ids += 1)}` });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

let ids = 0;

/** The pools whose memory is not what it was, by their full names. */
async function changed(world: CliWorld, places: readonly Place[]): Promise<Map<string, PoolMemory>> {
  const found = new Map<string, PoolMemory>();
  for (const { region, cluster } of places) {
    const stored = await inStore(world, (store) => readClusterRecord(store, region, `c-${cluster}`));
    names.forEach((name, at) => {
      const memory = stored?.record.pools[`p-${name}`] as PoolMemory;
      const isSame = JSON.stringify(memory) === JSON.stringify(memoryOf(name, at));
      if (!isSame) found.set(`${region}:${cluster}/${name}`, memory);
    });
  }
  return found;
}

describe('of several pools of one record, in several regions, only the one that is named', () => {
  test.each(names)('gets its base: %s', async (name) => {
    using world = await aFleet();
    expect(await world.run('base', `r2:dev-api/${name}`, 'set', '5')).toMatchObject({ code: 0 });
    const after = await changed(world, world.places);
    expect([...after.keys()]).toEqual([`r2:dev-api/${name}`]);
    expect([...after.values()]).toMatchObject([{ base: 5, away: { base: 5, from: 'person' } }]);
  });

  test.each(names)('goes back to what the schedule says: %s', async (name) => {
    using world = await aFleet();
    const { out } = await world.run('base', `r1:dev-web/${name}`, 'restore');
    expect(out).toContain(`the size ${7 + names.indexOf(name)}, set by hand, was forgotten`);
    const after = await changed(world, world.places);
    expect([...after.keys()]).toEqual([`r1:dev-web/${name}`]);
    expect([...after.values()][0]).not.toHaveProperty('kept');
    expect([...after.values()]).toMatchObject([{ base: 3 + names.indexOf(name) }]);
  });

  test.each(names)('is freed by resume: %s', async (name) => {
    using world = await aFleet();
    const { out } = await world.run('resume', `r2:dev-web/${name}`);
    expect(out).toContain(`forgot ${7 + names.indexOf(name)}, set by hand, on r2:dev-web/${name}\n`);
    const after = await changed(world, world.places);
    expect([...after.keys()]).toEqual([`r2:dev-web/${name}`]);
    expect([...after.values()][0]).not.toHaveProperty('kept');
  });
});

test('resume of a cluster lets go of all its pools, in each region, and of no other', async () => {
  using world = await aFleet();
  await world.run('resume', 'dev-api');
  const all = ['r1', 'r2'].flatMap((region) => names.map((name) => `${region}:dev-api/${name}`));
  expect([...(await changed(world, world.places)).keys()]).toEqual(all);
});

test('resume frees a pool beside one with nothing to let go', async () => {
  using world = await aFleet();
  await world.run('resume', 'r1:dev-api/build');
  expect((await world.run('resume', 'r1:dev-api/*')).out.match(/^forgot /gm)).toHaveLength(2);
});
