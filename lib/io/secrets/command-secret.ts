import { type ChildProcess, spawn } from 'node:child_process';
import { SecretError } from '../../errors.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import type { Clock } from '../clock.ts';
import { startDeadline } from '../http/deadline.ts';
import type { Environment } from './env-secret.ts';
import { findStartedBy, type Process, signalAll, stillThere } from './left-behind.ts';
import { type SecretSource } from './secret.ts';

const timeoutMs = 10_000;
const tooSlow = 'did not end within 10 s: run it by hand to see why';
const capBytes = 64 * 1024;
/** From the request to end (SIGTERM) to the end (SIGKILL). */
const lastWordsMs = 1000;

type Surroundings = { readonly clock: Clock; readonly env: Environment };

/** The program and its arguments, and the variables that it gets beside PATH, HOME and LANG. */
export type Command = { readonly argv: readonly string[]; readonly environment?: readonly string[] };

/**
 * What a program prints, such as `pass mks`. Started without a shell, without input, in a process group of its own, with
 * PATH, HOME, LANG and the variables that the config names: other secrets of the environment are not its business. What
 * it says on its error output is never shown, since that may be the secret too, and neither are its arguments. It and
 * whatever it has started are ended after 10 s; when the program itself has ended, so is the rest of its group.
 */
export function commandSecretSource(command: Command, { clock, env }: Surroundings): SecretSource {
  const reference = describeSecret({ kind: 'command', ...command });
  return {
    read: async (stage) => {
      if (stage === 'previous') return undefined;
      const deadline = startDeadline(clock, timeoutMs);
      try {
        return await run(command, env, clock, deadline.signal);
      } catch (error) {
        throw new SecretError(`${reference} ${whyFailed(error)}`, reference);
      } finally {
        deadline.cancel();
      }
    },
  };
}

/** Why no secret came of it, in our own words. */
class Failure extends Error {}

function run(command: Command, env: Environment, clock: Clock, signal: AbortSignal): Promise<string> {
  const child = start(command, env);
  return new Promise((resolve, reject) => {
    let ending: Promise<void> | undefined;
    const end = () => void (ending ??= endGroup(child, clock));
    const giveUp = (why: string) => {
      end();
      reject(new Failure(why));
    };
    child.once('error', (error) => {
      forget(child);
      reject(error);
    });
    const printed = collect(child, () => giveUp('printed more than 64 KiB, too much for a secret'));
    // What it left behind may hold its output open, and is ended: then the output ends too.
    child.once('exit', end);
    child.once('close', (code, endedBy) => {
      if (code === 0) resolve(Buffer.concat(printed).toString('utf8'));
      else reject(new Failure(howEnded(code, endedBy)));
    });
    signal.addEventListener('abort', () => giveUp(tooSlow), { once: true });
  });
}

function start({ argv, environment = [] }: Command, env: Environment): ChildProcess {
  const [program = '', ...rest] = argv;
  const names = ['PATH', 'HOME', 'LANG', ...environment];
  const child = spawn(program, rest, {
    env: Object.fromEntries(names.map((name) => [name, env[name]])),
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  if (running.size === 0) process.once('exit', killAll);
  running.add(child);
  return child;
}

/** Fills the array that it returns, up to the cap. Without a free file descriptor there is no output to read. */
function collect({ stdout }: ChildProcess, whenTooMuch: () => void): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stdout
    ?.on('error', () => undefined)
    .on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= capBytes) chunks.push(chunk);
      else whenTooMuch();
    });
  return chunks;
}

function howEnded(code: number | null, endedBy: NodeJS.Signals | null): string {
  return code === null ? `was ended by ${endedBy}` : `ended with exit code ${code}: run it by hand to see why`;
}

/** Those that are not ended yet: they do not outlive this process either. */
const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) {
    const others = startedBy(child);
    signalGroup(child, 'SIGKILL');
    signalAll(others, 'SIGKILL');
  }
}

/**
 * Asks the whole group to end, and what has left the group too, and a little later ends what is left; then nothing of it
 * keeps this process. A program that has ended by itself may have left a daemon of its own on purpose: nobody looks for it.
 */
async function endGroup(child: ChildProcess, clock: Clock): Promise<void> {
  const others = startedBy(child);
  signalGroup(child, 'SIGTERM');
  signalAll(others, 'SIGTERM');
  const closed = new AbortController();
  child.once('close', () => closed.abort());
  await clock.sleep(lastWordsMs, closed.signal);
  const areLeft = signalGroup(child, 0) || stillThere(others).length > 0;
  if (areLeft && closed.signal.aborted) await clock.sleep(lastWordsMs);
  const left = startedBy(child, stillThere(others));
  signalGroup(child, 'SIGKILL');
  signalAll(left, 'SIGKILL');
  child.stdout?.destroy();
  child.unref();
  forget(child);
}

/** Also what those have started that were found `before`. A program that has ended has given its number back. */
function startedBy(child: ChildProcess, before: readonly Process[] = []): readonly Process[] {
  const hasEnded = child.exitCode !== null || child.signalCode !== null;
  return hasEnded && before.length === 0 ? [] : findStartedBy(hasEnded ? undefined : child.pid, before);
}

function forget(child: ChildProcess): void {
  running.delete(child);
  if (running.size === 0) process.off('exit', killAll);
}

/** False when nobody of the group is there any more. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    return false;
  }
}

function whyFailed(error: unknown): string {
  if (error instanceof Failure) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'cannot be started: there is no such program';
  if (code === 'EACCES') return 'cannot be started: it may not be run by this process';
  if (code === 'EMFILE' || code === 'ENFILE')
    return 'cannot be started: too many files are open, raise the limit (ulimit -n)';
  return 'could not be run';
}
