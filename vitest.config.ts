import { defineConfig } from 'vitest/config';
import { compileCache } from './test/support/compile-cache.ts';
import { memoryFiles } from './test/support/memory-files.ts';
import { SkippedReporter } from './test/support/skipped-reporter.ts';
import { SlowestFirst } from './test/support/slowest-first.ts';
import { tuneThreads } from './test/support/tuned-threads.ts';

tuneThreads();

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Those run with `npm run test:long`.
    exclude: ['test/**/*.long.test.ts'],
    pool: 'threads',
    // 600 small tests: 8.9 s isolated, 0.6 s shared. Tests therefore keep no state in modules.
    isolate: false,
    // Many tests wait for child processes and sockets: two cores carry three workers well.
    maxWorkers: 3,
    sequence: { sequencer: SlowestFirst },
    env: { ...compileCache, ...memoryFiles },
    setupFiles: ['test/support/property-seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', new SkippedReporter()],
  },
});
