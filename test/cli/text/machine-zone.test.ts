import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machineZone } from '../../../lib/cli/text/instant.ts';
import { builtCli } from '../../support/built-cli.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';

test.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  [undefined, 'UTC'],
  ['', 'UTC'],
  ['Etc/Unknown', 'UTC'],
])('a machine set to %o shows times in %s', (given, zone) => {
  expect(machineZone(given)).toBe(zone);
});

test('a command works with a TZ that names no zone', async () => {
  const { path: folder, remove } = makeTemporaryFolder();
  const config = join(folder, 'lamplighter.yml');
  writeFileSync(config, 'regions: { r1: { api: "http://127.0.0.1:8090", token: { env: A } } }\n');
  const text = execFileSync(process.execPath, [await builtCli(), 'history', '--config', config], {
    env: { ...process.env, TZ: 'Foo/Bar' },
    encoding: 'utf8',
  });
  remove();
  expect(text).toMatch(/no decisions since \w{3} \d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC/u);
});
