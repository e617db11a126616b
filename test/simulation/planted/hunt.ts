import type { Simulated, SimulateOptions } from '../simulate.ts';
import { type PlantedBug, plantedBugs } from './bugs.ts';
import { importWith } from './plant.ts';

export type Caught = {
  readonly bug: string;
  readonly seed: number;
  readonly days: number;
  readonly by: string;
  readonly ms: number;
};

type Module = { readonly simulate: (options: SimulateOptions) => Promise<Simulated> };

export const huntDays = 5;
export const huntClusters = 4;

/** Runs a planted bug through seeds until one catches it; undefined = none of them did. */
export async function hunt(bug: PlantedBug, seeds: readonly number[]): Promise<Caught | undefined> {
  const { simulate } = await importWith<Module>(bug, new URL('../simulate.ts', import.meta.url));
  for (const seed of seeds) {
    const started = performance.now();
    const { violations } = await simulate({
      seed,
      days: huntDays,
      clusters: huntClusters,
      stopsEarly: true,
      ...(bug.faults ? { faults: bug.faults } : {}),
    });
    const [first] = violations;
    if (first)
      return { bug: bug.name, seed, days: huntDays, by: first.kind, ms: Math.round(performance.now() - started) };
  }
  return undefined;
}

export function bugNamed(name: string): PlantedBug {
  const found = plantedBugs.find((bug) => bug.name === name);
  if (found === undefined) throw new Error(`there is no planted bug ${name}`);
  return found;
}
