/**
 * A test runner for StrykerJS that keeps all test files loaded and calls the tests that reach a mistake, those of the quickest
 * files first, until one fails. Loops that do not end are stopped by the count of StrykerJS, or with the process.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { load, runTests, type WrittenTest, written } from './in-process.ts';
import { isInSample, type Place, readEnvironment } from './sample.ts';

type Namespace = {
  activeMutant?: string;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: object;
};
type RunOptions = {
  readonly activeMutant: {
    readonly id: string;
    readonly fileName: string;
    readonly mutatorName: string;
    readonly replacement: string;
    readonly location: { readonly start: { readonly line: number; readonly column: number } };
  };
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly mutantActivation: 'static' | 'runtime';
  readonly reloadEnvironment: boolean;
};
type TestResult = { readonly id: string; readonly name: string; readonly status: 0; readonly timeSpentMs: number };

const namespace = '__stryker__';
const state = ((globalThis as unknown as Record<string, Namespace>)[namespace] ??= {});
const { tests: patterns, left, sample, times } = readEnvironment(process.env);
const shim = new URL('in-process.ts', import.meta.url).href;
const here = pathToFileURL(`${process.cwd()}/`).href;
const root = fileURLToPath(new URL('../../', import.meta.url));
const nobody = 'none';

/** A mistake in a constant needs everything of the project loaded anew: under other addresses. */
let version = 0;

registerHooks({
  resolve(specifier, { parentURL, ...context }, next) {
    if (specifier === 'vitest' && parentURL !== shim) return { url: shim, shortCircuit: true };
    const found = next(specifier, { ...context, parentURL });
    const isOurs = found.url.startsWith(here) && !found.url.includes('/node_modules/');
    return isOurs && version > 0 ? { ...found, url: `${found.url}?v=${version}` } : found;
  },
});
// The same mistakes are seen by every run; and one counterexample is enough.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1, endOnFailure: true });

let loaded: Promise<void> | undefined;
/** Of a process that was ended and is replaced by this one, too: the quickest tests go first in all of them. */
let spentMs: Readonly<Record<string, number>> = existsSync(times) ? readTimes() : {};
let stray: unknown;
process.on('uncaughtException', (error) => {
  stray ??= error ?? new Error('an error nobody caught');
});

function readTimes(): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(times, 'utf8')) as Record<string, number>;
}

async function loadAll(): Promise<void> {
  const files = globSync([...patterns], { exclude: [...left] });
  for (const file of files.toSorted()) await load(file, pathToFileURL(file).href);
}

const runner = {
  capabilities: () => ({ reloadEnvironment: true }),
  init: () => undefined,
  dispose: () => undefined,

  async dryRun(): Promise<object> {
    state.activeMutant = nobody;
    await (loaded ??= loadAll());
    const tests: TestResult[] = [];
    const failed: string[] = [];
    for (const own of byFile([...written.values()])) {
      let startedAt = 0;
      await runTests(own, {
        started(id) {
          state.currentTestId = id;
          startedAt = performance.now();
        },
        ended(id, error) {
          state.currentTestId = undefined;
          const timeSpentMs = performance.now() - startedAt;
          if (error === undefined) tests.push({ id, name: id, status: 0, timeSpentMs });
          else failed.push(`${id}: ${wordsOf(error).split('\n')[0]}`);
          return false;
        },
      });
    }
    spentMs = Object.fromEntries(tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]));
    if (times !== '') writeFileSync(times, JSON.stringify(spentMs));
    for (const one of failed) process.stdout.write(`left out, since it does not run this way: ${one}\n`);
    return { status: 'complete', tests, mutantCoverage: state.mutantCoverage };
  },

  async mutantRun(options: RunOptions): Promise<object> {
    const { activeMutant, testFilter, hitLimit, mutantActivation, reloadEnvironment } = options;
    const place: Place = {
      file: relative(root, activeMutant.fileName).replaceAll(sep, '/'),
      ...activeMutant.location.start,
      mutator: activeMutant.mutatorName,
      replacement: activeMutant.replacement,
    };
    if (!isInSample(place, sample)) return { status: 'error', errorMessage: 'not in the sample' };
    state.activeMutant = mutantActivation === 'static' ? activeMutant.id : nobody;
    state.currentTestId = nobody;
    if (reloadEnvironment) unload();
    try {
      await (loaded ??= loadAll());
    } catch (error) {
      return killed('loading', error, 0);
    }
    Object.assign(state, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
    stray = undefined;
    const chosen = testFilter === undefined ? [...written.values()] : testFilter.flatMap((id) => written.get(id) ?? []);
    try {
      return await runUntilFailure(chosen, hitLimit);
    } finally {
      Object.assign(state, { activeMutant: nobody, hitCount: undefined, hitLimit: undefined });
    }
  },
};

function unload(): void {
  version += 1;
  loaded = undefined;
  written.clear();
}

async function runUntilFailure(chosen: readonly WrittenTest[], hitLimit: number | undefined): Promise<object> {
  let nrOfTests = 0;
  let result: object | undefined;
  for (const own of byFile(chosen)) {
    await runTests(own, {
      started: () => undefined,
      ended(id, error) {
        nrOfTests += 1;
        const failure = error ?? stray;
        if (hitLimit !== undefined && (state.hitCount ?? 0) > hitLimit)
          result = { status: 'timeout', reason: 'a loop' };
        else if (failure !== undefined && written.has(id)) result = killed(id, failure, nrOfTests);
        return result !== undefined;
      },
    });
    if (result !== undefined) return result;
  }
  return { status: 'survived', nrOfTests };
}

const killed = (id: string, error: unknown, nrOfTests: number): object => ({
  status: 'killed',
  killedBy: [id],
  failureMessage: wordsOf(error).slice(0, 200),
  nrOfTests,
});

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : 'it threw something else');

/** Each file's tests in their order; the files by the time that these tests took. */
function byFile(tests: readonly WrittenTest[]): readonly (readonly WrittenTest[])[] {
  const cost = (own: readonly WrittenTest[]): number => own.reduce((sum, { id }) => sum + (spentMs[id] ?? 0), 0);
  return Object.values(Object.groupBy(tests, ({ file }) => file) as Record<string, WrittenTest[]>).toSorted(
    (a, b) => cost(a) - cost(b),
  );
}

/** The shape in which StrykerJS takes plugins. */
export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', value: runner }];
