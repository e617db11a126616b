import { setFlagsFromString } from 'node:v8';

/**
 * The process sleeps nearly all of its life, and shares a small machine. V8 would let the heap grow to many times of what
 * is alive before it collects; told to prefer size over speed it takes about a third of the memory, and a round waits for
 * the API anyway. The flag steers heuristics only and may be set late, unlike those that size the heap.
 * https://nodejs.org/api/v8.html#v8setflagsfromstringflags
 */
export function keepSmall(): void {
  setFlagsFromString('--optimize-for-size');
}
