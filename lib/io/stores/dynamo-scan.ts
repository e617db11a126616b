import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { StoreError } from '../../errors.ts';
import { dynamoError, sendUntilSettled } from './dynamo-attempts.ts';
import { expiryOf, type Item, versionOf } from './dynamo-requests.ts';
import type { DynamoParts } from './dynamodb.ts';
import { compareIds, type DumpedRecord } from './store.ts';

const mostLooks = 5;

/**
 * Everything in a table at one instant. DynamoDB has no such read, so the table is read twice: if nothing differs,
 * nothing was written in between. A round writes for seconds and then waits for minutes, so a few attempts are enough.
 */
export async function scanTable(parts: DynamoParts): Promise<readonly DumpedRecord[]> {
  let before = await scanOnce(parts);
  for (let look = 1; look < mostLooks; look += 1) {
    const now = await scanOnce(parts);
    if (isSame(before, now)) return now;
    before = now;
  }
  throw new StoreError(
    `The DynamoDB table ${parts.table} changed during each read: stop the functions' schedules for a moment, or let DynamoDB restore a point in time into a second table and read that`,
  );
}

function isSame(before: readonly DumpedRecord[], now: readonly DumpedRecord[]): boolean {
  const versions = new Map(before.map(({ key, version }) => [`${key.partition}\n${key.id}`, version]));
  const isKept = now.every(({ key, version }) => versions.get(`${key.partition}\n${key.id}`) === version);
  return isKept && before.length === now.length;
}

async function scanOnce(parts: DynamoParts): Promise<readonly DumpedRecord[]> {
  const records: DumpedRecord[] = [];
  let start: Item | undefined;
  do {
    const page = await scanPage(parts, start);
    records.push(...(page.Items ?? []).map(toDumped));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return records.sort((a, b) => compareIds(a.key.partition, b.key.partition) || compareIds(a.key.id, b.key.id));
}

async function scanPage(parts: DynamoParts, start: Item | undefined): Promise<ScanCommandOutput> {
  const request = new ScanCommand({
    TableName: parts.table,
    ConsistentRead: true,
    ...(start && { ExclusiveStartKey: start }),
  });
  const sent = await sendUntilSettled<ScanCommandOutput>(() => parts.client.send(request), parts);
  if (sent.kind === 'answered') return sent.answer;
  throw dynamoError(parts.table, 'read all of it (this needs dynamodb:Scan)', sent.failure);
}

function toDumped(item: Item): DumpedRecord {
  return {
    key: { partition: item.pk?.S ?? '', id: item.sk?.S ?? '' },
    text: item.value?.S ?? '',
    version: versionOf(item) ?? '',
    expiresAt: expiryOf(item),
  };
}
