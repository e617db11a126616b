import { byTurn } from '../decide/scaling/order.ts';
import type { Clock } from '../io/clock.ts';
import type { Answer } from '../model/answer.ts';
import type { CompiledConfig } from '../model/config.ts';

/** The most requests to an API at once: reads 1,000 clusters in seconds without overloading the service. */
export const concurrency = 16;

/** Runs `work` over all items, at most `limit` at a time, and gives the results in the items' order. */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length });
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** Two for each concurrent request: a few hanging clusters do not make a region count as silent. */
const mostUnanswered = 32;

/**
 * Makes the calls of one round, which must end in time. After too many unanswered calls in a row, a region is not
 * called again in this round. No call starts when the remaining time is needed for later steps.
 */
export type Patience = {
  readonly ask: <T>(region: string, call: () => Promise<Answer<T>>) => Promise<Answer<T>>;
  /** Why a region is not called any more; undefined = it is. */
  readonly silence: (region: string) => string | undefined;
};

/** `needsMs`: the longest call, and the work after the last one. Without `timeLeftMs` there is no limit. */
export function makePatience(needsMs: number, timeLeftMs: () => number = () => Number.POSITIVE_INFINITY): Patience {
  const unanswered = new Map<string, number>();
  const silence = (region: string) =>
    (unanswered.get(region) ?? 0) < mostUnanswered
      ? undefined
      : `${mostUnanswered} calls of region ${region} in a row were not answered in time`;
  return {
    silence,
    ask: async (region, call) => {
      const reason = silence(region) ?? (timeLeftMs() < needsMs ? 'this run has no time left for it' : undefined);
      if (reason !== undefined) return { kind: 'not-sent', reason: 'too-late', detail: `not asked: ${reason}` };
      const answer = await call();
      const isSilent = answer.kind === 'unknown' && answer.reason === 'timeout';
      unanswered.set(region, isSilent ? (unanswered.get(region) ?? 0) + 1 : 0);
      return answer;
    },
  };
}

/** If not all can be called at once (`atOnce`), the order rotates, so that not always the same ones come last. */
export function inTurn<T>(
  items: readonly T[],
  atOnce: number,
  idOf: (item: T) => string,
  { clock, config }: { readonly clock: Clock; readonly config: CompiledConfig },
): readonly T[] {
  return items.length <= atOnce ? items : byTurn(items, idOf, { now: clock.now(), config });
}
