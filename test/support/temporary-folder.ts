import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder that `remove` takes away with all that is in it. */
export function makeTemporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'lamplighter-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
