import { setFlagsFromString } from 'node:v8';

/**
 * The tests are thousands of short ones in threads that live on. When such a thread waits, V8 collects all its garbage
 * once more to save memory, and what ran a few hundred times it compiles again: a third of the processor time, with
 * nothing in return within two minutes. To be called before the first thread starts; costs some hundred MB of memory.
 */
export function tuneThreads(): void {
  setFlagsFromString('--no-memory-reducer');
  setFlagsFromString('--min-semi-space-size=16');
  setFlagsFromString('--initial-old-space-size=400');
  setFlagsFromString('--invocation-count-for-maglev=3000');
  setFlagsFromString('--invocation-count-for-turbofan=30000');
}
