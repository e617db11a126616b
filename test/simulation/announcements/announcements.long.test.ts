import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { searchAnnouncedWorlds } from './announced-world.ts';
import { plantedAnnouncementBugs } from './planted-bugs.ts';

// In parts, so that the worker answers in between.
test.each(Array.from({ length: 20 }, (_, part) => 1_000 + part * 500))(
  'in 500 random worlds from seed %i on, words and deeds agree',
  { timeout: 600_000 },
  (first) => {
    expect(searchAnnouncedWorlds(first, 500).wrong).toEqual([]);
  },
);

// In a process of its own: a bug must not reach any other test.
test('each planted bug is caught', { timeout: 300_000 }, async () => {
  const script = fileURLToPath(new URL('replay-planted.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', script]);
  const replayed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly bug: string; readonly by?: string });
  expect(replayed.filter(({ by }) => by === undefined)).toEqual([]);
  expect(replayed).toHaveLength(plantedAnnouncementBugs.length);
});
