/** `npm test`: types, lint, format and dead code beside the tests, so that both cores have work from the start. */
import { spawn } from 'node:child_process';

type Ended = { readonly code: number; readonly output: string };

async function main(): Promise<void> {
  const checked = run('npm', ['run', '--silent', 'check']);
  const tested = await stream('npx', ['vitest', 'run', ...process.argv.slice(2)]);
  const { code, output } = await checked;
  process.stdout.write(
    code === 0 ? 'Types, lint, format, dead code: all well.\n' : `${output}\nnpm run check failed.\n`,
  );
  process.exitCode = code === 0 ? tested : 1;
}

/** Keeps what it prints until it has ended. */
function run(command: string, words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
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
