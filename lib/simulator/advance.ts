import type { EpochMs } from '../decide/model.ts';
import type { WorldState } from './world-model.ts';

/** Lets everything happen that is due by now, each at its own instant. The world's time never goes back. */
export function advance(state: WorldState, now: EpochMs): void {
  for (let due = state.due.takeDue(now); due !== undefined; due = state.due.takeDue(now)) {
    state.at = Math.max(state.at, due.at);
    due.happen(due.at);
  }
  state.at = Math.max(state.at, now);
}
