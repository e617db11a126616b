import type { Answer } from '../decide/answer.ts';

/** Two for each request that may be under way: a few clusters that hang do not make a region silent. */
const mostUnanswered = 32;

/**
 * Asks on behalf of one round, which must end in time. A region that leaves call after call unanswered is not asked any
 * more in this round, and nobody is when what is left of the run is needed for what comes after.
 */
export type Patience = {
  readonly ask: <T>(region: string, call: () => Promise<Answer<T>>) => Promise<Answer<T>>;
  /** Why a region is not asked any more; undefined = it is. */
  readonly silence: (region: string) => string | undefined;
};

/** `needsMs`: the longest call, and what must be done after the last one. Without `timeLeftMs` there is no such limit. */
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
