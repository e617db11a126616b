import type { EpochMs } from '../../lib/model/time.ts';

/** The only time there is in a simulation: a heap of what is to happen, each at its instant, equals in order of adding. */
export type Kernel = {
  readonly now: () => EpochMs;
  readonly at: (instant: EpochMs, happen: () => void) => void;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Says that something went on, so that the kernel waits for what follows from it before time moves. */
  readonly touch: () => void;
  readonly run: (until: EpochMs) => Promise<void>;
};

type Event = { readonly at: EpochMs; readonly order: number; readonly happen: () => void };

export function makeKernel(start: EpochMs): Kernel {
  const heap: Event[] = [];
  let now = start;
  let order = 0;
  let touched = 0;
  const at = (instant: EpochMs, happen: () => void) => {
    push(heap, { at: Math.max(instant, now), order: (order += 1), happen });
  };
  const settle = async () => {
    let before: number;
    do {
      before = touched;
      await new Promise((resolve) => setImmediate(resolve));
    } while (before !== touched);
  };
  return {
    now: () => now,
    at,
    touch: () => {
      touched += 1;
    },
    sleep: (ms, signal) => new Promise((resolve) => sleep(resolve, now + ms, signal, at)),
    run: async (until) => {
      await settle();
      for (let next = heap[0]; next !== undefined && next.at <= until; next = heap[0]) {
        pop(heap);
        now = next.at;
        next.happen();
        await settle();
      }
      now = until;
    },
  };
}

function sleep(resolve: () => void, until: EpochMs, signal: AbortSignal | undefined, at: Kernel['at']): void {
  if (signal?.aborted) return resolve();
  signal?.addEventListener('abort', resolve, { once: true });
  at(until, () => {
    signal?.removeEventListener('abort', resolve);
    resolve();
  });
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(event, heap[parent] as Event)) break;
    heap[index] = heap[parent] as Event;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
    if (!isBefore(heap[child] as Event, last)) break;
    heap[index] = heap[child] as Event;
    index = child;
  }
  heap[index] = last;
}
