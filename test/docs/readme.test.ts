import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const readme = readFileSync('README.md', 'utf8');

test('the README has the two commands, and CI runs the second', () => {
  expect(readme).toMatch(/^npm ci && npm start\b/mu);
  const [command] = /^npm ci && npm test\b/mu.exec(readme) ?? [];
  expect(command).toBe('npm ci && npm test');
  expect(readFileSync('.ci/run', 'utf8').split('\n')).toContain(command);
});

test('its two pictures and all its links lead somewhere', () => {
  const targets = [...readme.matchAll(/\]\(([^)#]+)/gu)].map(([, target = '']) => target);
  expect(targets.filter((target) => target.endsWith('.png'))).toHaveLength(2);
  expect(targets.filter((target) => !target.startsWith('https:') && !existsSync(target))).toEqual([]);
});
