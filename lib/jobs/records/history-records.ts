import type { EpochMs } from '../../decide/model.ts';
import type { HistoryRecord } from '../../decide/outbox/history.ts';
import type { Store, Write } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';
import { asJson } from './as-json.ts';
import { readSchema1 } from './incident-records.ts';

const partition = 'hist';
const width = 15;

/** How deliveries ended, in order of time; kept for `keepMs`. The same end of the same delivery is written once. */
export function historyWrite(record: HistoryRecord, keepMs: number): Write {
  const id = `${String(record.at).padStart(width, '0')}-${record.id}-${record.state}`;
  return { kind: 'putIfAbsent', key: { partition, id }, value: asJson(record), expiresAt: record.at + keepMs };
}

export async function listHistory(store: Store, since?: EpochMs): Promise<readonly HistoryRecord[]> {
  const after = since === undefined ? undefined : String(since).padStart(width, '0');
  const records = await listAll(store, partition, after);
  return records.flatMap((record) => (readSchema1(record) as HistoryRecord | undefined) ?? []);
}
