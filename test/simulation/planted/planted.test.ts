import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { plantedAlertBugs } from '../alerts/planted-bugs.ts';
import { plantedAnnouncementBugs } from '../announcements/planted-bugs.ts';
import { plantedEventBugs } from '../events/planted-bugs.ts';
import { plantedBugs } from './bugs.ts';
import caught from './caught.json' with { type: 'json' };
import type { Replayed } from './hunting.ts';
import { changed } from './plant.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const everyBug = [...plantedBugs, ...plantedAlertBugs, ...plantedEventBugs, ...plantedAnnouncementBugs];

describe('the place of a bug', () => {
  const planted = (find: string, source: string) =>
    changed({ name: 'one', changes: [{ file: 'a.ts', find, replace: 'BUG' }] }, 'a.ts', source);

  test.each([
    ['on one line', 'const a = 1;\nreturn f(a, b);\n'],
    ['on several', 'const a = 1;\nreturn f(\n  a,\n  b,\n);\n'],
    ['with a remark in between', 'const a = 1;\nreturn f(\n  a,\n  // the other one\n  b,\n);\n'],
  ])('is found %s', (_name, source) => {
    expect(planted('return f(a, b);', source)).toBe('const a = 1;\nBUG\n');
  });

  test.each([
    ['is gone', 'return g(a, b);', 'one: a.ts holds its place 0 times; line 1 is most like it: return g(a, b);'],
    ['is there twice', 'return f(a, b);\nreturn f(a, b);', /holds its place 2 times/],
  ])('that %s fails', (_name, source, problem) => {
    expect(() => planted('return f(a, b);', source)).toThrow(problem);
  });
});

describe('planted bugs', () => {
  test.each(everyBug.map((bug) => [bug.name, bug] as const))('%s still has its place in the code', (_name, bug) => {
    for (const { file } of bug.changes) {
      const source = readFileSync(`${root}${file}`, 'utf8');
      expect(changed(bug, file, source)).not.toBe(source);
    }
  });

  test('each has a seed that catches it, on both adapters', () => {
    const recorded = caught.map(({ bug, store }) => `${bug} on ${store}`).sort();
    const wanted = plantedBugs.flatMap(({ name }) => [`${name} on memory`, `${name} on dynamodb`]).sort();
    expect(recorded).toEqual(wanted);
    expect(plantedBugs.length).toBeGreaterThanOrEqual(30);
  });

  test('each stands in docs/reliability.md with its seeds', () => {
    const doc = readFileSync(`${root}docs/reliability.md`, 'utf8');
    const rows = new Map(doc.split('\n').map((line) => [line.split(' | ')[0], line]));
    const seedsOf = (name: string) => caught.filter(({ bug }) => bug === name).map(({ seed }) => ` | ${seed}: `);
    const missing = plantedBugs.filter(({ name, what }) =>
      seedsOf(name).some((seed) => rows.get(`| ${what}`)?.includes(seed) !== true),
    );
    expect(missing).toEqual([]);
  });

  // In a process of its own: a bug must not reach any other test. The others are replayed by `npm run test:long`.
  test('a few are caught by their seeds, on both adapters', { timeout: 300_000 }, async () => {
    const script = fileURLToPath(new URL('replay.ts', import.meta.url));
    const args = ['--disable-warning=ExperimentalWarning', script, '--few'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const replayed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Replayed);
    expect(replayed.filter(({ by }) => by === undefined)).toEqual([]);
    expect(new Set(replayed.map(({ store }) => store))).toEqual(new Set(['memory', 'dynamodb']));
    expect(replayed.length).toBeGreaterThanOrEqual(4);
  });
});
