import { describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { knownFleet } from '../../../lib/jobs/accept/known-fleet.ts';
import { clusterWrite } from '../../../lib/jobs/records/cluster-records.ts';

/** A store that counts how often it is asked for a list. */
async function aStore(): Promise<{ readonly store: Store; readonly lists: () => number }> {
  let [ids, lists] = [0, 0];
  const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const pools = { p1: { name: 'workers', autoscale: false, base: 3 } };
  await store.commit([clusterWrite('r1', 'c1', { schema: 1, cluster: 'dev', pools }, undefined)]);
  const list: Store['list'] = async (...asked) => {
    lists += 1;
    await Promise.resolve();
    return store.list(...asked);
  };
  return { store: { ...store, list }, lists: () => lists };
}

const clock = { at: 0, now: () => clock.at };
const names = (pool: string) => ({ region: 'r1', cluster: 'dev', pool });

describe('what is known of the fleet', () => {
  test('is read once for a batch that asks at the same time', async () => {
    const { store, lists } = await aStore();
    const fleet = knownFleet(store, clock);
    const found = await Promise.all(Array.from({ length: 100 }, (_, i) => fleet.isKnownPool(names(`pool-${i}`))));
    expect(found).toEqual(Array(100).fill(false));
    expect(lists()).toBe(1);
  });

  test('is listed once for a thousand events, and each sees its cluster as it is now', async () => {
    const { store, lists } = await aStore();
    const fleet = knownFleet(store, clock);
    for (let n = 0; n < 1000; n += 1) expect(await fleet.isKnownPool(names('workers'))).toBe(true);
    expect(await fleet.findBase(names('workers'))).toBe(3);
    expect(lists()).toBe(1);
    const old = await store.read({ partition: 'clusters/r1', id: 'c1' });
    const pools = { p1: { name: 'workers', autoscale: false, base: 7 }, p2: { name: 'gpu', autoscale: false } };
    await store.commit([clusterWrite('r1', 'c1', { schema: 1, cluster: 'dev', pools }, old!.version)]);
    expect(await fleet.findBase(names('workers'))).toBe(7);
    expect(await fleet.isKnownPool(names('gpu'))).toBe(true);
    expect(lists()).toBe(1);
  });

  test('finds a cluster that is new, or was made again, and lists for a flood of unknown ones twice a second', async () => {
    const { store, lists } = await aStore();
    const fleet = knownFleet(store, clock);
    const other = { region: 'r1', cluster: 'new', pool: 'workers' };
    for (let n = 0; n < 100; n += 1) expect(await fleet.isKnownPool(other)).toBe(false);
    expect(lists()).toBe(1);
    const pools = { p9: { name: 'workers', autoscale: false, base: 4 } };
    await store.commit([
      clusterWrite('r1', 'c9', { schema: 1, cluster: 'new', pools }, undefined),
      clusterWrite(
        'r1',
        'c10',
        { schema: 1, cluster: 'dev', pools: { p1: { name: 'fresh', autoscale: false } } },
        undefined,
      ),
    ]);
    clock.at += 500;
    expect(await fleet.isKnownPool(other)).toBe(true);
    expect(await fleet.isKnownPool(names('fresh'))).toBe(true);
    expect(lists()).toBe(2);
    clock.at += 60_000;
    expect(await fleet.isKnownPool(other)).toBe(true);
    expect(lists()).toBe(3);
  });

  test('is listed anew where the clock was set back', async () => {
    const { store, lists } = await aStore();
    const fleet = knownFleet(store, clock);
    const other = { region: 'r1', cluster: 'newer', pool: 'workers' };
    expect(await fleet.isKnownPool(other)).toBe(false);
    const pools = { p9: { name: 'workers', autoscale: false } };
    await store.commit([clusterWrite('r1', 'c11', { schema: 1, cluster: 'newer', pools }, undefined)]);
    clock.at -= 3_600_000;
    expect(await fleet.isKnownPool(other)).toBe(true);
    expect(lists()).toBe(2);
  });

  test('is nothing before a round has read the region', async () => {
    const { store } = await aStore();
    const fleet = knownFleet(store, clock);
    const elsewhere = { region: 'r2', cluster: 'dev', pool: 'workers' };
    expect([await fleet.isKnownPool(elsewhere), await fleet.findBase(elsewhere)]).toEqual([undefined, undefined]);
    expect(await fleet.isKnownPool({ ...names('workers'), cluster: 'other' })).toBe(false);
  });

  test('is the base of the namesake that has one, and nothing under an old name', async () => {
    const { store } = await aStore();
    const fleet = knownFleet(store, clock);
    const pools = { p0: { name: 'workers', autoscale: false } };
    await store.commit([clusterWrite('r1', 'c0', { schema: 1, cluster: 'dev', pools }, undefined)]);
    expect(await fleet.findBase(names('workers'))).toBe(3);
    const old = await store.read({ partition: 'clusters/r1', id: 'c1' });
    const renamed = { p1: { name: 'workers', autoscale: false, base: 3 } };
    await store.commit([clusterWrite('r1', 'c1', { schema: 1, cluster: 'renamed', pools: renamed }, old!.version)]);
    expect(await fleet.findBase(names('workers'))).toBeUndefined();
  });

  test('is unknown while the store fails, and asked again after that', async () => {
    const { store } = await aStore();
    let isDown = true;
    const list: Store['list'] = (...asked) => (isDown ? Promise.reject(new Error('down')) : store.list(...asked));
    const fleet = knownFleet({ ...store, list }, clock);
    await expect(fleet.isKnownPool(names('workers'))).rejects.toThrow('down');
    isDown = false;
    expect(await fleet.isKnownPool(names('workers'))).toBe(true);
  });
});
