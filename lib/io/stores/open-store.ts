import type { StoreConfig } from '../../model/config.ts';
import type { Clock } from '../clock.ts';
import type { NewId } from '../ids.ts';
import type { OpenedStore } from './store.ts';

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
  const { refusingNewer } = await import('./table-schema.ts');
  return refusingNewer(makeDynamoStore({ client: makeDynamoClient(), table, ...parts }), table);
}
