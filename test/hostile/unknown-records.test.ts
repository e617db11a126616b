import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { isKnownShape } from '../../lib/decide/record-shape.ts';
import type { Json } from '../../lib/model/json.ts';
import { aCliWorld } from '../cli/cli-world.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { aFullNight, mutants, oneOfEach, tryValue } from './unknown-records.ts';

/** Of each kind one value that is nothing, and one with a part that is lost or of another type. The long test tries them all. */
function few(value: Json): readonly Json[] {
  const all = mutants(value);
  return [null, all[Math.floor(all.length * 0.6)]!];
}

describe('a record of unknown shape', () => {
  test('of every kind is named with its key, and breaks no job and no view', { timeout: 60_000 }, async () => {
    const night = await aFullNight();
    const found = oneOfEach(night);
    const kinds = new Set(found.map(({ key }) => key.partition.replace(/\/.*/u, '')));
    const all = `asks clusters decisions dest destinations findings fleet hist incidents nodes notices obs obs-times
      outbox parked replays rules seen silences sizes`;
    expect([...kinds].sort()).toEqual(all.split(/\s+/u));
    const wrong: unknown[] = [];
    for (const one of found) {
      const trials = [];
      for (const value of few(one.value)) trials.push(await tryValue(night, one, value));
      const threw = trials.flatMap((trial) => trial.threw ?? []);
      // A knock is read for its version alone.
      const isNamed = one.key.id === 'knock' || trials.some((trial) => trial.isNamed);
      if (threw.length > 0 || !isNamed) wrong.push([one.key, threw, isNamed ? '' : 'not named']);
    }
    expect(wrong).toEqual([]);
  });

  test('is none that this version writes, nor one of 0.1.0', async () => {
    const night = await aFullNight();
    const own = [...night.store.snapshot()].flatMap(([, rows]) => [...rows.values()].map(({ record }) => record));
    expect(own.filter(({ key, value }) => !isKnownShape(key, value))).toEqual([]);
    const { path, remove } = makeTemporaryFolder();
    copyFileSync(join(import.meta.dirname, '../fixtures/stores/0.1.0.db'), join(path, 'old.db'));
    const database = new DatabaseSync(join(path, 'old.db'));
    const rows = database.prepare('select partition, id, value from records').all();
    database.close();
    remove();
    const old = rows.map(({ partition, id, value }) => {
      return { key: { partition: String(partition), id: String(id) }, value: JSON.parse(String(value)) as Json };
    });
    expect(old.length).toBeGreaterThan(20);
    expect(old.filter(({ key, value }) => !isKnownShape(key, value))).toEqual([]);
  });

  test.each([{ status: null }, { status: 7 }, { otherNodes: 'many' }, { missingSince: 'then' }])(
    'is a cluster with %j',
    (part) => {
      const key = { partition: 'clusters/r1', id: 'c1' };
      const cluster = { schema: 1, cluster: 'dev', pools: {} };
      expect([isKnownShape(key, cluster), isKnownShape(key, { ...cluster, ...part })]).toEqual([true, false]);
    },
  );

  test('is named by the commands that read it, and by doctor', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    const database = new DatabaseSync(join(world.folder, 'lamplighter.db'));
    const insert = database.prepare("insert into records values (?, ?, ?, 'v', null)");
    insert.run('incidents', 'inc/one', '{"schema":1,"key":"one"}');
    insert.run('silences', 's1', '{"schema":7}');
    insert.run('announcements', '000001764482400/slack/00', '{"schema":1}');
    insert.run('calendars', 'holidays', '{"schema":1}');
    database.close();
    const status = await world.run('status');
    expect([status.code, status.err]).toEqual([
      0,
      'the record incidents/inc/one of the store has an unknown format; restore the store from a backup, or delete this one record (what it remembers is then lost)\n',
    ]);
    expect((await world.run('silence', '--list')).err).toContain('the record silences/s1 of the store');
    const { out } = await world.run('doctor');
    expect(out).toContain(
      '4 records of the store have an unknown format: incidents/inc/one, silences/s1, announcements/000001764482400/slack/00, calendars/holidays',
    );
    expect(out).toContain('restore the store from a backup, or delete these records');
  });
});
