/**
 * All benchmarks, each in a process of its own, one after another, so that none warms or burdens the next.
 *
 *   npm run bench -- [name …] [--json]
 *
 * Exit codes: 0 every goal is met, 1 one is not or a benchmark failed, 2 no benchmark has that name.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { BenchResult } from './result.ts';

const folder = import.meta.dirname;
const prefix = 'results: ';
const usage = 'npm run bench -- [name …] [--json]   all of them, or some';

if (process.env.LAMPLIGHTER_BENCH_FILE === undefined) process.exitCode = await runAll();
else await runOne(process.env.LAMPLIGHTER_BENCH_FILE);

async function runAll(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean' }, json: { type: 'boolean' } },
  });
  const names = benchNames();
  if (values.help) {
    console.log(`${usage}\nBenchmarks: ${names.join(', ')}`);
    return 0;
  }
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no benchmark ${unknown.join(', ')}; there are: ${names.join(', ')}`);
    return 2;
  }
  const results: BenchResult[] = [];
  let failed = 0;
  for (const name of positionals.length > 0 ? positionals : names) {
    process.stderr.write(`${name} …\n`);
    const own = await inChild(name);
    if (own === undefined) failed += 1;
    else results.push(...own);
  }
  console.log(values.json ? JSON.stringify(results, null, 2) : table(results));
  return failed > 0 || results.some(({ met }) => !met) ? 1 : 0;
}

/** Every file here that exports `bench`. */
function benchNames(): readonly string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  const isBench = (file: string) => /^export (async )?function bench\b/m.test(readFileSync(join(folder, file), 'utf8'));
  return files
    .filter(isBench)
    .map((file) => basename(file, '.ts'))
    .sort();
}

async function inChild(name: string): Promise<readonly BenchResult[] | undefined> {
  const options = { env: { ...process.env, LAMPLIGHTER_BENCH_FILE: `./${name}.ts` }, maxBuffer: 16 * 1024 * 1024 };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename], options);
    const line = stdout.split('\n').find((one) => one.startsWith(prefix));
    if (line === undefined) throw new Error('it printed no results');
    return JSON.parse(line.slice(prefix.length)) as readonly BenchResult[];
  } catch (error) {
    console.error(`${name} failed: ${(error as Error).message}`);
    return undefined;
  }
}

async function runOne(file: string): Promise<void> {
  const { bench } = (await import(file)) as { readonly bench: () => Promise<readonly BenchResult[]> };
  console.log(`${prefix}${JSON.stringify(await bench())}`);
}

function table(results: readonly BenchResult[]): string {
  const rows = [
    ['', 'name', 'value', 'unit', 'goal', 'measured against'],
    ...results.map(({ name, value, unit, goal, ratio, met }) => {
      const limit = goal === undefined ? '' : 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
      return [goal === undefined ? ' ' : met ? '✓' : '✗', name, round(value), unit, limit, ratio ?? ''];
    }),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function round(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
