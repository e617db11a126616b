import type { NodesRecord } from '../../decide/past/node-counts.ts';
import { type SizeChange, type SizesRecord, sizesRecord } from '../../decide/past/size-changes.ts';
import type { Store, Write } from '../../io/stores/store.ts';
import { asJson } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, readSchema1, timeId } from './change-record.ts';

/**
 * The past of a region, for graphs and sums: partition `sizes/<region>`, a record per round that saw a size change;
 * `nodes/<region>`, at most one an hour. Ids begin with the time. Nothing is written if nothing changed.
 */
/** A record takes 100 KB; a character may be three bytes. */
const mostChars = 30_000;

export function sizeWrites(
  region: string,
  at: EpochMs,
  changes: readonly SizeChange[],
  newId: () => string,
  keepMs: number,
): readonly Write[] {
  return cut(changes, ({ pool }) => pool.length + 24).map((some) => {
    return put(`sizes/${region}`, at, newId(), sizesRecord(at, some), keepMs);
  });
}

export async function listSizes(store: Store, region: string, since: EpochMs): Promise<readonly SizesRecord[]> {
  return list<SizesRecord>(store, `sizes/${region}`, since);
}

export function nodesWrites(
  region: string,
  record: NodesRecord,
  newId: () => string,
  keepMs: number,
): readonly Write[] {
  return cut(Object.entries(record.nodes), ([pool]) => pool.length + 8).map((some) => {
    return put(`nodes/${region}`, record.at, newId(), { ...record, nodes: Object.fromEntries(some) }, keepMs);
  });
}

export async function listNodes(store: Store, region: string, since: EpochMs): Promise<readonly NodesRecord[]> {
  return list<NodesRecord>(store, `nodes/${region}`, since);
}

function put(partition: string, at: EpochMs, name: string, value: object, keepMs: number): Write {
  const id = `${timeId(at)}-${name}`;
  return { kind: 'putIfAbsent', key: { partition, id }, value: asJson(value), expiresAt: at + keepMs };
}

async function list<T>(store: Store, partition: string, since: EpochMs): Promise<readonly T[]> {
  const records = await listAll(store, partition, { after: timeId(since) });
  return records.flatMap((record) => (readSchema1(record) as T | undefined) ?? []);
}

function cut<T>(items: readonly T[], charsOf: (item: T) => number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const item of items) {
    chars += charsOf(item);
    if (chars > mostChars) {
      parts.push([]);
      chars = charsOf(item);
    }
    parts.at(-1)?.push(item);
  }
  return parts;
}
