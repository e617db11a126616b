import type { StoreKind } from '../scenario.ts';
import { type Simulated, type SimulateOptions, simulate as simulateAsItIs } from '../simulate.ts';
import { type PlantedBug, plantedBugs } from './bugs.ts';
import caught from './caught.json' with { type: 'json' };
import { assertPlanted, importWith } from './plant.ts';

/** Where a bug shows: replayed by `npm test`. */
export type Caught = {
  readonly bug: string;
  readonly store: StoreKind;
  readonly seed: number;
  readonly days: number;
  readonly clusters: number;
};

export type Found = Caught & { readonly by: string; readonly ms: number };
export type Replayed = Caught & { readonly by: string | undefined; readonly ms: number };

export type Hunt = {
  readonly seeds: readonly number[];
  /** Only this bug. */
  readonly only: string | undefined;
  /** Only on this adapter; otherwise on both. */
  readonly store: StoreKind | undefined;
};

type Module = { readonly simulate: (options: SimulateOptions) => Promise<Simulated> };

const days = 5;
const clusters = 4;
/** Of so many seeds that catch a bug the quickest is kept. */
const enough = 3;

/** For each bug and adapter the quickest of a few seeds that catch it. */
export async function huntAll(
  { seeds, only, store }: Hunt,
  onBug: (bug: string, found: Found | undefined) => void,
): Promise<readonly (Found | undefined)[]> {
  const tried: (Found | undefined)[] = [];
  for (const bug of plantedBugs.filter(({ name }) => only === undefined || name === only)) {
    const { simulate } = await load(bug);
    for (const kind of store ? [store] : (['memory', 'dynamodb'] as const)) {
      const found = await hunt(simulate, bug, kind, seeds);
      onBug(bug.name, found);
      tried.push(found);
    }
    assertPlanted(bug);
  }
  return tried;
}

/** Each recorded seed with its bug once more. */
export async function replayAll(only: (one: Caught) => boolean = () => true): Promise<readonly Replayed[]> {
  const replayed: Replayed[] = [];
  const recorded = (caught as readonly Caught[]).filter(only);
  for (const name of new Set(recorded.map(({ bug }) => bug))) {
    const bug = bugNamed(name);
    const { simulate } = await load(bug);
    for (const one of recorded.filter((other) => other.bug === name)) {
      replayed.push({ ...one, ...(await run(simulate, bug, one)) });
    }
    assertPlanted(bug);
  }
  return replayed;
}

export function bugNamed(name: string): PlantedBug {
  const found = plantedBugs.find((bug) => bug.name === name);
  if (found === undefined) throw new Error(`there is no planted bug ${name}`);
  return found;
}

function load(bug: PlantedBug): Promise<Module> {
  return importWith<Module>(bug, new URL('../simulate.ts', import.meta.url));
}

async function hunt(
  simulate: Module['simulate'],
  bug: PlantedBug,
  store: StoreKind,
  seeds: readonly number[],
): Promise<Found | undefined> {
  const found: Found[] = [];
  for (const seed of seeds) {
    const one = { bug: bug.name, store, seed, days, clusters: bug.clusters ?? clusters };
    const { by, ms } = await run(simulate, bug, one);
    if (by !== undefined && (await run(simulateAsItIs, bug, one)).by === undefined) found.push({ ...one, by, ms });
    if (found.length === enough) break;
  }
  return found.toSorted((a, b) => a.ms - b.ms)[0];
}

/** A bug that only made the program throw proves nothing. */
async function run(simulate: Module['simulate'], bug: PlantedBug, { seed, store, days: long, clusters: wide }: Caught) {
  const started = performance.now();
  const { violations } = await simulate({
    seed,
    store,
    days: long,
    clusters: wide,
    stopsEarly: true,
    // Seeds were recorded without; bugs about what schedules may say need it.
    hasSizes: bug.hasSizes ?? false,
    ...(bug.faults ? { faults: bug.faults } : {}),
    ...(bug.parts ? { parts: bug.parts } : {}),
    ...(bug.intensity ? { intensity: bug.intensity } : {}),
  });
  const by = violations.find(({ kind }) => kind !== 'thrown')?.kind;
  return { by, ms: Math.round(performance.now() - started) };
}
