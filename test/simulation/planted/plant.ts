import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { dependentsOf } from './dependents.ts';

/** A small change to production code. Each `find` stands exactly once in its file, however that is formatted. */
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

/**
 * The source with the bug in it. Its place is found by its words: blanks, line breaks, commas at an end and comment lines do
 * not count, so that neither the formatter nor a remark moves it away.
 */
export function changed(bug: Plantable, file: string, source: string): string {
  return bug.changes
    .filter((change) => change.file === file)
    .reduce((text, { find, replace }) => {
      const places = placesOf(text, find);
      const [place] = places;
      if (place === undefined || places.length > 1)
        throw new PlantError(`${bug.name}: ${file} holds its place ${places.length} times${nearest(text, find)}`);
      return text.slice(0, place.from) + replace + text.slice(place.to);
    }, source);
}

type Place = { readonly from: number; readonly to: number };

function placesOf(source: string, find: string): readonly Place[] {
  const { text, at } = wordsOf(source);
  const wanted = wordsOf(find).text;
  const found: Place[] = [];
  for (let i = text.indexOf(wanted); i >= 0; i = text.indexOf(wanted, i + 1)) {
    found.push({ from: at[i] as number, to: (at[i + wanted.length - 1] as number) + 1 });
  }
  return found;
}

const layout = /(?<layout>(?<=^[ \t]*)(?:\/\/|\/\*\*|\* ).*$|,(?=\s*[)\]}])|\s+)|[^]/gm;

/** What is left of a source without what a formatter decides, and where each character of it stood. */
function wordsOf(source: string): { readonly text: string; readonly at: readonly number[] } {
  const words = [...source.matchAll(layout)].filter(({ groups }) => groups?.['layout'] === undefined);
  return { text: words.map(([word]) => word).join(''), at: words.map(({ index }) => index) };
}

/** Where it probably is now: the line that shares most words with what was looked for. */
function nearest(source: string, find: string): string {
  const wanted = new Set(find.match(/\w+/g));
  const likeness = (line: string) => {
    const words = line.match(/\w+/g) ?? [];
    return words.filter((word) => wanted.has(word)).length / (wanted.size + words.length);
  };
  const lines = source.split('\n').map((line, i) => ({ line: line.trim(), number: i + 1, likeness: likeness(line) }));
  const [like] = lines.toSorted((x, y) => y.likeness - x.likeness);
  return like === undefined ? '' : `; line ${like.number} is most like it: ${like.line}`;
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
