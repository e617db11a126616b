import { describe, expect, test } from 'vitest';
import { listClusterRecords, readClusterRecord } from '../../../lib/jobs/records/cluster-records.ts';
import { partOf } from '../../../lib/model/part.ts';
import { aNight, type Night, whileTimePasses } from '../../support/night-app.ts';
import { aMatch, aRule, at, hour } from '../../support/scaling-world.ts';

const day = 24 * hour;
const rules = [aRule({ match: aMatch('dev-*/*'), base: 'remembered' })];

/** A fleet whose dev-api was deleted, with its record left behind. */
async function afterDeletion(): Promise<{ night: Night; id: string }> {
  const night = aNight(at('2026-03-02T12:00:00Z'), { rules });
  const { id } = night.world.cluster('dev-api');
  await night.app.scale(night.config);
  night.world.deleteCluster('dev-api');
  await night.clock.advance(hour);
  await night.app.scale(night.config);
  return { night, id };
}

async function missingSince(night: Night, id: string): Promise<number | undefined> {
  return (await readClusterRecord(night.store, 'r1', id))?.record.missingSince;
}

describe('clusters that are gone', () => {
  test('are marked with the instant, and emptied after 30 days, once', async () => {
    const { night, id } = await afterDeletion();
    expect(await missingSince(night, id)).toBe(at('2026-03-02T13:00:00Z'));
    await night.clock.advance(30 * day - 1);
    expect((await night.app.scale(night.config)).problems).toEqual([]);
    expect(Object.keys((await readClusterRecord(night.store, 'r1', id))?.record.pools ?? {})).toHaveLength(2);
    await night.clock.advance(1);
    await night.app.scale(night.config);
    const emptied = await readClusterRecord(night.store, 'r1', id);
    expect(emptied?.record.pools).toEqual({});
    await night.clock.advance(day);
    await night.app.scale(night.config);
    expect((await readClusterRecord(night.store, 'r1', id))?.version).toBe(emptied?.version);
  });

  test('a list that omitted one for a while has forgotten nothing', async () => {
    let isOmitted = false;
    const night = aNight(
      at('2026-03-02T12:00:00Z'),
      { rules },
      {
        fault: ({ path }) => (isOmitted && path.endsWith('/cluster') ? { kind: 'omit', item: 'dev-api' } : undefined),
      },
    );
    const { id } = night.world.cluster('dev-api');
    await night.app.scale(night.config);
    const before = await readClusterRecord(night.store, 'r1', id);
    isOmitted = true;
    await night.clock.advance(hour);
    await night.app.scale(night.config);
    expect(await missingSince(night, id)).toBe(at('2026-03-02T13:00:00Z'));
    isOmitted = false;
    await night.clock.advance(hour);
    await night.app.scale(night.config);
    const after = await readClusterRecord(night.store, 'r1', id);
    expect(after?.record).toEqual(before?.record);
  });

  test('a list that was not answered, a dry run and a round over chosen clusters judge nobody', async () => {
    let isDown = false;
    const night = aNight(
      at('2026-03-02T12:00:00Z'),
      { rules },
      {
        fault: ({ path }) => (isDown && path.endsWith('/cluster') ? { kind: 'status', status: 503 } : undefined),
      },
    );
    await night.app.scale(night.config);
    isDown = true;
    await whileTimePasses(night, night.app.scale(night.config));
    isDown = false;
    const { id } = night.world.cluster('dev-api');
    night.world.deleteCluster('dev-api');
    await night.clock.advance(hour);
    await night.app.scale(night.config, { isDryRun: true });
    await night.app.scale(night.config, { only: () => false });
    expect(
      [...(await listClusterRecords(night.store, 'r1')).values()].map(({ record }) => record.missingSince),
    ).toEqual([undefined, undefined]);
    expect(await missingSince(night, id)).toBeUndefined();
  });

  test('each shard judges its own', async () => {
    const night = aNight(at('2026-03-02T12:00:00Z'), { rules });
    const { id } = night.world.cluster('dev-api');
    await night.app.scale(night.config);
    night.world.deleteCluster('dev-api');
    await night.clock.advance(hour);
    const own = partOf(id, 2);
    await night.app.scale(night.config, { shard: { index: 1 - own, count: 2 } });
    expect(await missingSince(night, id)).toBeUndefined();
    await night.app.scale(night.config, { shard: { index: own, count: 2 } });
    expect(await missingSince(night, id)).toBe(night.clock.now());
  });

  test('one that is created anew under the old name inherits nothing', async () => {
    const { night, id } = await afterDeletion();
    const anew = night.world.createCluster({ name: 'dev-api', pools: [{ name: 'workers', size: 7 }] });
    await night.clock.advance(hour);
    await night.app.scale(night.config);
    const record = (await readClusterRecord(night.store, 'r1', anew.id))?.record;
    expect(anew.id).not.toBe(id);
    expect(Object.values(record?.pools ?? {}).map(({ base }) => base)).toEqual([7]);
  });
});
