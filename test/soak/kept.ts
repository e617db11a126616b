import { type ChildProcess, fork } from 'node:child_process';
import type { EpochMs } from '../../lib/model/time.ts';
import type { Idle, Wake } from './keeper-clock.ts';

/** One life of the process, from its start to its death. */
export type Kept = {
  /** Lets it do what is due by then; resolves with the instant at which it wants to go on, or `dead`. */
  readonly go: (now: EpochMs) => Promise<EpochMs | 'dead'>;
  readonly kill: () => void;
  readonly isAlive: () => boolean;
};

export type KeptOptions = {
  readonly script: string;
  readonly config: string;
  readonly now: EpochMs;
  readonly env: { readonly [name: string]: string };
  readonly onOutput: (text: string) => void;
};

/** Starts the process; resolves when it has done what is due at its start. */
export async function keep({
  script,
  config,
  now,
  env,
  onOutput,
}: KeptOptions): Promise<{ kept: Kept; wakeAt: EpochMs | 'dead' }> {
  const child: ChildProcess = fork(script, [config, String(now)], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let isAlive = true;
  let waiting = Promise.withResolvers<EpochMs | 'dead'>();
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => onOutput(String(part)));
  child.on('message', ({ wakeAt }: Idle) => waiting.resolve(wakeAt));
  child.on('error', () => {});
  child.on('exit', () => {
    isAlive = false;
    waiting.resolve('dead');
  });
  const kept: Kept = {
    go: (at) => {
      if (!isAlive) return Promise.resolve('dead');
      waiting = Promise.withResolvers();
      child.send({ now: at } satisfies Wake, () => {});
      return waiting.promise;
    },
    kill: () => child.kill('SIGKILL'),
    isAlive: () => isAlive,
  };
  return { kept, wakeAt: await waiting.promise };
}
