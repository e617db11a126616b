/**
 * `npm run package [-- --config F]`: compiles the config, bundles the functions and writes the deployment package to
 * .serverless/. Needs no network and no credentials. Everything else after `--` goes to `serverless package`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../lib/errors.ts';

const serverless = fileURLToPath(new URL('../node_modules/.bin/serverless', import.meta.url));

/** `--config F` is a parameter of serverless.yml. */
export function serverlessArguments(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='));
  if (at === -1) return ['package', ...words];
  const word = words[at] ?? '';
  const isJoined = word.startsWith('--config=');
  const file = isJoined ? word.slice('--config='.length) : words[at + 1];
  if (file === undefined || file === '' || file.startsWith('--'))
    throw new UsageError('--config names no file: write --config my-fleet.yml');
  const rest = [...words.slice(0, at), ...words.slice(at + (isJoined ? 1 : 2))];
  return ['package', '--param', `config=${file}`, ...rest];
}

function run(words: readonly string[]): void {
  const child = spawn(serverless, serverlessArguments(words), { stdio: 'inherit' });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

function main(words: readonly string[]): void {
  try {
    run(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

if (import.meta.main) main(process.argv.slice(2));
