/**
 * `npm run mutants -- <file or folder>…`: plants small mistakes one at a time (StrykerJS) and says which of them no test
 * sees. Texts of messages are left as they are. `--tests <file or folder>` (may be repeated) names the tests to run;
 * without it those are run that stand as the code does.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));
/** Inside the project, since StrykerJS works on a copy of it and looks for the configuration there. */
const folder = '.mutants';

/** Code whose tests do not stand as it does, or not only. */
const testsElsewhere: Readonly<Record<string, readonly string[]>> = {
  'lib/cli/asks': ['test/cli/asks', 'test/cli/several-pools.test.ts', 'test/cli/asks.test.ts'],
  'lib/cli/commands': ['test/cli/several-pools.test.ts', 'test/cli/asks.test.ts', 'test/cli/silence.test.ts'],
  'lib/jobs/accept': ['test/jobs/accept', 'test/io/listen/receive.test.ts'],
  'lib/decide/intake': ['test/decide/intake', 'test/jobs/accept'],
  'lib/decide/watching': ['test/decide/watching', 'test/jobs/watch'],
};
/** They test what is packaged, which no mistake in the source reaches, or all of it at once. */
const left = ['test/functions/lambda.test.ts', 'test/functions/bundles.test.ts', 'test/**/*.long.test.ts'];

type Mutant = {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
};
type Report = { readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>> };

async function main(): Promise<void> {
  const options = { tests: { type: 'string', multiple: true } } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  if (positionals.length === 0) throw new Error('say what to change: npm run mutants -- lib/decide/scaling/brake.ts');
  const unknown = positionals.find((path) => !existsSync(`${root}${path}`));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}: paths begin at the root of the project`);
  const tests = values.tests ?? positionals.flatMap(testsOf);
  await rm(`${root}${folder}`, { recursive: true, force: true });
  await mkdir(`${root}${folder}`);
  await writeFile(`${root}${folder}/vitest.config.mjs`, vitestConfig(tests));
  await writeFile(`${root}${folder}/stryker.json`, JSON.stringify(strykerConfig(positionals), undefined, 2));
  const code = await run();
  if (code !== 0) throw new Error(`StrykerJS ended with exit code ${code}`);
  process.stdout.write(summaryOf(JSON.parse(await readFile(`${root}${folder}/report.json`, 'utf8')) as Report));
}

function testsOf(path: string): readonly string[] {
  const place = Object.keys(testsElsewhere).find((one) => path.startsWith(one));
  if (place !== undefined) return testsElsewhere[place]!;
  const parts = path
    .replace(/^lib\//, '')
    .replace(/\/$/, '')
    .split('/');
  const tests = `test/${(path.endsWith('.ts') ? parts.slice(0, -1) : parts).join('/')}`;
  if (!existsSync(`${root}${tests}`)) throw new Error(`there is no ${tests}: name the tests of ${path} with --tests`);
  return [tests];
}

/** One of its own: each test file alone, in the usual order. */
function vitestConfig(tests: readonly string[]): string {
  const include = tests.map((path) => (path.endsWith('.ts') ? path : `${path.replace(/\/$/, '')}/**/*.test.ts`));
  const test = { include, exclude: left, pool: 'threads', testTimeout: 60_000, hookTimeout: 60_000 };
  return `export default ${JSON.stringify({ test }, undefined, 2)};\n`;
}

function strykerConfig(paths: readonly string[]): object {
  return {
    mutate: paths.map((path) => (path.endsWith('.ts') ? path : `${path.replace(/\/$/, '')}/**/*.ts`)),
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: `${folder}/vitest.config.mjs`, related: false },
    // TypeScript 7 has no API to rewrite one, so it is not looked for.
    tsconfigFile: 'none.json',
    disableTypeChecks: false,
    mutator: { excludedMutations: ['StringLiteral'] },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: 20_000,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: `${folder}/report.json` },
    tempDirName: `${folder}/tmp`,
    ignorePatterns: ['dist', '.serverless', folder + '/tmp', 'coverage'],
    allowEmpty: false,
  };
}

/** Behind everything else that this machine does. */
function run(): Promise<number> {
  const stryker = fileURLToPath(import.meta.resolve('@stryker-mutator/core/package.json')).replace(
    'package.json',
    'bin/stryker.js',
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [stryker, 'run', `${folder}/stryker.json`], { cwd: root, stdio: 'inherit' });
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const seen = new Set(['Killed', 'Timeout', 'RuntimeError']);
const unseen = new Set(['Survived', 'NoCoverage']);

function summaryOf({ files }: Report): string {
  const lines: string[] = [];
  const folders = new Map<string, { seen: number; all: number }>();
  for (const [file, { mutants }] of Object.entries(files)) {
    const [found, missed] = [
      mutants.filter(({ status }) => seen.has(status)),
      mutants.filter(({ status }) => unseen.has(status)),
    ];
    for (const { status, mutatorName, replacement = '', location } of missed) {
      const what = replacement.replaceAll(/\s+/g, ' ').slice(0, 100);
      lines.push(`${file}:${location.start.line}:${location.start.column}  ${status}  ${mutatorName}  ${what}`);
    }
    for (const name of [file, file.slice(0, file.lastIndexOf('/'))]) {
      const before = folders.get(name) ?? { seen: 0, all: 0 };
      folders.set(name, { seen: before.seen + found.length, all: before.all + found.length + missed.length });
    }
  }
  const scores = [...folders].map(([name, { seen: count, all }]) => {
    const percent = all === 0 ? '–' : `${((100 * count) / all).toFixed(1)} %`;
    return `${percent.padStart(8)}  ${count} of ${all}  ${name}`;
  });
  return `\n${[...lines, '', ...scores.sort()].join('\n')}\n`;
}

await main();
