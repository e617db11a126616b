import { fileURLToPath } from 'node:url';

/**
 * For processes that a test starts: code that was compiled once is taken from here, so that a command starts in half the
 * time. https://nodejs.org/api/module.html#module-compile-cache
 */
export const compileCache = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/lamplighter-tests', import.meta.url)),
} as const;
