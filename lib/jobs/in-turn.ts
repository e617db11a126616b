import type { CompiledConfig } from '../decide/compiled-config.ts';
import { byTurn } from '../decide/scaling/fair-order.ts';
import type { Clock } from '../io/clock.ts';

/** What cannot be asked all at once (`atOnce`) goes round, so that it is not always the same ones that come last. */
export function inTurn<T>(
  items: readonly T[],
  atOnce: number,
  idOf: (item: T) => string,
  { clock, config }: { readonly clock: Clock; readonly config: CompiledConfig },
): readonly T[] {
  return items.length <= atOnce ? items : byTurn(items, idOf, { now: clock.now(), config });
}
