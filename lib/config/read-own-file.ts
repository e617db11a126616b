import { readFile, stat } from 'node:fs/promises';

/** UTF-8 text of a file that only its owner and group may change: a config can name programs to run. */
export async function readOwnFile(path: string): Promise<string> {
  const { mode, size } = await stat(path).catch(explain);
  if (process.platform !== 'win32' && (mode & 0o002) !== 0)
    throw new Error('anybody on this machine may change it (chmod o-w)');
  if (size > 5_000_000) throw new Error('it is larger than 5 MB');
  return readFile(path, 'utf8').catch(explain);
}

const reasons: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read by this user',
  EISDIR: 'it is a folder',
};

function explain(error: NodeJS.ErrnoException): never {
  throw new Error(reasons[error.code ?? ''] ?? `reading failed (${error.code ?? 'unknown reason'})`, { cause: error });
}
