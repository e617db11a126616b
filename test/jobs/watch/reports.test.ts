import { expect, test } from 'vitest';
import { silentLog } from '../../../lib/io/log.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { silenceWrite } from '../../../lib/jobs/records/incident-records.ts';
import { seenKey } from '../../../lib/jobs/records/last-rounds.ts';
import { watchClusters } from '../../../lib/jobs/watch/watch-clusters.ts';
import { aCluster, aMatch, aPool, minuteMs, start, watchWorld } from './watch-world.ts';

test('what opens is logged as gravely as it is', async () => {
  const outside = aPool({ id: 'p1', name: 'outside', autoscale: true, size: 9, sizeMin: 1, sizeMax: 3 });
  const odd = aPool({ id: 'p2', name: 'odd', status: 'Nonsense' });
  const broken = aPool({ id: 'p3', name: 'broken', status: 'Error' });
  const world = watchWorld([aCluster({}, [outside, odd, broken])]);
  const lines: string[] = [];
  const note = (level: string) => (message: string, fields?: object) =>
    void (message === 'incident opened' && lines.push(`${level} ${(fields as { readonly kind: string }).kind}`));
  const log = { ...silentLog, error: note('error'), warn: note('warn'), info: note('info') };
  for (let pass = 0; pass < 16; pass += 1) {
    await watchClusters({ ...world.parts(), log });
    world.now += 5 * minuteMs;
  }
  expect(lines.toSorted()).toEqual(['error pool.error', 'info pool.outside-bounds', 'warn pool.unclear']);
});

test('a round tells how many nodes each pool has, where an answer says so', async () => {
  const pools = [
    aPool(),
    aPool({ id: 'p2', name: 'gpu', size: 0 }),
    aPool({ id: 'p3', name: 'dark', size: undefined }),
  ];
  const { pools: told } = await watchWorld([aCluster({}, pools)]).pass();
  expect(told).toEqual([
    { region: 'r1', cluster: 'dev-1', pool: 'workers', nodes: 3 },
    { region: 'r1', cluster: 'dev-1', pool: 'gpu', nodes: 0 },
  ]);
});

test('the mark of a round is stored though somebody else was faster in tidying up', async () => {
  const world = watchWorld();
  const about = { schema: 1, id: 's1', who: 'ada@desk', reason: undefined, askedAt: start } as const;
  const scope = { kind: 'match', match: aMatch('dev-*') } as const;
  await world.memory.commit([silenceWrite({ ...about, scope, until: start })]);
  const commit: Store['commit'] = async (writes) => {
    const isTidying = writes[0]?.key.partition === seenKey.partition && writes.length > 1;
    return isTidying ? { kind: 'conflict', failed: [1] } : world.memory.commit(writes);
  };
  world.store = { ...world.memory, commit };
  expect(await world.pass()).toMatchObject({ isKept: true, problems: [] });
  expect((await world.memory.read(seenKey))?.value).toMatchObject({ at: start, clusters: 1 });
  expect(await listAll(world.memory, 'silences')).toHaveLength(1);
  world.store = world.memory;
  world.now += 5 * minuteMs;
  await world.pass();
  expect(await listAll(world.memory, 'silences')).toEqual([]);
});
