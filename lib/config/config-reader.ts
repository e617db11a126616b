import type { CompiledConfig } from '../decide/compiled-config.ts';
import type { EpochMs } from '../decide/model.ts';
import type { ReadFile } from './compile/context.ts';
import type { ConfigOutcome } from './compile-config.ts';
import { type LoadOptions, loadConfig } from './load-config.ts';
import type { Problem } from './problem.ts';
import { readOwnFile } from './read-own-file.ts';

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
 * moves the horizon of holidays) has changed. An invalid one leaves the last good one in force.
 */
export function makeConfigReader(file: string, options: Omit<LoadOptions, 'now'> = {}): ConfigReader {
  const read = options.readFile ?? readOwnFile;
  let last: { readonly key: string; readonly paths: readonly string[]; readonly outcome: ConfigOutcome } | undefined;
  let good: CompiledConfig | undefined;
  return async (now) => {
    const year = new Date(now).getUTCFullYear();
    const key = last && (await keyOf(last.paths, year, read));
    if (last === undefined || key !== last.key) {
      const files = new Map<string, string>();
      const outcome = await loadConfig(file, { ...options, now, readFile: remembering(read, files) });
      const paths = [...new Set([file, ...files.keys()])];
      last = { key: await keyOf(paths, year, async (path) => files.get(path) ?? read(path)), paths, outcome };
    }
    if (!last.outcome.ok) return { ok: false, config: good, changed: false, problems: last.outcome.problems };
    const { config, problems } = last.outcome;
    const changed = good === undefined || good.hash !== config.hash;
    good = config;
    return { ok: true, config, changed, problems };
  };
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
