import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { plantedAlertBugs } from './alerts/planted-bugs.ts';
import { plantedEventBugs } from './events/planted-bugs.ts';
import type { Replayed } from './planted/hunting.ts';
import { simulate } from './simulate.ts';

async function run(script: string, ...args: string[]): Promise<string> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const words = ['--disable-warning=ExperimentalWarning', file, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 64_000_000 });
  return stdout;
}

test('ten cluster-years break no promise', { timeout: 1_200_000 }, async () => {
  const out = await run(
    'run.ts',
    '--years',
    '10',
    '--days',
    '14',
    '--clusters',
    '10',
    '--workers',
    '2',
    '--search-only',
  );
  expect(out).toMatch(/^seeds 1 to \d+: 1\d\.\d cluster-years, 0 seeds with violations$/m);
  expect(out).toMatch(/await points crashed before and after: 100 %$/m);
});

test('five cluster-years in three parts break no promise', { timeout: 1_200_000 }, async () => {
  const out = await run('run.ts', '--years', '5', '--parts', '3', '--workers', '2', '--search-only');
  expect(out).toMatch(/cluster-years, 0 seeds with violations$/m);
  expect(out).toMatch(/^ticks: [1-9]\d* lost, [1-9]\d* more of one part .*, [1-9]\d* doubled; rounds frozen: [1-9]/m);
});

test('equal seeds leave equal traces on DynamoDB, other seeds other ones', { timeout: 300_000 }, async () => {
  const traceOf = async (seed: number) => (await simulate({ seed, store: 'dynamodb', days: 4, clusters: 1 })).hash;
  const first = await traceOf(1);
  expect(await traceOf(1)).toBe(first);
  expect(await traceOf(2)).not.toBe(first);
});

test('each planted bug is caught by its seed, on both adapters', { timeout: 1_200_000 }, async () => {
  const replayed = (await run('planted/replay.ts'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Replayed);
  expect(replayed.filter(({ by }) => by === undefined)).toEqual([]);
});

test('each planted bug about alerts and events is caught, and nothing without them', {
  timeout: 1_200_000,
}, async () => {
  const { caught, clean } = JSON.parse(await run('alerts/replay-planted.ts', '--planted')) as {
    readonly caught: { readonly [name: string]: string | null };
    readonly clean: { readonly violations: readonly object[]; readonly isSame: boolean };
  };
  expect(clean).toMatchObject({ violations: [], isSame: true });
  expect(Object.keys(caught)).toHaveLength(plantedAlertBugs.length + plantedEventBugs.length);
  expect(Object.entries(caught).filter(([, kind]) => kind === null)).toEqual([]);
});
