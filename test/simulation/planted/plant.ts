import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { dependentsOf } from './dependents.ts';

/** A small change to production code. Each `find` stands exactly once in its file. */
export type Plantable = {
  readonly name: string;
  readonly changes: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
};

/** A change whose place is not there any more, or is there twice. Such a bug proves nothing, so it fails. */
export class PlantError extends Error {}

type Planting = { readonly bug: Plantable; readonly affected: ReadonlySet<string>; readonly open: Set<string> };

const root = fileURLToPath(new URL('../../../', import.meta.url));
const plantings = new Map<string, Planting>();

/**
 * Each bug has its own copy of what depends on the changed files: the addresses of those modules carry its number. All
 * other modules are shared, and the files stay as they are: what is changed is their text on its way into the program.
 * The hooks stay, since a job is loaded when it first runs.
 */
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context);
    const tag = /\?planted=\d+$/.exec(context.parentURL ?? '')?.[0];
    const planting = tag === undefined ? undefined : plantings.get(tag);
    return planting?.affected.has(fileOf(found.url))
      ? { ...found, url: `${found.url.replace(/\?.*$/, '')}${tag}` }
      : found;
  },
  load: (url, context, next) => {
    const loaded = next(url, context);
    const planting = plantings.get(/\?planted=\d+$/.exec(url)?.[0] ?? '');
    if (planting === undefined) return loaded;
    const file = fileOf(url);
    planting.open.delete(file);
    return { ...loaded, source: changed(planting.bug, file, textOf(loaded.source)) };
  },
});

/** The module at this address with the bug in everything it imports. */
export async function importWith<T>(bug: Plantable, module: URL): Promise<T> {
  const tag = `?planted=${plantings.size + 1}`;
  const files = bug.changes.map(({ file }) => file);
  const planting: Planting = { bug, affected: dependentsOf(root, files), open: new Set(files) };
  plantings.set(tag, planting);
  return (await import(`${module.href}${tag}`)) as T;
}

/** Fails for a bug whose place was never reached: asked after the module has run. */
export function assertPlanted(bug: Plantable): void {
  const planting = [...plantings.values()].findLast((one) => one.bug === bug);
  if (planting && planting.open.size > 0)
    throw new PlantError(`${bug.name}: ${[...planting.open].join(', ')} was not loaded`);
}

export function changed(bug: Plantable, file: string, source: string): string {
  return bug.changes
    .filter((change) => change.file === file)
    .reduce((text, { find, replace }) => {
      const parts = text.split(find);
      if (parts.length !== 2) throw new PlantError(`${bug.name}: ${file} holds its place ${parts.length - 1} times`);
      return parts.join(replace);
    }, source);
}

/** From the project's folder; '' for a module of somebody else. */
function fileOf(url: string): string {
  if (!url.startsWith('file:') || url.includes('/node_modules/')) return '';
  return fileURLToPath(url.replace(/\?.*$/, '')).slice(root.length);
}

/** A loader hands text over as a string or as its bytes. */
function textOf(source: string | NodeJS.ArrayBufferView | ArrayBuffer | undefined | null): string {
  if (typeof source === 'string') return source;
  return source ? new TextDecoder().decode(source) : '';
}
