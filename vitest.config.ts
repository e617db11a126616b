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
    // Node runs the sources as they are, as in `npm start`. Vite would rewrite each file, and each use of an import into a
    // call of a getter: a seventh of the processor time. Goes without vi.mock, which no test has.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Many tests wait for child processes and sockets: two cores carry three workers well.
    maxWorkers: 3,
    sequence: { sequencer: SlowestFirst },
    env: { ...compileCache, ...memoryFiles },
    setupFiles: ['test/support/each-worker.ts', 'test/support/property-seed.ts'],
    testTimeout: 60_000,
    // What comes from another process or over a socket comes late on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 60_000,
    reporters: ['default', new SkippedReporter()],
  },
});
