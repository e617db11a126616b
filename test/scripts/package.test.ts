import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { serverlessArguments } from '../../scripts/package.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

describe('npm run package --', () => {
  test.each([
    [[], ['package']],
    [
      ['--config', 'my.yml'],
      ['package', '--param', 'config=my.yml'],
    ],
    [
      ['--config=my.yml', '--stage', 'test'],
      ['package', '--param', 'config=my.yml', '--stage', 'test'],
    ],
  ])('%j', (words, expected) => {
    expect(serverlessArguments(words)).toEqual(expected);
  });

  test.each([[['--config']], [['--config=']], [['--config', '--stage', 'test']]])('%j is refused', async (words) => {
    expect(await said(words)).toEqual({ code: 1, text: '--config names no file: write --config my-fleet.yml\n' });
  });

  test('a wrong config is told without a stack', async () => {
    const folder = makeTemporaryFolder();
    const file = `${folder.path}/wrong.yml`;
    writeFileSync(file, 'regions: { r1: { api: eumetsat-r9, token: { env: T } } }\n', { mode: 0o600 });
    const { code, text } = await said(['--config', file]);
    folder.remove();
    expect(code).toBe(1);
    expect(text).toContain('there is no known API "eumetsat-r9"');
    expect(text).not.toMatch(/^ +at /mu);
  }, 60_000);
});

async function said(words: readonly string[]): Promise<{ readonly code: unknown; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/package.ts', ...words], (error, stdout, stderr) =>
      resolve({ code: error?.code, text: stdout + stderr }),
    );
  });
}
