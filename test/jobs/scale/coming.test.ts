import { expect, test } from 'vitest';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAnnouncements } from '../../../lib/jobs/records/announcement-records.ts';
import { listRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { anAnnouncedNight, announcing } from '../../support/announced-night.ts';
import type { Night } from '../../support/night-app.ts';
import { aConfig, aMatch, aRule, at, minute } from '../../support/scaling-world.ts';

// What a round says of the changes to come, and of those that were announced, for the watch to tell.

const before = '2026-03-02T18:30:00Z';
const boundary = at('2026-03-02T19:00:00Z');

async function aheadIn({ store }: Night) {
  const rounds = await listRoundFindings(store, 'r1');
  const coming = rounds.flatMap((round) => round.coming ?? []).map(({ cluster, pool }) => `${cluster}/${pool}`);
  const verdicts = rounds.flatMap((round) => round.verdicts ?? []).map(({ how }) => how);
  return { coming: coming.toSorted(), verdicts };
}

const both = ['dev-api/build', 'dev-api/workers'];

test('a whole round looks ahead, and one over chosen clusters leaves what it saw as it is', async () => {
  const night = anAnnouncedNight(before);
  await night.app.scale(night.config, { only: () => true });
  expect(await aheadIn(night)).toEqual({ coming: [], verdicts: [] });
  await night.app.scale(night.config);
  expect(await aheadIn(night)).toEqual({ coming: both, verdicts: [] });
  await night.app.scale(night.config, { only: () => false });
  expect(await aheadIn(night)).toEqual({ coming: both, verdicts: [] });
  expect((await listRoundFindings(night.store, 'r1'))[0]?.coming?.map((one) => one.boundary)).toEqual([
    boundary,
    boundary,
  ]);
});

test('each region has its own changes to come, and its own verdicts', async () => {
  const [region] = aConfig().regions;
  const regions = ['r1', 'r2'].map((name) => ({ ...region!, name }));
  const rules = [announcing({ match: { ...aMatch('dev-api/*'), region: 'r2' } })];
  const night = anAnnouncedNight(before, { regions, rules });
  await night.app.scale(night.config);
  await night.app.watch(night.config);
  expect(await listAnnouncements(night.store, night.clock.now())).toHaveLength(1);
  night.config = { ...night.config, hash: 'quiet', rules: [{ ...rules[0]!, schedule: undefined }] };
  expect(await aheadIn(night)).toEqual({ coming: [], verdicts: [] });
  const [other] = await listRoundFindings(night.store, 'r2');
  expect(other?.coming).toHaveLength(2);
  await night.clock.advance(5 * minute);
  await night.app.scale(night.config);
  expect(await aheadIn(night)).toEqual({ coming: [], verdicts: [] });
  expect((await listRoundFindings(night.store, 'r2'))[0]?.verdicts).toHaveLength(2);
});

test('what was announced is judged by the first round after nobody is told any more', async () => {
  const night = anAnnouncedNight(before);
  await night.app.scale(night.config);
  await night.app.watch(night.config);
  expect(await listAnnouncements(night.store, night.clock.now())).toHaveLength(1);
  night.config = {
    ...night.config,
    hash: 'quiet',
    rules: [aRule({ match: aMatch('dev-api/*'), base: 'remembered', mode: 'observe' })],
  };
  const judged = async () => {
    await night.clock.advance(5 * minute);
    await night.app.scale(night.config);
    return (await aheadIn(night)).verdicts;
  };
  // Until the watch has told it, each round says so.
  for (let n = 0; n < 3; n += 1) expect(await judged()).toEqual(['changed', 'changed']);
  await night.app.watch(night.config);
  expect(await judged()).toEqual([]);
});

test('what is announced by one rule of two is judged once it is done, however long it was held', async () => {
  const rules = [
    announcing({ match: aMatch('dev-api/build') }),
    aRule({ match: aMatch('dev-api/workers'), mode: 'observe', hash: 'w' }),
  ];
  const night = anAnnouncedNight('2026-03-02T18:55:00Z', { rules });
  const told = [];
  for (let n = 0; n < 7; n += 1) {
    night.world.showClusterStatus('dev-api', n === 1 || n === 2 ? 'Upgrading' : undefined);
    await night.app.scale(night.config);
    await night.app.watch(night.config);
    told.push(await aheadIn(night));
    await night.clock.advance(5 * minute);
  }
  expect(told.map(({ coming }) => coming.length)).toEqual([1, 0, 0, 0, 0, 0, 0]);
  expect(told.flatMap(({ verdicts }) => verdicts)).toEqual(['done']);
});

test('a whole round that looks ahead reads the records of its clusters once', async () => {
  let ids = 0;
  const memory = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const lists: string[] = [];
  const list: Store['list'] = (partition, options) => (lists.push(partition), memory.list(partition, options));
  const night = anAnnouncedNight(before, {}, { store: { ...memory, list } });
  await night.app.scale(night.config);
  expect(lists.filter((partition) => partition === 'clusters/r1')).toHaveLength(1);
});

test.each([
  [12, 5, 0, 1],
  [4, 5, 4, 1],
  [12, 5, 0, 2],
  [4, 5, 4, 2],
  [12, 5, 0, 4],
  [4, 5, 4, 4],
])('of %i lowers to come a brake of more than %i lets through %i, in %i parts', async (...row) => {
  const [count, pools, expected, parts] = row;
  const clusters = Array.from({ length: count }, (_, i) => ({ name: `dev-${i}`, pools: [{ name: 'a', size: 3 }] }));
  const other = aRule({ match: aMatch('prod/*'), hash: 'other' });
  const rules = [announcing({ match: aMatch('dev-*/*') }), other];
  const safety = { ...aConfig().safety, brake: { pools, percent: 100 } };
  const night = anAnnouncedNight('2026-03-02T12:00:00Z', { rules, safety }, { fleet: { clusters } });
  await night.app.scale(night.config);
  await night.clock.advance(390 * minute);
  for (let index = 0; index < parts; index += 1)
    await night.app.scale(night.config, { shard: { index, count: parts } });
  expect((await aheadIn(night)).coming).toHaveLength(expected);
});
