import type { Store } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, putOver, readSchema1, timeId } from './change-record.ts';

/** A command of a person that changed something: partition `deeds`, in order of time, kept as long as the history. */
export type Deed = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly who: string;
  /** The command: "pause", "base set". */
  readonly verb: string;
  /** Its match and end: "dev-* until 2026-11-24T18:00:00Z". */
  readonly what: string;
  readonly reason?: string;
};

const partition = 'deeds';

export async function storeDeed(store: Store, deed: Deed, id: string, keepMs: number): Promise<void> {
  const key = { partition, id: `${timeId(deed.at)}-${id}` };
  await store.commit([putOver(key, deed, undefined, deed.at + keepMs)]);
}

/** Oldest first. */
export async function listDeeds(store: Store, since: EpochMs): Promise<readonly Deed[]> {
  const records = await listAll(store, partition, { after: timeId(since) });
  return records.flatMap((record) => (readSchema1(record) as Deed | undefined) ?? []);
}
