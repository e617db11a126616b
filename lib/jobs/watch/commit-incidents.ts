import type { IncidentChange } from '../../decide/incidents/step-incidents.ts';
import { StoreError } from '../../errors.ts';
import type { Store, Version, Write } from '../../io/stores/store.ts';
import { mapBounded } from '../concurrency.ts';
import { deliveryWrite, incidentWrite } from '../records/incident-records.ts';

const concurrency = 8;

export type Committed = {
  readonly done: readonly IncidentChange[];
  /** Keys that another process changed meanwhile, or that could not be stored: the next pass looks at them again. */
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
  try {
    return await commitWithout(store, writes);
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
}

/**
 * A delivery that is there already was enqueued before the store lost this transition (a backup): the same id says the
 * same, so it is left, and the rest is stored.
 */
async function commitWithout(store: Store, writes: readonly Write[]): Promise<string | undefined> {
  const outcome = await store.commit(writes);
  if (outcome.kind === 'committed') return undefined;
  const failed = new Set(outcome.failed);
  if (failed.size === 0 || failed.has(0)) return 'another process changed it meanwhile';
  const again = await store.commit(writes.filter((_, index) => !failed.has(index)));
  return again.kind === 'committed' ? undefined : 'another process changed it meanwhile';
}
