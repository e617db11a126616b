import { readFile, stat } from 'node:fs/promises';
import { FileError } from '../errors.ts';

/** UTF-8 text of a file that only its owner and group may change: a config can name programs to run. */
export async function readOwnFile(path: string): Promise<string> {
  const { mode, size } = await stat(path).catch(explain);
  if (process.platform !== 'win32' && (mode & 0o002) !== 0)
    throw new FileError('anybody on this machine may change it', `chmod o-w ${path}`);
  if (size > 5_000_000) throw new FileError('it is larger than 5 MB', 'is this the right file?');
  return textOf(await readFile(path).catch(explain));
}

/** Editors on Windows may save UTF-16, which begins with one of two marks; read as UTF-8 it would be noise. */
function textOf(bytes: Buffer): string {
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe' || mark === 'feff') throw new FileError('it is in UTF-16', 'save it as UTF-8');
  return bytes.toString('utf8');
}

const reasons: { readonly [code: string]: readonly [message: string, fix?: string] } = {
  ENOENT: ['there is no such file'],
  EACCES: ['it may not be read by this user', 'let this user read it'],
  EISDIR: ['it is a folder', 'give the path of a file'],
};

function explain(error: NodeJS.ErrnoException): never {
  const [message, fix] = reasons[error.code ?? ''] ?? [`reading failed (${error.code ?? 'unknown reason'})`];
  throw new FileError(message, fix, { cause: error });
}
