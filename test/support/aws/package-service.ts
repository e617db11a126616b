import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../../lib/io/clock.ts';
import type { Bundle } from '../../../scripts/bundle-function.ts';
import { compileCache } from '../compile-cache.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import type { Template } from './template.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const kept = join(root, 'node_modules/.cache/lamplighter-packages');

export const exampleConfig = 'deploy/lamplighter.aws.example.yml';

export type Packaged = {
  readonly template: Template;
  /** Where the zips lie. */
  readonly folder: string;
  /** sha256 of each zip. */
  readonly zips: { readonly [name: string]: string };
  /** What went into each function, by its name. */
  readonly bundles: { readonly [name: string]: Bundle };
};

/** As scripts/build-functions.ts writes it. */
const bundlesFile = 'dist/functions/bundles.json';

/** What a package is made of. */
const sources = ['serverless.yml', 'package.json', 'deploy', 'scripts', 'functions', 'lib'];

/**
 * Packaging takes seconds: the example is packaged once for all tests, and again only when one of its sources has changed.
 * Whoever comes second waits for the first.
 */
export async function packageExample(): Promise<Packaged> {
  const name = hashOfSources();
  const folder = join(kept, name);
  mkdirSync(kept, { recursive: true });
  while (!existsSync(folder)) {
    const lock = join(kept, `${name}.lock`);
    if (takeLock(lock)) {
      await packageInto(folder).finally(() => rmSync(lock, { recursive: true, force: true }));
    } else await systemClock.sleep(50);
  }
  return readPackage(folder);
}

/** One that is older than any packaging was left behind by a run that was killed. */
function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && systemClock.now() - made > 120_000) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

async function packageInto(folder: string): Promise<void> {
  const temporary = makeTemporaryFolder();
  try {
    await packageService(temporary.path);
    const name = basename(folder);
    for (const old of readdirSync(kept)) if (!old.startsWith(name)) rmSync(join(kept, old), { recursive: true });
    const moving = `${folder}-moving`;
    cpSync(join(temporary.path, '.serverless'), moving, { recursive: true, force: true });
    cpSync(join(temporary.path, bundlesFile), join(moving, bundlesFile));
    renameSync(moving, folder);
  } finally {
    temporary.remove();
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(process.version);
  for (const name of [...sources, 'package-lock.json']) {
    const path = join(root, name);
    const isFile = /\.\w+$/u.test(name);
    const files = isFile ? [path] : readdirSync(path, { recursive: true, withFileTypes: true }).flatMap(pathOf).sort();
    for (const file of files) hash.update(`\n${file}\n`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 32);
}

function pathOf(entry: { readonly isFile: () => boolean; readonly parentPath: string; readonly name: string }) {
  return entry.isFile() ? [join(entry.parentPath, entry.name)] : [];
}

/**
 * `npm run package` in a copy of the project, by a user without credentials and with no way out; the package is in
 * `<folder>/.serverless`.
 */
export async function packageService(
  folder: string,
  words: readonly string[] = ['--config', exampleConfig],
): Promise<Packaged> {
  for (const name of sources) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const env = {
    PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
    HOME: folder,
    ...compileCache,
    HTTPS_PROXY: 'http://127.0.0.1:9',
  };
  await promisify(execFile)(process.execPath, ['scripts/package.ts', ...words], { cwd: folder, env });
  return readPackage(join(folder, '.serverless'), folder);
}

async function readPackage(folder: string, built = folder): Promise<Packaged> {
  const text = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.zip')).sort();
  const sums = names.map(async (name) => [name, sum(await readFile(join(folder, name)))] as const);
  const zips = Object.fromEntries(await Promise.all(sums));
  const bundles = JSON.parse(await readFile(join(built, bundlesFile), 'utf8')) as Packaged['bundles'];
  return { template: JSON.parse(text) as Template, folder, zips, bundles };
}

function sum(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
