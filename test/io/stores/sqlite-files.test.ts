import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import { describeSqliteProblem, naming, openSqliteToRead } from '../../../lib/io/stores/sqlite-file.ts';
import { runs } from '../../support/runs.ts';
import { eachWithStoreFile } from '../../support/store-file.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { put } from './contract.ts';

const key = (id: string) => ({ partition: 'p', id });
const isRoot = process.getuid?.() === 0;

describe('the file of a SQLite store', () => {
  let path: string;
  let folder: string;
  eachWithStoreFile((file, inFolder) => {
    [path, folder] = [file, inFolder];
  });
  const open = (at = path) => openSqliteStore({ path: at, newId: randomId });

  test('is readable by its owner alone, its log too', async () => {
    const store = open();
    await put(store, key('a'), 1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('is one file again once closed', async () => {
    const store = open();
    await put(store, key('a'), 1);
    await store.close();
    await store.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    await expect(store.read(key('a'))).rejects.toThrow(/cannot read: it is closed/);
  });

  test('survives being opened again', async () => {
    const first = open();
    const version = await put(first, key('a'), { size: 0 });
    await first.close();
    const second = open();
    expect(await second.read(key('a'))).toEqual({ key: key('a'), value: { size: 0 }, version });
    await second.close();
  });

  test('is synced at each commit', () => {
    const store = open();
    const pragmas = new DatabaseSync(path);
    expect(pragmas.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    pragmas.close();
    return store.close();
  });

  test('may have a name with spaces and marks', async () => {
    const odd = join(folder, 'file:a b?mode=memory#ü.db');
    const store = open(odd);
    await put(store, key('a'), 1);
    await store.close();
    expect(existsSync(odd)).toBe(true);
  });

  test('needs a folder', () => {
    expect(() => open(join(folder, 'none', 'x.db'))).toThrow(/folder .*none does not exist; create it/);
    expect(() => open(join(folder, 'none', 'x.db'))).toThrow(StoreError);
    writeFileSync(path, 'x');
    expect(() => open(join(path, 'x.db'))).toThrow(/is not a folder/);
  });

  test.each(['missing/x.db', 'link.db'])('is no link to what is not there: %s', (target) => {
    const link = join(folder, 'link.db');
    symlinkSync(target, link);
    const said = `it is a link to ${join(folder, target)}, and nothing is there; correct the link, or create what it names`;
    expect(() => open(link)).toThrow(`The store ${link} cannot be opened: ${said}`);
    expect(() => openSqliteToRead(link)).toThrow(`The store ${link} cannot be read: ${said}`);
  });

  test('is in no folder that is a link to nothing', () => {
    symlinkSync('missing', join(folder, 'linked'));
    expect(() => open(join(folder, 'linked', 'x.db'))).toThrow(
      `its folder ${join(folder, 'linked')} cannot be used: it is a link to ${join(folder, 'missing')}, and nothing is there`,
    );
  });

  test('is no folder', () => {
    mkdirSync(path);
    expect(() => open()).toThrow(/it is a folder; name a file in it/);
  });

  test.skipIf(isRoot)(
    `needs a folder that can be written to${isRoot ? ' (skipped: root may write everywhere)' : ''}`,
    () => {
      chmodSync(folder, 0o500);
      expect(() => open()).toThrow(/is not writable/);
      chmodSync(folder, 0o700);
    },
  );

  test('is refused when it is no database', () => {
    writeFileSync(path, 'pools: []\n'.repeat(100));
    expect(() => open()).toThrow(
      `The store ${path}: cannot open: the file is not a SQLite database; name another file`,
    );
    expect(readFileSync(path, 'utf8')).toBe('pools: []\n'.repeat(100));
  });

  test('is refused when it is the database of another program', () => {
    const other = new DatabaseSync(path);
    other.exec('create table people (name text)');
    other.close();
    const before = readFileSync(path);
    expect(() => open()).toThrow(/database of another program; name another file/);
    expect(readFileSync(path)).toEqual(before);
  });

  test('is refused when a newer version wrote it', async () => {
    await open().close();
    const newer = new DatabaseSync(path);
    newer.exec('pragma user_version = 2');
    newer.close();
    expect(() => open()).toThrow(/newer version \(store schema 2, this one knows 1\); update this one/);
  });

  test('may have columns that this version does not know', async () => {
    await open().close();
    const newer = new DatabaseSync(path);
    newer.exec('alter table records add column added_later text');
    newer.close();
    const store = open();
    await put(store, key('a'), 2, await put(store, key('a'), 1));
    expect((await store.list('p'))[0]?.value).toBe(2);
    await store.close();
  });

  test('says which lock it waits for', () => {
    expect(describeSqliteProblem({ code: 'ERR_SQLITE_ERROR', errcode: 517 }, path)).toMatch(
      /another process has held its lock/,
    );
  });

  test('says when the disk is full, and keeps what was there', async () => {
    const full = new DatabaseSync(path);
    full.exec('create table t (a text); pragma max_page_count = 3');
    const insert = full.prepare('insert into t values (?)');
    expect(() => naming(path, 'write', () => insert.run('x'.repeat(100_000)))).toThrow(
      `The store ${path}: cannot write: the disk is full; free some space`,
    );
    full.close();
  });

  test.each([
    [4874, 0, 'the disk is full; free some space'],
    [778, 1000, 'the disk is full; free some space'],
    [14, 1000, 'the disk is full; free some space'],
    [778, 10_000_000, 'the disk reported an error; check the disk'],
    [11, 0, 'the file is damaged; restore it from a backup, or move it away to start empty'],
  ])('says of code %d with %d bytes left: %s', (errcode, left, says) => {
    expect(describeSqliteProblem({ code: 'ERR_SQLITE_ERROR', errcode }, path, () => left)).toBe(says);
  });

  test('collects what has expired, oldest first, so many at once', async () => {
    const store = open();
    for (const [id, expiresAt] of [
      ['a', 3000],
      ['b', 1000],
      ['c', 2000],
    ] as const) {
      await store.commit([{ kind: 'putIfAbsent', key: key(id), value: 1, expiresAt }]);
    }
    await put(store, key('for ever'), 1);
    const ids = async () => (await store.list('p')).map((record) => record.key.id);
    expect(await store.collect(999)).toBe(0);
    expect(await store.collect(2999, 1)).toBe(1);
    expect(await ids()).toEqual(['a', 'c', 'for ever']);
    expect(await store.collect(3000)).toBe(2);
    expect(await ids()).toEqual(['for ever']);
    await store.close();
  });
});

describe('a SQLite store that lost its end', () => {
  test('is refused, or shows only whole records', async () => {
    const folder = makeTemporaryFolder();
    const original = join(folder.path, 'whole.db');
    const whole = await fillStore(original);
    const size = statSync(original).size;
    let opened = 0;
    const check = async (length: number) => {
      const path = join(folder.path, `cut-${length}.db`);
      copyFileSync(original, path);
      truncateSync(path, length);
      opened += (await showsOnlyWhole(path, whole)) ? 1 : 0;
    };
    const lengths = fc.integer({ min: 1, max: size - 1 });
    await fc.assert(fc.asyncProperty(lengths, check), {
      ...runs(30),
      examples: [[1], [99], [4095], [4096], [size - 1]],
    });
    expect(opened).toBe(0);
    folder.remove();
  });

  test('shows only whole commits when its log lost its end', async () => {
    const folder = makeTemporaryFolder();
    const original = join(folder.path, 'whole.db');
    const store = openSqliteStore({ path: original, newId: randomId });
    for (let n = 0; n < 20; n++) {
      await store.commit(
        ['a', 'b'].map((id) => ({ kind: 'putIfAbsent', key: key(`${id}${n}`), value: 'x'.repeat(3000) })),
      );
    }
    const size = statSync(`${original}-wal`).size;
    const counts = new Set<number>();
    const check = async (length: number) => {
      const path = join(folder.path, `cut-${length}.db`);
      copyFileSync(original, path);
      copyFileSync(`${original}-wal`, `${path}-wal`);
      truncateSync(`${path}-wal`, length);
      const cut = openSqliteStore({ path, newId: randomId });
      const records = await cut.list('p');
      expect(records.every((record) => record.value === 'x'.repeat(3000))).toBe(true);
      expect(records.length % 2).toBe(0);
      counts.add(records.length);
      await cut.close();
    };
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: size }), check), {
      ...runs(12),
      examples: [[0], [size]],
    });
    expect(Math.max(...counts)).toBe(40);
    await store.close();
    folder.remove();
  });
});

/** Small records, and large ones that need pages of their own. */
async function fillStore(path: string): Promise<ReadonlyMap<string, string>> {
  const store = openSqliteStore({ path, newId: randomId });
  const whole = new Map<string, string>();
  for (let n = 0; n < 40; n++) whole.set(`id ${n}`, String(n).repeat(n % 5 === 0 ? 8000 : 50));
  for (const [id, value] of whole) await put(store, key(id), value);
  await store.close();
  return whole;
}

/** Answers whether the store could be opened; every failure must be a StoreError. */
async function showsOnlyWhole(path: string, whole: ReadonlyMap<string, string>): Promise<boolean> {
  try {
    const store = openSqliteStore({ path, newId: randomId });
    for (const record of await store.list('p')) expect(record.value).toBe(whole.get(record.key.id));
    await store.close();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    expect((error as StoreError).message).toMatch(/damaged|not a SQLite database/);
    return false;
  }
}
