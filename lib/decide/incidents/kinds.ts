import type { FindingKind } from '../model.ts';

const minuteMs = 60_000;

export type Durations = { readonly forMs: number; readonly clearMs: number };

/** How long a kind must be bad to open, and ok to resolve, and how many observations each takes at least. */
export type KindRules = {
  readonly forMs: number;
  readonly clearMs: number;
  readonly badSightings: number;
  readonly okSightings: number;
};

/**
 * The kinds whose row names a time or a count: that one holds instead of `watch.for`. A row whose time is already in
 * the finding itself (stuck longer than …, later than its deadline) waits for nothing but the second observation.
 */
const named: { readonly [kind in FindingKind]?: { readonly forMs: number } } = {
  'api.unreachable': { forMs: 10 * minuteMs },
  'api.refused': { forMs: 0 },
  'cluster.unseen': { forMs: 30 * minuteMs },
  'cluster.stuck': { forMs: 0 },
  'pool.stuck': { forMs: 0 },
  'pool.late': { forMs: 0 },
  'pool.contended': { forMs: 0 },
  'pool.outside-bounds': { forMs: 60 * minuteMs },
  'rounds.missed': { forMs: 0 },
};

/** These are facts, not measurements: true at first sight, over at first sight. */
const immediate: ReadonlySet<FindingKind> = new Set([
  'config.brake',
  'config.mismatch',
  'config.invalid',
  'destination.broken',
]);

export function rulesOf(kind: FindingKind, configured: Durations): KindRules {
  if (immediate.has(kind)) return { forMs: 0, clearMs: 0, badSightings: 1, okSightings: 1 };
  const forMs = named[kind]?.forMs ?? configured.forMs;
  return { forMs, clearMs: configured.clearMs, badSightings: 2, okSightings: 2 };
}

/** Ladders tell steps towards a date; they have no durations, no reminders and no flapping. */
export function isLadder(kind: FindingKind): boolean {
  return kind === 'version.eol' || kind === 'token.expiry';
}
