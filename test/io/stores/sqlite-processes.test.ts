import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { randomId } from '../../../lib/io/ids.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import { eachWithStoreFile } from '../../support/store-file.ts';

const script = fileURLToPath(new URL('./count-up.ts', import.meta.url));

describe('several processes on one file', () => {
  let path: string;
  eachWithStoreFile((file) => {
    path = file;
  });

  test('create it at once and lose no count', async () => {
    const children = [countUp(path, 1000), countUp(path, 1000)];
    const said = (await Promise.all(children.map(listen))).flat();
    expect(said.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, n) => n + 1));
    expect(await readCount(path)).toBe(2000);
  });

  test('keep what was acknowledged when one is killed', async () => {
    for (const after of [1, 40, 150]) {
      const before = await readCount(path);
      const said = await listenAndKill(countUp(path), after);
      const count = await readCount(path);
      // The commit that was on its way may or may not be there; none that was acknowledged is lost.
      expect(said.at(-1)).toBeGreaterThanOrEqual(before + after);
      expect(count - said.at(-1)!).toBeOneOf([0, 1]);
      expect(await readMarks(path)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    }
  });
});

function countUp(path: string, times?: number): ChildProcess {
  const options = times === undefined ? [] : [String(times)];
  return spawn(process.execPath, [script, path, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function listen(child: ChildProcess): Promise<readonly number[]> {
  const ended = once(child, 'close');
  const said: number[] = [];
  for await (const line of createInterface({ input: child.stdout! })) said.push(Number(line));
  expect(await ended).toEqual([0, null]);
  return said;
}

async function listenAndKill(child: ChildProcess, after: number): Promise<readonly number[]> {
  const ended = once(child, 'close');
  const said: number[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    said.push(Number(line));
    if (said.length === after) child.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
  return said;
}

async function readCount(path: string): Promise<number> {
  const store = openSqliteStore({ path, newId: randomId });
  const record = await store.read({ partition: 'counters', id: 'one' });
  await store.close();
  return Number(record?.value ?? 0);
}

async function readMarks(path: string): Promise<readonly unknown[]> {
  const store = openSqliteStore({ path, newId: randomId });
  const records = await store.list('marks', { limit: 100_000 });
  await store.close();
  return records.map((record) => record.value);
}
