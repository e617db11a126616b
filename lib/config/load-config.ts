import type { EpochMs } from '../decide/model.ts';
import { FileError } from '../errors.ts';
import type { ReadFile, Target } from './compile/context.ts';
import { compileConfig, type ConfigOutcome } from './compile-config.ts';
import type { Problem } from './problem.ts';
import { readOwnFile } from './read-own-file.ts';

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
