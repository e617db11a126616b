import { describe, expect, test } from 'vitest';
import type { RoundFindings } from '../../../lib/decide/watching/scale-findings.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store, Write } from '../../../lib/io/stores/store.ts';
import {
  listOwnRounds,
  listRoundFindings,
  listRoundHeads,
  listRounds,
  nodesKey,
  nodesOfRounds,
  writeRoundFindings,
} from '../../../lib/jobs/records/round-findings.ts';

const idOf = (i: number) => `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`;

function roundOf(at: number, clusters: number, patch: Partial<RoundFindings> = {}): RoundFindings {
  const ids = Array.from({ length: clusters }, (_, i) => idOf(i));
  return {
    schema: 1,
    at,
    region: 'r1',
    shard: { index: 0, count: 1 },
    configHash: 'hash',
    isAnswered: true,
    clusters,
    pools: clusters * 3,
    checkedClusters: ids,
    findings: [],
    nodes: ids.map((id) => [`pool-${id}`, 3] as const),
    ...patch,
  };
}

/** A store that keeps what was written, commit by commit. */
function recorded(): { readonly store: Store; readonly commits: (readonly Write[])[] } {
  let next = 0;
  const memory = makeMemoryStore({ newId: () => `v${(next += 1)}` });
  const commits: (readonly Write[])[] = [];
  const commit: Store['commit'] = (writes) => {
    commits.push(writes);
    return memory.commit(writes);
  };
  return { store: { ...memory, commit }, commits };
}

async function read(store: Store): Promise<RoundFindings | undefined> {
  const [round, ...more] = await listRoundFindings(store, 'r1');
  expect(more).toEqual([]);
  return round;
}

/** The same store, and which partitions were listed. */
function listing(store: Store): { readonly noted: Store; readonly listed: string[] } {
  const listed: string[] = [];
  const list: Store['list'] = (partition, options) => {
    listed.push(partition);
    return store.list(partition, options);
  };
  return { noted: { ...store, list }, listed };
}

async function write(store: Store, round: RoundFindings): Promise<boolean> {
  return writeRoundFindings(store, round);
}

const withoutLists = ({ lists: _lists, ...round }: RoundFindings) => round;

