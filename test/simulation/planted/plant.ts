import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { PlantedBug } from './bugs.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A change whose place is not there any more, or is there twice. Such a bug proves nothing, so it fails. */
export class PlantError extends Error {}

let plantings = 0;

/**
 * Loads a module, and everything of this project that it needs, anew with the bug in it. The files stay as they are:
 * what is changed is their text on its way into the program.
 */
export async function importWith<T>(bug: PlantedBug, module: URL): Promise<T> {
  const tag = `planted=${(plantings += 1)}`;
  const open = new Set(bug.changes.map(({ file }) => file));
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const isOurs =
        found.url.startsWith('file:') && !found.url.includes('/node_modules/') && found.url.includes('.ts');
      const isTagged = context.parentURL?.includes(tag) === true || specifier.includes(tag);
      return isOurs && isTagged ? { ...found, url: `${found.url.replace(/\?.*$/, '')}?${tag}` } : found;
    },
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith(tag)) return loaded;
      const file = fileURLToPath(url.replace(/\?.*$/, '')).slice(root.length);
      open.delete(file);
      return { ...loaded, source: changed(bug, file, textOf(loaded.source)) };
    },
  });
  try {
    const imported = (await import(`${module.href}?${tag}`)) as T;
    if (open.size > 0) throw new PlantError(`${bug.name}: ${[...open].join(', ')} was not loaded`);
    return imported;
  } finally {
    hooks.deregister();
  }
}

export function changed(bug: PlantedBug, file: string, source: string): string {
  return bug.changes
    .filter((change) => change.file === file)
    .reduce((text, { find, replace }) => {
      const parts = text.split(find);
      if (parts.length !== 2) throw new PlantError(`${bug.name}: ${file} holds its place ${parts.length - 1} times`);
      return parts.join(replace);
    }, source);
}

/** A loader hands text over as a string or as its bytes. */
function textOf(source: string | NodeJS.ArrayBufferView | ArrayBuffer | undefined | null): string {
  if (typeof source === 'string') return source;
  return source ? new TextDecoder().decode(source) : '';
}
