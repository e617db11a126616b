import type { Clock } from '../../../lib/io/clock.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { type AcceptParts, acceptEvents, type EventOutcome } from '../../../lib/jobs/accept/accept-events.ts';
import { makeGroupWriter } from '../../../lib/jobs/accept/store-asks.ts';
import { listAsks } from '../../../lib/jobs/records/ask-records.ts';
import type { Ask, Lease } from '../../../lib/model/asks.ts';
import type { EventSourceConfig } from '../../../lib/model/config.ts';
import { now, regions, rules } from './fixtures.ts';

export type AcceptWorld = {
  readonly parts: AcceptParts;
  readonly store: Store;
  readonly clock: Clock;
  readonly woken: string[];
  readonly counts: Map<string, number>;
  at: number;
  readonly send: (source: EventSourceConfig, ...bodies: readonly unknown[]) => Promise<readonly EventOutcome[]>;
  readonly asks: (region?: string) => Promise<readonly Ask[]>;
  readonly live: () => Promise<readonly Lease[]>;
};

/** The accept job on a store in memory. Bodies that are no text are sent as JSON. */
export function makeAcceptWorld(patch: Partial<AcceptParts> & { readonly store?: Store } = {}): AcceptWorld {
  let ids = 0;
  const store = patch.store ?? makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const woken: string[] = [];
  const counts = new Map<string, number>();
  const clock: Clock = { now: () => world.at, sleep: async () => {} };
  const parts: AcceptParts = {
    clock,
    log: silentLog,
    config: () => ({ regions, rules }),
    writer: makeGroupWriter({ store, clock }),
    wake: (region, cluster) => void woken.push(`${region}:${cluster}`),
    count: (kind) => void counts.set(kind, (counts.get(kind) ?? 0) + 1),
    ...patch,
  };
  const asks = (region = 'r1') => listAsks(store, region);
  const world: AcceptWorld = {
    parts,
    store,
    clock,
    woken,
    counts,
    at: now,
    send: (source, ...bodies) =>
      acceptEvents(
        parts,
        source,
        bodies.map((body) => ({ body: asText(body) })),
      ),
    asks,
    live: async () => (await asks()).filter((ask): ask is Lease => ask.kind === 'lease' && world.at < ask.until),
  };
  return world;
}

function asText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
