/**
 * A fleet of 10,000 clusters with 3 pools each, cut into parts as on Lambda: how much of a tick of five minutes the longest
 * kind of run takes, from measured calls and processor time at 50 ms a call. `node bench/shards.ts` prints it.
 */
import { measureFleet, secondsOf } from './aws-cost.ts';
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

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
