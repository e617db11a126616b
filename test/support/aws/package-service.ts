import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Template } from './template.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export type Packaged = {
  readonly template: Template;
  /** sha256 of each zip. */
  readonly zips: { readonly [name: string]: string };
};

/** `npm run package` into a folder of its own, by a user without credentials and with no way out. */
export async function packageService(into: string, words: readonly string[] = []): Promise<Packaged> {
  const env = {
    PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
    HOME: into,
    HTTPS_PROXY: 'http://127.0.0.1:9',
    SLS_TELEMETRY_DISABLED: '1',
  };
  await promisify(execFile)(process.execPath, ['scripts/package.ts', '--package', into, ...words], { cwd: root, env });
  const text = await readFile(join(into, 'cloudformation-template-update-stack.json'), 'utf8');
  const names = (await readdir(into)).filter((name) => name.endsWith('.zip')).sort();
  const sums = names.map(async (name) => [name, sum(await readFile(join(into, name)))] as const);
  return { template: JSON.parse(text) as Template, zips: Object.fromEntries(await Promise.all(sums)) };
}

function sum(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
