import { readdirSync, readlinkSync } from 'node:fs';
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

/** The files below a path that this process has open, deleted ones too. Linux alone tells. */
export function openFilesBelow(path: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const link = linkOf(`/proc/self/fd/${fd}`);
    return link?.startsWith(path) === true ? [link] : [];
  });
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
