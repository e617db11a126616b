import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RegionMemory, SeenCluster, SeenPool } from '../../../lib/decide/watching/watch-memory.ts';
import { StoreError } from '../../../lib/errors.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { compareIds, type Store } from '../../../lib/io/stores/store.ts';
import { loadMemory, memoryCommits } from '../../../lib/jobs/records/watch-records.ts';
import { type Part, partOf } from '../../../lib/model/part.ts';
import { runs } from '../../support/runs.ts';

const minuteMs = 60_000;
const region = 'r1';
/** More than one commit holds. */
const many = 2500;

describe("a region's memory", () => {
  test('is read as it was written, whatever was stored before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(someMemory(), { minLength: 1, maxLength: 5 }), async (memories) => {
        const store = aStore();
        for (const memory of memories) {
          await keep(store, memory);
          expect((await loadMemory(store, region)).memory).toEqual(memory);
          expect(await commitsOf(store, memory)).toEqual([]);
        }
      }),
      runs(5),
    );
  });

  test('is one list, where the fleet is one part', async () => {
    const store = aStore();
    await keep(store, fleet(100, 0));
    let lists = 0;
    const list: Store['list'] = (...asked) => {
      lists += 1;
      return store.list(...asked);
    };
    await loadMemory({ ...store, list }, region);
    expect(lists).toBe(1);
  });

  // A failure that nobody waits for yet would end the process.
  test.each(['its heads', 'its clusters'])('of a part fails as a whole where the store gives not %s', async (what) => {
    const isRefused = (after = '') => (after === 'hea') === (what === 'its heads');
    const list: Store['list'] = async (_partition, options) => {
      if (isRefused(options?.after)) throw new StoreError('The store is down');
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      return [];
    };
    const read = loadMemory({ ...aStore(), list }, region, { index: 1, count: 3 });
    await expect(read).rejects.toThrow('The store is down');
  });

  test('costs one small write while nothing changes', async () => {
    const store = aStore();
    await keep(store, fleet(1000, 0));
    const commits = await commitsOf(store, fleet(1000, 5 * minuteMs));
    expect(commits).toHaveLength(1);
    expect(commits[0]).toHaveLength(1);
    expect(JSON.stringify(commits).length).toBeLessThan(300);
  });

  test('costs one record more for a change, and for a cluster that was not seen', async () => {
    const store = aStore();
    await keep(store, fleet(1000, 0));
    const { clusters } = fleet(1000, 5 * minuteMs);
    const changed = { ...clusters[500]!, updatedAt: 77 };
    const unseen = fleet(1000, 0).clusters[700]!;
    const memory = { region, clusters: clusters.with(500, changed).with(700, unseen) };
    expect((await commitsOf(store, memory)).flat()).toHaveLength(3);
    await keep(store, memory);
    expect((await loadMemory(store, region)).memory).toEqual(memory);
  });

  test('costs little while autoscalers move every pool, and half of that alone', async () => {
    const store = aStore();
    await keep(store, fleet(1000, 0));
    for (const updatedAt of [1_780_000_000_000, 1_780_000_600_000]) {
      const moved = fleet(1000, 5 * minuteMs, updatedAt);
      const commits = await commitsOf(store, moved);
      expect(commits.every((writes) => writes.length === 1)).toBe(true);
      expect(JSON.stringify(commits).length).toBeLessThan(120_000);
      await keep(store, moved);
      expect((await loadMemory(store, region)).memory).toEqual(moved);
    }
  });

  test('knows no time of what has none any more', async () => {
    const store = aStore();
    const before = fleet(2, 0).clusters;
    const timeless = ({ updatedAt: _updatedAt, ...pool }: SeenPool): SeenPool => pool;
    const after = before.map((one) => ({ ...one, pools: one.pools.map(timeless) }));
    for (const clusters of [before, after, before]) {
      await keep(store, { region, clusters });
      expect((await loadMemory(store, region)).memory).toEqual({ region, clusters });
    }
  });

  test('forgets the times of a record that another version has replaced since', async () => {
    const store = aStore();
    await keep(store, fleet(3, 0));
    await keep(store, fleet(3, 0, 9));
    const [record] = (await store.list(`obs/${region}`)).filter(({ key }) => key.id === 'c/');
    const value = JSON.parse(JSON.stringify(record!.value).replaceAll('"updatedAt":1', '"updatedAt":5')) as object;
    await store.commit([{ kind: 'putIfVersion', key: record!.key, value: value as never, version: record!.version }]);
    expect((await loadMemory(store, region)).memory).toEqual(fleet(3, 0, 5));
  });

  test('of 10,000 clusters fits: no commit above 4 MB, no record above 100 KB', async () => {
    const store = aStore();
    const memory = fleet(10_000, 0);
    expect((await commitsOf(store, memory)).length).toBeGreaterThan(1);
    await keep(store, memory);
    expect((await loadMemory(store, region)).memory).toEqual(memory);
  });

  test('of which only a part was stored is right in every part', async () => {
    const store = aStore();
    await keep(store, fleet(many, 0));
    const later = fleet(many, 5 * minuteMs, 9);
    const commits = await commitsOf(store, later);
    expect(commits.length).toBeGreaterThan(1);
    for (const writes of commits.slice(0, 1)) await store.commit(writes);
    const { memory } = await loadMemory(store, region);
    expect(memory.clusters.map(({ id }) => id)).toEqual(later.clusters.map(({ id }) => id));
    const updated = new Set(memory.clusters.map(({ updatedAt }) => updatedAt));
    expect(updated).toEqual(new Set([1, 9]));
  });

  test('that was being cut in two when it stopped has no cluster twice and has lost none', async () => {
    const store = aStore();
    await keep(store, fleet(90, 0));
    const grown = fleet(many, 5 * minuteMs, 9);
    const commits = await commitsOf(store, grown);
    for (const writes of commits.slice(0, -1)) await store.commit(writes);
    const ids = (await loadMemory(store, region)).memory.clusters.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(fleet(90, 0).clusters.filter(({ id }) => !ids.includes(id))).toEqual([]);
    await keep(store, grown);
    expect((await loadMemory(store, region)).memory).toEqual(grown);
  });

  test('is left to whoever changed it meanwhile', async () => {
    const store = aStore();
    await keep(store, fleet(3, 0));
    const commits = await commitsOf(store, fleet(3, 5 * minuteMs));
    await keep(store, fleet(3, 6 * minuteMs));
    expect((await store.commit(commits[0]!)).kind).toBe('conflict');
  });

  test('keeps words together with what they are about', async () => {
    const store = aStore();
    await keep(store, fleet(many, 0));
    const left = { region, clusters: fleet(many, 5 * minuteMs, 9).clusters.toSpliced(2400, 1) };
    const gone = fleet(many, 0).clusters[2400]!;
    const word = { kind: 'putIfAbsent', key: { partition: 'notices', id: 'n' }, value: { gone: gone.id } } as const;
    const { stored } = await loadMemory(store, region);
    const commits = memoryCommits(left, stored, new Map([[gone.id, [word]]]));
    const [own, ...others] = commits.filter((writes) => writes.includes(word));
    expect(others).toEqual([]);
    const neighbour = left.clusters[2399]!.id;
    expect(own?.some((write) => JSON.stringify(write).includes(`"${neighbour}"`))).toBe(true);
  });
});

