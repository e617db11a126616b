import { type DestinationState, destinationId } from '../../decide/incidents/routing.ts';
import type { IncidentChange } from '../../decide/incidents/step-incidents.ts';
import type { Store, Version, Write } from '../../io/stores/store.ts';
import type { DestinationConfig } from '../../model/config.ts';
import { isSameJson } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';
import { mapBounded } from '../concurrency.ts';
import { storeProblem } from './change-record.ts';
import { knownDestinationWrite, type StoredDestination } from './destination-records.ts';
import { deliveryWrite, incidentWrite } from './incident-records.ts';

const concurrency = 8;

export type Committed = {
  readonly done: readonly IncidentChange[];
  /** Keys that another process changed meanwhile, or that could not be stored: the next round tries again. */
  readonly failed: readonly { readonly change: IncidentChange; readonly reason: string }[];
};

/** One transaction per incident: its transition and its deliveries, or neither. */
export async function commitIncidents(
  store: Store,
  changes: readonly IncidentChange[],
  versions: ReadonlyMap<string, Version>,
): Promise<Committed> {
  const results = await mapBounded(changes, concurrency, async (change) => {
    const reason = await commitOne(store, change, versions.get(change.record.key));
    return { change, reason };
  });
  return {
    done: results.flatMap(({ change, reason }) => (reason === undefined ? [change] : [])),
    failed: results.flatMap(({ change, reason }) => (reason === undefined ? [] : [{ change, reason }])),
  };
}

async function commitOne(
  store: Store,
  { record, deliveries }: IncidentChange,
  version: Version | undefined,
): Promise<string | undefined> {
  const writes = [incidentWrite(record, version), ...deliveries.map(deliveryWrite)];
  return storeProblem(() => commitWithout(store, writes));
}

/**
 * If the store lost this transition (a restored backup) but not the delivery, the delivery has the same id and text: it
 * stays, and the rest is stored.
 */
async function commitWithout(store: Store, writes: readonly Write[]): Promise<string | undefined> {
  const outcome = await store.commit(writes);
  if (outcome.kind === 'committed') return undefined;
  const failed = new Set(outcome.failed);
  if (failed.size === 0 || failed.has(0)) return 'another process changed it meanwhile';
  const again = await store.commit(writes.filter((_, index) => !failed.has(index)));
  return again.kind === 'committed' ? undefined : 'another process changed it meanwhile';
}

export type Destinations = {
  /**
   * The configured destinations in order, then those that kept their name, got a new address, and still have resolves
   * due.
   */
  readonly states: readonly DestinationState[];
  /** Stores new or changed destinations, so that they are known when the config no longer has them. */
  readonly writes: readonly Write[];
  /** Their names left the config: they get no more resolves. */
  readonly removed: readonly StoredDestination[];
  /** Replaced by a new address under the same name. */
  readonly replaced: readonly StoredDestination[];
};

export function destinationStates(
  configured: readonly DestinationConfig[],
  stored: readonly StoredDestination[],
  broken: ReadonlyMap<string, EpochMs>,
  hash: (text: string) => string,
): Destinations {
  const present = configured.map((destination) => ({ id: destinationId(destination, hash), destination }));
  const ids = new Set(present.map(({ id }) => id));
  const names = new Set(configured.map(({ name }) => name));
  const old = stored.filter(({ known }) => !ids.has(known.id));
  const replaced = old.filter(({ known }) => names.has(known.destination.name));
  return {
    states: [
      ...present.map(({ id, destination }) => stateOf(id, destination, destination.retired, broken)),
      ...replaced.map(({ known }) => stateOf(known.id, known.destination, true, broken)),
    ],
    writes: present.flatMap(({ id, destination }) => remember(id, destination, stored)),
    removed: old.filter(({ known }) => !names.has(known.destination.name)),
    replaced,
  };
}

function stateOf(
  id: string,
  { name, kind, only, fallback }: DestinationConfig,
  retired: boolean,
  broken: ReadonlyMap<string, EpochMs>,
): DestinationState {
  return { id, name, kind, only, fallback, retired, brokenSince: broken.get(id) ?? broken.get(name) };
}

function remember(id: string, destination: DestinationConfig, stored: readonly StoredDestination[]): readonly Write[] {
  const before = stored.find(({ known }) => known.id === id);
  const known = { schema: 1, id, destination } as const;
  const isKnown = before !== undefined && isSameJson(before.known, known);
  return isKnown ? [] : [knownDestinationWrite(known, before?.version)];
}
