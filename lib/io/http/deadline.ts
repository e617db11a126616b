import type { Clock } from '../clock.ts';

/**
 * The deadline of a piece of work, by the injected clock. One deadline covers everything in a call: waiting for a
 * token, each attempt, the pauses, and the body.
 */
export type Deadline = {
  /** Aborted at the deadline; for work that can be interrupted. */
  readonly signal: AbortSignal;
  /** The work's own result, or `late` at the deadline. Abandoned work may reject later without effect. */
  readonly race: <T>(work: Promise<T>) => Promise<T | Late>;
  /** Stops the timer. Must be called, or the process cannot exit. */
  readonly cancel: () => void;
};

export const late: unique symbol = Symbol('late');
type Late = typeof late;

/** A fixed abort reason: without one, each abort creates an exception with a stack. */
const done = 'done';

/** `stop`: ends the time early, when the process shuts down. */
export function startDeadline(clock: Clock, ms: number, stop?: AbortSignal): Deadline {
  const work = new AbortController();
  const timer = new AbortController();
  const { promise: isLate, resolve } = Promise.withResolvers<Late>();
  const end = () => {
    work.abort();
    timer.abort(done);
    resolve(late);
  };
  void clock.sleep(ms, timer.signal).then(() => timer.signal.aborted || end());
  stop?.addEventListener('abort', end, { once: true });
  if (stop?.aborted) end();
  const cancel = () => {
    stop?.removeEventListener('abort', end);
    timer.abort(done);
  };
  return { signal: work.signal, race: (task) => raceQuietly(task, isLate), cancel };
}

function raceQuietly<T>(task: Promise<T>, isLate: Promise<Late>): Promise<T | Late> {
  task.catch(ignore);
  return Promise.race([task, isLate]);
}

function ignore(): void {}
