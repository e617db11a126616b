import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';

const page = readFileSync('docs/architecture.md', 'utf8');

/** Every path that the page names, as it stands between backticks. */
const named = [...page.matchAll(/`((?:lib|functions|test|docs)\/[\w./-]*)`/g)].map((match) => match[1] as string);
const questions = page
  .slice(page.indexOf('## Ten questions'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`'));

describe('the map for newcomers', () => {
  test('names only what is there', () => {
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    expect(named.length).toBeGreaterThan(30);
  });

  test('names files of a folder by names that are there', () => {
    const bare = [...page.matchAll(/`([\w-]+\.ts)`/g)].map((match) => match[1] as string);
    const folders = ['lib/decide/scaling', 'lib/jobs/scale'];
    expect(bare.filter((name) => !folders.some((folder) => existsSync(`${folder}/${name}`)))).toEqual([]);
  });

  test('answers ten questions, each by another file', () => {
    const files = questions.map((line) => /`([^`]+\.ts)`/.exec(line)?.[1] ?? line);
    expect(new Set(files.map((file) => basename(file))).size).toBe(10);
  });

  test('links to decisions that are there', () => {
    const links = [...page.matchAll(/\]\(([\w./-]+\.md)\)/g)].map((match) => `docs/${match[1]}`);
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });
});
