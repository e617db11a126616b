import type { DestinationConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Store, Version, Write } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';
import { putOver } from './put-over.ts';
import { readSchema1 } from './incident-records.ts';

/**
 * A destination as it was configured, by its id (name and address reference): partition `destinations`. What the config
 * no longer holds under this id is sent its owed resolves from here. Only references are kept, no address.
 */
export type KnownDestination = {
  readonly schema: 1;
  readonly id: string;
  readonly destination: DestinationConfig;
};

export type StoredDestination = { readonly known: KnownDestination; readonly version: Version };

export async function listKnownDestinations(store: Store): Promise<readonly StoredDestination[]> {
  return (await listAll(store, 'destinations')).flatMap((stored) => {
    const known = readSchema1(stored) as KnownDestination | undefined;
    return known === undefined ? [] : [{ known, version: stored.version }];
  });
}

export function knownDestinationWrite(known: KnownDestination, version: Version | undefined): Write {
  return putOver({ partition: 'destinations', id: known.id }, known, version);
}

export function forgetDestination({ known, version }: StoredDestination): Write {
  return { kind: 'deleteIfVersion', key: { partition: 'destinations', id: known.id }, version };
}

/** Since when each destination is broken, by what its sender's record is kept under (its id, or its name). */
export async function listBroken(store: Store): Promise<ReadonlyMap<string, EpochMs>> {
  const records = await listAll(store, 'dest');
  return new Map(
    records.flatMap((stored): readonly (readonly [string, EpochMs])[] => {
      const sender: { readonly broken?: { readonly since?: unknown } } | undefined = readSchema1(stored);
      const since = sender?.broken?.since;
      return typeof since === 'number' ? [[stored.key.id, since]] : [];
    }),
  );
}
