import { existsSync, globSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { expect, test } from 'vitest';

const { files, man } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly files: readonly string[];
  readonly man: unknown;
};

/** What the command line and the files it writes point at, in help and in comments of a first config. */
const pointedAt = [
  ...new Set(
    globSync('lib/cli/**/*.ts')
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .filter((line) => !/^\s*(\/\/|\/?\*)/.test(line))
      .flatMap((line) => line.match(/\b(docs|events|deploy)\/[\w/-]+\.\w+/g) ?? []),
  ),
];

/** A single path would be allowed, and npm 11 links none of it. */
test('npm install --global links the manual page', () => {
  expect(man).toEqual(['dist/cli/lamplighter.1']);
});

test('there are such files at all', () => {
  expect(pointedAt).toEqual(expect.arrayContaining(['docs/config.md', 'docs/json.md', 'events/http-native.json']));
});

test.each(pointedAt)('%s is there, and in the installed package', (path) => {
  expect(existsSync(path)).toBe(true);
  expect(files.some((each) => path.startsWith(`${each}/`) || matchesGlob(path, each))).toBe(true);
});
