import { dirname, join } from 'node:path';
import { isGlob } from '../model/match.ts';
import { joinReports, type Report } from './collect-problems.ts';
import type { ReadFile } from './compile/context.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import type { FindFiles } from './find-files.ts';
import type { Path } from './problem.ts';
import { includedKeys } from './schema/config.ts';
import type { SalvagedConfig } from './validate.ts';

/** A config in one piece, whatever the number of its files. */
export type JoinedConfig = {
  readonly input: SalvagedConfig;
  /** Names each place by its file. */
  readonly report: Report;
  /** The file and line of this place of the joined config. */
  readonly position: (path: Path) => { readonly file: string; readonly line: number };
  /** Included files, in the order in which they are read. */
  readonly included: readonly Pick<ConfigFile, 'file' | 'text'>[];
};

type Reading = { readonly readFile: ReadFile; readonly findFiles: FindFiles };

/**
 * The config with everything that it includes: the main file's own rules come first, then those of each file in the order
 * of `include`, the files of one pattern in order of their paths. A file that two patterns name counts where it is named
 * first. What is said twice is refused, so that no file overrides another (ADR 40).
 */
export async function joinIncluded(main: ConfigFile, reading: Reading): Promise<JoinedConfig | undefined> {
  if (main.input === undefined) return undefined;
  const files = await readIncluded(main, main.input, reading);
  const parts = [main, ...files];
  const origins: Origins = { lists: new Map(), names: new Map() };
  const input = joinInputs(parts, origins);
  const locate = (path: Path): { readonly part: number; readonly path: Path } => {
    const [section, key, ...rest] = path;
    const item = typeof key === 'number' ? origins.lists.get(String(section))?.[key] : undefined;
    if (item !== undefined) return { part: item.part, path: [section as string, item.index, ...rest] };
    return { part: origins.names.get(nameKey(section, key)) ?? 0, path };
  };
  return {
    input,
    report: joinReports(
      parts.map(({ report }) => report),
      locate,
    ),
    position: (path) => {
      const found = locate(path);
      const { file, source } = parts[found.part] ?? main;
      return { file, line: source.atValue(found.path).line };
    },
    included: files,
  };
}

/** A fleet's teams are dozens; more is a pattern that names too much. */
const mostFiles = 500;

async function readIncluded(
  { file: main, report }: ConfigFile,
  { include }: SalvagedConfig,
  { readFile, findFiles }: Reading,
): Promise<readonly ConfigFile[]> {
  const patterns = typeof include === 'string' ? [include] : (include ?? []);
  const read = new Map<string, ConfigFile | undefined>();
  for (const [index, pattern] of patterns.entries()) {
    if (pattern === undefined) continue;
    const place: Path = typeof include === 'string' ? ['include'] : ['include', index];
    for (const path of await findNamed(pattern, place, { main, report, findFiles })) {
      if (read.has(path)) continue;
      if (read.size === mostFiles) {
        report.error(place, `more than ${mostFiles} files are included`, 'name fewer of them');
        return [...read.values()].filter((one) => one !== undefined);
      }
      read.set(path, await readOne(join(dirname(main), path), place, report, readFile));
    }
  }
  return [...read.values()].filter((one) => one !== undefined);
}

type Finding = { readonly main: string; readonly report: Report; readonly findFiles: FindFiles };

/** The paths that one entry of `include` names, from the folder of the config. */
async function findNamed(pattern: string, place: Path, finding: Finding): Promise<readonly string[]> {
  const { main, report, findFiles } = finding;
  const wrong = whatIsWrong(pattern);
  if (wrong !== undefined) {
    report.error(place, wrong.message, wrong.fix);
    return [];
  }
  const found = await findFiles(dirname(main), pattern).catch((error: unknown) => {
    const { message, fix } = error as Error & { readonly fix?: string };
    report.error(place, `"${pattern}" cannot be searched: ${message}`, fix ?? 'correct it, or remove it');
    return undefined;
  });
  if (found?.length === 0) {
    const folder = pattern.endsWith('/') ? pattern.slice(0, -1) : pattern;
    const inside = isGlob(pattern) ? [] : await findFiles(dirname(main), `${folder}/*`).catch(() => []);
    const message = isGlob(pattern) ? `no file matches "${pattern}"` : `there is no file "${pattern}"`;
    if (inside.length > 0) report.error(place, `"${pattern}" is a folder`, `name the files in it: ${folder}/*.yml`);
    else report.error(place, message, `correct it, or remove it; it is relative to the folder of ${main}`);
  }
  return (found ?? []).flatMap(({ path, isOutside }) => {
    if (isOutside) {
      const message = `${path} is a link that leads out of the folder of the config`;
      report.error(place, message, 'put the file itself there');
      return [];
    }
    if (join(dirname(main), path) !== join(main)) return [path];
    report.error(place, 'the config includes itself', 'keep included files in a folder of their own: teams/*.yml');
    return [];
  });
}

