import { execFile } from 'node:child_process';
import { SecretError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import { late, startDeadline } from '../http/deadline.ts';
import type { Environment } from './env-secret.ts';
import { describeSecret, type SecretSource } from './secret.ts';

const timeoutMs = 10_000;
const tooSlow = 'did not end within 10 s: run it by hand to see why';
const capBytes = 64 * 1024;

type Surroundings = { readonly clock: Clock; readonly env: Environment };

/**
 * What a program prints, such as `pass mks`. Started without a shell and without input; what it says on its error
 * output is never shown, since that may be the secret too.
 */
export function commandSecretSource(argv: readonly string[], surroundings: Surroundings): SecretSource {
  const reference = describeSecret({ kind: 'command', argv });
  return {
    read: async (stage) => {
      if (stage === 'previous') return undefined;
      const deadline = startDeadline(surroundings.clock, timeoutMs);
      try {
        const text = await deadline.race(run(argv, surroundings.env, deadline.signal, reference));
        if (text === late) throw new SecretError(`${reference} ${tooSlow}`, reference);
        return text;
      } finally {
        deadline.cancel();
      }
    },
  };
}

function run(argv: readonly string[], env: Environment, signal: AbortSignal, reference: string): Promise<string> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const options = { env: { ...env }, signal, killSignal: 'SIGKILL', maxBuffer: capBytes, windowsHide: true } as const;
    const child = execFile(program, rest, options, (error, stdout) => {
      if (error) reject(new SecretError(`${reference} ${whyFailed(error)}`, reference));
      else resolve(stdout);
    });
    child.stdin?.on('error', ignore).end();
  });
}

function whyFailed(error: { readonly code?: unknown; readonly signal?: unknown }): string {
  const { code, signal } = error;
  // The program's end, once its time is over, may be heard before the deadline's own.
  if (code === 'ABORT_ERR') return tooSlow;
  if (code === 'ENOENT') return 'cannot be started: there is no such program';
  if (code === 'EACCES') return 'cannot be started: it may not be run by this process';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed more than 64 KiB, which no secret is';
  if (typeof code === 'number') return `ended with exit code ${code}: run it by hand to see why`;
  return typeof signal === 'string' && /^SIG[A-Z0-9]+$/.test(signal) ? `was ended by ${signal}` : 'could not be run';
}

function ignore(): void {}
