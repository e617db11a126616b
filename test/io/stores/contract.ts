/** What every store promises, whatever it is made of. Each adapter's test calls this with a way to open an empty one. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changesOf, sizesRecord } from '../../../lib/decide/past/size-changes.ts';
import { StoreError } from '../../../lib/errors.ts';
import type { Key, Store, Version, Write } from '../../../lib/io/stores/store.ts';
import { listNodes, listSizes, nodesWrites, sizeWrites } from '../../../lib/jobs/records/past-records.ts';
import type { Json } from '../../../lib/model/json.ts';
import { runs } from '../../support/runs.ts';

export type StoreUnderTest = {
  readonly store: Store;
  /** A second opening of the same data, as another process would have. */
  readonly other: Store;
  readonly end: () => Promise<void>;
};

export function describeStore(
  name: string,
  parts: { readonly open: () => Promise<StoreUnderTest>; readonly setup?: () => Promise<() => Promise<void>> },
): void {
  describe(name, () => {
    let teardown: (() => Promise<void>) | undefined;
    let opened: StoreUnderTest;
    beforeAll(async () => {
      teardown = await parts.setup?.();
    });
    beforeEach(async () => {
      opened = await parts.open();
    });
    afterEach(() => opened.end());
    afterAll(() => teardown?.());
    const both = () => opened;
    describeValues(both);
    describeConditions(both);
    describeLists(both);
    describeRefusals(both);
    describeAgreement(both);
    describePast(both);
  });
}

type Both = () => StoreUnderTest;

const key = (id: string, partition = 'clusters/r1'): Key => ({ partition, id });

function describeValues(both: Both): void {
  const values: readonly Json[] = [
    null,
    0,
    -1.5,
    2 ** 53,
    1.7976931348623157e308,
    5e-324,
    '',
    'ünïcode \u0000 "quotes" 🕯️ \ud800',
    [],
    {},
    [null, [0], { deep: { er: [false] } }],
    { size: 0, min: null, text: 'a\nb', __proto__x: 1, '': 2 },
  ];
  test.each(values.map((value) => [value]))('gives back %j as it was', async (value) => {
    const { store, other } = both();
    const version = await put(store, key('a'), value);
    expect(await other.read(key('a'))).toEqual({ key: key('a'), value, version });
    expect(await other.list('clusters/r1')).toEqual([{ key: key('a'), value, version }]);
  });

  test('answers nothing for a key never written', async () => {
    expect(await both().store.read(key('a'))).toBeUndefined();
    expect(await both().store.list('clusters/r1')).toEqual([]);
  });

  test.each(['a b', 'ä/ö', 'a/b#000001', "o'clock; --", '%_*', '灯', '🕯️ é', ' leading'])(
    'takes the id %j',
    async (id) => {
      const { store, other } = both();
      await put(store, key(id, `asks/${id}`), 1);
      expect((await other.read(key(id, `asks/${id}`)))?.key).toEqual(key(id, `asks/${id}`));
      expect(await other.read(key(`${id}x`, `asks/${id}`))).toBeUndefined();
    },
  );

  test('takes an id of 1 KB', async () => {
    await put(both().store, key('x'.repeat(1024)), 1);
    expect((await both().other.read(key('x'.repeat(1024))))?.value).toBe(1);
  });

  test('keeps a record of nearly 100 KB', async () => {
    const value = 'ß'.repeat(51_000);
    await put(both().store, key('a'), value);
    expect((await both().other.read(key('a')))?.value).toBe(value);
  });

  test('keeps fields that this version does not know', async () => {
    const { store, other } = both();
    const newer = { schema: 1, size: 3, addedLater: { by: 'a newer version' } };
    const version = await put(store, key('a'), newer);
    const seen = (await other.read(key('a')))?.value as typeof newer;
    await other.commit([{ kind: 'putIfVersion', key: key('a'), version, value: { ...seen, size: 4 } }]);
    expect((await store.read(key('a')))?.value).toEqual({ ...newer, size: 4 });
  });

  test('keeps an expired record readable', async () => {
    const { store, other } = both();
    await store.commit([{ kind: 'putIfAbsent', key: key('a'), value: 1, expiresAt: 1 }]);
    expect((await other.read(key('a')))?.value).toBe(1);
    expect(await other.list('clusters/r1')).toHaveLength(1);
  });
}

