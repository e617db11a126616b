import type { Fetch } from '../../../lib/io/http/exchange.ts';
import type { Store } from '../../../lib/io/stores/store.ts';

/** A process that dies: from the n-th await on (before it took effect, or after) nothing in it is ever heard of again. */
export type Mortal = {
  readonly store: Store;
  readonly fetch: Fetch;
  readonly died: Promise<void>;
  /** How many calls it made. */
  readonly calls: () => number;
};

export function makeMortal(
  store: Store,
  fetch: Fetch,
  dies: { readonly at: number; readonly when: 'before' | 'after' },
): Mortal {
  let calls = 0;
  let isDead = false;
  let tell: () => void = () => {};
  const died = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const die = (): Promise<never> => {
    isDead = true;
    tell();
    return new Promise(() => {});
  };
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return die();
    const isLast = calls === dies.at;
    calls += 1;
    if (isLast && dies.when === 'before') return die();
    const result = await work();
    return isLast || isDead ? die() : result;
  };
  return {
    store: {
      read: (key) => through(() => store.read(key)),
      list: (partition, options) => through(() => store.list(partition, options)),
      commit: (writes) => through(() => store.commit(writes)),
      close: () => store.close(),
    },
    fetch: (input, init) => through(() => fetch(input, init)),
    died,
    calls: () => calls,
  };
}
