import { expect, test } from 'vitest';
import { listClusterRecords } from '../../../lib/jobs/records/cluster-records.ts';
import { listNodes } from '../../../lib/jobs/records/past-records.ts';
import { listRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { partOf } from '../../../lib/model/part.ts';
import { aNight, type Night, onlyClusters } from '../../support/night-app.ts';
import { aConfig, aMatch, aRule, at, minute } from '../../support/scaling-world.ts';

// What a round stores of one region, or of one part, says nothing of another.

const noon = at('2026-03-03T12:00:00Z');
const rules = [aRule({ match: aMatch('*/gpu'), base: { min: 0, max: 4 }, idle: 0 })];

/** Two regions of one cluster each; what begins with one of `down` is refused. */
function twoRegions() {
  const down = new Set<string>();
  const [region] = aConfig().regions;
  const regions = ['r1', 'r2'].map((name) => ({ ...region!, name, url: `http://${name}.test/api/v1` }));
  const isDown = (url: string) => [...down].some((prefix) => url.startsWith(`http://${prefix}`));
  const night = aNight(
    noon,
    { rules, regions },
    {
      fleet: onlyClusters('ml'),
      behaviour: { autoscalerMoves: false },
      through: (api) => async (request) => {
        const asked = new Request(request);
        return isDown(asked.url) ? new Response('{}', { status: 403 }) : api(asked);
      },
    },
  );
  return { night, down };
}

const looksIn = async ({ store }: Night, region: string) =>
  (await listRoundFindings(store, region)).map(({ looks }) => looks);

test('a region that refuses its list costs the other neither its gaps nor its whole rounds', async () => {
  const { night, down } = twoRegions();
  down.add('r1.test');
  const first = await night.app.scale(night.config);
  expect(first.regions).toEqual([{ region: 'r2', clusters: 1 }]);
  expect(first.problems.map(({ region }) => region)).toEqual(['r1']);
  await night.clock.advance(60 * minute);
  down.clear();
  const second = await night.app.scale(night.config);
  expect(second.regions).toEqual(['r1', 'r2'].map((region) => ({ region, clusters: 1 })));
  const now = night.clock.now();
  expect(await looksIn(night, 'r1')).toEqual([{ since: noon, answeredAt: now, wholeAt: now }]);
  const gaps = [[noon, now]];
  expect(await looksIn(night, 'r2')).toEqual([{ since: noon, answeredAt: now, wholeAt: now, gaps }]);
  await night.clock.advance(5 * minute);
  const later = night.clock.now();
  down.add('r2.test/api/v1/cluster/');
  expect((await night.app.scale(night.config)).problems.map(({ region }) => region)).toEqual(['r2']);
  expect(await looksIn(night, 'r1')).toEqual([{ since: noon, answeredAt: later, wholeAt: later }]);
  expect(await looksIn(night, 'r2')).toEqual([{ since: noon, answeredAt: later, wholeAt: now, gaps }]);
});

test('nodes are counted where a region answers, and by whole rounds alone', async () => {
  const { night, down } = twoRegions();
  down.add('r1.test');
  await night.app.scale(night.config, { only: () => true });
  const counted = async () =>
    (await Promise.all(['r1', 'r2'].map((name) => listNodes(night.store, name, 0)))).map((all) => all.length);
  expect(await counted()).toEqual([0, 0]);
  await night.app.scale(night.config);
  expect(await counted()).toEqual([0, 1]);
  down.clear();
  await night.clock.advance(60 * minute);
  await night.app.scale(night.config);
  expect(await counted()).toEqual([1, 1]);
});

test('nodes of one region are not counted in the other', async () => {
  const { night } = twoRegions();
  const rule = aRule({ match: { ...aMatch('*/gpu'), region: 'r2' }, base: { min: 0, max: 4 }, idle: 0 });
  night.config = { ...night.config, rules: [rule] };
  await night.app.scale(night.config);
  expect(await listNodes(night.store, 'r1', 0)).toEqual([]);
  expect(await listNodes(night.store, 'r2', 0)).toHaveLength(1);
});

/** Two clusters, one in each half of the fleet, and each with an autoscaled pool. */
function twoHalves(): Night {
  const clusters = ['a', 'b', 'c', 'd'].map((name) => ({ name, pools: [{ name: 'gpu', min: 0, max: 4 }] }));
  return aNight(noon, { rules }, { fleet: { clusters } });
}

const half = (index: number) => ({ shard: { index, count: 2 } });

test('each part has its own beginning and its own counts, whatever the fleet was before', async () => {
  const night = twoHalves();
  expect(new Set(night.world.clusters().map(({ id }) => partOf(id, 2)))).toEqual(new Set([0, 1]));
  await night.app.scale(night.config);
  const begun = [];
  for (const index of [0, 1]) {
    await night.clock.advance(minute);
    begun.push(night.clock.now());
    await night.app.scale(night.config, half(index));
  }
  const rounds = await listRoundFindings(night.store, 'r1');
  expect(rounds.map(({ shard, looks }) => [shard.count, looks?.since])).toEqual(begun.map((since) => [2, since]));
  expect((await listNodes(night.store, 'r1', 0)).map(({ shard }) => shard)).toEqual(['0/1', '0/2', '1/2']);
});

test('a pool that goes was last seen by the latest round that read its cluster, whole or not', async () => {
  const night = twoHalves();
  for (const index of [0, 1]) await night.app.scale(night.config, half(index));
  await night.clock.advance(5 * minute);
  const latest = night.clock.now();
  await night.app.scale(night.config);
  for (const { name } of night.world.clusters()) night.world.removePool(`${name}/gpu`);
  await night.clock.advance(5 * minute);
  await night.app.scale(night.config);
  const records = [...(await listClusterRecords(night.store, 'r1')).values()];
  expect(records.flatMap(({ record }) => Object.values(record.pools).map(({ unseenSince }) => unseenSince))).toEqual([
    latest,
    latest,
    latest,
    latest,
  ]);
});
