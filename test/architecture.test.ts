import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Imports go one way: functions, cli → app → jobs → decide | io. What a folder may import, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  'lib/model': [],
  'lib/decide': ['lib/model'],
  'lib/io': ['lib/model', 'lib/decide', 'lib/errors.ts'],
  'lib/jobs': ['lib/model', 'lib/decide', 'lib/io', 'lib/errors.ts'],
  'lib/config': ['lib/model', 'lib/decide', 'lib/errors.ts'],
  'lib/simulator': ['lib/model', 'lib/io/clock.ts', 'lib/io/http', 'lib/errors.ts'],
  'lib/app.ts': ['lib/model', 'lib/decide', 'lib/io', 'lib/jobs', 'lib/errors.ts'],
  'lib/errors.ts': [],
  'lib/cli': [
    'lib/model',
    'lib/decide',
    'lib/io',
    'lib/jobs',
    'lib/config',
    'lib/simulator',
    'lib/app.ts',
    'lib/errors.ts',
    'package.json',
  ],
  functions: ['lib/model', 'lib/decide', 'lib/io', 'lib/jobs', 'lib/app.ts', 'lib/errors.ts'],
};

const files = ['lib', 'functions'].flatMap(filesBelow).filter((file) => file.endsWith('.ts'));

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const statements = /^(?:import|export)\b[^;'"]*?from '([^'\n]+)'|^import '([^'\n]+)'|\bimport\('([^'\n]+)'\)/gm;
  return [...text.matchAll(statements)].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

function homeOf(file: string): string | undefined {
  return Object.keys(mayImport).find((home) => file === home || file.startsWith(`${home}/`));
}

/** The files of this project that a file imports, types included. */
function targetsOf(file: string): string[] {
  return importsOf(file)
    .filter((target) => target.startsWith('.'))
    .map((target) => normalize(join(dirname(file), target)));
}

function isPure(file: string): boolean {
  return file.startsWith('lib/decide/') || file.startsWith('lib/model/');
}

/** Each job has a folder of its own; what the jobs share (the records, the concurrency) is no job. */
function jobOf(file: string): string | undefined {
  const job = /^lib\/jobs\/([^/]+)\//.exec(file)?.[1];
  return job === 'records' ? undefined : job;
}

/** Every file that reaches itself, as the way it takes. */
function circlesAmong(all: readonly string[]): string[] {
  const known = new Set(all);
  const targets = new Map(all.map((file) => [file, targetsOf(file).filter((target) => known.has(target))]));
  return all.flatMap((file) => {
    const way = wayBack(file, targets);
    return way === undefined ? [] : [way.join(' → ')];
  });
}

function wayBack(start: string, targets: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    for (const target of targets.get(file) ?? []) {
      if (target === start) return [...trail(file, cameFrom), start];
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      waiting.push(target);
    }
  }
  return undefined;
}

function trail(file: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const before = cameFrom.get(file);
  return before === undefined ? [file] : [...trail(before, cameFrom), file];
}

describe('the shape of the house', () => {
  test('imports go one way', () => {
    const wrong = files.flatMap((file) => {
      const home = homeOf(file);
      if (home === undefined) return [`${file}: stands in no known folder`];
      return targetsOf(file)
        .filter(
          (target) =>
            ![home, ...(mayImport[home] ?? [])].some((place) => target === place || target.startsWith(`${place}/`)),
        )
        .map((target) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('the pure core imports nothing from outside but temporal-polyfill', () => {
    const outside = files
      .filter((file) => isPure(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => !target.startsWith('.'))
          .map((target) => [file, target]),
      );
    expect(outside.filter(([, target]) => !/^temporal-polyfill(\/|$)/.test(target ?? ''))).toEqual([]);
  });

  test('clock, chance and environment are handed in', () => {
    const readers =
      /Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|process\.env|(?<!\.)set(Timeout|Interval)\(/;
    const allowed = new Set(['lib/io/clock.ts', 'lib/cli/main.ts']);
    const found = files
      .filter(
        (file) => (isPure(file) || file.startsWith('lib/jobs/') || file.startsWith('lib/io/')) && !allowed.has(file),
      )
      .filter((file) => readers.test(withoutComments(readFileSync(file, 'utf8'))));
    expect(found).toEqual([]);
  });

  test('no file imports itself by way of others', () => {
    expect(circlesAmong(files)).toEqual([]);
  });

  test('the jobs know no AWS', () => {
    const aws = files
      .filter((file) => file.startsWith('lib/jobs/'))
      .filter((file) => importsOf(file).some((target) => /aws|middy/.test(target)));
    expect(aws).toEqual([]);
  });

  test('no job imports another', () => {
    const crossing = files.flatMap((file) =>
      targetsOf(file)
        .filter((target) => jobOf(file) !== undefined && jobOf(target) !== undefined && jobOf(target) !== jobOf(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(crossing).toEqual([]);
  });

  test('a test measures its own thread, not its neighbours', () => {
    const measuring = filesBelow('test').filter(
      (file) => file.endsWith('.test.ts') && /process\.cpuUsage\(/.test(readFileSync(file, 'utf8')),
    );
    expect(measuring).toEqual([]);
  });

  test('a way in from AWS stays under 30 lines', () => {
    const handlers = files.filter((file) => /export const handler\b/.test(readFileSync(file, 'utf8')));
    const long = handlers.filter((file) => readFileSync(file, 'utf8').split('\n').length > 31);
    expect(handlers.every((file) => /^functions\/[^/]+\.ts$/.test(file))).toBe(true);
    expect(long).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');
}

test('a test that is skipped says what is missing', () => {
  const tests = filesBelow('test').filter((file) => file.endsWith('.test.ts'));
  const silent = tests.flatMap((file) => {
    const skips = [...readFileSync(file, 'utf8').matchAll(/\.(?:skipIf|runIf)\([\s\S]*?=> \{/g)];
    // The title ends with what says it, which is empty where nothing is missing.
    return skips.filter(([text]) => !/\}`|titled\(/.test(text)).map(([text]) => `${file}: ${text}`);
  });
  expect(silent).toEqual([]);
});
