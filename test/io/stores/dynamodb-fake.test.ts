import { systemClock } from '../../../lib/io/clock.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { makeDynamoStore } from '../../../lib/io/stores/dynamodb.ts';
import { makeFakeDynamo } from '../../support/fake-dynamodb.ts';
import { describeStore } from './contract.ts';

describeStore('DynamoDB store on a fake', {
  open: async () => {
    const client = makeFakeDynamo({ table: 'state', pageItems: 7 });
    const open = () => makeDynamoStore({ client, table: 'state', newId: randomId, clock: systemClock });
    return { store: open(), other: open(), end: async () => {} };
  },
});
