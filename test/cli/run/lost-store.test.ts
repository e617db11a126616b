import { mkdirSync, rmSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomId } from '../../../lib/io/ids.ts';
import { type Log, silentLog } from '../../../lib/io/log.ts';
import { openStore } from '../../../lib/io/stores/open-store.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import { putAsk } from '../../../lib/jobs/records/ask-records.ts';
import { aNight } from '../../support/night-app.ts';
import { aMatch, aPause, aRule, at, hour, minute } from '../../support/scaling-world.ts';
import { eachWithStoreFile } from '../../support/store-file.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';
import { good, loadJobs, pass, start } from './running.ts';

beforeAll(() => loadJobs(aNight(at('2026-03-02T12:00:00Z'), {})));

const rules = [aRule({ match: aMatch('dev-api/workers') })];

describe('a process whose store is deleted under it', () => {
  let path: string;
  eachWithStoreFile((file) => {
    path = file;
  });

  const takeAway = () => ['', '-wal', '-shm'].forEach((end) => rmSync(`${path}${end}`));

  /** Ten minutes of the evening have passed, and it is ten to seven. */
  async function running() {
    const said: string[] = [];
    // Old versions in the simulated fleet are incidents of their own.
    const tell = (level: string) => (message: string, fields?: object) => {
      if (!message.startsWith('incident ')) said.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
    };
    const log: Log = { ...silentLog, warn: tell('warn'), error: tell('error'), with: () => log };
    const clock = makeVirtualClock(0);
    const store = await openStore({ kind: 'sqlite', path }, { clock, newId: randomId });
    const night = aNight(at('2026-03-02T18:40:00Z'), { rules }, { store, log });
    const run = start(night, () => good(night.config));
    await pass(night, 10 * minute);
    const sizeAfter = async (ms: number) => {
      await pass(night, ms);
      return night.world.pool('dev-api/workers').size;
    };
    const end = async () => {
      run.stop();
      await pass(night, 1000);
      await run.running;
      await store.close();
    };
    return { night, said, sizeAfter, end, rounds: run.rounds };
  }

  test('heeds what is asked in the new file, and says once what happened', async () => {
    const { said, sizeAfter, end } = await running();
    takeAway();
    const asked = openSqliteStore({ path, newId: randomId });
    await putAsk(asked, aPause('2026-03-02T18:50:00Z', '2026-03-02T20:00:00Z'), hour);
    await asked.close();
    expect(await sizeAfter(hour)).toBe(3);
    expect(await sizeAfter(30 * minute)).toBe(0);
    expect(said).toEqual([
      expect.stringContaining(`warn the store ${path} was deleted, moved or replaced while it was in use`),
    ]);
    expect(said[0]).toContain('is not known here');
    await end();
  });

  test('is noticed by a round that an event started, too', async () => {
    const { night, said, rounds, end } = await running();
    await pass(night, minute);
    takeAway();
    rounds.wake('r1', 'dev-api');
    await pass(night, 2000);
    expect(said[0]).toContain('was deleted, moved or replaced');
    await end();
  });

  test('changes nothing while no store can be opened, and says why', async () => {
    const { said, sizeAfter, end } = await running();
    takeAway();
    mkdirSync(path);
    expect(await sizeAfter(hour)).toBe(3);
    expect(said).toContainEqual(expect.stringMatching(/^error store failed .*it is a folder; name a file in it/));
    rmSync(path, { recursive: true });
    expect(await sizeAfter(30 * minute)).toBe(0);
    expect(said.at(-1)).toContain('a new one was made there');
    await end();
  });
});
