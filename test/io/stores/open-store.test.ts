import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { makeDynamoClient } from '../../../lib/io/stores/dynamo-client.ts';
import { scanTable } from '../../../lib/io/stores/dynamo-scan.ts';
import type { DynamoParts } from '../../../lib/io/stores/dynamodb.ts';
import { openStore } from '../../../lib/io/stores/open-store.ts';
import { sendJson, startServer } from '../../support/local-server.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { put } from './contract.ts';

const parts = { newId: randomId, clock: systemClock };
const module = fileURLToPath(new URL('../../../lib/io/stores/open-store.ts', import.meta.url));

/** Prints every module that opening this store asks for. */
const listModules = (config: string) => `
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, context, next) => { console.log(name); return next(name, context); } });
  const { openStore } = await import(${JSON.stringify(module)});
  const clock = { now: () => 0, sleep: async () => {} };
  await (await openStore(${config}, { newId: () => 'id', clock })).close();`;

describe('opening a store', () => {
  test('takes the one that the config names', async () => {
    const folder = makeTemporaryFolder();
    const file = await openStore({ kind: 'sqlite', path: join(folder.path, 'a.db') }, parts);
    await put(file, { partition: 'p', id: 'a' }, 1);
    expect(await file.collect?.(0)).toBe(0);
    await file.close();
    folder.remove();
    const table = await openStore({ kind: 'dynamodb', table: 'state' }, parts);
    expect(table.collect).toBeUndefined();
    await table.close();
  });

  test('loads no AWS client for a file, and no SQLite for a table', async () => {
    const folder = makeTemporaryFolder();
    const path = JSON.stringify(join(folder.path, 'a.db'));
    const [file, table] = await Promise.all([
      modulesOf(`{ kind: 'sqlite', path: ${path} }`),
      modulesOf(`{ kind: 'dynamodb', table: 'state' }`),
    ]);
    expect(file).toContain('node:sqlite');
    expect(file).not.toContain('@aws-sdk');
    expect(table).toContain('@aws-sdk/client-dynamodb');
    expect(table).not.toContain('node:sqlite');
    folder.remove();
  });

  test('gives up on a silent DynamoDB after 3 seconds, once', async () => {
    const client = makeDynamoClient();
    expect(await client.config.maxAttempts()).toBe(1);
    const handler = client.config.requestHandler;
    await handler.handle(undefined as never).catch(() => {});
    expect('httpHandlerConfigs' in handler && (handler.httpHandlerConfigs as () => unknown)()).toMatchObject({
      connectionTimeout: 3000,
      requestTimeout: 3000,
      throwOnRequestTimeout: true,
    });
    client.destroy();
  });
});

async function modulesOf(config: string): Promise<string> {
  const script = ['--input-type=module', '--eval', listModules(config)];
  const { stdout } = await promisify(execFile)(process.execPath, script);
  return stdout;
}

test('a table is read to its last page', async () => {
  const item = (id: string) => ({ pk: { S: 'p' }, sk: { S: id }, value: { S: '1' }, version: { S: 'v' } });
  const pages = [
    { Items: [item('a')], LastEvaluatedKey: item('a') },
    { Items: [], LastEvaluatedKey: item('b') },
    { Items: [item('c')] },
  ];
  let asked = 0;
  const send = async () => pages[(asked += 1) % 3 === 0 ? 2 : (asked % 3) - 1];
  const client = { send, destroy: () => undefined } as unknown as DynamoParts['client'];
  const records = await scanTable({ ...parts, client, table: 't' });
  expect(records.map(({ key }) => key.id)).toEqual(['a', 'c']);
});

test('a table that a newer version wrote is refused when it is opened by name', async () => {
  await using server = await startServer((_, response) => {
    const Item = {
      pk: { S: 'store' },
      sk: { S: 'schema' },
      version: { S: 'v' },
      value: { S: '{"schema":1,"version":9}' },
    };
    sendJson(response, 200, { Item });
  });
  const aws = { ENDPOINT_URL: server.url, REGION: 'eu-central-1', ACCESS_KEY_ID: 'a', SECRET_ACCESS_KEY: 'b' };
  for (const [name, value] of Object.entries(aws)) vi.stubEnv(`AWS_${name}`, value);
  const store = await openStore({ kind: 'dynamodb', table: 'state' }, parts);
  await expect(store.read({ partition: 'p', id: 'a' })).rejects.toThrow('was written by a newer version');
  vi.unstubAllEnvs();
  await store.close();
});
