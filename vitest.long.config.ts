import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig, mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** What is rare takes many tries: properties get new inputs here, ten times as many, and what runs.ts bounds is not bounded. */
const deeper = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`)
  .filter((path) => /from '(?:fast-check|.*\/support\/runs\.ts)'/.test(readFileSync(path, 'utf8')));

/** What takes longer than a developer waits: `npm run test:long`. One file at a time, since some measure. */
export default defineConfig(() => {
  const { test, ...rest } = mergeConfig(config, {
    test: {
      maxWorkers: 1,
      testTimeout: 300_000,
      hookTimeout: 300_000,
      env: {
        LAMPLIGHTER_SEED: process.env['LAMPLIGHTER_SEED'] ?? 'random',
        LAMPLIGHTER_RUNS: process.env['LAMPLIGHTER_RUNS'] ?? '10',
        LAMPLIGHTER_KILLS: process.env['LAMPLIGHTER_KILLS'] ?? '20',
      },
    },
  });
  return {
    ...rest,
    test: { ...test, include: ['test/**/*.long.test.ts', 'test/journeys/kill.test.ts', ...deeper], exclude: [] },
  };
});
