import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Imports go one way: functions, cli → app → jobs → decide | io. What a folder may import, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  'lib/decide': [],
  'lib/io': ['lib/decide', 'lib/errors.ts'],
  'lib/jobs': ['lib/decide', 'lib/io', 'lib/errors.ts'],
  'lib/config': ['lib/decide', 'lib/errors.ts'],
  'lib/simulator': ['lib/decide/model.ts', 'lib/io/clock.ts', 'lib/io/http', 'lib/errors.ts'],
  'lib/app.ts': ['lib/decide', 'lib/io', 'lib/jobs', 'lib/errors.ts'],
  'lib/errors.ts': [],
  'lib/cli': [
    'lib/decide',
    'lib/io',
    'lib/jobs',
    'lib/config',
    'lib/simulator',
    'lib/app.ts',
    'lib/errors.ts',
    'package.json',
  ],
  functions: ['lib/decide', 'lib/io', 'lib/jobs', 'lib/app.ts', 'lib/errors.ts'],
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

describe('the shape of the house', () => {
  test('imports go one way', () => {
    const wrong = files.flatMap((file) => {
      const home = homeOf(file);
      if (home === undefined) return [`${file}: stands in no known folder`];
      return importsOf(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => normalize(join(dirname(file), target)))
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
      .filter((file) => file.startsWith('lib/decide/'))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => !target.startsWith('.'))
          .map((target) => [file, target]),
      );
    expect(outside.filter(([, target]) => !/^temporal-polyfill(\/|$)/.test(target ?? ''))).toEqual([]);
  });

  test('clock, chance and environment are handed in', () => {
    const readers =
      /Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|process\.env|setTimeout\(|setInterval\(/;
    const allowed = new Set(['lib/io/clock.ts', 'lib/cli/main.ts']);
    const found = files
      .filter(
        (file) =>
          (file.startsWith('lib/decide/') || file.startsWith('lib/jobs/') || file.startsWith('lib/io/')) &&
          !allowed.has(file),
      )
      .filter((file) => readers.test(withoutComments(readFileSync(file, 'utf8'))));
    expect(found).toEqual([]);
  });

  test('the jobs know no AWS, and no job calls another', () => {
    const aws = files
      .filter((file) => file.startsWith('lib/jobs/'))
      .filter((file) => importsOf(file).some((target) => /aws|middy/.test(target)));
    const jobs = readdirSync('lib/jobs').filter((name) => name.endsWith('.ts') && name !== 'concurrency.ts');
    const calls = jobs.flatMap((job) =>
      importsOf(`lib/jobs/${job}`)
        .filter((target) => jobs.some((other) => other !== job && target === `./${other}`))
        .map((target) => `${job} → ${target}`),
    );
    expect([...aws, ...calls]).toEqual([]);
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
