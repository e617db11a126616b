/**
 * Memory of the single process that keeps 1,000 clusters, over an idle Node process: rounds of scaling and watching
 * against a simulated fleet in a process of its own, SQLite store, and the page served to nobody. `node bench/memory.ts` prints it.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type BenchResult, benchResult, renderResult } from './result.ts';

/** The first rounds see everything for the first time; the goal is held against what stays. */
const rounds = 8;
const settled = 5;
const mebibyte = 1024 * 1024;
const root = join(import.meta.dirname, '..');
/** The clock of the process runs this much faster: a round a minute takes ten seconds. */
const factor = 6;

type Report = {
  readonly fields: { readonly clusters: number; readonly pools: number; readonly problems: number };
  readonly rss: number;
};

export async function bench(): Promise<readonly BenchResult[]> {
  // Inside the repository, where the built file finds the packages.
  const folder = mkdtempSync(join(root, 'node_modules', '.bench-'));
  const data = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  const simulator = spawn(process.execPath, ['lib/cli/main.ts', 'simulator', '--port', '0', '--fleet', 'large'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const { url, token } = await readBanner(simulator);
    const script = await buildProcess(folder);
    const config = join(data, 'lamplighter.yml');
    writeFileSync(config, configText(url), { mode: 0o600 });
    const idle = await idleRss();
    const reports = await runRounds(script, config, token);
    return resultsOf(idle, reports);
  } finally {
    simulator.kill();
    rmSync(folder, { recursive: true });
    rmSync(data, { recursive: true });
  }
}

function resultsOf(idle: number, reports: readonly Report[]): readonly BenchResult[] {
  const last = reports.at(-1);
  if (last?.fields.clusters !== 1000 || last.fields.pools !== 3000 || last.fields.problems !== 0)
    throw new Error(`a round over the whole fleet was expected: ${JSON.stringify(last?.fields)}`);
  const over = reports.map(({ rss }) => (rss - idle) / mebibyte);
  const later = over.slice(-settled).toSorted((a, b) => a - b);
  const compared = `the page is served, nobody looks; an idle Node process has ${(idle / mebibyte).toFixed(0)} MB; median of rounds ${rounds - settled + 1} to ${rounds}`;
  return [
    benchResult(
      'memory with 1,000 clusters over an idle process',
      later[Math.floor(settled / 2)]!,
      'MB',
      { atMost: 100 },
      compared,
    ),
    benchResult('the same at its highest after a round', Math.max(...over), 'MB'),
  ];
}

/** As it is installed: plain JavaScript, loaded as it is needed, packages beside it. */
async function buildProcess(folder: string): Promise<string> {
  await build({
    entryPoints: [join(root, 'bench/support/fleet-process.ts')],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    packages: 'external',
    logLevel: 'error',
  });
  for (const asset of ['page.css', 'page.js']) cpSync(join(root, 'lib/cli/page', asset), join(folder, asset));
  return join(folder, 'fleet-process.js');
}

async function readBanner(simulator: ChildProcess): Promise<{ readonly url: string; readonly token: string }> {
  let text = '';
  for await (const chunk of simulator.stdout!) {
    text += String(chunk);
    const url = /API\s+(\S+)/.exec(text)?.[1];
    const token = /token\s+(\S+)/.exec(text)?.[1];
    if (url !== undefined && token !== undefined) {
      simulator.stdout!.resume();
      return { url, token };
    }
  }
  throw new Error('the simulator did not start');
}

function configText(url: string): string {
  return `
timezone: Europe/Berlin
every: 1m
regions: { r1: { api: "${url}", token: { env: LAMPLIGHTER_BENCH_TOKEN } } }
schedules: { always: { windows: [{ days: mon-sun, from: "00:00", to: "24:00" }], otherwise: idle } }
defaults: { region: r1 }
pools: [{ match: "*/*", schedule: always, base: remembered, idle: 0, limits: { min: 0 } }]
listen: "127.0.0.1:0"
store: { kind: sqlite, path: ./state.db }
`;
}

async function idleRss(): Promise<number> {
  const script = 'setTimeout(() => { process.send(process.memoryUsage().rss); process.disconnect(); }, 1000)';
  const idle = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve) => idle.once('message', (rss) => resolve(rss as number)));
}

async function runRounds(script: string, config: string, token: string): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const child = fork(script, [config, String(factor)], {
    env: { PATH: process.env.PATH, LAMPLIGHTER_BENCH_TOKEN: token },
    execArgv: [],
  });
  await new Promise<void>((resolve, reject) => {
    child.on('message', (report) => {
      if (reports.push(report as Report) === rounds) resolve();
    });
    child.once('exit', () => reject(new Error('the process ended')));
  });
  child.removeAllListeners('exit');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await ended;
  return reports;
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
