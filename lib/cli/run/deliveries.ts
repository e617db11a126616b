import type { Log } from '../../io/log.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { OpenedApp, ProcessParts } from './process-parts.ts';

export type Deliveries = {
  /** Something was put into the outbox: look now. */
  readonly ring: () => void;
  /** Sends what waits, again when something is due, until the signal. */
  readonly run: (signal: AbortSignal) => Promise<void>;
};

/** Looked at this often at least: another process on the same store may have put something there. */
const atLeastEveryMs = 60_000;
const atMostEveryMs = 1_000;

/** The sender of the single process: apart from the rounds, so that a slow webhook delays no pool. */
export function makeDeliveries(parts: ProcessParts, opened: OpenedApp, config: () => CompiledConfig): Deliveries {
  const { clock } = parts;
  let bell = new AbortController();
  return {
    ring: () => bell.abort(),
    run: async (signal) => {
      while (!signal.aborted) {
        bell = new AbortController();
        const report = await guarded(parts, 'deliver', () => opened.app.deliver(config(), () => timeLeftOf(signal)));
        const due = (report?.destinations ?? []).flatMap(({ nextAt }) => nextAt ?? []);
        const waitMs = Math.min(atLeastEveryMs, Math.max(atMostEveryMs, Math.min(...due) - clock.now()));
        await clock.sleep(waitMs, AbortSignal.any([signal, bell.signal]));
      }
    },
  };
}

function timeLeftOf(signal: AbortSignal): number {
  return signal.aborted ? 0 : Number.POSITIVE_INFINITY;
}

/** One job's failure is said and costs the others nothing; the next tick tries again. */
export async function guarded<T>(
  { log }: { readonly log: Log },
  job: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const isOurs = error instanceof Error && (error.name === 'StoreError' || error.name === 'SecretError');
    log.error(`${job} failed`, {
      reason: isOurs ? error.message : 'an unexpected error',
      kind: error instanceof Error ? error.name : 'unknown',
    });
    return undefined;
  }
}