function describeConditions(both: Both): void {
  test('creates once', async () => {
    const { store, other } = both();
    await put(store, key('a'), 1);
    const again = await other.commit([{ kind: 'putIfAbsent', key: key('a'), value: 2 }]);
    expect(again).toEqual({ kind: 'conflict', failed: [0] });
    expect((await store.read(key('a')))?.value).toBe(1);
  });

  test('changes only the version it was shown', async () => {
    const { store, other } = both();
    const first = await put(store, key('a'), 1);
    const second = await put(other, key('a'), 2, first);
    expect(second).not.toBe(first);
    const late = await store.commit([{ kind: 'putIfVersion', key: key('a'), version: first, value: 3 }]);
    expect(late).toEqual({ kind: 'conflict', failed: [0] });
    expect(await store.read(key('a'))).toEqual({ key: key('a'), value: 2, version: second });
  });

  test('changes nothing that is not there', async () => {
    const outcome = await both().store.commit([{ kind: 'putIfVersion', key: key('a'), version: 'none', value: 3 }]);
    expect(outcome).toEqual({ kind: 'conflict', failed: [0] });
    expect(await both().store.read(key('a'))).toBeUndefined();
  });

  test('gives a new version even for the same value', async () => {
    const first = await put(both().store, key('a'), 1);
    const second = await put(both().store, key('a'), 1, first);
    expect(second).not.toBe(first);
  });

  test('deletes, then creates anew under another version', async () => {
    const { store } = both();
    const first = await put(store, key('a'), 1);
    const moved: Write[] = [
      { kind: 'deleteIfVersion', key: key('a'), version: first },
      { kind: 'putIfAbsent', key: key('a', 'history'), value: 1 },
    ];
    expect(await store.commit(moved)).toEqual({ kind: 'committed', versions: [undefined, expect.any(String)] });
    expect(await store.read(key('a'))).toBeUndefined();
    const second = await put(store, key('a'), 2);
    const late: Write[] = [{ ...moved[0]! }, { kind: 'putIfAbsent', key: key('b'), value: 0 }];
    expect(await store.commit(late)).toEqual({ kind: 'conflict', failed: [0] });
    expect((await store.read(key('a')))?.version).toBe(second);
  });

  test('writes all or nothing, and names what failed', async () => {
    const { store, other } = both();
    const version = await put(store, key('a'), 1);
    await put(store, key('b'), 1);
    const outcome = await other.commit([
      { kind: 'putIfVersion', key: key('a'), version, value: 2 },
      { kind: 'putIfAbsent', key: key('b'), value: 2 },
      { kind: 'putIfAbsent', key: key('c'), value: 2 },
      { kind: 'deleteIfVersion', key: key('d'), version: 'none' },
    ]);
    expect(outcome).toEqual({ kind: 'conflict', failed: [1, 3] });
    const left = await store.list('clusters/r1');
    expect(left.map((record) => [record.key.id, record.value])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(left[0]?.version).toBe(version);
  });

  test('gives each put of a commit its version', async () => {
    const { store } = both();
    const outcome = await store.commit(creations(3));
    const versions = (await store.list('clusters/r1')).map((record) => record.version);
    expect(outcome).toEqual({ kind: 'committed', versions });
    expect(new Set(versions).size).toBe(3);
  });

  test('lets one of 50 racing creators win', async () => {
    const { store, other } = both();
    const racing = Array.from({ length: 50 }, (_, n) =>
      (n % 2 ? store : other).commit([{ kind: 'putIfAbsent', key: key('a'), value: n }]),
    );
    const winners = (await Promise.all(racing)).flatMap((outcome, n) => (outcome.kind === 'committed' ? [n] : []));
    expect(winners).toHaveLength(1);
    expect((await store.read(key('a')))?.value).toBe(winners[0]);
  });

  test('lets one of 50 racing changes win', async () => {
    const { store, other } = both();
    const version = await put(store, key('a'), -1);
    const racing = Array.from({ length: 50 }, (_, n) =>
      (n % 2 ? store : other).commit([
        { kind: 'putIfVersion', key: key('a'), version, value: n },
        { kind: 'putIfAbsent', key: key(`by ${n}`, 'history'), value: n },
      ]),
    );
    const winners = (await Promise.all(racing)).flatMap((outcome, n) => (outcome.kind === 'committed' ? [n] : []));
    expect(winners).toHaveLength(1);
    expect((await store.list('history')).map((record) => record.value)).toEqual(winners);
  });

  test('takes 100 writes at once', async () => {
    const { store, other } = both();
    expect((await store.commit(creations(100))).kind).toBe('committed');
    expect(await other.list('clusters/r1')).toHaveLength(100);
  });
}

function describeLists(both: Both): void {
  test('sorts by bytes, as UTF-8', async () => {
    const ids = ['a', 'a b', 'a/', 'aa', 'b', 'é', '灯', '\uffee', '🕯️', '10', '9', 'A', '~'];
    for (const id of ids.toReversed()) await put(both().store, key(id), id);
    const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await listIds(both().other)).toEqual(sorted);
  });

  test('stays within its partition', async () => {
    const { store } = both();
    await put(store, key('x', 'asks/r1'), 1);
    await put(store, key('y', 'asks/r10'), 2);
    await put(store, key('z', 'asks/r1 '), 3);
    expect((await store.list('asks/r1')).map((record) => record.value)).toEqual([1]);
  });

  test('starts after an id, there or not, and stops at a limit', async () => {
    const { store } = both();
    await store.commit(creations(9));
    expect(await listIds(store, { after: 'id 003', limit: 2 })).toEqual(['id 004', 'id 005']);
    expect(await listIds(store, { after: 'id 0035' })).toEqual(['id 004', 'id 005', 'id 006', 'id 007', 'id 008']);
    expect(await listIds(store, { limit: 1 })).toEqual(['id 000']);
    expect(await listIds(store, { after: 'id 008' })).toEqual([]);
    expect(await listIds(store, { after: 'zzz' })).toEqual([]);
    expect(await listIds(store, { after: '' })).toHaveLength(9);
  });

  test('ends with an id, there or not', async () => {
    const { store } = both();
    await store.commit(creations(9));
    expect(await listIds(store, { until: 'id 002' })).toEqual(['id 000', 'id 001', 'id 002']);
    expect(await listIds(store, { until: 'id 0025' })).toEqual(['id 000', 'id 001', 'id 002']);
    expect(await listIds(store, { after: 'id 003', until: 'id 005' })).toEqual(['id 004', 'id 005']);
    expect(await listIds(store, { after: 'id 0035', until: 'id 0055' })).toEqual(['id 004', 'id 005']);
    expect(await listIds(store, { after: 'id 003', until: 'id 008', limit: 2 })).toEqual(['id 004', 'id 005']);
    expect(await listIds(store, { after: 'id 003', until: 'id 003' })).toEqual([]);
    expect(await listIds(store, { until: 'a' })).toEqual([]);
    expect(await listIds(store, { until: 'zzz' })).toHaveLength(9);
  });

  test('a part is walked page by page without a gap', async () => {
    const { store, other } = both();
    await store.commit(creations(100));
    const all = creations(100).map(({ key: { id } }) => id);
    const seen: string[] = [];
    for (let last = 'id 010'; ; ) {
      const page = await listIds(other, { after: last, until: 'id 090', limit: 7 });
      seen.push(...page);
      if (page.length < 7) break;
      last = page.at(-1)!;
    }
    expect(seen).toEqual(all.filter((id) => id > 'id 010' && id <= 'id 090'));
  });

  test('walks 1,500 records without a gap', async () => {
    const { store, other } = both();
    for (let n = 0; n < 15; n++) await store.commit(creations(100, n * 100));
    const seen: string[] = [];
    for (;;) {
      const last = seen.at(-1);
      const page = await listIds(other, { limit: 400, ...(last !== undefined && { after: last }) });
      seen.push(...page);
      if (page.length < 400) break;
    }
    expect(seen).toEqual(
      creations(1500)
        .map((write) => write.key.id)
        .sort(),
    );
    expect(await listIds(store)).toHaveLength(1000);
  });

  test('lists records of 4 MB in all', async () => {
    const { store, other } = both();
    for (let n = 0; n < 40; n += 20) {
      const large = creations(20, n).map((write) => ({ ...write, value: 'x'.repeat(100_000) }));
      await store.commit(large);
    }
    const listed = await other.list('clusters/r1');
    expect(listed.map((record) => (record.value as string).length)).toEqual(Array(40).fill(100_000));
  });
}

