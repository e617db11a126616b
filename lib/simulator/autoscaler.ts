import { type EpochMs, minuteMs } from '../model/time.ts';
import { poolStatus } from './api-json.ts';
import { draw } from './chance.ts';
import { changePool } from './past-answers.ts';
import type { WorldPool, WorldState } from './world-model.ts';

const stepMs = 10 * minuteMs;
const stepsPerDraw = 6;

/**
 * The size an autoscaled pool has by now: between its bounds, moved every ten minutes (of the world's speed) by a
 * demand that drifts from hour to hour. It is worked out when somebody looks; only while the pool is Running.
 */
export function moveAutoscaledPool(state: WorldState, pool: WorldPool): void {
  if (!pool.autoscale || poolStatus(pool) !== 'Running') return;
  const { size, at } = autoscaledSize(state, pool);
  if (size !== pool.size) changePool(state, pool, Math.max(at, pool.updatedAt), () => (pool.size = size));
}

/** The size its autoscaler would choose by now, and the instant of that choice. */
export function autoscaledSize(state: WorldState, pool: WorldPool): { readonly size: number; readonly at: EpochMs } {
  const ownStepMs = Math.max(1, Math.round(stepMs / state.speed));
  const step = Math.floor(state.at / ownStepMs);
  const size = sizeAt(state, pool, step);
  const { nodesFrom = 0 } = pool;
  // No node has come yet for bounds that were raised; none is taken away for it either.
  if (state.at < nodesFrom) return { size: Math.min(size, pool.size), at: step * ownStepMs };
  return { size, at: Math.max(step * ownStepMs, nodesFrom) };
}

function sizeAt(state: WorldState, pool: WorldPool, step: number): number {
  const min = pool.sizeMin ?? 0;
  const max = Math.max(min, pool.sizeMax ?? min);
  return state.behaviour.autoscalerMoves ? min + Math.round(demand(state, pool, step) * (max - min)) : min;
}

/** From 0 to 1, straight from one hour's draw to the next. */
function demand(state: WorldState, pool: WorldPool, step: number): number {
  const hour = Math.floor(step / stepsPerDraw);
  const from = draw(state.seed, `${pool.id}/demand/${hour}`);
  const to = draw(state.seed, `${pool.id}/demand/${hour + 1}`);
  return from + ((to - from) * (step % stepsPerDraw)) / stepsPerDraw;
}
