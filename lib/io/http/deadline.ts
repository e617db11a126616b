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

export function startDeadline(clock: Clock, ms: number): Deadline {
  const work = new AbortController();
  const timer = new AbortController();
  const over = clock.sleep(ms, timer.signal).then(() => {
    if (timer.signal.aborted) return undefined;
    work.abort();
    return late;
  });
  const isLate = new Promise<Late>((resolve) => {
    void over.then((end) => end && resolve(end));
  });
  return { signal: work.signal, race: (task) => raceQuietly(task, isLate), cancel: () => timer.abort(done) };
}

function raceQuietly<T>(task: Promise<T>, isLate: Promise<Late>): Promise<T | Late> {
  task.catch(ignore);
  return Promise.race([task, isLate]);
}

function ignore(): void {}
