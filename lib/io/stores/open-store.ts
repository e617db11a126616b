import type { StoreConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Clock } from '../clock.ts';
import type { NewId } from '../ids.ts';
import type { Store } from './store.ts';

/** `collect` is there where expired records must be removed by hand; DynamoDB does so itself. */
export type OpenedStore = Store & { readonly collect?: (now: EpochMs, limit?: number) => Promise<number> };

type Parts = { readonly newId: NewId; readonly clock: Clock };

/** Opens the store that the config names. Each adapter is loaded only when it is used: one process needs no AWS client. */
export async function openStore(config: StoreConfig, parts: Parts): Promise<OpenedStore> {
  return config.kind === 'sqlite' ? openFileStore(config.path, parts) : openDynamoStore(config.table, parts);
}

async function openFileStore(path: string, parts: Parts): Promise<OpenedStore> {
  const { openSqliteStore } = await import('./sqlite.ts');
  return openSqliteStore({ path, newId: parts.newId });
}

async function openDynamoStore(table: string, parts: Parts): Promise<OpenedStore> {
  const { makeDynamoClient } = await import('./dynamo-client.ts');
  const { makeDynamoStore } = await import('./dynamodb.ts');
  return makeDynamoStore({ client: makeDynamoClient(), table, ...parts });
}
