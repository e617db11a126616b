import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folders = ['lib', 'test'];
let importers: ReadonlyMap<string, readonly string[]> | undefined;

/** These files and everything of the project that imports them, directly or not. Paths from the project's folder. */
export function dependentsOf(root: string, files: readonly string[]): ReadonlySet<string> {
  importers ??= readImporters(root);
  const found = new Set(files);
  for (const file of found) for (const importer of importers.get(file) ?? []) found.add(importer);
  return found;
}

function readImporters(root: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of folders.flatMap((folder) => typescriptIn(root, folder))) {
    for (const [, specifier = ''] of readFileSync(join(root, file), 'utf8').matchAll(
      /(?:from|import)\s*\(?\s*'(\.[^']+)'/g,
    )) {
      const imported = join(dirname(file), specifier);
      const known = found.get(imported) ?? [];
      known.push(file);
      found.set(imported, known);
    }
  }
  return found;
}

function typescriptIn(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}