function describeRefusals(both: Both): void {
  const create = (id: string, partition?: string): Write => ({
    kind: 'putIfAbsent',
    key: key(id, partition),
    value: 1,
  });
  const refusals: readonly (readonly [string, readonly Write[], RegExp])[] = [
    ['no writes', [], /0 writes/],
    ['101 writes', creations(101), /101 writes/],
    ['a key twice', [create('a'), create('b'), create('a')], /"clusters\/r1\/a" twice/],
    ['only deletes', [{ kind: 'deleteIfVersion', key: key('a'), version: 'v' }], /only deletes "clusters\/r1\/a"/],
    ['an empty id', [create('')], /id "" was refused/],
    ['an empty partition', [create('a', '')], /partition "" was refused/],
    ['a line feed in an id', [create('a\nb')], /cannot be printed/],
    ['half a character in an id', [create('a\ud83d')], /cannot be printed/],
    ['an id over 1 KB', [create('é'.repeat(513))], /longer than 1024 bytes/],
    [
      'a value over 100 KB',
      [{ ...create('big'), value: 'é'.repeat(51_200) } as Write],
      /clusters\/r1\/big.*102402 bytes/,
    ],
    ['over 4 MB in all', creations(50).map((w) => ({ ...w, value: 'x'.repeat(90_000) })), /cut it in two/],
    ['not a number', [{ ...create('a'), value: { size: Number.NaN } } as Write], /"size" is NaN/],
    ['no value', [{ ...create('a'), value: undefined } as unknown as Write], /no value/],
    ['no instant', [{ ...create('a'), expiresAt: Number.NaN } as Write], /expires at NaN/],
  ];
  test.each(refusals)('refuses %s', async (_, writes, message) => {
    const { store } = both();
    const refused = store.commit(writes);
    await expect(refused).rejects.toThrow(StoreError);
    await expect(refused).rejects.toThrow(message);
    expect(await store.list('clusters/r1')).toEqual([]);
  });

  test('refuses to read what could never be written', async () => {
    const { store } = both();
    await expect(store.read(key(''))).rejects.toThrow(StoreError);
    await expect(store.list('')).rejects.toThrow(StoreError);
    await expect(store.list('a', { limit: 0 })).rejects.toThrow(StoreError);
  });
}