describe('the memory of parts', () => {
  test('is together what the whole remembers, however the fleet is cut', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 0, max: 400 }), async (counts, clusters) => {
        const store = aStore();
        let known = spread(clusters, 1);
        await keep(store, known);
        for (const [step, count] of counts.entries()) {
          const parts = Array.from({ length: count }, (_, index) => ({ index, count }));
          const read = await Promise.all(parts.map((part) => loadMemory(store, region, part)));
          expect(read.flatMap(({ memory }) => memory.clusters)).toEqual(known.clusters);
          known = spread(clusters - step, 2 + step);
          for (const part of parts) {
            const { stored } = await loadMemory(store, region, part);
            for (const writes of memoryCommits(partOfMemory(known, part), stored, new Map()))
              expect((await store.commit(writes)).kind).toBe('committed');
          }
        }
        expect((await loadMemory(store, region)).memory.clusters).toEqual(known.clusters);
      }),
      runs(3),
    );
  });

  test.each([
    [{ index: 3, count: 10 }, 1 / 3],
    [{ index: 1, count: 2 }, 2 / 3],
  ])('%j is read by range once its border is drawn', async (part, share) => {
    const store = aStore();
    await keep(store, spread(3000, 1));
    await keepPart(store, spread(3000, 2), part);
    let reads = 0;
    const list: Store['list'] = async (...asked) => {
      const records = await store.list(...asked);
      reads += records.length;
      return records;
    };
    await loadMemory({ ...store, list }, region, part);
    expect(reads).toBeLessThan((await store.list(`obs/${region}`)).length * share);
  });

  test('has its border drawn where nothing begins at it, or nothing does any more', async () => {
    const store = aStore();
    const part = { index: 3, count: 10 };
    const border = async () => (await store.list(`obs/${region}`)).some(({ key }) => key.id === 'c/4ccccccc');
    await keep(store, spread(5, 1));
    await keepPart(store, { region, clusters: [] }, part);
    expect(await border()).toBe(true);
    const many = partOfMemory(spread(3000, 1), part).clusters;
    const at = (acceptedAt: number, from: number) => ({
      region,
      clusters: many.slice(from).map((one) => ({ ...one, acceptedAt })),
    });
    for (const acceptedAt of [6, 7]) await keepPart(store, at(acceptedAt, 0), part);
    for (const acceptedAt of [8, 9]) await keepPart(store, at(acceptedAt, 250), part);
    expect(await border()).toBe(true);
    expect((await loadMemory(store, region, part)).memory.clusters).toEqual(at(9, 250).clusters);
  });

  test('parts write at once without a conflict', async () => {
    const store = aStore();
    await keep(store, spread(1000, 1));
    const parts = Array.from({ length: 4 }, (_, index) => ({ index, count: 4 }));
    const next = spread(1000, 2);
    const loaded = await Promise.all(parts.map((part) => loadMemory(store, region, part)));
    for (const [i, { stored }] of loaded.toReversed().entries()) {
      const part = parts.toReversed()[i]!;
      for (const writes of memoryCommits(partOfMemory(next, part), stored, new Map()))
        expect((await store.commit(writes)).kind).toBe('committed');
    }
    expect((await loadMemory(store, region)).memory.clusters).toEqual(next.clusters);
  });
});

