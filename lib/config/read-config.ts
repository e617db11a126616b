import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { FileError } from '../errors.ts';
import type { CompiledConfig } from '../model/config.ts';
import type { EpochMs } from '../model/time.ts';
import type { ReadFile, Target } from './compile/context.ts';
import { type ConfigOutcome, compileConfig } from './compile-config.ts';
import type { Problem } from './problem.ts';

/** What a round gets: the config in force, and whether the file now holds an invalid one. */
export type ConfigReading =
  | {
      readonly ok: true;
      readonly config: CompiledConfig;
      readonly changed: boolean;
      readonly problems: readonly Problem[];
    }
  | {
      readonly ok: false;
      /** The last good one; undefined when there never was one. */
      readonly config: CompiledConfig | undefined;
      readonly changed: false;
      readonly problems: readonly Problem[];
    };

export type ConfigReader = (now: EpochMs) => Promise<ConfigReading>;

/**
 * Reads the config anew for each round, and compiles it only when it, a calendar file it reads, or the year (which
 * moves the horizon of holidays) has changed. An invalid one leaves the last good one in force; so does a machine that is
 * short of files or memory just now, which says nothing about the config.
 */
export function makeConfigReader(file: string, options: Omit<LoadOptions, 'now'> = {}): ConfigReader {
  let isShort = false;
  const read: ReadFile = (path) =>
    (options.readFile ?? readOwnFile)(path).catch((error: unknown) => {
      isShort ||= isShortage(error);
      throw error;
    });
  let last: { readonly key: string; readonly paths: readonly string[]; readonly outcome: ConfigOutcome } | undefined;
  let good: CompiledConfig | undefined;
  return async (now) => {
    isShort = false;
    const year = new Date(now).getUTCFullYear();
    const key = last && (await keyOf(last.paths, year, read));
    if (last === undefined || (key !== last.key && !isShort)) {
      const files = new Map<string, string>();
      const outcome = await loadConfig(file, { ...options, now, readFile: remembering(read, files) });
      const paths = [...new Set([file, ...files.keys()])];
      const next = { key: await keyOf(paths, year, async (path) => files.get(path) ?? read(path)), paths, outcome };
      last = last !== undefined && isShort ? last : next;
    }
    if (!last.outcome.ok) return { ok: false, config: good, changed: false, problems: last.outcome.problems };
    const { config, problems } = last.outcome;
    const changed = good === undefined || good.hash !== config.hash;
    good = config;
    return { ok: true, config, changed, problems };
  };
}

/** Codes of what the machine lacks at this moment; what the file holds is not known then. */
const shortages: readonly unknown[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EAGAIN'];

function isShortage(error: unknown): boolean {
  const { cause } = error as Error;
  return shortages.includes(
    (error as NodeJS.ErrnoException).code ?? (cause as NodeJS.ErrnoException | undefined)?.code,
  );
}

function remembering(read: ReadFile, files: Map<string, string>): ReadFile {
  return async (path) => {
    const text = await read(path);
    files.set(path, text);
    return text;
  };
}

async function keyOf(paths: readonly string[], year: number, read: ReadFile): Promise<string> {
  const texts = await Promise.all(paths.map((path) => read(path).catch((error: Error) => `! ${error.message}`)));
  return JSON.stringify([year, ...texts]);
}

export type LoadOptions = { readonly now: EpochMs; readonly target?: Target; readonly readFile?: ReadFile };

/** Reads and compiles a config file. A file that cannot be read is one more problem, not an exception. */
export async function loadConfig(file: string, options: LoadOptions): Promise<ConfigOutcome> {
  const read = options.readFile ?? readOwnFile;
  try {
    return await compileConfig(await read(file), { ...options, file, readFile: read });
  } catch (error) {
    return { ok: false, problems: [unreadable(file, error)] };
  }
}

function unreadable(file: string, error: unknown): Problem {
  const reason = error instanceof Error ? error.message : 'reading failed';
  const own = error instanceof FileError ? error.fix : undefined;
  return {
    severity: 'error',
    file,
    line: 1,
    column: 1,
    path: '',
    message: `the config cannot be read: ${reason}`,
    fix: own ?? 'give the path of a config with --config, or write one with "lamplighter init"',
  };
}

/** UTF-8 text of a file that only its owner and group may change: a config can name programs to run. */
export async function readOwnFile(path: string): Promise<string> {
  // Not blocking: a pipe would otherwise wait for its writer for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(explain);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new FileError('it is a folder', 'give the path of a file');
    if (!stats.isFile()) throw new FileError('it is a pipe or a device, no file', 'give the path of a file');
    if (process.platform !== 'win32' && (stats.mode & 0o002) !== 0)
      throw new FileError('anybody on this machine may change it', `chmod o-w ${path}`);
    if (stats.size > 5_000_000) throw new FileError('it is larger than 5 MB', 'is this the right file?');
    return textOf(await file.readFile().catch(explain));
  } finally {
    await file.close();
  }
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
  ENXIO: ['it is a pipe or a device, no file', 'give the path of a file'],
};

function explain(error: NodeJS.ErrnoException): never {
  const [message, fix] = reasons[error.code ?? ''] ?? [`reading failed (${error.code ?? 'unknown reason'})`];
  throw new FileError(message, fix, { cause: error });
}
