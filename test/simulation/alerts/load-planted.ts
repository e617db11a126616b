import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** One file of the production source with one sentence changed. */
type Planted = { readonly name: string; readonly file: string; readonly find: string; readonly put: string };

let bugs: ReadonlyMap<string, Planted> = new Map();

/**
 * Each bug has its own copy of the project's modules: their addresses carry its number, and one file is changed. The
 * hooks stay, since a job is loaded when it first runs.
 */
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context);
    const planted = /\?bug=\d+$/.exec(context.parentURL ?? '')?.[0];
    const isOurs = planted !== undefined && found.url.startsWith('file:') && !found.url.includes('/node_modules/');
    return isOurs && !found.url.includes('?') ? { ...found, url: `${found.url}${planted}` } : found;
  },
  load: (url, context, next) => {
    const loaded = next(url, context);
    const bug = bugs.get(/\?bug=(\d+)$/.exec(url)?.[1] ?? '');
    if (bug === undefined || !new URL(url).pathname.endsWith(bug.file)) return loaded;
    return { ...loaded, source: plant(readFileSync(new URL(new URL(url).pathname, 'file:///'), 'utf8'), bug) };
  },
});

function plant(source: string, { find, put, name }: Planted): string {
  if (source.split(find).length !== 2) throw new Error(`"${name}" finds its place no more`);
  return source.replace(find, () => put);
}

/** The module at this address with the bug in everything it imports. */
export async function loadWith<T>(bug: Planted, module: URL): Promise<T> {
  const number = String(bugs.size + 1);
  bugs = new Map([...bugs, [number, bug]]);
  return (await import(`${module.href}?bug=${number}`)) as T;
}
