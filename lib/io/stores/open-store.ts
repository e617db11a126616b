import type { StoreConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Clock } from '../clock.ts';
import type { NewId } from '../ids.ts';
import type { Store } from './store.ts';

export type OpenedStore = Store & {
  /** There where expired records must be removed by hand; DynamoDB does so itself. */
  readonly collect?: (now: EpochMs, limit?: number) => Promise<number>;
  /** There where the store is a file: opens what its path leads to now, where that is not the file that is open. */
  readonly reopenIfLost?: () => Promise<Reopened | undefined>;
};

/** `isNew`: nothing was at the path any more, and a file was made; else it is another one's. */
export type Reopened = { readonly path: string; readonly isNew: boolean };

type Parts = { readonly newId: NewId; readonly clock: Clock };

/** Opens the store that the config names. Each adapter is loaded only when it is used: one process needs no AWS client. */
export async function openStore(config: StoreConfig, parts: Parts): Promise<OpenedStore> {
  return config.kind === 'sqlite' ? openFileStore(config.path, parts) : openDynamoStore(config.table, parts);
}

async function openFileStore(path: string, parts: Parts): Promise<OpenedStore> {
  const { openLastingStore } = await import('./lasting-store.ts');
  return openLastingStore({ path, newId: parts.newId });
}

async function openDynamoStore(table: string, parts: Parts): Promise<OpenedStore> {
  const { makeDynamoClient } = await import('./dynamo-client.ts');
  const { makeDynamoStore } = await import('./dynamodb.ts');
  return makeDynamoStore({ client: makeDynamoClient(), table, ...parts });
}
