import { readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import picomatch from 'picomatch';
import { FileError } from '../errors.ts';

/** A file that `include` names: its path from the folder of the config, with "/" on every machine. */
type FoundFile = {
  readonly path: string;
  /** Links lead to a place outside that folder. */
  readonly isOutside: boolean;
};

/** The files below `folder` that a pattern names, in order of their paths; none where none is there. Rejects with a reason in plain words. */
export type FindFiles = (folder: string, pattern: string) => Promise<readonly FoundFile[]>;

/**
 * `*`, `?`, `[ab]` and `{a,b}` stand for a part of one name, as in a shell: never for a slash, nor for the dot that a
 * hidden file begins with (editors keep such copies beside a file). Links are followed and said.
 */
export const findOwnFiles: FindFiles = async (folder, pattern) => {
  const root = await realpath(folder).catch(() => folder);
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  const paths = await findBelow(folder, '', names);
  return Promise.all(paths.sort().map(async (path) => ({ path, isOutside: await leadsOut(root, join(folder, path)) })));
};

async function findBelow(folder: string, above: string, [name, ...rest]: readonly string[]): Promise<string[]> {
  if (name === undefined) return [];
  const isWanted = picomatch(name, { dot: false, noextglob: true, nonegate: true, noglobstar: true });
  const entries = await readdir(join(folder, above), { withFileTypes: true }).catch(noneWhereNothingIs);
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name !== name && !isWanted(entry.name)) continue;
    const path = above === '' ? entry.name : `${above}/${entry.name}`;
    if (rest.length > 0) found.push(...(await findBelow(folder, path, rest)));
    else if (!entry.isDirectory()) found.push(path);
  }
  return found;
}

function noneWhereNothingIs(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
  throw new FileError(`its folder cannot be listed (${error.code ?? 'unknown reason'})`, 'let this user list it', {
    cause: error,
  });
}

async function leadsOut(root: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => path);
  const way = relative(root, real);
  return way === '..' || way.startsWith(`..${sep}`) || way.startsWith('/');
}
