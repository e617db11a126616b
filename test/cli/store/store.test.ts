import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { randomId } from '../../../lib/io/ids.ts';
import { dumpSqlite } from '../../../lib/io/stores/dumped-records.ts';
import { openStore } from '../../../lib/io/stores/open-store.ts';
import { aCliWorld, type CliWorld } from '../cli-world.ts';

const writer = fileURLToPath(new URL('./busy-writer.ts', import.meta.url));

/** A fleet whose pools sleep: rounds from noon on, until the evening's changes have settled. */
async function aSleepingFleet(): Promise<CliWorld & { readonly store: string; readonly backup: string }> {
  const world = aCliWorld('2026-11-23T17:00:00Z');
  for (const minutes of [60, 10, 10, 10, 10]) {
    expect((await world.run('run', '--once')).code).toBe(0);
    await world.clock.advance(minutes * 60_000);
  }
  const at = (name: string) => join(world.folder, name);
  return {
    ...world,
    store: at('lamplighter.db'),
    backup: at('backup.db'),
    [Symbol.dispose]: () => world[Symbol.dispose](),
  };
}

/** The store of a fleet on which 0.1.0 ran. */
function aStoredFleet() {
  const world = aCliWorld('2026-11-29T13:22:05Z');
  const at = (name: string) => join(world.folder, name);
  copyFileSync('test/fixtures/stores/0.1.0.db', at('lamplighter.db'));
  return {
    ...world,
    store: at('lamplighter.db'),
    backup: at('backup.db'),
    [Symbol.dispose]: () => world[Symbol.dispose](),
  };
}

async function startWriter(store: string) {
  const child = spawn(process.execPath, [writer, store], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe('a backup taken while a process writes', () => {
  test('restores to a store with which nothing changes', async () => {
    using world = await aSleepingFleet();
    const before = await world.run('status', '--json');
    {
      await using _busy = await startWriter(world.store);
      const { code, out, err } = await world.run('store', 'backup', world.backup);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/backed up .*backup\.db: \d+ records; the last round ended 10m ago/);
    }
    const pair = dumpSqlite(world.backup).filter(({ key }) => key.partition === 'nodes/load');
    expect(pair.map(({ text }) => text)).toEqual([pair[0]?.text, pair[0]?.text]);
    expect((await world.runWith({}, 'store', 'verify', world.backup)).code).toBe(0);
    const restored = await world.run('store', 'restore', world.backup);
    expect({ code: restored.code, err: restored.err }).toEqual({ code: 0, err: '' });
    expect(restored.out).toContain('the old store is kept as');
    expect(restored.out).toContain('lamplighter plan');
    const round = await world.run('run', '--once');
    expect(round).toMatchObject({ code: 0, out: expect.stringContaining('0 changes') });
    const sizes = (text: string) => (JSON.parse(text) as { pools: { size: unknown; base: unknown }[] }).pools;
    expect(sizes((await world.run('status', '--json')).out).map(({ size, base }) => ({ size, base }))).toEqual(
      sizes(before.out).map(({ size, base }) => ({ size, base })),
    );
  });
});

describe('backup', () => {
  test('is readable by its owner alone, and leaves nothing beside it', async () => {
    using world = aStoredFleet();
    await world.run('store', 'backup', world.backup);
    expect(statSync(world.backup).mode & 0o777).toBe(0o600);
    expect(readdirSync(world.folder).filter((name) => name.startsWith('backup'))).toEqual(['backup.db']);
  });

  test('never writes over a file', async () => {
    using world = aStoredFleet();
    writeFileSync(world.backup, 'mine');
    const { code, err } = await world.run('store', 'backup', world.backup);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('exists already') });
    expect(readFileSync(world.backup, 'utf8')).toBe('mine');
  });

  test('of no store makes none', async () => {
    using world = aCliWorld();
    const { code, err } = await world.run('store', 'backup', join(world.folder, 'b.db'));
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('There is no store at') });
    expect(existsSync(join(world.folder, 'lamplighter.db'))).toBe(false);
  });

  test('into a folder that is not there says so', async () => {
    using world = aStoredFleet();
    const { code, err } = await world.run('store', 'backup', join(world.folder, 'none/b.db'));
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('exists and is writable') });
  });
});