async function keepPart(store: Store, memory: RegionMemory, part: Part): Promise<void> {
  const { stored } = await loadMemory(store, region, part);
  for (const writes of memoryCommits(partOfMemory(memory, part), stored, new Map())) await store.commit(writes);
}

function partOfMemory(memory: RegionMemory, { index, count }: Part): RegionMemory {
  return { ...memory, clusters: memory.clusters.filter(({ id }) => partOf(id, count) === index) };
}

/** Ids all over their range, as those of UUIDs are; each cluster says what was seen of it. */
function spread(count: number, updatedAt: number): RegionMemory {
  const clusters = Array.from({ length: count }, (_, i): SeenCluster => {
    const start = Math.floor(((i + 0.5) / count) * 2 ** 32);
    const id = `${start.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const name = updatedAt % 2 === 0 && i % 7 === 0 ? `renamed-${i}` : `dev-${i}`;
    return { id, name, acceptedAt: 5, updatedAt, pools: [{ id: `p-${id}`, name: 'w', acceptedAt: 5, updatedAt }] };
  });
  return { region, clusters };
}

function aStore(): Store {
  let next = 0;
  return makeMemoryStore({ newId: () => `v${(next += 1)}` });
}

async function commitsOf(store: Store, memory: RegionMemory) {
  return memoryCommits(memory, (await loadMemory(store, region)).stored, new Map());
}

async function keep(store: Store, memory: RegionMemory): Promise<void> {
  for (const writes of await commitsOf(store, memory)) {
    expect(await store.commit(writes)).toMatchObject({ kind: 'committed' });
  }
}

function fleet(count: number, acceptedAt: number, updatedAt = 1): RegionMemory {
  const clusters = Array.from({ length: count }, (_, i): SeenCluster => {
    const id = `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const pools = ['system', 'workers', 'burst'].map((name): SeenPool => {
      return { id: `${name}-${id}`, name, acceptedAt, updatedAt };
    });
    return { id, name: `dev-${i}`, acceptedAt, updatedAt, pools };
  });
  return { region, clusters };
}

function someMemory(): fc.Arbitrary<RegionMemory> {
  const seen = {
    name: fc.string({ maxLength: 400 }),
    acceptedAt: fc.integer({ min: 1, max: 5 }),
    updatedAt: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  };
  const id = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', 'ź', '\ue000', '🙂') });
  const pool = fc.record({ id, ...seen });
  const cluster = fc.record({ id, ...seen, pools: fc.array(pool, { maxLength: 30 }) });
  const token = fc.option(fc.record({ of: fc.string(), armedAt: fc.nat() }), { nil: undefined });
  return fc
    .tuple(fc.uniqueArray(cluster, { selector: (one) => one.id, maxLength: 60 }), token)
    .map(([clusters, due]) => {
      const sorted = clusters.toSorted((a, b) => compareIds(a.id, b.id));
      return JSON.parse(JSON.stringify({ region, clusters: sorted, ...(due && { token: due }) })) as RegionMemory;
    });
}
