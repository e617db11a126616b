import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { StoreConfig } from '../../model/config.ts';

/**
 * A store as it is named on the command line: `dynamodb:<table>`, or a file (`sqlite:<file>` where its name could be
 * mistaken), from the working folder. Throws UsageError.
 */
export function parseStoreAddress(text: string): StoreConfig {
  const [, kind, rest = ''] = /^(sqlite|dynamodb):(.*)$/su.exec(text) ?? [undefined, 'sqlite', text];
  if (rest === '') throw new UsageError(`"${text}" is not a store: write a file, or dynamodb:<table>`);
  if (kind === 'sqlite') return { kind, path: resolve(rest) };
  // docs.aws.amazon.com/amazondynamodb, "Naming rules": the SDK would find fault with it only at the first call.
  if (!/^[A-Za-z0-9_.-]{3,255}$/u.test(rest))
    throw new UsageError(`"${rest}" is not a table name: letters, digits, "_", "." and "-", 3 to 255 of them`);
  return { kind: 'dynamodb', table: rest };
}

/** As messages name it. */
export function showStore(store: StoreConfig): string {
  return store.kind === 'sqlite' ? store.path : `table ${store.table}`;
}
