import type { EpochMs } from '../../decide/model.ts';
import type { StoredRecord, Write } from '../../io/stores/store.ts';

/** The last pass of the watch: partition `seen`, id `watch`. Its age tells whether anybody is looking. */
export const seenKey = { partition: 'seen', id: 'watch' } as const;

export type SeenRecord = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly configHash: string;
  readonly clusters: number;
  readonly answered: readonly string[];
};

export function seenWrite(seen: SeenRecord, before: StoredRecord | undefined): Write {
  const value = { ...seen, answered: [...seen.answered] };
  if (before === undefined) return { kind: 'putIfAbsent', key: seenKey, value };
  return { kind: 'putIfVersion', key: seenKey, value, version: before.version };
}
