/** A store that misbehaves where it is told to, and nowhere else: whoever simulates decides each call by its number. */
import { StoreError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/io/clock.ts';
import type { Store, Write } from '../../lib/io/stores/store.ts';

export type StoreCall =
  | { readonly ordinal: number; readonly operation: 'read'; readonly partition: string; readonly id: string }
  | { readonly ordinal: number; readonly operation: 'list'; readonly partition: string }
  | { readonly ordinal: number; readonly operation: 'commit'; readonly writes: readonly Write[] };

/**
 * `refuse`: StoreError, nothing done. `lose-answer`: done, then StoreError, as when even reading back failed.
 * `slow`: done after `ms` of the clock (a throttled table). `crash`: the caller never hears again, as a killed process
 * does not; `before` the call took effect, or `after`.
 */
export type StoreFault =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' };

export type FaultyStoreParts = {
  readonly clock: Clock;
  readonly decide: (call: StoreCall) => StoreFault | undefined;
  /** Told of each crash; the simulation then drops the process and starts another. */
  readonly onCrash?: (call: StoreCall) => void;
};

export function faultyStore(store: Store, parts: FaultyStoreParts): Store {
  let ordinal = 0;
  const run = <T>(call: StoreCall, work: () => Promise<T>) => runWithFault(call, parts.decide(call), parts, work);
  return {
    read: (key) => run({ ordinal: ordinal++, operation: 'read', ...key }, () => store.read(key)),
    list: (partition, options) =>
      run({ ordinal: ordinal++, operation: 'list', partition }, () => store.list(partition, options)),
    commit: (writes) => run({ ordinal: ordinal++, operation: 'commit', writes }, () => store.commit(writes)),
    close: () => store.close(),
  };
}

async function runWithFault<T>(
  call: StoreCall,
  fault: StoreFault | undefined,
  parts: FaultyStoreParts,
  work: () => Promise<T>,
): Promise<T> {
  if (fault === undefined) return work();
  if (fault.kind === 'refuse') throw new StoreError(`The store cannot ${call.operation}: it is down`);
  if (fault.kind === 'slow') await parts.clock.sleep(fault.ms);
  if (fault.kind === 'crash' && fault.when === 'before') return crash(call, parts);
  const answer = await work();
  if (fault.kind === 'crash') return crash(call, parts);
  if (fault.kind === 'slow') return answer;
  throw new StoreError(`The store cannot ${call.operation}: whether the write arrived stays unknown`);
}

/** Never settles: no line after the await runs, no `finally` either. */
function crash(call: StoreCall, parts: FaultyStoreParts): Promise<never> {
  parts.onCrash?.(call);
  return new Promise(() => {});
}
