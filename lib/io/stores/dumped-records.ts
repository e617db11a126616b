import type { Attempts } from './dynamo-attempts.ts';
import { naming, openSqliteToRead } from './sqlite-file.ts';
import type { DumpedRecord } from './store.ts';

type Row = {
  readonly partition: string;
  readonly id: string;
  readonly value: string;
  readonly version: string;
  readonly expires_at: number | null;
};

const everything = 'select partition, id, value, version, expires_at from records order by 1, 2';

/**
 * Everything in a SQLite file at one instant, even while others write. Throws StoreError as `openSqliteToRead` does.
 */
export function dumpSqlite(path: string): readonly DumpedRecord[] {
  const database = openSqliteToRead(path);
  try {
    const rows = naming(path, 'read', () => database.prepare(everything).all());
    return (rows as unknown as readonly Row[]).map(({ partition, id, value, version, expires_at: expiresAt }) => {
      return { key: { partition, id }, text: value, version, expiresAt: expiresAt ?? undefined };
    });
  } finally {
    database.close();
  }
}

/** Everything in a table. Throws StoreError if it cannot be read, or is written to all the time. */
export async function dumpTable(table: string, parts: Attempts): Promise<readonly DumpedRecord[]> {
  const { makeDynamoClient } = await import('./dynamo-client.ts');
  const { scanTable } = await import('./dynamo-scan.ts');
  const client = makeDynamoClient();
  try {
    return await scanTable({ ...parts, client, table });
  } finally {
    client.destroy();
  }
}