/** Any series of commits does what a plain map would do. */
function describeAgreement(both: Both): void {
  const change = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    kind: fc.constantFrom('putIfAbsent', 'putIfVersion', 'deleteIfVersion'),
    isStale: fc.boolean(),
  });
  const commits = fc.array(fc.uniqueArray(change, { selector: (part) => part.id, minLength: 1 }), { maxLength: 8 });

  test('agrees with a plain map', async () => {
    let run = 0;
    const check = async (list: readonly (readonly Change[])[]) => {
      await replay(both(), `run ${run++}`, list);
    };
    await fc.assert(fc.asyncProperty(commits, check), runs(8));
  });
}

type Change = { readonly id: string; readonly kind: Write['kind']; readonly isStale: boolean };

async function replay(both: StoreUnderTest, partition: string, commits: readonly (readonly Change[])[]): Promise<void> {
  const model = new Map<string, Version>();
  for (const [n, changes] of commits.entries()) {
    const writes: Write[] = changes.map((change) => toWrite(change, key(change.id, partition), model, n));
    // The last of each commit is a put of its own, since deletes never come alone.
    writes.push({ kind: 'putIfAbsent', key: key(`commit ${n}`, partition), value: n });
    const failed = writes.flatMap((write, index) => (isAllowed(write, model) ? [] : [index]));
    const outcome = await (n % 2 ? both.store : both.other).commit(writes);
    if (failed.length > 0) {
      expect(outcome).toEqual({ kind: 'conflict', failed });
    } else {
      if (outcome.kind !== 'committed') throw new Error('a commit without obstacles was refused');
      for (const [index, write] of writes.entries()) follow(model, write, outcome.versions[index]);
    }
  }
  const left = (await both.store.list(partition)).map((record) => [record.key.id, record.version]);
  expect(left).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function toWrite(change: Change, at: Key, model: ReadonlyMap<string, Version>, value: number): Write {
  if (change.kind === 'putIfAbsent') return { kind: 'putIfAbsent', key: at, value };
  const version = change.isStale ? 'stale' : (model.get(change.id) ?? 'never');
  if (change.kind === 'deleteIfVersion') return { kind: 'deleteIfVersion', key: at, version };
  return { kind: 'putIfVersion', key: at, value, version };
}

function isAllowed(write: Write, model: ReadonlyMap<string, Version>): boolean {
  return model.get(write.key.id) === (write.kind === 'putIfAbsent' ? undefined : write.version);
}

function follow(model: Map<string, Version>, write: Write, version: Version | undefined): void {
  if (version === undefined) model.delete(write.key.id);
  else model.set(write.key.id, version);
}

function creations(count: number, from = 0): Write[] {
  return Array.from({ length: count }, (_, n) => ({
    kind: 'putIfAbsent',
    key: key(`id ${String(from + n).padStart(3, '0')}`),
    value: from + n,
  }));
}

async function listIds(store: Store, options?: Parameters<Store['list']>[1]): Promise<readonly string[]> {
  return (await store.list('clusters/r1', options)).map((record) => record.key.id);
}

/** Commits one put and answers its version. */
export async function put(store: Store, at: Key, value: Json, version?: Version): Promise<Version> {
  const write: Write =
    version === undefined ? { kind: 'putIfAbsent', key: at, value } : { kind: 'putIfVersion', key: at, value, version };
  const outcome = await store.commit([write]);
  if (outcome.kind !== 'committed') throw new Error(`the put of ${at.partition}/${at.id} met a conflict`);
  return outcome.versions[0]!;
}

/** The records of the past: listed from an instant on, cut to what a record holds, marked for collection. */
function describePast(both: Both): void {
  const hour = 3_600_000;
  const keepMs = 30 * 24 * hour;
  const began = Date.UTC(2026, 2, 2);
  let ids = 0;
  const newId = () => `p${(ids += 1)}`;

  test('keeps thousands of sizes of one round, and lists them from an instant on', async () => {
    const { store, other } = both();
    const changes = Array.from({ length: 3000 }, (_, i) => {
      return {
        at: began,
        pool: `dev-${String(i).padStart(4, '0')}/workers`,
        before: 4,
        after: i % 2 ? 0 : { min: 0, max: i },
      };
    });
    for (const write of sizeWrites('r1', began, changes, newId, keepMs)) await store.commit([write]);
    const later = { at: began + hour, pool: 'dev-0001/workers', before: 0, after: undefined };
    for (const write of sizeWrites('r1', began + hour, [later], newId, keepMs)) await store.commit([write]);
    const all = (await listSizes(other, 'r1', began)).flatMap(changesOf);
    const inOrder = (some: typeof all) => some.toSorted((a, b) => a.at - b.at || (a.pool < b.pool ? -1 : 1));
    expect(inOrder(all)).toEqual(inOrder([...changes, later]));
    expect(await listSizes(other, 'r1', began + 1)).toEqual([sizesRecord(began + hour, [later])]);
    expect(await listSizes(other, 'r2', 0)).toEqual([]);
  });

  test('marks the past for collection once it has been kept long enough', async () => {
    const { store, other } = both();
    const nodes = { schema: 1, at: began, shard: '0/1', isWhole: true, nodes: { 'ml/gpu': 3 } } as const;
    const change = { at: began, pool: 'ml/gpu', before: undefined, after: 1 };
    const writes = [...nodesWrites('r1', nodes, newId, keepMs), ...sizeWrites('r1', began, [change], newId, keepMs)];
    expect(writes.map((write) => 'expiresAt' in write && write.expiresAt)).toEqual([began + keepMs, began + keepMs]);
    await store.commit(writes);
    expect(await listNodes(other, 'r1', began)).toEqual([nodes]);
  });
}
