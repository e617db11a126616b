import type { Invoke } from '../lib/io/invoke.ts';

/** Starts a round for one cluster at once, elsewhere. */
export function wakeBy(invoke: Invoke): (region: string, cluster: string) => Promise<void> {
  return async (region, cluster) => {
    await invoke({ job: 'scale-pools', only: { region, cluster } });
  };
}
