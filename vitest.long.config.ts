import { defineConfig, mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** What takes longer than a developer waits: `npm run test:long`. One file at a time, since some measure. */
export default defineConfig(() => {
  const { test, ...rest } = mergeConfig(config, {
    test: { maxWorkers: 1, testTimeout: 300_000, hookTimeout: 300_000 },
  });
  return { ...rest, test: { ...test, include: ['test/**/*.long.test.ts'], exclude: [] } };
});
