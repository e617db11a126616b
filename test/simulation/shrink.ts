import type { FaultClass } from './scenario.ts';
import { simulate } from './simulate.ts';

export type FailingSeed = {
  readonly seed: number;
  readonly days: number;
  readonly clusters: number;
  readonly faults: readonly FaultClass[];
  readonly parts: number;
};

/** The fewest days that hold a stretch with faults and one without. */
const fewestDays = 4;

/** Fewer faults, fewer days, fewer clusters, as long as something is still broken. */
export async function shrink(failing: FailingSeed): Promise<FailingSeed> {
  let smallest = failing;
  const tryOut = async (smaller: FailingSeed) => {
    if (await breaks(smaller)) smallest = smaller;
  };
  for (const kind of failing.faults) {
    await tryOut({ ...smallest, faults: smallest.faults.filter((other) => other !== kind) });
  }
  for (const days of [fewestDays, 5, 7, 10]) {
    if (days < smallest.days) await tryOut({ ...smallest, days });
  }
  for (const clusters of [1, 2, 3]) {
    if (clusters < smallest.clusters) await tryOut({ ...smallest, clusters });
  }
  return smallest;
}

/** The one command that runs it again. */
export function replayCommand({ seed, days, clusters, faults, parts }: FailingSeed): string {
  const size = `--seed ${seed} --days ${days} --clusters ${clusters}${parts === 1 ? '' : ` --parts ${parts}`}`;
  return `npm run simulate -- ${size} --faults ${faults.join(',') || 'none'}`;
}

async function breaks(candidate: FailingSeed): Promise<boolean> {
  const { violations } = await simulate({ ...candidate, stopsEarly: true });
  return violations.length > 0;
}
