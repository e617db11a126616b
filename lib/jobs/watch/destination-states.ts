import type { DestinationConfig } from '../../decide/compiled-config.ts';
import { destinationId } from '../../decide/incidents/destination-id.ts';
import type { DestinationState } from '../../decide/incidents/routing.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Write } from '../../io/stores/store.ts';
import { knownDestinationWrite, type StoredDestination } from '../records/known-destinations.ts';

export type Destinations = {
  /** The configured ones in their order, then those that keep their name at a new address and still owe something. */
  readonly states: readonly DestinationState[];
  /** Names its new or changed destinations in the store, so that they can be found when the config forgets them. */
  readonly writes: readonly Write[];
  /** No longer in the config by name: what they were owed ends. */
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
  const isKnown = before !== undefined && JSON.stringify(sorted(before.known)) === JSON.stringify(sorted(known));
  return isKnown ? [] : [knownDestinationWrite(known, before?.version)];
}

/** Stores may give keys back in another order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, sorted(part)]));
}
