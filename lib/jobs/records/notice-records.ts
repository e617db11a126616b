import type { Notice } from '../../decide/model.ts';
import type { Store, StoredRecord, Write } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';
import { asJson } from './as-json.ts';

/**
 * Notices on their way to the outbox: partition `notices`, ids `<at>-<name>`. Whoever has something to say once puts it
 * here in the commit of what it is about; the watch turns each into its deliveries, in one commit with the delete.
 */
const partition = 'notices';

export type StoredNotice = { readonly notice: Notice; readonly record: StoredRecord };

/** `name`: random, or made from the notice where it may be said twice by mistake. */
export function noticeWrite(notice: Notice, name: string): Write {
  const id = `${String(notice.at).padStart(15, '0')}-${name}`;
  const value = { schema: 1, notice: asJson(notice) };
  return { kind: 'putIfAbsent', key: { partition, id }, value };
}

export async function listNotices(store: Store): Promise<readonly StoredNotice[]> {
  return (await listAll(store, partition)).flatMap((record): readonly StoredNotice[] => {
    const value = record.value as { readonly schema?: unknown; readonly notice?: Notice } | null;
    return value?.schema === 1 && value.notice !== undefined ? [{ notice: value.notice, record }] : [];
  });
}
