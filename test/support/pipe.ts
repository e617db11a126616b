import { execFileSync, spawn } from 'node:child_process';

/**
 * A named pipe at this path. Whoever waits there for a writer is let go after two seconds: a mistake that opens it fails
 * then, and holds neither its test nor the end of the run up.
 */
export function makePipe(path: string): Disposable {
  execFileSync('mkfifo', ['-m', '666', path]);
  const letGo = spawn('sh', ['-c', 'while sleep 2; do : <> "$0"; done', path], { stdio: 'ignore' });
  return { [Symbol.dispose]: () => void letGo.kill() };
}
