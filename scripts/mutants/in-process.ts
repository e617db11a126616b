/**
 * What test files import as `vitest` while mistakes are planted: tests are written down when their file is loaded, and run
 * when they are asked for, in this process and as often as needed. `expect` is Vitest's own. A mistake then costs the time of
 * the tests that reach it, not that of a new worker and all its imports.
 */
import { expect } from 'vitest';

type Fn = (...values: readonly never[]) => unknown;
type Hook = () => unknown;
type Suite = {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly before: Hook[];
  readonly after: Hook[];
  readonly beforeOne: Hook[];
  readonly afterOne: Hook[];
};
export type WrittenTest = { readonly id: string; readonly suite: Suite; readonly file: string; readonly run: Hook };

export const written = new Map<string, WrittenTest>();
let file = '';
let suite: Suite = aSuite('', undefined);

/** Loads a test file; what it says of tests goes to `written`. */
export async function load(path: string, url: string): Promise<void> {
  file = path;
  suite = aSuite('', undefined);
  await import(url);
}

/** Runs tests of one file in their order; says after each whether it failed, and stops where it is told to. */
export async function runTests(
  tests: readonly WrittenTest[],
  around: { readonly started: (id: string) => void; readonly ended: (id: string, error: unknown) => boolean },
): Promise<void> {
  let entered: readonly Suite[] = [];
  for (const { id, suite: own, run } of tests) {
    const path = pathOf(own);
    const kept = entered.filter((one) => path.includes(one));
    await leave(entered.filter((one) => !path.includes(one)));
    entered = kept;
    around.started(id);
    let failure: unknown;
    try {
      for (const one of path.slice(kept.length)) {
        entered = [...entered, one];
        for (const hook of one.before) keep(one.after, await hook());
      }
      await runOne(path, run);
    } catch (error) {
      failure = error ?? new Error('failed');
    }
    if (around.ended(id, failure)) break;
  }
  await leave(entered);
}

async function runOne(path: readonly Suite[], run: Hook): Promise<void> {
  const undo: Hook[] = [];
  try {
    for (const one of path) for (const hook of one.beforeOne) keep(undo, await hook());
    await run();
  } finally {
    for (const one of path.toReversed()) for (const hook of one.afterOne.toReversed()) await hook();
    for (const hook of undo.toReversed()) await hook();
  }
}

/** After a failure, whatever is open is closed as far as it goes. */
async function leave(suites: readonly Suite[]): Promise<void> {
  for (const one of suites.toReversed()) {
    for (const hook of one.after.toReversed()) await Promise.resolve(hook()).catch(() => undefined);
  }
}

function keep(undo: Hook[], given: unknown): void {
  if (typeof given === 'function') undo.push(given as Hook);
}

function pathOf(own: Suite): readonly Suite[] {
  return own.parent === undefined ? [own] : [...pathOf(own.parent), own];
}

function aSuite(name: string, parent: Suite | undefined): Suite {
  return { name, parent, before: [], after: [], beforeOne: [], afterOne: [] };
}

const nameOf = (own: Suite): string => (own.parent === undefined ? own.name : `${nameOf(own.parent)} ${own.name}`);

/** `(name, fn)`, `(name, options, fn)` and `(name, fn, timeout)` all do. */
const fnOf = (given: readonly unknown[]): Fn | undefined => given.find((one): one is Fn => typeof one === 'function');

function addTest(name: string, given: readonly unknown[], values: readonly unknown[]): void {
  const fn = fnOf(given);
  if (fn === undefined) return;
  const base = `${file}#${nameOf(suite)} ${name}`;
  let id = base;
  for (let count = 2; written.has(id); count += 1) id = `${base} (${count})`;
  const own = suite;
  written.set(id, { id, suite: own, file, run: () => fn(...(values as never[])) });
}

function addSuite(name: string, given: readonly unknown[], values: readonly unknown[]): void {
  const outer = suite;
  suite = aSuite(name, outer);
  try {
    fnOf(given)?.(...(values as never[]));
  } finally {
    suite = outer;
  }
}

type Add = (name: string, given: readonly unknown[], values: readonly unknown[]) => void;

function adder(add: Add): object {
  const each =
    (table: readonly unknown[]) =>
    (name: unknown, ...given: readonly unknown[]): void => {
      for (const [at, row] of table.entries()) add(`${String(name)} [${at}]`, given, Array.isArray(row) ? row : [row]);
    };
  const plain = (name: unknown, ...given: readonly unknown[]): void => add(String(name), given, [context]);
  const none = (): void => undefined;
  const skipped = Object.assign(none, { each: () => none });
  const all = Object.assign(plain, { each, skip: skipped });
  const skipIf = (condition: unknown): object => (condition ? skipped : all);
  return Object.assign(plain, {
    skipIf,
    runIf: (condition: unknown) => skipIf(!condition),
    concurrent: all,
    sequential: all,
  });
}
const context = { expect };

export { expect };
export const test = adder(addTest);
export const describe = adder(addSuite);
export const beforeAll = (hook: Hook): number => suite.before.push(hook);
export const afterAll = (hook: Hook): number => suite.after.push(hook);
export const beforeEach = (hook: Hook): number => suite.beforeOne.push(hook);
export const afterEach = (hook: Hook): number => suite.afterOne.push(hook);

const stubbed = new Map<string, string | undefined>();

/** As much of Vitest's `vi` as the tests use. */
export const vi = {
  stubEnv(name: string, value: string | undefined): void {
    if (!stubbed.has(name)) stubbed.set(name, process.env[name]);
    setEnv(name, value);
  },
  unstubAllEnvs(): void {
    for (const [name, value] of stubbed) setEnv(name, value);
    stubbed.clear();
  },
};

function setEnv(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
