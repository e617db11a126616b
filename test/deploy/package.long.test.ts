import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

/** The package as a release makes it, unpacked; its dependencies are those of this checkout, since no registry is asked. */
const folder = mkdtempSync(join(tmpdir(), 'lamplighter-package-'));
const installed = join(folder, 'package');
const cli = join(installed, packageJson.bin.lamplighter);
/** NODE22=/path/to/node: the oldest that is supported. */
const node22 = process.env['NODE22'] ?? 'node22';
const hasNode22 = spawnSync(node22, ['--version']).status === 0;
const nodes = [
  ['this Node', process.execPath, true],
  [`Node 22${hasNode22 ? '' : ' (skipped: NODE22 names none)'}`, node22, hasNode22],
] as const;

describe('the package', () => {
  beforeAll(() => {
    execFileSync('npm', ['pack', '--pack-destination', folder], { stdio: 'pipe' });
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    execFileSync('tar', ['-xzf', join(folder, archive), '-C', folder]);
    symlinkSync(join(process.cwd(), 'node_modules'), join(installed, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, node, isThere] of nodes)
    test.skipIf(!isThere)(`runs on ${name}`, () => {
      const told = execFileSync(node, [cli, 'version', '--json'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(JSON.parse(told)).toMatchObject({ version: packageJson.version });
      const config = join(folder, 'lamplighter.yml');
      writeFileSync(config, readFileSync('lamplighter.example.yml', 'utf8'), { mode: 0o600 });
      const { status } = spawnSync(node, [cli, 'check', '--config', config], { encoding: 'utf8' });
      expect(status).toBe(0);
    });

  test('brings its manual page, its docs and the lock of what was tested', () => {
    for (const page of packageJson.man)
      expect(readFileSync(join(installed, page), 'utf8')).toMatch(/^\.TH LAMPLIGHTER 1/);
    for (const file of ['docs/runbooks.md', 'lamplighter.schema.json', 'npm-shrinkwrap.json', 'README.md', 'LICENSE'])
      expect([file, existsSync(join(installed, file))]).toEqual([file, true]);
    expect(existsSync(join(installed, 'lib'))).toBe(false);
    expect(existsSync('npm-shrinkwrap.json')).toBe(false);
  });
});
