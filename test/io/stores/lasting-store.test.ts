import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { openLastingStore } from '../../../lib/io/stores/lasting-store.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { isLinux, unlessLinux } from '../../support/platform.ts';
import { eachWithStoreFile, openFilesBelow } from '../../support/store-file.ts';
import { put } from './contract.ts';

const key = (id: string) => ({ partition: 'p', id });
const logs = ['-wal', '-shm'];

describe('a SQLite store whose file is taken away under it', () => {
  let path: string;
  let away: string;
  eachWithStoreFile((file, folder) => {
    [path, away] = [file, join(folder, 'away.db')];
  });

  const idsOf = async (store: Store) => (await store.list('p')).map((record) => record.key.id);
  const idsAt = async (file: string) => {
    const store = openSqliteStore({ path: file, newId: randomId });
    const ids = await idsOf(store);
    await store.close();
    return ids;
  };
  const writeAt = async (file: string, id: string) => {
    const store = openSqliteStore({ path: file, newId: randomId });
    await put(store, key(id), 1);
    await store.close();
  };
  const openWith = async (id: string) => {
    const store = openLastingStore({ path, newId: randomId });
    await put(store, key(id), 'x'.repeat(3000));
    return store;
  };
  const remove = (ends: readonly string[]) => ends.forEach((end) => rmSync(`${path}${end}`));

  test('is left alone where it was not', async () => {
    const store = await openWith('old');
    await writeAt(path, 'by another process');
    expect(await store.reopenIfLost()).toBeUndefined();
    expect(await idsOf(store)).toEqual(['by another process', 'old']);
    await store.close();
  });

  test.each([
    ['deleted', () => remove(['', ...logs])],
    ['deleted, its logs left behind', () => remove([''])],
    ['moved', () => ['', ...logs].forEach((end) => renameSync(`${path}${end}`, `${away}${end}`))],
    ['moved, its logs left behind', () => renameSync(path, away)],
  ])('%s: one is made anew', async (_, take) => {
    const store = await openWith('old');
    take();
    expect(await store.reopenIfLost()).toEqual({ path, isNew: true });
    await put(store, key('new'), 1);
    expect(await store.reopenIfLost()).toBeUndefined();
    await store.close();
    expect(await idsAt(path)).toEqual(['new']);
    if (existsSync(away)) expect(await idsAt(away)).toEqual(['old']);
  });

  test.each([
    ['replaced', logs],
    ['replaced, its logs left behind', []],
  ])('%s: the other one is opened, and nothing of the old one in it', async (_, ends) => {
    const store = await openWith('old');
    await writeAt(away, 'backup');
    remove(ends);
    renameSync(away, path);
    expect(await store.reopenIfLost()).toEqual({ path, isNew: false });
    expect(await idsOf(store)).toEqual(['backup']);
    await store.close();
  });

  test('what another process wrote into a new file is there', async () => {
    const store = await openWith('old');
    remove(['', ...logs]);
    await writeAt(path, 'paused');
    expect(await store.reopenIfLost()).toEqual({ path, isNew: false });
    expect(await idsOf(store)).toEqual(['paused']);
    await store.close();
  });

  test('nothing can be opened: every call says why, until it can', async () => {
    const inner = join(dirname(path), 'inner');
    mkdirSync(inner);
    path = join(inner, 'lamplighter.db');
    const store = await openWith('old');
    rmSync(inner, { recursive: true });
    for (const call of [() => store.reopenIfLost(), () => store.read(key('old')), () => put(store, key('b'), 1)]) {
      await expect(call()).rejects.toBeInstanceOf(StoreError);
      await expect(call()).rejects.toThrow(/the folder .*inner does not exist; create it/);
    }
    mkdirSync(inner);
    expect(await store.reopenIfLost()).toEqual({ path, isNew: true });
    expect(await idsOf(store)).toEqual([]);
    await store.close();
  });

  test('is closed for good when it cannot be opened', async () => {
    const store = await openWith('old');
    remove(['', ...logs]);
    mkdirSync(path);
    await expect(store.reopenIfLost()).rejects.toThrow(/it is a folder/);
    await store.close();
  });

  test('writes what is under way before it closes', async () => {
    const store = openSqliteStore({ path, newId: randomId });
    const commits = ['a', 'b'].map((id) => store.commit([{ kind: 'putIfAbsent', key: key(id), value: 1 }]));
    await store.close();
    expect((await Promise.all(commits)).map(({ kind }) => kind)).toEqual(['committed', 'committed']);
    expect(await idsAt(path)).toEqual(['a', 'b']);
  });

  test.skipIf(!isLinux)(`keeps no file open that is gone${unlessLinux}`, async () => {
    const store = await openWith('old');
    remove(['', ...logs]);
    await store.reopenIfLost();
    expect(openFilesBelow(path).filter((file) => file.endsWith('(deleted)'))).toEqual([]);
    await store.close();
  });
});
