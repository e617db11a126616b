import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SecretError } from '../../errors.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import type { Clock } from '../clock.ts';
import { late, startDeadline } from '../http/deadline.ts';
import { type SecretSource } from './secret.ts';

/** A file on a slow network share must not block a round. */
const timeoutMs = 3_000;
const capBytes = 64 * 1024;

/**
 * A secret in a file: a container's mount (read-only links are fine), a systemd credential, or a file of mode 0600.
 * Refused when every user of the machine could write it, and when it is no ordinary file.
 */
export function fileSecretSource(path: string, clock: Clock): SecretSource {
  const reference = describeSecret({ kind: 'file', path });
  return {
    read: async (stage) => {
      if (stage === 'previous') return undefined;
      const deadline = startDeadline(clock, timeoutMs);
      try {
        const text = await deadline.race(readFile(path, reference));
        if (text === late) throw new SecretError(`${reference} could not be read within 3 s`, reference);
        return text;
      } finally {
        deadline.cancel();
      }
    },
  };
}

async function readFile(path: string, reference: string): Promise<string> {
  const file = await openFile(path, reference);
  try {
    const problem = whyRefused(await file.stat());
    if (problem) throw new SecretError(`${reference} ${problem}`, reference);
    return await file.readFile('utf8');
  } catch (error) {
    throw error instanceof SecretError ? error : unreadable(error, reference);
  } finally {
    await file.close();
  }
}

/** Non-blocking: opening a pipe would otherwise wait for ever. */
async function openFile(path: string, reference: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(error, reference);
  }
}

function whyRefused(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'is not an ordinary file';
  if ((stats.mode & 0o002) !== 0) return 'can be written by every user of this machine: chmod 600 it';
  if (stats.size > capBytes) return 'is larger than 64 KiB, too large for a secret';
  return undefined;
}

function unreadable(error: unknown, reference: string): SecretError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new SecretError(`${reference} does not exist`, reference);
  if (code === 'EACCES') return new SecretError(`${reference} may not be read by this process`, reference);
  return new SecretError(`${reference} could not be read${code ? ` (${code})` : ''}`, reference);
}
