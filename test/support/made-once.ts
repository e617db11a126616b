import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../lib/io/clock.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * A folder that costs seconds to fill: filled once for all tests, and again only when one of its sources has changed (files
 * and folders of the project). Whoever comes second waits for the first. `fill` gets a folder with the same parents.
 */
export async function madeOnce(
  name: string,
  sources: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const kept = join(root, 'node_modules/.cache', name);
  const hash = hashOf([...sources, 'package-lock.json']);
  const folder = join(kept, hash);
  mkdirSync(kept, { recursive: true });
  while (!existsSync(folder)) {
    const lock = join(kept, `${hash}.lock`);
    if (takeLock(lock)) await make(kept, hash, fill).finally(() => rmSync(lock, { recursive: true, force: true }));
    else await systemClock.sleep(50);
  }
  return folder;
}

/** One that is older than any filling was left behind by a run that was killed. */
function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && systemClock.now() - made > 120_000) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

async function make(kept: string, hash: string, fill: (folder: string) => Promise<void>): Promise<void> {
  for (const old of readdirSync(kept)) if (!old.startsWith(hash)) rmSync(join(kept, old), { recursive: true });
  const filling = join(kept, `${hash}-filling`);
  rmSync(filling, { recursive: true, force: true });
  mkdirSync(filling);
  await fill(filling);
  renameSync(filling, join(kept, hash));
}

function hashOf(sources: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const name of sources) {
    const path = join(root, name);
    const isFile = /\.\w+$/u.test(name);
    const files = isFile ? [path] : readdirSync(path, { recursive: true, withFileTypes: true }).flatMap(pathOf).sort();
    for (const file of files) hash.update(`\n${file}\n`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 32);
}

function pathOf(entry: { readonly isFile: () => boolean; readonly parentPath: string; readonly name: string }) {
  return entry.isFile() ? [join(entry.parentPath, entry.name)] : [];
}
