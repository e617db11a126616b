/** `npm test`: types, lint, format and dead code beside the tests, so that both cores have work from the start. */
import { spawn } from 'node:child_process';
import packageJson from '../package.json' with { type: 'json' };

/**
 * TypeScript and the linter's half that knows types are Go and soon over: below a limit they collect no garbage at all,
 * which saves a quarter of their time. The tests have the other core: more threads than one would only wait for each other.
 */
const environment = { GOGC: 'off', GOMEMLIMIT: '1500MiB', GOMAXPROCS: '1', RAYON_NUM_THREADS: '1', ...process.env };

type Ended = { readonly code: number; readonly output: string };

async function main(): Promise<void> {
  const checked = run(withoutNpm('check'));
  const tested = await stream('vitest', ['run', ...process.argv.slice(2)]);
  const { code, output } = await checked;
  process.stdout.write(
    code === 0 ? 'Types, lint, format, dead code: all well.\n' : `${output}\nnpm run check failed.\n`,
  );
  process.exitCode = code === 0 ? tested : 1;
}

/** A script with the scripts that it runs written out: each npm in between costs as much as a small test. */
function withoutNpm(name: string): string {
  const scripts: { readonly [script: string]: string } = packageJson.scripts;
  return (scripts[name] ?? '').replaceAll(/npm run ([\w:]+)/gu, (_, inner: string) => withoutNpm(inner));
}

/** Keeps what it prints until it has ended. */
function run(command: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    const output: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => output.push(bytes));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(output).toString() }));
  });
}

function stream(command: string, words: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: 'inherit' });
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

await main();
