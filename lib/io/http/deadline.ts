import type { Clock } from '../clock.ts';

/**
 * The end of a piece of work, on the clock that was handed in. One deadline covers everything that happens in one call:
 * waiting for a token, each attempt, the pause between two, and the body.
 */
export type Deadline = {
  /** Aborted when the time is over; for work that can be interrupted. */
  readonly signal: AbortSignal;
  /** The work's own outcome, or `late` when the time was over first. Work left behind is nobody's: it may reject unseen. */
  readonly race: <T>(work: Promise<T>) => Promise<T | Late>;
  /** Ends the timer. Always called, else a process cannot exit. */
  readonly cancel: () => void;
};

export const late: unique symbol = Symbol('late');
type Late = typeof late;

/** Given as the reason, since without one each abort makes an exception, stack and all. */
const done = 'done';

/** `stop`: ends the time early, when the process is to end. */
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
