import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { FileError } from '../errors.ts';
import type { CompiledConfig } from '../model/config.ts';
import { whyNotUtf8 } from '../model/encoding.ts';
import type { EpochMs } from '../model/time.ts';
import { type CompileOptions, type ConfigOutcome, compileConfig, wholeFileProblem } from './compile-config.ts';
import { findOwnFiles } from './find-files.ts';
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
 * Reads the config anew for each round, and compiles it only when one of its files, a calendar file they read, which files
 * `include` names, or the year (which moves the horizon of holidays) has changed. An invalid one leaves the last good one
 * in force; so does a machine that is short of files or memory just now, which says nothing about the config.
 */
export function makeConfigReader(file: string, options: Omit<LoadOptions, 'now'> = {}): ConfigReader {
  let isShort = false;
  const noticing =
    <T extends readonly unknown[], R>(ask: (...about: T) => Promise<R>) =>
    (...about: T) =>
      ask(...about).catch((error: unknown) => {
        isShort ||= isShortage(error);
        throw error;
      });
  const readFile = noticing(options.readFile ?? readOwnFile);
  const findFiles = noticing(options.findFiles ?? findOwnFiles);
  const { readCalendar } = options;
  let last: { readonly seen: Seen; readonly year: number; readonly outcome: ConfigOutcome } | undefined;
  let good: CompiledConfig | undefined;
  return async (now) => {
    isShort = false;
    const year = new Date(now).getUTCFullYear();
    const isSame = last !== undefined && last.year === year && (await isStillSeen(last.seen));
    if (last === undefined || (!isSame && !isShort)) {
      const seen: Seen = new Map();
      const looking = {
        readFile: remembering('file', readFile, seen),
        findFiles: remembering('find', findFiles, seen),
        ...(readCalendar && { readCalendar: remembering('calendar', readCalendar, seen) }),
      };
      const outcome = await loadConfig(file, { ...options, ...looking, now });
      last = last !== undefined && isShort ? last : { seen, year, outcome };
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

/** Everything that a config was made from: how to ask for it again, and what it was. */
type Seen = Map<string, { readonly again: () => Promise<string>; readonly answer: string }>;

function remembering<T extends readonly unknown[], R>(
  kind: string,
  ask: (...about: T) => Promise<R>,
  seen: Seen,
): (...about: T) => Promise<R> {
  return async (...about) => {
    const again = () => answerOf(ask(...about));
    const id = JSON.stringify([kind, ...about]);
    try {
      const answer = await ask(...about);
      seen.set(id, { again, answer: JSON.stringify(answer) });
      return answer;
    } catch (error) {
      seen.set(id, { again, answer: failureOf(error) });
      throw error;
    }
  };
}

function answerOf(asked: Promise<unknown>): Promise<string> {
  return asked.then((answer) => JSON.stringify(answer), failureOf);
}

function failureOf(error: unknown): string {
  return `! ${(error as Error).message}`;
}

/** One after the other: a config of many files needs no more than one open at a time. */
async function isStillSeen(seen: Seen): Promise<boolean> {
  for (const { again, answer } of seen.values()) if ((await again()) !== answer) return false;
  return true;
}

export type LoadOptions = Partial<Omit<CompileOptions, 'file' | 'now'>> & {
  readonly now: EpochMs;
};

/** Reads and compiles a config file. A file that cannot be read is one more problem, not an exception. */
export async function loadConfig(file: string, options: LoadOptions): Promise<ConfigOutcome> {
  const readFile = options.readFile ?? readOwnFile;
  const named = { ...options, file, readFile };
  try {
    return await compileConfig(await readFile(file), named);
  } catch (error) {
    return { ok: false, files: [file], problems: [unreadable(named, error)] };
  }
}

function unreadable(options: CompileOptions, error: unknown): Problem {
  const reason = error instanceof Error ? error.message : 'reading failed';
  const own = error instanceof FileError ? error.fix : undefined;
  const at = error instanceof FileError ? error.at : undefined;
  return {
    ...wholeFileProblem(options, `the config cannot be read: ${reason}`, own),
    ...(at && { line: at.line, column: at.column }),
  };
}

/** UTF-8 text of a file that only its owner and group may change: a config can name programs to run. */
export async function readOwnFile(path: string): Promise<string> {
  // Not blocking: a pipe would otherwise wait for its writer for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(explain);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new FileError('it is a folder', 'give the path of a file');
    if (!stats.isFile()) throw new FileError('it is a pipe or a device, not a file', 'give the path of a file');
    if (process.platform !== 'win32' && (stats.mode & 0o002) !== 0)
      throw new FileError('anybody on this machine may change it', `chmod o-w ${path}`);
    if (stats.size > 5_000_000) throw new FileError('it is larger than 5 MB', 'is this the right file?');
    return textOf(await file.readFile().catch(explain));
  } finally {
    await file.close();
  }
}

function textOf(bytes: Buffer): string {
  const wrong = whyNotUtf8(bytes);
  if (wrong !== undefined) throw new FileError(`it is ${wrong.is}`, 'save it as UTF-8', { at: wrong });
  return bytes.toString('utf8');
}

const reasons: { readonly [code: string]: readonly [message: string, fix?: string] } = {
  ENOENT: ['there is no such file'],
  EACCES: ['this user may not read it', 'let this user read it'],
  EISDIR: ['it is a folder', 'give the path of a file'],
  ENXIO: ['it is a pipe or a device, not a file', 'give the path of a file'],
};

function explain(error: NodeJS.ErrnoException): never {
  const [message, fix] = reasons[error.code ?? ''] ?? [`reading failed (${error.code ?? 'unknown reason'})`];
  throw new FileError(message, fix, { cause: error });
}
