#!/usr/bin/env node
import { hostname, userInfo } from 'node:os';
import { isatty } from 'node:tty';
import { systemClock } from '../io/clock.ts';
import { randomId } from '../io/ids.ts';
import { makeRedactor } from '../io/redact.ts';
import { fullDisk } from './failure.ts';
import type { Output } from './parts.ts';
import { runCli } from './run-cli.ts';
import { machineZone } from './text/instant.ts';

/** The process: everything that the commands use is taken from it here and handed on. */
const stop = new AbortController();
let isOutputLost = false;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => askToStop(name));

const code = await runCli(process.argv.slice(2), {
  env: process.env,
  fetch: (input, init) => fetch(input, init),
  clock: systemClock,
  newId: randomId,
  redactor: makeRedactor(),
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  isInteractive: isatty(0) && isatty(1),
  who: `${userName()}@${hostname()}`,
  zone: machineZone(Intl.DateTimeFormat().resolvedOptions().timeZone),
  signal: stop.signal,
});
process.exitCode = code || process.exitCode || 0;

function outputOf(stream: NodeJS.WriteStream & { readonly fd: number }): Output {
  stream.on('error', onLostOutput);
  return {
    write: (text) => void stream.write(text),
    get isTerminal() {
      return isatty(stream.fd);
    },
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}

/**
 * `lamplighter history | head`: the reader has enough, which is no failure. Any other lost output is one; the command goes on
 * all the same, since a full disk under its log is no reason to leave a fleet alone.
 */
function onLostOutput({ code }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') process.exit(0);
  if (isOutputLost) return;
  isOutputLost = true;
  process.exitCode ||= 1;
  const why = code !== undefined && fullDisk.has(code) ? `the disk is full, ${code}` : (code ?? 'unknown');
  process.stderr.write(`The output could not be written (${why}): it is not complete\n`);
}

/** The first one asks for a clean end; a second ends at once, as people expect. */
function askToStop(name: 'SIGINT' | 'SIGTERM'): void {
  if (stop.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
  stop.abort();
}

/** Inside a container there may be no name for the user's number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}
