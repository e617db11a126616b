import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** Hands each test of a suite a place of its own for a store's file, where nothing is yet, and takes all of it away again. */
export function eachWithStoreFile(use: (path: string, folder: string) => void): void {
  let remove = () => {};
  beforeEach(() => {
    const made = makeTemporaryFolder();
    remove = made.remove;
    use(join(made.path, 'lamplighter.db'), made.path);
  });
  afterEach(() => remove());
}
