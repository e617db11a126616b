import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, symlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileCache } from '../compile-cache.ts';
import type { Template } from './template.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export type Packaged = {
  readonly template: Template;
  /** sha256 of each zip. */
  readonly zips: { readonly [name: string]: string };
};

/** What a package is made of. */
const sources = ['serverless.yml', 'package.json', 'deploy', 'scripts', 'functions', 'lib'];

/**
 * `npm run package` in a copy of the project, by a user without credentials and with no way out; the package is in
 * `<folder>/.serverless`.
 */
export async function packageService(
  folder: string,
  words: readonly string[] = ['--config', 'deploy/lamplighter.aws.example.yml'],
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
  const into = join(folder, '.serverless');
  const text = await readFile(join(into, 'cloudformation-template-update-stack.json'), 'utf8');
  const names = (await readdir(into)).filter((name) => name.endsWith('.zip')).sort();
  const sums = names.map(async (name) => [name, sum(await readFile(join(into, name)))] as const);
  return { template: JSON.parse(text) as Template, zips: Object.fromEntries(await Promise.all(sums)) };
}

function sum(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
