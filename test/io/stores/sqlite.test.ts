import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { randomId } from '../../../lib/io/ids.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import { eachWithStoreFile } from '../../support/store-file.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite store', {
  open: async () => {
    const folder = makeTemporaryFolder();
    const path = join(folder.path, 'lamplighter.db');
    const store = openSqliteStore({ path, newId: randomId });
    const other = openSqliteStore({ path, newId: randomId });
    const end = async () => {
      await store.close();
      await other.close();
      folder.remove();
    };
    return { store, other, end };
  },
});

describe('commits that come at once', () => {
  let path: string;
  eachWithStoreFile((file) => {
    path = file;
  });
  const key = (id: string) => ({ partition: 'p', id });
  const insert = (id: string, value: number) => ({ kind: 'putIfAbsent', key: key(id), value }) as const;

  test('are each whole or not at all, whatever the others come to', async () => {
    const store = openSqliteStore({ path, newId: randomId });
    await store.commit([insert('taken', 0)]);
    const outcomes = await Promise.all([
      store.commit([insert('a', 1), insert('b', 1)]),
      store.commit([insert('c', 1), insert('taken', 1)]),
      store.commit([insert('a', 2)]),
      store.commit([insert('d', 1)]),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'conflict', 'conflict', 'committed']);
    expect(outcomes[1]).toEqual({ kind: 'conflict', failed: [1] });
    expect((await store.list('p')).map(({ key: { id }, value }) => [id, value])).toEqual([
      ['a', 1],
      ['b', 1],
      ['d', 1],
      ['taken', 0],
    ]);
    await store.close();
  });

  test('are all there for whoever opens the file when they are answered, and when it is closed at once', async () => {
    const store = openSqliteStore({ path, newId: randomId });
    const many = Array.from({ length: 300 }, (_, n) => store.commit([insert(`k${n}`, n)]));
    await store.close();
    expect(new Set((await Promise.all(many)).map(({ kind }) => kind))).toEqual(new Set(['committed']));
    const other = openSqliteStore({ path, newId: randomId });
    expect(await other.list('p')).toHaveLength(300);
    await other.close();
  });

  test('that cannot be refused together fail each for itself', async () => {
    const store = openSqliteStore({ path, newId: randomId });
    await store.close();
    const outcomes = await Promise.allSettled([store.commit([insert('a', 1)]), store.commit([insert('b', 1)])]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringContaining('it is closed') },
      });
    }
  });
});
