import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machineZone } from '../../lib/cli/machine-zone.ts';

test.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  [undefined, 'UTC'],
  ['', 'UTC'],
  ['Etc/Unknown', 'UTC'],
])('a machine set to %o shows times in %s', (given, zone) => {
  expect(machineZone(given)).toBe(zone);
});

const main = join(import.meta.dirname, '..', '..', 'lib', 'cli', 'main.ts');
const example = join(import.meta.dirname, '..', '..', 'lamplighter.example.yml');

test('a command works with a TZ that names no zone', () => {
  const text = execFileSync(process.execPath, [main, 'history', '--config', example], {
    env: { ...process.env, TZ: 'Foo/Bar' },
    encoding: 'utf8',
  });
  expect(text).toMatch(/nothing was decided since \d{4}-\d{2}-\d{2}/u);
});
