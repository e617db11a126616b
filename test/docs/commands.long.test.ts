import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shellBlocks, wordsOf } from './doc-commands.ts';
import { runLong } from './long-commands.ts';

const written = shellBlocks.flatMap(({ commands }) => commands.map(({ text }) => text));
const folder = mkdtempSync(join(tmpdir(), 'lamplighter-docs-'));
const fleet = join(folder, 'my-fleet.yml');

beforeAll(() => copyFileSync('deploy/lamplighter.aws.example.yml', fleet));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(runLong)('%s', (text) => {
  expect(written).toContain(text);
  const [program = '', ...words] = wordsOf(text).map((word) => (word === 'my-fleet.yml' ? fleet : word));
  const into = text === 'npm pack' ? ['--pack-destination', folder] : [];
  const { status, stderr } = spawnSync(program, [...words, ...into], {
    encoding: 'utf8',
    timeout: 240_000,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/error/i) });
});
