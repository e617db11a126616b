import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

const waitsSeconds = 8;

/**
 * A named pipe at this path. Whoever waits there for a writer is let go after eight seconds, and then its test fails: a
 * mistake that opens it holds nobody up for longer.
 */
export function makePipe(path: string): Disposable {
  execFileSync('mkfifo', ['-m', '666', path]);
  const letGo = spawn('sh', ['-c', `while sleep ${waitsSeconds}; do : <> "$0"; done`, path], { stdio: 'ignore' });
  const made = performance.now();
  return {
    [Symbol.dispose]: () => {
      // Opened for both ways it never blocks, and whoever waits goes on.
      closeSync(openSync(path, constants.O_RDWR));
      letGo.kill();
      if (performance.now() - made > waitsSeconds * 1000) throw new Error('somebody waited at the pipe');
    },
  };
}
