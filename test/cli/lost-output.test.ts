import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { builtCli } from '../support/built-cli.ts';

const main = await builtCli();
const lost = 'The output could not be written (the disk is full, ENOSPC): it is not complete\n';

const hasFull = existsSync('/dev/full');

describe.skipIf(!hasFull)(`a full disk${hasFull ? '' : ' (skipped: there is no /dev/full on this system)'}`, () => {
  test('is said on stderr, and a failure', async () => {
    const argv = [main, 'check', '--config', 'lamplighter.example.yml'];
    const child = withFull((full) => spawn(process.execPath, argv, { stdio: ['ignore', full, 'pipe'] }));
    expect(await Promise.all([ended(child), said(child)])).toEqual([1, lost]);
  });

  test('stays a failure when the command ends well, later', async () => {
    const argv = [main, 'simulator', '--port', '0'];
    const child = withFull((full) => spawn(process.execPath, argv, { stdio: ['ignore', full, 'pipe'] }));
    child.stderr?.once('data', () => child.kill('SIGTERM'));
    expect(await Promise.all([ended(child), said(child)])).toEqual([1, lost]);
  });

  test('a wrong command stays one where nobody can be told', async () => {
    const child = withFull((full) => spawn(process.execPath, [main, 'hlep'], { stdio: ['ignore', 'ignore', full] }));
    expect(await ended(child)).toBe(2);
  });
});

test('a reader that has enough is no failure', async () => {
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  expect(await Promise.all([ended(child), said(child)])).toEqual([0, '']);
});

function withFull(start: (full: number) => ChildProcess): ChildProcess {
  const full = openSync('/dev/full', 'w');
  try {
    return start(full);
  } finally {
    closeSync(full);
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('close', resolve));
}

async function said({ stderr }: ChildProcess): Promise<string> {
  return stderr === null ? '' : text(stderr);
}
