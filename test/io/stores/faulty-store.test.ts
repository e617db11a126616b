import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { faultyStore, type StoreCall, type StoreFault } from '../../support/faulty-store.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';
import { put } from './contract.ts';

const key = { partition: 'p', id: 'a' };

function open(decide: (call: StoreCall) => StoreFault | undefined) {
  const inner = makeMemoryStore({ newId: randomId });
  const clock = makeSkippingClock();
  const crashes: StoreCall[] = [];
  const store = faultyStore(inner, { clock, decide, onCrash: (call) => crashes.push(call) });
  return { inner, store, clock, crashes };
}

describe('a faulty store', () => {
  test('is a plain one where nothing is decided', async () => {
    const { store } = open(() => undefined);
    const version = await put(store, key, 1);
    expect(await store.read(key)).toEqual({ key, value: 1, version });
    expect(await store.list('p')).toHaveLength(1);
  });

  test('refuses before anything is done', async () => {
    const { store, inner } = open(() => ({ kind: 'refuse' }));
    await expect(put(store, key, 1)).rejects.toThrow(StoreError);
    expect(await inner.read(key)).toBeUndefined();
  });

  test('loses the answer after it is done', async () => {
    const { store, inner } = open(() => ({ kind: 'lose-answer' }));
    await expect(put(store, key, 1)).rejects.toThrow(StoreError);
    expect((await inner.read(key))?.value).toBe(1);
  });

  test('is slow by the clock', async () => {
    const { store, clock } = open(() => ({ kind: 'slow', ms: 4000 }));
    await put(store, key, 1);
    expect(clock.now()).toBe(4000);
  });

  test.each([
    ['before', undefined],
    ['after', 1],
  ] as const)('crashes %s a commit', async (when, left) => {
    const { store, inner, crashes } = open(() => ({ kind: 'crash', when }));
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    void put(store, key, 1).finally(end);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    expect((await inner.read(key))?.value).toBe(left);
    expect(crashes.map((call) => call.operation)).toEqual(['commit']);
  });

  test('counts its calls and shows what they are about', async () => {
    const calls: StoreCall[] = [];
    const { store } = open((call) => void calls.push(call));
    await store.read(key);
    await store.list('p');
    await put(store, key, 1);
    expect(calls).toEqual([
      { ordinal: 0, operation: 'read', ...key },
      { ordinal: 1, operation: 'list', partition: 'p' },
      { ordinal: 2, operation: 'commit', writes: [{ kind: 'putIfAbsent', key, value: 1 }] },
    ]);
  });
});
