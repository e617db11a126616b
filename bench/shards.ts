/**
 * A fleet of 10,000 clusters with 3 pools each, cut into parts as on Lambda: how much of a tick of five minutes the longest
 * kind of run takes, from measured calls and processor time at 50 ms a call. `node bench/shards.ts` prints it, and
 * `node bench/shards.ts 30000` what a tick at rest asks for in a fleet of that size: the table of docs/scale.md.
 */
import { measureAtRest, measureFleet, secondsOf } from './aws-cost.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';

const clusters = 10_000;
const tickSeconds = 300;
const goal = { atMost: 1 };

export async function bench(): Promise<readonly BenchResult[]> {
  const { scale, evening, watch } = await measureFleet(clusters);
  const parts = `${scale.runs} parts at once`;
  return [
    ofTick('a part of a round of 10,000 clusters, nothing to do', secondsOf(scale), parts),
    ofTick('the same in the evening, a change in each cluster', secondsOf(evening), parts),
    ofTick('a watch over 10,000 clusters', secondsOf(watch), 'one run'),
  ];
}

function ofTick(what: string, seconds: number, beside: string): BenchResult {
  return benchResult(`${what}, of a tick`, seconds / tickSeconds, '×', goal, `${seconds.toFixed(1)} s, ${beside}`);
}

async function tableOf(sizes: readonly number[]): Promise<void> {
  console.log('| clusters | job | parts | calls | reads | writes | calls of the store | seconds of a part |');
  console.log(`|${' ---: |'.repeat(8)}`);
  for (const size of sizes) {
    for (const [job, use] of Object.entries(await measureAtRest(size))) {
      const figures = [use.runs, use.apiCalls, use.reads, use.writes, use.storeCalls];
      console.log(`| ${[size, job, ...figures, secondsOf(use).toFixed(1)].join(' | ')} |`);
    }
  }
}

if (import.meta.main) {
  const sizes = process.argv.slice(2).map(Number);
  if (sizes.length > 0) await tableOf(sizes);
  else for (const result of await bench()) console.log(renderResult(result));
}
