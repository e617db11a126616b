import { copyFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { sendJson, startServer } from '../../support/local-server.ts';
import { isLinux, unlessLinux } from '../../support/platform.ts';
import { openFilesBelow } from '../../support/store-file.ts';
import { aCliWorld, usualConfig } from '../cli-world.ts';

// A command that fails half-way closes what it opened: a store in use cannot be restored over.

const then = '2026-11-29T13:22:05Z';

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

const fixture = (path: string) => copyFileSync('test/fixtures/stores/0.1.0.db', path);
const broken: readonly (readonly [how: string, make: (path: string) => void])[] = [
  ['no database', (path) => writeFileSync(path, 'pools: []\n'.repeat(1000))],
  ['empty', (path) => writeFileSync(path, '')],
  ['of another program', (path) => change(path, 'create table people (name text)')],
  ['of a newer version', (path) => (fixture(path), change(path, 'pragma user_version = 9'))],
  ['without its records', (path) => (fixture(path), change(path, 'drop table records'))],
  ['with another table', (path) => (fixture(path), change(path, 'alter table records rename column value to text'))],
  ['without its end', (path) => (fixture(path), truncateSync(path, statSync(path).size - 100))],
];
const commands: readonly (readonly string[])[] = [
  ['status'],
  ['pause', '--for', '1h'],
  ['run', '--once'],
  ['store', 'verify'],
  ['store', 'backup', '{folder}/new.db'],
  ['store', 'restore', '{folder}/good.db'],
  ['store', 'restore', '{folder}/lamplighter.db'],
];

describe.skipIf(!isLinux)(`a store file${unlessLinux}`, () => {
  test.each(broken)('that is %s is not left open', async (_, make) => {
    using world = aCliWorld(then);
    for (const argv of commands) {
      rmSync(join(world.folder, 'lamplighter.db'), { force: true });
      make(join(world.folder, 'lamplighter.db'));
      fixture(join(world.folder, 'good.db'));
      const { err } = await world.run(...argv.map((word) => word.replace('{folder}', world.folder)));
      expect(err).not.toContain('unexpected error');
      expect([argv, openFilesBelow(world.folder)]).toEqual([argv, []]);
    }
  });

  const destination = 'destinations: { ops: { kind: slack, url: { env: NOWHERE } } }\n';
  test.each([
    [['run', '--listen', '{taken}']],
    [['page', '--listen', '{taken}']],
    [['page', '--out', '{folder}/none/page.html']],
    [['outbox', 'test', 'ops']],
    [['outbox', 'drop', 'none']],
    [['explain', 'none/none']],
    [['plan', 'none/none']],
  ])('is not left open by %j, which fails', async (argv) => {
    await using server = await startServer(() => undefined);
    using world = aCliWorld(then, `${usualConfig}${destination}`);
    fixture(join(world.folder, 'lamplighter.db'));
    const taken = server.url.replace('http://', '');
    const words = argv.map((word) => word.replace('{folder}', world.folder).replace('{taken}', taken));
    expect((await world.run('check')).code).toBe(0);
    expect((await world.run(...words)).code).not.toBe(0);
    expect(openFilesBelow(world.folder)).toEqual([]);
  });

  test('is not left open by a backup that has no room for its copy', async () => {
    using world = aCliWorld(then);
    fixture(join(world.folder, 'lamplighter.db'));
    writeFileSync(join(world.folder, 'new.db.part'), '');
    expect((await world.run('store', 'backup', join(world.folder, 'new.db'))).code).toBe(1);
    expect(openFilesBelow(world.folder)).toEqual([]);
  });
});

describe('AWS', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const reach = (url: string) => {
    const aws = { ENDPOINT_URL: url, REGION: 'eu-central-1', ACCESS_KEY_ID: 'a', SECRET_ACCESS_KEY: 'b' };
    for (const [name, value] of Object.entries(aws)) vi.stubEnv(`AWS_${name}`, value);
  };

  test.each([
    [['pause', '--for', '1h']],
    [['store', 'verify']],
    [['store', 'copy', '{folder}/good.db', 'dynamodb:other']],
  ])('that refuses is not left connected by %j', async (argv) => {
    await using server = await startServer((_, response) =>
      sendJson(response, 400, { __type: 'com.amazonaws.dynamodb#AccessDeniedException' }),
    );
    reach(server.url);
    using world = aCliWorld(then, `${usualConfig}store: { kind: dynamodb, table: state }\n`);
    fixture(join(world.folder, 'good.db'));
    const words = argv.map((word) => word.replace('{folder}', world.folder));
    const config = words[1] === 'copy' ? [] : ['--config', world.config];
    const { code } = await world.runWith({ clock: systemClock }, ...words, ...config);
    expect(code).toBe(1);
    expect(server.seen.length).toBeGreaterThan(0);
    await expect.poll(server.connections).toBe(0);
  });

  test.skipIf(!isLinux)(`with a damaged record leaves no half copy, and none open${unlessLinux}`, async () => {
    const item = { pk: { S: 'fleet' }, sk: { S: 'a' }, value: { S: '{"schema":' }, version: { S: 'v' } };
    await using server = await startServer((_, response) => sendJson(response, 200, { Items: [item] }));
    reach(server.url);
    using world = aCliWorld(then);
    const argv = ['store', 'copy', 'dynamodb:state', join(world.folder, 'new.db')];
    const { code, err } = await world.runWith({ clock: systemClock }, ...argv);
    expect([code, err]).toEqual([1, expect.stringContaining('is damaged, its value is not JSON')]);
    expect(readdirSync(world.folder)).toEqual(['lamplighter.yml']);
    expect(openFilesBelow(world.folder)).toEqual([]);
  });
});
