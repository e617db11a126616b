import { describe, expect, test } from 'vitest';
import { randomId } from '../../../lib/io/ids.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { describeStore, put } from './contract.ts';

describeStore('memory store', {
  open: async () => {
    const store = makeMemoryStore({ newId: randomId });
    return { store, other: store, end: () => store.close() };
  },
});

const key = (id: string) => ({ partition: 'p', id });

describe('memory store of a simulation', () => {
  test('rolls back to a snapshot', async () => {
    const store = makeMemoryStore({ newId: randomId });
    const version = await put(store, key('a'), 1);
    const before = store.snapshot();
    await put(store, key('a'), 2, version);
    await put(store, key('b'), 2);
    store.restore(before);
    expect((await store.list('p')).map((record) => [record.key.id, record.value])).toEqual([['a', 1]]);
    await put(store, key('a'), 3, version);
    store.restore(before);
    expect((await store.read(key('a')))?.value).toBe(1);
  });

  test('is wiped', async () => {
    const store = makeMemoryStore({ newId: randomId });
    await put(store, key('a'), 1);
    store.restore();
    expect(await store.list('p')).toEqual([]);
  });

  test('starts from a snapshot of another', async () => {
    const first = makeMemoryStore({ newId: randomId });
    await put(first, key('a'), 1);
    const second = makeMemoryStore({ newId: randomId, snapshot: first.snapshot() });
    await put(second, key('b'), 2);
    expect(await second.list('p')).toHaveLength(2);
    expect(await first.list('p')).toHaveLength(1);
  });

  test('collects what has expired, not a millisecond early', async () => {
    const store = makeMemoryStore({ newId: randomId });
    await store.commit([
      { kind: 'putIfAbsent', key: key('a'), value: 1, expiresAt: 1000 },
      { kind: 'putIfAbsent', key: key('b'), value: 1 },
    ]);
    expect(await store.collect(999)).toBe(0);
    expect(await store.collect(1000)).toBe(1);
    expect((await store.list('p')).map((record) => record.key.id)).toEqual(['b']);
  });

  test('shares nothing that a caller could change', async () => {
    const store = makeMemoryStore({ newId: randomId });
    const value = { list: [1] };
    await put(store, key('a'), value);
    value.list.push(2);
    const seen = (await store.read(key('a')))?.value as typeof value;
    expect(seen).toEqual({ list: [1] });
    expect(() => seen.list.push(3)).toThrow(TypeError);
  });
});
