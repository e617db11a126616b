/**
 * The least that a handler of this kind could be: it loads the clients that scale-pools needs and calls each of them once.
 * What scale-pools takes beyond this is its own.
 */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import ky from 'ky';

const [table, secret, api] = ['lamplighter', 'lamplighter/r1', process.env['LEAST_API'] ?? ''];

export const handler = async (): Promise<unknown> => {
  const { SecretString: token } = await new SecretsManagerClient().send(
    new GetSecretValueCommand({ SecretId: secret }),
  );
  const key = { pk: { S: 'fleet' }, sk: { S: 'config' } };
  await new DynamoDBClient().send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
  const clusters = await ky
    .get(`${api}/api/v1/cluster`, { headers: { authorization: `Token ${token}` } })
    .json<object>();
  return { clusters: Object.keys(clusters).length };
};
