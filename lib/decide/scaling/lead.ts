import type { Lead } from '../compiled-config.ts';
import type { PoolMemory } from './memory.ts';

const minuteMs = 60_000;
/** No learnt lead is longer than this. */
export const longestLeadMs = 60 * minuteMs;
/** How long a raise takes until one was seen: MKS's own command-line tests allow a resize 15 minutes. */
const unknownRaiseMs = 15 * minuteMs;

/** The lead of one pool on its own: fixed, none, or learnt as 1.25 × the slowest of its last 10 raises + 2 min + one tick. */
export function ownLeadMs(lead: Lead, memory: PoolMemory | undefined, everyMs: number): number {
  if (lead.kind === 'none') return 0;
  if (lead.kind === 'fixed') return lead.ms;
  const raises = memory?.raisesMs ?? [];
  const learnt = raises.length === 0 ? unknownRaiseMs : 1.25 * Math.max(...raises) + 2 * minuteMs;
  return Math.min(learnt + everyMs, longestLeadMs);
}

/** One cluster changes one pool at a time: a raise also waits for those queued before it for the same boundary. */
export function queuedLeadMs(ownMs: number, before: readonly number[]): number {
  return Math.min(
    before.reduce((sum, ms) => sum + ms, ownMs),
    longestLeadMs,
  );
}