describe('restore', () => {
  test('refuses while a process has the store open', async () => {
    using world = aStoredFleet();
    await world.run('store', 'backup', world.backup);
    const running = await openStore({ kind: 'sqlite', path: world.store }, { clock: world.clock, newId: randomId });
    await running.list('rules');
    const { code, err } = await world.run('store', 'restore', world.backup);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('is in use: stop the process') });
    expect(await running.list('rules')).not.toEqual([]);
    await running.close();
    expect((await world.run('store', 'restore', world.backup)).code).toBe(0);
    expect(readdirSync(world.folder).filter((name) => name.includes('part'))).toEqual([]);
  });

  test('keeps what was there, whole', async () => {
    using world = aStoredFleet();
    await world.run('store', 'backup', world.backup);
    await world.run('pause', '--for', '1h');
    const records = dumpSqlite(world.store);
    await world.run('store', 'restore', world.backup);
    const aside = readdirSync(world.folder).find((name) => name.includes('before-restore')) ?? '';
    expect(dumpSqlite(join(world.folder, aside))).toEqual(records);
    expect(dumpSqlite(world.store)).toEqual(dumpSqlite(world.backup));
  });

  test('works where the store is damaged or gone', async () => {
    using world = aStoredFleet();
    await world.run('store', 'backup', world.backup);
    truncateSync(world.store, 5000);
    expect((await world.run('status')).err).toContain('damaged');
    expect((await world.run('store', 'restore', world.backup)).code).toBe(0);
    expect((await world.run('status')).code).toBe(0);
  });

  test.each([
    ['a damaged file', (file: string) => truncateSync(file, 9000), 'is damaged'],
    ['a file of a newer version', (file: string) => change(file, 'pragma user_version = 99'), 'update this one'],
    ['another program’s database', (file: string) => change(file, 'pragma application_id = 7'), 'another program'],
    ['an empty file', (file: string) => truncateSync(file, 0), 'the file is empty'],
    ['a text', (file: string) => writeFileSync(file, 'x'.repeat(4096)), 'not a SQLite database'],
  ])('refuses %s, and changes nothing', async (_, spoil, message) => {
    using world = aStoredFleet();
    await world.run('store', 'backup', world.backup);
    chmodSync(world.backup, 0o600);
    spoil(world.backup);
    const records = dumpSqlite(world.store);
    const { code, err } = await world.run('store', 'restore', world.backup);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(message) });
    expect(dumpSqlite(world.store)).toEqual(records);
    expect(readdirSync(world.folder).filter((name) => /before-restore|part/.test(name))).toEqual([]);
  });
});

describe('verify', () => {
  test('knows every record that rounds and people leave', async () => {
    using world = aStoredFleet();
    expect((await world.run('run', '--once')).code).toBe(0);
    for (const argv of [
      ['pause', 'ml'],
      ['silence', 'dev-*'],
      ['scale', 'ml/gpu', '--at-least', '2'],
    ])
      expect((await world.run(...argv, '--for', '1h')).code).toBe(0);
    await world.run('approve');
    await world.run('doctor');
    const { code, out } = await world.run('store', 'verify');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^ok {2}.*intact \(integrity check\), schema 1/),
    });
  });

  test.each([
    ['no JSON', "'{'", 'is not JSON'],
    ['no schema', `'{"cluster":"x"}'`, 'has an unknown format'],
    ['another schema', `'{"schema":2,"cluster":"x","pools":{}}'`, 'has an unknown format'],
  ])('names a record with %s', async (_, value, message) => {
    using world = aStoredFleet();
    change(
      world.store,
      `update records set value = ${value} where rowid = (select min(rowid) from records where partition = 'clusters/r1')`,
    );
    const { code, out } = await world.run('store', 'verify');
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(message) });
    const json = JSON.parse((await world.run('store', 'verify', '--json')).out) as { ok: boolean; problems: string[] };
    expect({ ok: json.ok, problems: json.problems.length }).toEqual({ ok: false, problems: 1 });
  });

  test('reads the store of 0.1.0', async () => {
    using world = aCliWorld();
    const { code, out } = await world.runWith({}, 'store', 'verify', 'test/fixtures/stores/0.1.0.db');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('66 records') });
  });
});

test('a backup beside one that is under way leaves that one alone', async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  const target = join(world.folder, 'b.db');
  writeFileSync(`${target}.part`, 'of another');
  const { code, err } = await world.run('store', 'backup', target);
  expect([code, err]).toEqual([1, expect.stringContaining('another backup is running, or one was interrupted')]);
  expect(readFileSync(`${target}.part`, 'utf8')).toBe('of another');
});

const isRoot = process.getuid?.() === 0;
const unlessRoot = isRoot ? '' : ' (skipped: only root may give files away)';

test.skipIf(!isRoot)(`a store that root restores stays its owner’s${unlessRoot}`, async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  const [store, backup] = [join(world.folder, 'lamplighter.db'), join(world.folder, 'b.db')];
  expect((await world.run('store', 'backup', backup)).code).toBe(0);
  chownSync(store, 4711, 4712);
  expect((await world.run('store', 'restore', backup)).code).toBe(0);
  expect(statSync(store)).toMatchObject({ uid: 4711, gid: 4712 });
});
