import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, symlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bundle } from '../../../scripts/bundle-function.ts';
import { compileCache } from '../compile-cache.ts';
import { madeOnce, root } from '../made-once.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import type { Template } from './template.ts';

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

/** Packaging takes seconds: the example is packaged once for all tests. */
export async function packageExample(): Promise<Packaged> {
  return readPackage(await madeOnce('lamplighter-packages', sources, packageInto));
}

async function packageInto(folder: string): Promise<void> {
  const temporary = makeTemporaryFolder();
  try {
    await packageService(temporary.path);
    cpSync(join(temporary.path, '.serverless'), folder, { recursive: true, force: true });
    cpSync(join(temporary.path, bundlesFile), join(folder, bundlesFile));
  } finally {
    temporary.remove();
  }
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
