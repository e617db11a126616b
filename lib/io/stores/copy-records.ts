import { StoreError } from '../../errors.ts';
import type { Json } from '../../model/json.ts';
import { showKey } from './prepare-writes.ts';
import type { DumpedRecord, Store, Write } from './store.ts';

/** Well below what a transaction of DynamoDB takes. */
const mostWrites = 90;
const mostBytes = 1_000_000;

/**
 * Copies records into an empty store, or one with only some of these records: an interrupted copy continues. Expired
 * records are skipped. Resolves to how many were written. Throws StoreError before the first write if the store holds
 * anything else.
 */
export async function copyRecords(
  records: readonly DumpedRecord[],
  there: readonly DumpedRecord[],
  to: Pick<Store, 'commit'>,
  now: number,
): Promise<number> {
  const known = new Map(there.map(({ key, text }) => [nameOf(key), text]));
  const wanted = new Map(records.map(({ key, text }) => [nameOf(key), text]));
  const foreign = there.filter(({ key, text }) => wanted.get(nameOf(key)) !== text);
  if (foreign.length > 0)
    throw new StoreError(
      `The target store has ${foreign.length} other records (${showKey(foreign[0]!.key)}): copy into an empty one`,
    );
  const missing = records.filter(({ key, expiresAt }) => !known.has(nameOf(key)) && (expiresAt ?? now + 1) > now);
  for (const group of groupsOf(missing)) {
    const outcome = await to.commit(group.map(toWrite));
    if (outcome.kind === 'conflict')
      throw new StoreError('The target store was changed meanwhile: stop what runs on it, and copy into an empty one');
  }
  return missing.length;
}

function nameOf({ partition, id }: DumpedRecord['key']): string {
  return `${partition}\n${id}`;
}

function groupsOf(records: readonly DumpedRecord[]): readonly (readonly DumpedRecord[])[] {
  const groups: DumpedRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    bytes += Buffer.byteLength(record.text);
    if (bytes > mostBytes || (groups.at(-1)?.length ?? mostWrites) >= mostWrites) {
      groups.push([]);
      bytes = Buffer.byteLength(record.text);
    }
    groups.at(-1)?.push(record);
  }
  return groups;
}

function toWrite({ key, text, expiresAt }: DumpedRecord): Write {
  return {
    kind: 'putIfAbsent',
    key,
    value: parse(key, text),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function parse(key: DumpedRecord['key'], text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StoreError(
      `The record ${showKey(key)} is damaged, its value is not JSON: nothing more was copied; see lamplighter store verify`,
    );
  }
}
