/** Searches for seeds that break a promise. `npm run simulate -- --help` says how it is asked. */
import { parseArgs } from 'node:util';
import { awaitPoints } from './coverage.ts';
import { plantedBugs } from './planted/bugs.ts';
import { hunt } from './planted/hunt.ts';
import { type FaultClass, faultClasses } from './scenario.ts';
import { replayCommand, shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { addFigures, type Figures, noFigures, uncovered } from './stats.ts';

const usage = `npm run simulate -- [--years 10] [--from 1] [--days 14] [--clusters 6]   search, from a seed on
npm run simulate -- --seed N [--days …] [--clusters …] [--faults a,b | none] [--trace]   one seed again
npm run simulate -- --planted [name] [--from 1] [--seeds 40]   which seed catches each planted bug
Faults: ${faultClasses.join(', ')}`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    years: { type: 'string', default: '10' },
    from: { type: 'string', default: '1' },
    days: { type: 'string', default: '14' },
    clusters: { type: 'string', default: '6' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    trace: { type: 'boolean' },
    planted: { type: 'boolean' },
    bug: { type: 'string' },
    seeds: { type: 'string', default: '40' },
  },
});

const days = Number(values.days);
const clusters = Number(values.clusters);

if (values.help) console.log(usage);
else if (values.planted) process.exitCode = await searchPlanted(Number(values.from), Number(values.seeds), values.bug);
else if (values.seed !== undefined) process.exitCode = await replay(Number(values.seed));
else process.exitCode = await search(Number(values.years), Number(values.from));

async function search(years: number, from: number): Promise<number> {
  const sum = noFigures();
  const cpu = process.cpuUsage();
  let broken = 0;
  let seed = from;
  for (; sum.clusterDays < years * 365; seed += 1) {
    const { violations, figures, scenario } = await simulate({ seed, days, clusters });
    addFigures(sum, figures);
    if (violations.length === 0) continue;
    broken += 1;
    const [first] = violations;
    console.log(`seed ${seed}: ${first ? `${new Date(first.at).toISOString()} ${first.kind}: ${first.text}` : ''}`);
    const smallest = await shrink({ seed, days, clusters, faults: [...scenario.classes] });
    console.log(`  ${replayCommand(smallest)}`);
  }
  const { user, system } = process.cpuUsage(cpu);
  printFigures(sum, { from, to: seed - 1, broken, cpuSeconds: (user + system) / 1e6 });
  return broken === 0 ? 0 : 1;
}

async function replay(seed: number): Promise<number> {
  const faults = values.faults === undefined ? {} : { faults: readFaults(values.faults) };
  const { violations, figures, lines, hash, scenario } = await simulate({
    seed,
    days,
    clusters,
    ...faults,
    keepsLines: true,
  });
  if (values.trace) for (const line of lines) console.log(line);
  for (const { at, kind, text } of violations.slice(0, 20))
    console.log(`${new Date(at).toISOString()} ${kind}: ${text}`);
  console.log(
    `faults: ${[...scenario.classes].join(', ')}; ticks every ${scenario.tickMs / 60_000} min; store: ${scenario.storeKind}`,
  );
  printFigures(figures, { from: seed, to: seed, broken: violations.length > 0 ? 1 : 0, cpuSeconds: undefined });
  console.log(`trace ${hash}`);
  return violations.length === 0 ? 0 : 1;
}

function readFaults(text: string): readonly FaultClass[] {
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const known = faultClasses.find((kind) => kind === name);
    if (known === undefined) throw new Error(`there is no fault "${name}"; there are ${faultClasses.join(', ')}`);
    return known;
  });
}

async function searchPlanted(from: number, count: number, only: string | undefined): Promise<number> {
  const seeds = Array.from({ length: count }, (_, index) => from + index);
  const bugs = plantedBugs.filter(({ name }) => only === undefined || name === only);
  let caught = 0;
  for (const bug of bugs) {
    const found = await hunt(bug, seeds);
    if (found) caught += 1;
    console.log(
      found
        ? `${bug.name}: seed ${found.seed}, ${found.by}, ${found.ms} ms`
        : `${bug.name}: not caught by ${count} seeds`,
    );
  }
  console.log(`planted bugs caught: ${caught} of ${bugs.length}`);
  return caught === bugs.length ? 0 : 1;
}

type Searched = {
  readonly from: number;
  readonly to: number;
  readonly broken: number;
  readonly cpuSeconds: number | undefined;
};

function printFigures(figures: Figures, { from, to, broken, cpuSeconds }: Searched): void {
  const { clusterDays, rounds, awaits, calls, puts, commits, crashes, judged, excused } = figures;
  const open = uncovered(figures);
  const points = open.length === 0 ? 100 : Math.floor(100 - (100 * open.length) / (2 * awaitPoints.length));
  console.log(
    `seeds ${from} to ${to}: ${(clusterDays / 365).toFixed(1)} cluster-years, ${broken} seeds with violations`,
  );
  console.log(`rounds ${rounds}, awaits ${awaits}, API calls ${calls}, PUTs ${puts}, commits ${commits}`);
  console.log(`pools judged ${judged} times after the faults, ${excused} of them not right and said so`);
  console.log(
    `faults: ${Object.entries(figures.faults)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
  );
  console.log(
    `crashes ${crashes}; await points crashed before and after: ${points} %${open.length > 0 ? `, not yet: ${open.join('; ')}` : ''}`,
  );
  if (cpuSeconds !== undefined) console.log(`CPU ${cpuSeconds.toFixed(0)} s`);
}
