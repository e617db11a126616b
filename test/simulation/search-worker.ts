/** One worker of a search: a seed comes in, what became of it goes out. */
import type { SeedAsked, SeedDone } from './search.ts';
import { simulate } from './simulate.ts';

process.on('message', (asked: SeedAsked) => void answer(asked));

// Whoever asked is gone.
process.on('disconnect', () => process.exit());

async function answer({ seed, days, clusters, store, parts }: SeedAsked): Promise<void> {
  const before = process.cpuUsage();
  const { violations, scenario, figures } = await simulate({
    seed,
    days,
    clusters,
    parts,
    ...(store ? { store } : {}),
  });
  const { user, system } = process.cpuUsage(before);
  const done: SeedDone = {
    seed,
    violations: violations.slice(0, 20),
    classes: [...scenario.classes],
    figures,
    cpuSeconds: (user + system) / 1e6,
  };
  process.send?.(done);
}
