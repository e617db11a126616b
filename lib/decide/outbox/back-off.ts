const secondMs = 1_000;
const minuteMs = 60 * secondMs;

const steps = [5 * secondMs, 30 * secondMs, 2 * minuteMs, 10 * minuteMs, 15 * minuteMs] as const;
const lastStepMs = 15 * minuteMs;
/** A chat that takes a message and times out shows a copy per attempt: people can bear one every two hours. */
const lastUnknownStepMs = 120 * minuteMs;
/** No answer keeps a destination waiting for longer. */
const longestRetryAfterMs = 60 * minuteMs;
const jitter = 0.2;

/** The wait after the n-th failure in a row (n from 0), 0–20 % longer by `chance` (0 to 1). */
export function backOffMs(step: number, chance: number, isChatInDoubt: boolean): number {
  const base = steps[step] ?? (isChatInDoubt ? lastUnknownStepMs : lastStepMs);
  return Math.round(base * (1 + jitter * chance));
}

/** A `Retry-After` is obeyed, up to an hour. */
export function obeyedMs(retryAfterMs: number): number {
  return Math.min(Math.max(0, retryAfterMs), longestRetryAfterMs);
}
