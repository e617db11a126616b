import type { Log } from '../../io/log.ts';

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