describe('the findings of a round', () => {
  test.each([0, 1, 60, 1000, 5000])('of %i clusters are read as they were written', async (clusters) => {
    const { store } = recorded();
    for (const at of [1, 2]) {
      const round = roundOf(at, clusters);
      expect(await write(store, round)).toBe(true);
      expect(withoutLists((await read(store))!)).toEqual(round);
    }
  });

  test('of a small fleet are one record', async () => {
    const { store, commits } = recorded();
    await write(store, roundOf(1, 60));
    expect(commits.map((writes) => writes.map(({ key }) => key))).toEqual([
      [{ partition: 'findings', id: 'r1/0000-0000' }],
    ]);
  });

  test('of a large quiet fleet cost one small write', async () => {
    const { store, commits } = recorded();
    await write(store, roundOf(1, 1000));
    commits.length = 0;
    const { checkedClusters, nodes } = roundOf(2, 1000);
    await write(store, roundOf(2, 1000, { checkedClusters: checkedClusters.toReversed(), nodes: nodes!.toReversed() }));
    expect(commits).toHaveLength(1);
    expect(JSON.stringify(commits).length).toBeLessThan(1000);
  });

  test('are known to a part without its node counts, and without its clusters where nobody asks', async () => {
    const { store } = recorded();
    for (const index of [0, 1]) await write(store, roundOf(1, 1000, { shard: { index, count: 2 } }));
    const [asked, unasked] = [true, false].map(
      async (isEach) => (await listOwnRounds(store, 'r1', { index: 1, count: 2 }, { isEach })).rounds,
    );
    expect((await asked)!.map(({ checkedClusters, nodes }) => [checkedClusters.length, nodes?.length])).toEqual([
      [1000, 0],
    ]);
    expect((await unasked)!.map(({ checkedClusters }) => checkedClusters.length)).toEqual([0]);
  });

  test('write node counts alone where nothing else changed', async () => {
    const { store, commits } = recorded();
    await write(store, roundOf(1, 1000));
    commits.length = 0;
    const moved = roundOf(2, 1000, { nodes: roundOf(2, 1000).nodes!.map(([id], i) => [id, i]) });
    await write(store, moved);
    expect(commits.map((writes) => writes.map(({ key }) => key.id))).toEqual([
      ['r1/0000-nodes-0000'],
      ['r1/0000-0000'],
    ]);
    expect(withoutLists((await read(store))!)).toEqual(moved);
  });

  test('change which clusters were looked at together with their head', async () => {
    const { store, commits } = recorded();
    await write(store, roundOf(1, 1000));
    commits.length = 0;
    await write(store, roundOf(2, 999));
    const partitions = commits.map((writes) => [...new Set(writes.map(({ key }) => key.partition))]);
    expect(partitions.at(-1)).toEqual(['findings', 'looked']);
  });

  test('leave nothing of a longer list behind', async () => {
    const { store } = recorded();
    await write(store, roundOf(1, 5000));
    const before = (await store.list('looked')).length;
    await write(store, roundOf(2, 1000));
    expect((await store.list('looked')).length).toBeLessThan(before);
    expect(withoutLists((await read(store))!)).toEqual(roundOf(2, 1000));
  });

  test('say nothing of a list that belongs to another round', async () => {
    const { store } = recorded();
    await write(store, roundOf(1, 1000));
    const [list] = await store.list('looked');
    const value = { ...(list!.value as object), of: '7' };
    await store.commit([{ kind: 'putIfVersion', key: list!.key, value, version: list!.version }]);
    expect((await read(store))?.checkedClusters).toEqual([]);
  });

  test('of many are several records, and nothing of them stays behind', async () => {
    const { store } = recorded();
    const many = (what: string, chars: number) =>
      Array.from({ length: 120 }, (_, i) => ({ pool: `${what}-${i}`, text: what[0]!.repeat(chars) }) as never);
    const long = { findings: many('late', 1200), coming: many('coming', 900), verdicts: many('gone', 700) };
    await write(store, roundOf(1, 60, long));
    expect(await read(store)).toEqual(roundOf(1, 60, long));
    const stored = await store.list('findings');
    expect(stored.length).toBeGreaterThan(6);
    for (const { value } of stored) expect(JSON.stringify(value).length).toBeLessThan(70_000);
    const few = { findings: long.findings.slice(0, 60) };
    await write(store, roundOf(2, 60, few));
    expect(await read(store)).toEqual(roundOf(2, 60, few));
    await write(store, roundOf(3, 60));
    expect(await store.list('findings')).toHaveLength(1);
  });

  test('leave out what another version wrote, and what belongs to another time', async () => {
    const { store } = recorded();
    const put = (id: string, value: object) =>
      store.commit([{ kind: 'putIfAbsent', key: { partition: 'findings', id }, value: value as never }]);
    await write(store, roundOf(3, 2));
    await put('r1/0000-0001', roundOf(2, 3));
    await put('r1/0000-0002', roundOf(3, 2, { findings: ['one' as never] }));
    await put('r1/0001-0000', { ...roundOf(9, 4), schema: 2 });
    await put('r1/0002-0000', { ...roundOf(9, 4), findings: undefined });
    await put('r1/0003-0000', { ...roundOf(9, 4), checkedClusters: undefined });
    await put('r1/0004-0000', roundOf(9, 4, { region: 'r1/0004' }));
    expect(await read(store)).toMatchObject({ at: 3, clusters: 2, findings: ['one'] });
  });

  test('replace those of a clock that ran ahead', async () => {
    const { store } = recorded();
    const now = Date.UTC(2026, 10, 23);
    await write(store, roundOf(now + 60_000, 60));
    expect(await write(store, roundOf(now, 60))).toBe(false);
    await write(store, roundOf(now + 400 * 24 * 3_600_000, 60));
    expect(await write(store, roundOf(now, 61))).toBe(true);
    expect((await read(store))?.clusters).toBe(61);
  });

  test.each([
    ['its head', 'findings', 0],
    ['its node counts', 'looked', 2],
  ])('are not stored where another process is faster with %s', async (_, partition, writes) => {
    const { store } = recorded();
    let conflicts = 0;
    const commit: Store['commit'] = async (given) => {
      if (given[0]?.key.partition !== partition) return store.commit(given);
      conflicts += 1;
      return { kind: 'conflict', failed: [0] };
    };
    const round = roundOf(1, 1000);
    expect(await write({ ...store, commit }, round)).toBe(false);
    expect(await store.list('findings')).toEqual([]);
    expect(conflicts).toBeGreaterThan(0);
    expect(await store.list('looked')).toHaveLength(partition === 'looked' ? 0 : writes + 1);
  });

  test('of a large part and of a small one are both whole, and lists are read where there are some', async () => {
    const { store } = recorded();
    const small = roundOf(1, 60, { shard: { index: 1, count: 2 } });
    await write(store, small);
    const { noted, listed } = listing(store);
    expect(await listRoundFindings(noted, 'r1')).toEqual([small]);
    expect(listed).toEqual(['findings']);
    const large = roundOf(1, 1000, { shard: { index: 0, count: 2 } });
    await write(store, large);
    expect((await listRoundFindings(store, 'r1')).map(withoutLists)).toEqual([large, small]);
  });

  test('are overtaken by a newer round that was read before', async () => {
    const { store } = recorded();
    await write(store, roundOf(5, 60));
    expect(await writeRoundFindings(store, roundOf(4, 60), await listRounds(store, 'r1'))).toBe(false);
  });

  test('are overtaken by a newer round', async () => {
    const { store } = recorded();
    await write(store, roundOf(5, 1000));
    expect(await write(store, roundOf(4, 900))).toBe(false);
    expect((await read(store))?.clusters).toBe(1000);
  });

  test('have heads that tell the same without their lists', async () => {
    const { store } = recorded();
    await write(store, roundOf(1, 1000));
    expect(await listRoundHeads(store, 'r1')).toMatchObject([{ at: 1, clusters: 1000, pools: 3000 }]);
  });
});

