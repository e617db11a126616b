/** Compiles a config and bundles the functions with it into dist/functions/<name>/. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderProblem } from '../lib/config/problem.ts';
import { loadConfig } from '../lib/config/read-config.ts';
import { UsageError } from '../lib/errors.ts';
import type { CompiledConfig } from '../lib/model/config.ts';
import { checkForFunctions } from './aws/check-for-functions.ts';
import { bundleFunction } from './bundle-function.ts';

export const functionNames = ['scale-pools', 'watch-clusters', 'deliver-alerts', 'accept-events'] as const;

const root = fileURLToPath(new URL('..', import.meta.url));

/** Throws with every mistake of the config, each with its line. */
export async function buildFunctions(file: string, into: string): Promise<CompiledConfig> {
  const config = await compileForFunctions(file);
  await rm(into, { recursive: true, force: true });
  const text = JSON.stringify(config);
  await Promise.all(
    functionNames.map(async (name) => {
      const folder = join(into, name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'config.json'), text);
      await bundleFunction(join(root, 'functions', `${name}.ts`), folder);
    }),
  );
  return config;
}

export async function compileForFunctions(file: string): Promise<CompiledConfig> {
  const outcome = await loadConfig(fromHere(file), { now: Date.now(), target: 'aws' });
  const lines = outcome.problems.map(renderProblem);
  if (!outcome.ok) throw new UsageError(`The config cannot be used for functions:\n${lines.join('\n')}`);
  for (const line of lines) console.error(line);
  checkForFunctions(outcome.config);
  return outcome.config;
}

/** The path goes into the package: however it is spelt, the same file gives the same bytes. */
function fromHere(file: string): string {
  return relative(process.cwd(), resolve(file)).split(sep).join('/');
}