/** A config is one folder: it can be copied, reviewed and packaged, and no team's file reaches beyond it. */
function whatIsWrong(pattern: string): { readonly message: string; readonly fix: string } | undefined {
  if (/^[a-z][a-z0-9+.-]+:\/\//iu.test(pattern))
    return { message: 'an address is included, and only files can be', fix: 'keep a copy in the folder of the config' };
  if (pattern.includes('\\'))
    return { message: `"${pattern}" has a backslash`, fix: 'write / between folders: teams/*.yml' };
  if (/^(?:\/|~|[a-z]:)/iu.test(pattern))
    return { message: `"${pattern}" is an absolute path`, fix: 'write it from the folder of the config: teams/*.yml' };
  if (pattern.split('/').includes('..'))
    return { message: `"${pattern}" leads out of the folder of the config`, fix: 'put the file into that folder' };
  return pattern.includes('**')
    ? { message: `"${pattern}" looks into every folder`, fix: 'name each level: teams/*/*.yml' }
    : undefined;
}

async function readOne(file: string, place: Path, report: Report, readFile: ReadFile): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = await readFile(file);
  } catch (error) {
    const { message, fix } = error as Error & { readonly fix?: string };
    report.error(place, `${file} cannot be read: ${message}`, fix ?? 'correct the path, or remove it');
    return undefined;
  }
  const one = readConfigFile(text, file, 'included');
  if (one === undefined) report.error(place, `${file} cannot be read as YAML: it is nested too deep`, 'write it again');
  return one;
}

/** Which file each item of a list and each name stands in, by the number of the file. */
type Origins = {
  readonly lists: Map<string, { readonly part: number; readonly index: number }[]>;
  readonly names: Map<string, number>;
};

function nameKey(section: unknown, name: unknown): string {
  return JSON.stringify([section, name]);
}

function joinInputs(parts: readonly ConfigFile[], origins: Origins): SalvagedConfig {
  const [main, ...files] = parts;
  const { include: _, ...joined }: Record<string, unknown> = { ...main?.input };
  for (const key of includedKeys) {
    for (const [part, { input }] of parts.entries()) {
      const value: unknown = input?.[key];
      if (Array.isArray(value)) {
        const list = origins.lists.get(key) ?? [];
        origins.lists.set(key, [...list, ...value.map((_item, index) => ({ part, index }))]);
        if (part > 0) joined[key] = [...((joined[key] as unknown[] | undefined) ?? []), ...value];
      } else if (value !== undefined) {
        const known = part === 0 ? {} : (joined[key] as Record<string, unknown> | undefined);
        joined[key] = joinNames(key, known ?? {}, value as Record<string, unknown>, part, parts, origins);
      }
    }
  }
  return files.length === 0 ? { ...main?.input, include: undefined } : joined;
}

/** The first definition counts; a second one is an error at its own place. */
function joinNames(
  section: string,
  known: Record<string, unknown>,
  more: Record<string, unknown>,
  part: number,
  parts: readonly ConfigFile[],
  { names }: Origins,
): Record<string, unknown> {
  const joined = { ...known };
  for (const [name, value] of Object.entries(more)) {
    const first = names.get(nameKey(section, name));
    if (first === undefined) {
      names.set(nameKey(section, name), part);
      joined[name] = value;
      continue;
    }
    const other = parts[first];
    const line = other?.source.atKey([section, name]).line;
    const message = `the name "${name}" is already used by ${other?.file} in line ${line}`;
    parts[part]?.report.badName([section, name], message, 'give it another name, or remove one of the two');
  }
  return joined;
}
