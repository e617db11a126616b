/**
 * `npm run mutants -- <file or folder>…`: plants small mistakes one at a time (StrykerJS) and says which of them no test
 * sees. Texts of messages are left as they are. `--tests <file or folder>` (may be repeated) names the tests to run;
 * without it those are run that stand as the code does. `--sample <n>` tries one mistake in n, always the same ones.
 * `--vitest` starts Vitest anew for each mistake, as `npm test` would run it: slower by ten times and more.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { constants, getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { equivalent } from './mutants/equivalent.ts';
import { asEnvironment, isInSample, type Place } from './mutants/sample.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
/** Inside the project, since StrykerJS works on a copy of it and looks for the configuration there. One for each run. */
const folder = `.mutants/${process.pid}`;

/** Code whose tests do not stand as it does, or not only. */
const testsElsewhere: Readonly<Record<string, readonly string[]>> = {
  'lib/cli/asks': [
    'test/cli/asks',
    ...['asks', 'several-pools', 'several-regions', 'who', 'json-forms', 'matches'].map(
      (name) => `test/cli/${name}.test.ts`,
    ),
  ],
  'lib/cli/commands': [
    'test/cli/asks',
    ...['asks', 'several-pools', 'several-regions', 'who', 'json-forms', 'silence', 'holds', 'printable'].map(
      (name) => `test/cli/${name}.test.ts`,
    ),
  ],
  'lib/jobs/accept': ['test/jobs/accept', 'test/io/listen/receive.test.ts'],
  'lib/jobs/scale': [
    'test/jobs/scale',
    ...['hanging-api', 'wrong-clock'].map((name) => `test/jobs/${name}.test.ts`),
    'test/cli/matches.test.ts',
    'test/hostile/records-and-files.test.ts',
  ],
  'lib/jobs/records': [
    'test/jobs/records',
    'test/jobs/watch',
    'test/jobs/scale/forget-clusters.test.ts',
    'test/jobs/deliver/judged.test.ts',
    'test/jobs/deliver/by-hand.test.ts',
  ],
  'lib/jobs/watch': ['test/jobs/watch', 'test/jobs/hanging-api.test.ts'],
  'lib/decide/intake': ['test/decide/intake', 'test/jobs/accept'],
  'lib/decide/watching': ['test/decide/watching', 'test/jobs/watch'],
};
/** They test what is packaged, which no mistake in the source reaches, or all of it at once. */
const left = ['test/functions/lambda.test.ts', 'test/functions/bundles.test.ts', 'test/**/*.long.test.ts'];

type Mutant = {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Position; readonly end: Position };
};
type Position = { readonly line: number; readonly column: number };
type Report = {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
};

