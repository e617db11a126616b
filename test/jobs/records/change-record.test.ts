import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { changeRecord, listAll, putOver, storeProblem } from '../../../lib/jobs/records/change-record.ts';

const key = { partition: 'counts', id: 'one' };

function makeStore(): Store {
  let ids = 0;
  return makeMemoryStore({ newId: () => `v${(ids += 1)}` });
}

/** Adds one, after `meanwhile` had its chance to write between the read and the commit. */
async function addOne(store: Store, meanwhile: () => Promise<void> = async () => undefined): Promise<number> {
  return changeRecord(store, {
    what: 'the count',
    read: async () => {
      const read = await store.read(key);
      await meanwhile();
      return read;
    },
    change: (before) => {
      const count = ((before?.value as { count: number } | undefined)?.count ?? 0) + 1;
      return { writes: [putOver(key, { count }, before?.version)], result: count };
    },
  });
}

describe('a record under compare-and-set', () => {
  test('keeps what others wrote meanwhile', async () => {
    const store = makeStore();
    let others = 2;
    const result = await addOne(store, async () => {
      if ((others -= 1) >= 0) await addOne(store);
    });
    expect(result).toBe(3);
    expect((await store.read(key))?.value).toEqual({ count: 3 });
  });

  test('gives up on a record that never rests, and says which', async () => {
    const store = makeStore();
    const failing = addOne(store, async () => {
      await addOne(store);
    });
    await expect(failing).rejects.toThrow(StoreError);
    await expect(failing).rejects.toThrow('Storing the count failed: others kept changing it; try again');
  });

  test('writes nothing when nothing changes', async () => {
    const store = makeStore();
    const result = await changeRecord(store, {
      what: 'nothing',
      read: () => store.read(key),
      change: () => ({ writes: [], result: 'as it was' }),
    });
    expect([result, await store.read(key)]).toEqual(['as it was', undefined]);
  });

  test('waits longer before each next attempt', async () => {
    const store = makeStore();
    const waits: number[] = [];
    let others = 3;
    await changeRecord(store, {
      what: 'the count',
      read: async () => {
        const read = await store.read(key);
        if ((others -= 1) >= 0) await addOne(store);
        return read;
      },
      change: (before) => ({ writes: [putOver(key, { count: 0 }, before?.version)], result: 0 }),
      pause: async (attempt) => void waits.push(attempt),
    });
    expect(waits).toEqual([1, 2, 3]);
  });
});

describe('a whole partition', () => {
  test.each([
    [{}, 2500, [1000, 1000, 500].map((length) => [1000, length])],
    [{ after: 'a-1999' }, 500, [[1000, 500]]],
    [
      { prefix: 'a-10' },
      100,
      [
        [30, 30],
        [1000, 70],
      ],
    ],
    [{ prefix: 'b' }, 0, [[30, 0]]],
  ])('is read past the pages, and no further: %o', async (options, expected, pages) => {
    const store = makeStore();
    for (let at = 0; at < 2500; at += 100) {
      const ids = Array.from({ length: 100 }, (_, more) => `a-${String(at + more).padStart(4, '0')}`);
      await store.commit(ids.map((id) => putOver({ partition: 'many', id }, {}, undefined)));
    }
    const asked: unknown[] = [];
    const list: Store['list'] = async (partition, range) => {
      const page = await store.list(partition, range);
      asked.push([range?.limit, page.length]);
      return page;
    };
    expect(await listAll({ ...store, list }, 'many', options)).toHaveLength(expected);
    expect(asked).toEqual(pages);
  });
});

describe('why something was not stored', () => {
  test.each<[string, () => Promise<unknown>, string | undefined]>([
    ['is nothing where it was', async () => 5, undefined],
    ['is what the work says', async () => 'another was faster', 'another was faster'],
    ['is what the store says', () => Promise.reject(new StoreError('out of reach')), 'out of reach'],
  ])('%s', async (_, work, problem) => {
    expect(await storeProblem(work)).toBe(problem);
  });

  test('is no mistake in the program, which is thrown', async () => {
    await expect(storeProblem(() => Promise.reject(new RangeError('a mistake')))).rejects.toThrow(RangeError);
  });
});
