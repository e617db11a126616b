import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/io/clock.ts';
import { builtCli } from '../support/built-cli.ts';
import { compileCache } from '../support/compile-cache.ts';

const main = await builtCli();

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Running = {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything it wrote so far, both streams. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
};

/** A folder of its own, away when the test is over, for the config and the state of one journey. */
export function makeFolder(): Disposable & { readonly path: string; readonly bytes: () => string } {
  const path = mkdtempSync(join(tmpdir(), 'lamplighter-journey-'));
  return {
    path,
    bytes: () =>
      readdirSync(path)
        .map((file) => readFileSync(join(path, file), 'latin1'))
        .join('\n'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The installed command in a process of its own, as a person starts it. */
export function startCli(args: readonly string[], cwd: string, env: { readonly [name: string]: string }): Running {
  return start([main, ...args], cwd, env);
}

export async function runCommand(args: readonly string[], cwd: string, env: { readonly [name: string]: string }) {
  return startCli(args, cwd, env).ended;
}

export function start(
  args: readonly string[],
  cwd: string,
  env: { readonly [name: string]: string },
  program = process.execPath,
): Running {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...compileCache, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  return { child, output: () => stdout + stderr, ended };
}

/** Looks again and again: what is waited for happens in another process, on the machine's own time. */
export async function until<T>(what: string, look: () => T | undefined | false, atMostMs = 200_000): Promise<T> {
  const end = systemClock.now() + atMostMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (systemClock.now() > end) throw new Error(`waited in vain for ${what}`);
    await systemClock.sleep(5);
  }
}

/** A weekday on which nobody works here: its window is open neither now nor within the next hours, whatever day it is. */
export function aDayFarFromNow(): string {
  const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
  return days[(new Date(systemClock.now()).getUTCDay() + 3) % 7] ?? 'mon';
}
