/**
 * Replays the recorded seeds of the planted bugs and prints what caught each: one line of JSON each, or with `--table` the
 * table of docs/reliability.md. With `--few` a handful of them, on one adapter or the other: that bugs are planted and caught.
 */
import { plantedBugs } from './bugs.ts';
import { type Caught, type Replayed, replayAll } from './hunting.ts';

const adapters = ['memory', 'dynamodb'] as const;
/** In a claim, a rule, the client, and a judge each of PUTs, rounds and the end. */
const few = ['no-sixty-seconds', 'silent-when-late', 'partial-put', 'edge-triggered', 'no-compare-and-set'];
const isOneOfFew = ({ bug, store }: Caught) => few.includes(bug) && adapters[few.indexOf(bug) % 2] === store;
const replayed = await replayAll(process.argv.includes('--few') ? isOneOfFew : () => true);
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
