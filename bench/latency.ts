/**
 * How long after a boundary the first PUT of each cluster is on its way, over a simulated year with a tick every minute:
 * the production job on the simulator, on a clock of its own. `node bench/latency.ts` prints it.
 */

import { makeTimeline, nextChange } from '../lib/decide/schedule/timeline.ts';
import type { Schedule } from '../lib/model/schedule.ts';
import { aNight, type Night } from '../test/support/night-app.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';
import { officeHours, ruleFor } from './support/a-fleet.ts';

const minuteMs = 60_000;
/** A Thursday at noon: the bases are seen before the first evening. */
const start = Date.UTC(2026, 0, 1, 12);
const end = Date.UTC(2027, 0, 1, 12);
/** Each call takes this long by the simulated clock. */
const callMs = 200;
/** Ticks that could matter: the last before the boundary, the ones after it, and one when every resize is over. */
const ticksAfter = [0, 1, 2, 25];

const office = officeHours('office', 'Europe/Berlin', 1);
const world = { clusters: ['dev-1', 'dev-2'].map((name) => ({ name, pools: [{ name: 'workers', size: 3 }] })) };

export async function bench(): Promise<readonly BenchResult[]> {
  const delays = await aYear();
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1000;
  const of = `${sorted.length} first changes, median ${at(0.5).toFixed(1)} s, longest ${at(1).toFixed(1)} s`;
  return [benchResult('boundary to PUT, 99th percentile of a simulated year', at(0.99), 's', { atMost: 65 }, of)];
}

async function aYear(): Promise<readonly number[]> {
  const night = aNight(
    start,
    { everyMs: minuteMs, schedules: [office], rules: [ruleFor('dev-[^/]*', 'office')] },
    { fleet: world, fault: () => ({ kind: 'delay', ms: callMs }), behaviour: { autoscalerMoves: false } },
  );
  await roundAt(night, start);
  const delays: number[] = [];
  let number = 0;
  for (const boundary of boundariesOf(office)) {
    number += 1;
    // The phase of the ticks against the boundary wanders over the whole minute.
    const phaseMs = (number * 37_003) % minuteMs;
    night.world.forgetRequests();
    await roundAt(night, boundary - minuteMs + phaseMs);
    for (const after of ticksAfter) await roundAt(night, boundary + phaseMs + after * minuteMs);
    delays.push(...firstPuts(night).map((at) => at - boundary));
  }
  return delays;
}

function* boundariesOf(schedule: Schedule): Generator<number> {
  const timeline = makeTimeline(schedule, [], start);
  for (let next = nextChange(timeline, start + 60 * minuteMs); next && next.at < end - 60 * minuteMs; ) {
    yield next.at;
    next = nextChange(timeline, next.at);
  }
}

async function roundAt(night: Night, at: number): Promise<void> {
  await night.clock.advance(Math.max(0, at - night.clock.now()));
  const round = night.app.scale(night.config);
  const state = { isDone: false };
  void round.finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) await night.clock.advance(callMs);
  const { problems } = await round;
  if (problems.length > 0) throw new Error(problems[0]?.reason);
}

/** When each cluster's first PUT was there. */
function firstPuts(night: Night): readonly number[] {
  const first = new Map<string, number>();
  for (const { method, path, at } of night.world.requests) {
    const cluster = path.split('/')[4] ?? '';
    if (method === 'PUT' && !first.has(cluster)) first.set(cluster, at);
  }
  if (first.size !== world.clusters.length) throw new Error(`${first.size} clusters changed at a boundary`);
  return [...first.values()];
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
