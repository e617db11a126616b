/** A real DynamoDB emulator, where its package has a binary for this machine (Linux on x64, as an optional dependency). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';

const binary = fileURLToPath(new URL('../../node_modules/@dynoxide/linux-x64/dynoxide', import.meta.url));

export type Dynoxide = { readonly endpoint: string; readonly stop: () => Promise<void> };

/** Why the emulator cannot run here, or undefined where it can. */
export function dynoxideMissing(): string | undefined {
  if (existsSync(binary)) return undefined;
  return `no DynamoDB emulator for ${process.platform} on ${process.arch}: @dynoxide/linux-x64 has none`;
}

export async function startDynoxide(): Promise<Dynoxide> {
  const port = await findFreePort();
  const child = spawn(binary, ['--port', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilReady(child, endpoint);
  return { endpoint, stop: () => stop(child) };
}

/** A client that asks the emulator and nobody else. */
export function makeDynoxideClient(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 });
}

/** The table as the template makes it: two string keys, paid by request. */
export async function createStateTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** It says nothing when it listens, so it is asked until it answers anything at all. */
async function waitUntilReady(child: ChildProcess, endpoint: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the emulator ended at once with code ${child.exitCode}`);
    const answered = await fetch(endpoint, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
