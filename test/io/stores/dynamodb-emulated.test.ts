import { describe, test } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { makeDynamoStore } from '../../../lib/io/stores/dynamodb.ts';
import {
  createStateTable,
  type Dynoxide,
  dynoxideMissing,
  makeDynoxideClient,
  startDynoxide,
} from '../../support/dynoxide.ts';
import { describeStore } from './contract.ts';

const missing = dynoxideMissing();

if (missing === undefined) {
  let emulator: Dynoxide;
  describeStore('DynamoDB store on an emulator', {
    setup: async () => {
      emulator = await startDynoxide();
      return () => emulator.stop();
    },
    open: () => openOnNewTable(emulator.endpoint),
  });
} else {
  describe('DynamoDB store on an emulator', () => {
    test.skip(`runs (skipped: ${missing})`, () => {});
  });
}

async function openOnNewTable(endpoint: string) {
  const table = `state-${randomId()}`;
  const open = () =>
    makeDynamoStore({ client: makeDynoxideClient(endpoint), table, newId: randomId, clock: systemClock });
  const client = makeDynoxideClient(endpoint);
  await createStateTable(client, table);
  client.destroy();
  const [store, other] = [open(), open()];
  const end = async () => {
    await store.close();
    await other.close();
  };
  return { store, other, end };
}
