import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = readFileSync('SECURITY.md', 'utf8');

test('every test that a promise names is there', () => {
  const named = [...text.matchAll(/`(test\/[^`]+)`/gu)].map(([, file = '']) => file);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !existsSync(file))).toEqual([]);
});

test.each(['without a secret', 'API', 'chat', 'config', 'calendar file', 'program that prints a secret', 'store'])(
  'the threat model knows: %s',
  (who) => {
    const row = text.split('\n').find((line) => line.startsWith('|') && line.split('|')[1]?.includes(`**${who}**`));
    expect(row?.split('|')).toHaveLength(6);
    expect(row).toContain('`test/');
  },
);
