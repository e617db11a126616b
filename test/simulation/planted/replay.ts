/**
 * Replays the recorded seeds of the planted bugs and prints what caught each: one line of JSON each, or with `--table` the
 * table of docs/reliability.md. With `--once` each bug on one adapter, on the two in turn.
 */
import { plantedBugs } from './bugs.ts';
import { type Replayed, replayAll } from './hunting.ts';

const adapters = ['memory', 'dynamodb'] as const;
const adapterOf = new Map(plantedBugs.map(({ name }, i) => [name, adapters[i % 2]]));
const isOnce = process.argv.includes('--once');
const replayed = await replayAll(({ bug, store }) => !isOnce || adapterOf.get(bug) === store);
if (process.argv.includes('--table')) for (const line of table(replayed)) console.log(line);
else for (const one of replayed) console.log(JSON.stringify(one));

function table(all: readonly Replayed[]): readonly string[] {
  const rows = plantedBugs.map(({ name, what, changes }) => {
    const files = [...new Set(changes.map(({ file }) => file))].join(', ');
    const seeds = all.filter(({ bug }) => bug === name).map(({ seed, by, ms }) => `${seed}: ${by ?? 'not'}, ${ms} ms`);
    return `| ${what} | ${files} | ${seeds.join(' | ')} |`;
  });
  return ['| planted bug | in | seed on memory: caught as, in | on DynamoDB |', '|---|---|---|---|', ...rows];
}
