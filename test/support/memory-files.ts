import { accessSync, constants, statfsSync } from 'node:fs';

const inMemory = '/dev/shm';
/** A container may have 64 MB of it: too little for all that tests write. */
const enoughBytes = 1024 ** 3;

/**
 * For temporary folders: in memory where the system has such a place with room, since every commit of a store waits for the
 * disk. Elsewhere the usual folder.
 */
export const memoryFiles: { readonly TMPDIR?: string } = hasRoom() ? { TMPDIR: inMemory } : {};

function hasRoom(): boolean {
  try {
    accessSync(inMemory, constants.W_OK);
    const { bavail, bsize } = statfsSync(inMemory);
    return bavail * bsize >= enoughBytes;
  } catch {
    return false;
  }
}