async function main(): Promise<void> {
  const options = {
    tests: { type: 'string', multiple: true },
    sample: { type: 'string', default: '1' },
    vitest: { type: 'boolean', default: false },
  } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  if (positionals.length === 0) throw new Error('say what to change: npm run mutants -- lib/decide/scaling/brake.ts');
  const unknown = positionals.find((path) => !existsSync(`${root}${path}`));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}: paths begin at the root of the project`);
  const sample = Number(values.sample);
  if (!Number.isInteger(sample) || sample < 1)
    throw new Error('--sample takes a whole number: 4 tries one mistake in four');
  if (values.vitest && sample > 1) throw new Error('--vitest tries all mistakes: leave out --sample');
  const tests = (values.tests ?? positionals.flatMap(testsOf)).map(asGlob);
  await mkdir(`${root}${folder}`, { recursive: true });
  await writeFile(`${root}${folder}/vitest.config.mjs`, vitestConfig(tests));
  await writeFile(
    `${root}${folder}/stryker.json`,
    JSON.stringify(strykerConfig(positionals, values.vitest), undefined, 2),
  );
  const code = await run(asEnvironment({ tests, left, sample, times: `${root}${folder}/times.json` }));
  if (code !== 0) throw new Error(`StrykerJS ended with exit code ${code}`);
  const report = JSON.parse(await readFile(`${root}${folder}/report.json`, 'utf8')) as Report;
  await rm(`${root}${folder}`, { recursive: true, force: true });
  process.stdout.write(summaryOf(report, sample));
}

const asGlob = (path: string): string => (path.endsWith('.ts') ? path : `${path.replace(/\/$/, '')}/**/*.test.ts`);

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
function vitestConfig(include: readonly string[]): string {
  const test = { include, exclude: left, pool: 'threads', testTimeout: 60_000, hookTimeout: 60_000 };
  return `export default ${JSON.stringify({ test }, undefined, 2)};\n`;
}

function strykerConfig(paths: readonly string[], withVitest: boolean): object {
  return {
    mutate: paths.map((path) => (path.endsWith('.ts') ? path : `${path.replace(/\/$/, '')}/**/*.ts`)),
    testRunner: withVitest ? 'vitest' : 'in-process',
    plugins: [withVitest ? '@stryker-mutator/vitest-runner' : `${root}scripts/mutants/runner.ts`],
    ...(withVitest ? { vitest: { configFile: `${folder}/vitest.config.mjs`, related: false } } : {}),
    // TypeScript 7 has no API to rewrite one, so it is not looked for.
    tsconfigFile: 'none.json',
    disableTypeChecks: false,
    mutator: { excludedMutations: ['StringLiteral'] },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    // On a busy machine tests rest for a while; what loops is mostly stopped by a count.
    timeoutMS: 60_000,
    // A mistake in a constant loads everything anew, and what was loaded before is never freed.
    maxTestRunnerReuse: 100,
    // On a machine that is busy with other things, behind all of which this waits.
    dryRunTimeoutMinutes: 30,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: `${folder}/report.json` },
    tempDirName: `${folder}/tmp`,
    ignorePatterns: ['dist', '.serverless', '.mutants/*/tmp', 'coverage'],
    allowEmpty: false,
  };
}

/** Behind everything else that this machine does. */
function run(environment: Readonly<Record<string, string>>): Promise<number> {
  const stryker = fileURLToPath(import.meta.resolve('@stryker-mutator/core/package.json')).replace(
    'package.json',
    'bin/stryker.js',
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [stryker, 'run', `${folder}/stryker.json`], {
      cwd: root,
      stdio: 'inherit',
      // Properties are tried oftener than in `npm test`: what is found must not depend on luck.
      env: { LAMPLIGHTER_RUNS: '3', ...process.env, ...environment },
    });
    const { PRIORITY_BELOW_NORMAL: low } = constants.priority;
    if (child.pid !== undefined && getPriority() < low) setPriority(child.pid, low);
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const seen = new Set(['Killed', 'Timeout', 'RuntimeError']);
const unseen = new Set(['Survived', 'NoCoverage']);
type Count = { readonly seen: number; readonly unseen: number; readonly same: number };

function summaryOf({ files }: Report, sample: number): string {
  const lines: string[] = [];
  const counts = new Map<string, Count>();
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const tried = mutants.filter((mutant) => isInSample(placeOf(file, mutant), sample));
    const missed = tried.filter(({ status }) => unseen.has(status));
    const told = missed.filter((mutant) => !isEquivalent(file, source, mutant));
    // What never ended counts as seen. It is listed, since on a busy machine it may only have been slow.
    const endless = tried.filter(({ status }) => status === 'Timeout');
    lines.push(...[...told, ...endless].map((mutant) => lineOf(file, mutant)));
    const own = {
      seen: tried.filter(({ status }) => seen.has(status)).length,
      unseen: told.length,
      same: missed.length - told.length,
    };
    for (const name of [file, file.slice(0, file.lastIndexOf('/'))]) counts.set(name, sumOf(counts.get(name), own));
  }
  const scores = [...counts].map(([name, count]) => scoreOf(name, count)).sort();
  const all = sample === 1 ? '' : `one mistake in ${sample} was tried\n`;
  return `\n${[...lines, '', ...scores].join('\n')}\n${all}`;
}

/** Lines and columns as they are while StrykerJS runs: from 0. */
function placeOf(file: string, { location, mutatorName: mutator, replacement = '' }: Mutant): Place {
  const { line, column } = location.start;
  return { file, mutator, replacement, line: line - 1, column: column - 1 };
}

function lineOf(file: string, { status, mutatorName, replacement = '', location }: Mutant): string {
  const what = replacement.replaceAll(/\s+/g, ' ').slice(0, 100);
  return `${file}:${location.start.line}:${location.start.column}  ${status}  ${mutatorName}  ${what}`;
}

function isEquivalent(file: string, source: string, { location, replacement = '' }: Mutant): boolean {
  const was = inOneLine(textAt(source, location.start, location.end));
  const becomes = inOneLine(replacement);
  return equivalent.some((one) => one.file === file && one.was === was && one.becomes.includes(becomes));
}

const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

function textAt(source: string, start: Position, end: Position): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, at) => line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined))
    .join('\n');
}

const sumOf = (before: Count = { seen: 0, unseen: 0, same: 0 }, own: Count): Count => ({
  seen: before.seen + own.seen,
  unseen: before.unseen + own.unseen,
  same: before.same + own.same,
});

function scoreOf(name: string, { seen: count, unseen: missed, same }: Count): string {
  const all = count + missed;
  const percent = all === 0 ? '–' : `${((100 * count) / all).toFixed(1)} %`;
  return `${percent.padStart(8)}  ${count} of ${all}  ${name}${same === 0 ? '' : `, and ${same} that change nothing`}`;
}

await main();
