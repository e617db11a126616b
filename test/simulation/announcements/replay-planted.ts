/** Runs the worlds with each planted bug in a process of its own, and says as JSON lines which were caught, and by what. */
import { assertPlanted, importWith } from '../planted/plant.ts';
import { plantedAnnouncementBugs } from './planted-bugs.ts';

const mostSeeds = 60;

for (const bug of plantedAnnouncementBugs) {
  const file = bug.hunt === 'links' ? 'link-probe.ts' : 'announced-world.ts';
  const module = await importWith<{
    readonly probeLinks?: () => Promise<readonly string[]>;
    readonly runAnnouncedWorld?: (seed: number) => { readonly violations: readonly string[] };
  }>(bug, new URL(file, import.meta.url));
  let by: string | undefined = (await module.probeLinks?.())?.[0];
  for (let seed = 1; by === undefined && module.runAnnouncedWorld && seed <= mostSeeds; seed += 1) {
    const [violation] = module.runAnnouncedWorld(seed).violations;
    if (violation !== undefined) by = `seed ${seed}: ${violation}`;
  }
  assertPlanted(bug);
  process.stdout.write(`${JSON.stringify({ bug: bug.name, by })}\n`);
}
