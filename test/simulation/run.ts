/** Searches for seeds that break a promise. `npm run simulate -- --help` says how it is asked. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { awaitPoints } from './coverage.ts';
import { huntAll, replayAll } from './planted/hunting.ts';
import { clusterNames, type FaultClass, faultClasses, type StoreKind } from './scenario.ts';
import { type SeedDone, search, seedsFor } from './search.ts';
import { replayCommand, shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { type Figures, uncovered } from './stats.ts';

const usage = `npm run simulate -- [--years 10] [--from 1] [--days 14] [--clusters 10] [--workers N]
    search, from a seed on; then the planted bugs, unless --search-only. --these 1,6: these seeds in place of --from, --years
npm run simulate -- --seed N [--days …] [--clusters …] [--faults a,b | none] [--trace]   one seed again
npm run simulate -- --planted [--bug name] [--from 1] [--seeds 40]   look for seeds that catch the planted bugs
Everywhere: [--store memory | dynamodb], otherwise the seed draws it; [--parts 3]: the region is cut into so many.
Faults: ${faultClasses.join(', ')}`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    years: { type: 'string', default: '10' },
    from: { type: 'string', default: '1' },
    days: { type: 'string', default: '14' },
    clusters: { type: 'string', default: '10' },
    workers: { type: 'string', default: String(availableParallelism()) },
    store: { type: 'string' },
    parts: { type: 'string', default: '1' },
    seed: { type: 'string' },
    these: { type: 'string' },
    faults: { type: 'string' },
    trace: { type: 'boolean' },
    planted: { type: 'boolean' },
    bug: { type: 'string' },
    'search-only': { type: 'boolean' },
    seeds: { type: 'string', default: '40' },
  },
});

const days = number('days');
const clusters = number('clusters');
const parts = number('parts');
if (clusters > clusterNames.length) throw new Error(`--clusters ${clusters}: there are ${clusterNames.length} names`);
const store = readStore(values.store);

if (values.help) console.log(usage);
else if (values.planted) process.exitCode = await huntPlanted();
else if (values.seed !== undefined) process.exitCode = await replay(number('seed'));
else process.exitCode = await searchAll();

async function searchAll(): Promise<number> {
  const seeds = values.these?.split(',').map(Number) ?? seedsFor(number('years'), number('from'), days, clusters);
  const failing: SeedDone[] = [];
  const found = await search({ seeds, days, clusters, store, parts, workers: number('workers') }, (done) => {
    const [first] = done.violations;
    if (first === undefined) return;
    failing.push(done);
    console.log(`seed ${done.seed}: ${new Date(first.at).toISOString()} ${first.kind}: ${first.text}`);
    const again = { seed: done.seed, days, clusters, parts, faults: done.classes };
    console.log(`  ${replayCommand(again)}`);
  });
  for (const { seed, classes } of failing.toSorted((a, b) => a.seed - b.seed).slice(0, 10)) {
    const smallest = await shrink({ seed, days, clusters, parts, faults: classes, ...(store ? { store } : {}) });
    console.log(`seed ${seed}, as small as it gets: ${replayCommand(smallest)}`);
  }
  const which = values.these ?? `${seeds[0]} to ${seeds.at(-1)}`;
  console.log(`seeds ${which}: ${headline(found.figures, failing.length)}`);
  printFigures(found.figures);
  console.log(`CPU ${found.cpuSeconds.toFixed(0)} s`);
  if (values['search-only']) return failing.length === 0 ? 0 : 1;
  const replayed = await replayAll();
  const escaped = replayed.filter(({ by }) => by === undefined);
  console.log(`planted bugs caught by their seeds: ${replayed.length - escaped.length} of ${replayed.length}`);
  for (const { bug } of escaped) console.log(`  not caught: ${bug}`);
  return failing.length === 0 && escaped.length === 0 ? 0 : 1;
}

async function replay(seed: number): Promise<number> {
  const { violations, figures, lines, hash, scenario } = await simulate({
    seed,
    days,
    clusters,
    parts,
    ...(store ? { store } : {}),
    ...(values.faults === undefined ? {} : { faults: readFaults(values.faults) }),
    keepsLines: true,
  });
  if (values.trace) for (const line of lines) console.log(line);
  for (const { at, kind, text } of violations.slice(0, 20))
    console.log(`${new Date(at).toISOString()} ${kind}: ${text}`);
  const drawn = [...scenario.classes].join(', ') || 'none';
  console.log(`faults: ${drawn}; ticks every ${scenario.tickMs / 60_000} min; store: ${scenario.storeKind}`);
  console.log(`seed ${seed}: ${headline(figures, violations.length > 0 ? 1 : 0)}`);
  printFigures(figures);
  console.log(`trace ${hash}`);
  return violations.length === 0 ? 0 : 1;
}

async function huntPlanted(): Promise<number> {
  const seeds = Array.from({ length: number('seeds') }, (_, index) => number('from') + index);
  const tried = await huntAll({ seeds, only: values.bug, store }, (bug, found) =>
    console.log(
      found
        ? `${bug}: seed ${found.seed} on ${found.store}, ${found.days} days, ${found.by}, ${found.ms} ms`
        : `${bug}: not caught by ${seeds.length} seeds`,
    ),
  );
  const caught = tried.filter((found) => found !== undefined).length;
  console.log(`planted bugs caught: ${caught} of ${tried.length}`);
  return caught === tried.length ? 0 : 1;
}

function headline({ clusterDays }: Figures, broken: number): string {
  return `${(clusterDays / 365).toFixed(1)} cluster-years, ${broken} seeds with violations`;
}

function printFigures(figures: Figures): void {
  const { rounds, awaits, calls, puts, commits, crashes, judged, excused } = figures;
  const { partsLost, ticksLost, doubled, frozen } = figures;
  const open = uncovered(figures);
  const points = open.length === 0 ? 100 : Math.floor(100 - (100 * open.length) / (2 * awaitPoints.length));
  console.log(`rounds ${rounds}, awaits ${awaits}, API calls ${calls}, PUTs ${puts}, commits ${commits}`);
  console.log(`pools judged ${judged} times after the faults, ${excused} of them not right and said so`);
  const faults = Object.entries(figures.faults).map(([kind, count]) => `${kind} ${count}`);
  console.log(`faults: ${faults.join(', ')}`);
  const lost = `${ticksLost} lost${parts === 1 ? '' : `, ${partsLost} more of one part while another's came`}`;
  console.log(`ticks: ${lost}, ${doubled} doubled; rounds frozen: ${frozen}`);
  const missing = open.length > 0 ? `, not yet: ${open.join('; ')}` : '';
  console.log(`crashes ${crashes}; await points crashed before and after: ${points} %${missing}`);
}

function readFaults(text: string): readonly FaultClass[] {
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const known = faultClasses.find((kind) => kind === name);
    if (known === undefined) throw new Error(`there is no fault "${name}"; there are ${faultClasses.join(', ')}`);
    return known;
  });
}

function readStore(text: string | undefined): StoreKind | undefined {
  if (text === undefined || text === 'memory' || text === 'dynamodb') return text;
  throw new Error(`there is no store "${text}"; there are memory and dynamodb`);
}

function number(name: 'years' | 'from' | 'days' | 'clusters' | 'parts' | 'workers' | 'seed' | 'seeds'): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name} ${values[name]} is no number above 0`);
}