/** As it was written before its lists lay apart: chunks of one time, one after the other. */
describe('the version before', () => {
  const chunked = (round: RoundFindings) => {
    const nothing = { ...round, checkedClusters: [], nodes: [] };
    const half = Math.ceil(round.checkedClusters.length / 2);
    return [
      { ...nothing, checkedClusters: round.checkedClusters.slice(0, half) },
      { ...nothing, checkedClusters: round.checkedClusters.slice(half) },
      { ...nothing, nodes: round.nodes ?? [] },
    ];
  };
  const writeAsBefore = async (store: Store, round: RoundFindings) => {
    const known = await store.list('findings');
    const puts = chunked(round).map((value, i): Write => {
      const key = { partition: 'findings', id: `r1/0000-000${i}` };
      const version = known.find((record) => record.key.id === key.id)?.version;
      const put = { key, value: JSON.parse(JSON.stringify(value)) as object as Record<string, never> };
      return version === undefined ? { kind: 'putIfAbsent', ...put } : { kind: 'putIfVersion', ...put, version };
    });
    expect((await store.commit(puts)).kind).toBe('committed');
  };

  test('is read', async () => {
    const { store } = recorded();
    await writeAsBefore(store, roundOf(1, 1000));
    expect(await read(store)).toEqual(roundOf(1, 1000));
    await write(store, roundOf(2, 1000));
    expect(withoutLists((await read(store))!)).toEqual(roundOf(2, 1000));
    expect(await store.list('findings')).toHaveLength(1);
  });

  test('may come back, and go again', async () => {
    const { store } = recorded();
    await write(store, roundOf(1, 1000));
    await writeAsBefore(store, roundOf(2, 900));
    expect(await read(store)).toEqual(roundOf(2, 900));
    await write(store, roundOf(3, 800));
    expect(withoutLists((await read(store))!)).toEqual(roundOf(3, 800));
  });
});

describe('the findings of a round that knows the rounds before it', () => {
  test.each([1, 60, 5000])('of %i clusters are stored without reading them again', async (clusters) => {
    const { store } = recorded();
    await write(store, roundOf(1, clusters));
    const { noted, listed } = listing(store);
    const known = await listRounds(store, 'r1');
    const { nodes } = roundOf(2, clusters);
    expect(await writeRoundFindings(noted, roundOf(2, clusters, { nodes: nodes! }), known)).toBe(true);
    expect(listed).not.toContain('findings');
    expect(withoutLists((await read(store))!)).toEqual(roundOf(2, clusters));
  });

  test('are stored where there was no round before', async () => {
    const { store } = recorded();
    const { noted, listed } = listing(store);
    expect(await writeRoundFindings(noted, roundOf(1, 60), await listRounds(store, 'r1'))).toBe(true);
    expect(listed).toEqual([]);
  });

  test.each([
    ['an older one', 2, true],
    ['a newer one', 4, false],
  ])('replace what another process stored meanwhile: %s', async (_, at, isStored) => {
    const { store } = recorded();
    await write(store, roundOf(1, 60));
    const known = await listRounds(store, 'r1');
    await write(store, roundOf(at, 5000));
    expect(await writeRoundFindings(store, roundOf(3, 60), known)).toBe(isStored);
    expect((await read(store))?.at).toBe(isStored ? 3 : 4);
    expect((await read(store))?.checkedClusters).toHaveLength(isStored ? 60 : 5000);
  });

  test('of a part replace its own, of all that were listed', async () => {
    const { store } = recorded();
    const parts = [0, 1, 2].map((index) => ({ index, count: 3 }));
    for (const shard of parts) await write(store, roundOf(1, 60, { shard }));
    const known = await listRounds(store, 'r1');
    await writeRoundFindings(store, roundOf(2, 60, { shard: parts[1]! }), known);
    expect((await listRoundHeads(store, 'r1')).map(({ at }) => at)).toEqual([1, 2, 1]);
  });

  test.each([undefined, 0, 1])('are the same for part %s as if they were read again', async (index) => {
    const { store } = recorded();
    for (const own of [0, 1]) await write(store, roundOf(1, 1000, { shard: { index: own, count: 2 } }));
    for (const count of [2, 3]) {
      const part = index === undefined ? undefined : { index, count };
      const listed = await listRounds(store, 'r1');
      const { noted, listed: partitions } = listing(store);
      expect(await listOwnRounds(noted, 'r1', part, { listed })).toEqual(await listOwnRounds(store, 'r1', part));
      expect(partitions).not.toContain('findings');
    }
  });
});

test('the node counts of rounds are known by region and pool', () => {
  const counts = (region: string, nodes: readonly (readonly [string, number])[]) => roundOf(1, 0, { region, nodes });
  const { nodes: _nodes, ...without } = roundOf(1, 0);
  const known = nodesOfRounds([
    counts('r1', [['p', 3]]),
    without,
    counts('r2', [
      ['p', 0],
      ['q', 5],
    ]),
  ]);
  expect([...known]).toEqual([
    [nodesKey('r1', 'p'), 3],
    [nodesKey('r2', 'p'), 0],
    [nodesKey('r2', 'q'), 5],
  ]);
});
