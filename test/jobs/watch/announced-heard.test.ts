import { describe, expect, test } from 'vitest';
import { historyOf } from '../../../lib/decide/outbox/delivery-log.ts';
import { StoreError } from '../../../lib/errors.ts';
import { type Log, silentLog } from '../../../lib/io/log.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAnnouncements } from '../../../lib/jobs/records/announcement-records.ts';
import { putAsk, putLease } from '../../../lib/jobs/records/ask-records.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { deliveryDelete, historyWrite, loadOutbox } from '../../../lib/jobs/records/delivery-records.ts';
import type { WatchReport } from '../../../lib/jobs/watch/watch-round.ts';
import {
  aChat,
  anAnnouncedNight,
  announcing,
  deliveriesIn,
  saidOf,
  tick,
  ticks,
} from '../../support/announced-night.ts';
import type { Night } from '../../support/night-app.ts';
import { aLease, aMatch, aPause, at, minute } from '../../support/scaling-world.ts';

const day = '2026-03-02';

type End = 'confirmed' | 'parked' | 'dropped';

/** What waits ends like this; it was not tried, or the target took it. */
async function ends(night: Night, state: End, maybeAccepted = false): Promise<void> {
  for (const { destination } of await deliveriesIn(night.store))
    for (const stored of (await loadOutbox(night.store, destination)).deliveries) {
      const end = historyOf(
        { ...stored.delivery, maybeAccepted, attempts: Number(maybeAccepted) },
        { state, at: night.clock.now() },
      );
      await night.store.commit([deliveryDelete(stored), historyWrite(end, night.config.keepMs)]);
    }
}

const watch = (night: Night): Promise<WatchReport> => night.app.watch(night.config);

async function anEvening(config: Parameters<typeof anAnnouncedNight>[1] = {}, options = {}): Promise<Night> {
  const night = anAnnouncedNight(`${day}T18:10:00Z`, config, options);
  await ticks(night, `${day}T18:35:00Z`);
  expect(await saidOf(night)).toHaveLength(1);
  return night;
}

function retire(night: Night): void {
  const [, ...others] = night.config.destinations;
  night.config = { ...night.config, destinations: [aChat('dev-chat', { retired: true }), ...others] };
}

const nowOf = (night: Night): string => new Date(night.clock.now()).toISOString();

async function holdAll(night: Night): Promise<void> {
  await putAsk(night.store, aPause(nowOf(night), `${day}T23:30:00Z`), 0);
}

async function holdOne(night: Night): Promise<void> {
  const lease = aLease(3, nowOf(night), `${day}T23:30:00Z`, { match: aMatch('dev-api/workers') });
  await putLease(night.store, lease, night.clock.now());
}

/** Of these, who hears the correction: an active destination, and one that is retired since. */
test.each<[string, End | 'waits', boolean, typeof holdAll, readonly [active: number, retired: number]]>([
  ['the first was told', 'confirmed', true, holdAll, [1, 1]],
  ['the first was refused', 'parked', false, holdAll, [0, 0]],
  ['the first was dropped untried', 'dropped', false, holdAll, [0, 0]],
  ['the first was dropped, and may have been heard', 'dropped', true, holdAll, [1, 1]],
  ['the first may still be sent', 'waits', false, holdAll, [1, 1]],
  ['the first was told, and a part still holds', 'confirmed', true, holdOne, [1, 1]],
  ['the first was refused, and a part still holds', 'parked', false, holdOne, [1, 0]],
])('a correction where %s', async (_, end, maybeAccepted, hold, heard) => {
  const counts = [];
  for (const isRetired of [false, true]) {
    const others = [aChat('ops'), aChat('gone', { retired: true })];
    const night = await anEvening({ destinations: [aChat('dev-chat'), ...others] });
    if (end === 'waits') await night.clock.advance(0);
    else await ends(night, end, maybeAccepted);
    if (isRetired) retire(night);
    const before = (await saidOf(night)).length;
    await hold(night);
    await night.app.scale(night.config);
    const { notices } = await watch(night);
    counts.push((await saidOf(night)).length - before);
    expect(notices).toBe(counts.at(-1));
  }
  expect(counts).toEqual(heard);
});

test('a correction after the boundary, where the first still waits, is for nobody', async () => {
  const night = await anEvening();
  await holdAll(night);
  await night.clock.advance(at(`${day}T19:00:00Z`) - night.clock.now());
  await tick(night);
  expect(await saidOf(night)).toHaveLength(1);
  const [known] = await listAnnouncements(night.store, night.clock.now());
  expect(known?.announcement.pools.map(({ ended }) => ended?.how)).toEqual(['changed', 'changed']);
});

test('a retired destination is announced nothing', async () => {
  const night = anAnnouncedNight(`${day}T18:10:00Z`, { destinations: [aChat('dev-chat', { retired: true })] });
  await ticks(night, `${day}T19:15:00Z`);
  expect(await saidOf(night)).toEqual([]);
});

/** A store that says which partitions were listed, and fails as it is told. */
function watchedStore() {
  let last = 0;
  const memory = makeMemoryStore({ newId: () => `v${(last += 1)}` });
  const listed: string[] = [];
  const state = { listed, fail: undefined as (() => Promise<never>) | undefined };
  const store: Store = {
    ...memory,
    list: (partition, options) => {
      listed.push(partition);
      return memory.list(partition, options);
    },
    commit: (writes) =>
      state.fail && writes.some(({ key }) => key.partition === 'announcements') ? state.fail() : memory.commit(writes),
  };
  return { store: Object.assign(store, { snapshot: memory.snapshot }), state };
}

describe('announcements are read', () => {
  const { announce: _, ...quiet } = announcing({ match: aMatch('prod-*/*'), hash: 'quiet' });
  const reads = async (night: Night, listed: string[]) => {
    listed.length = 0;
    await watch(night);
    return listed.includes('announcements');
  };

  test.each([
    ['not where no rule announces, and none is open', [quiet], false],
    ['where a rule announces', [announcing(), quiet], true],
    ['where only a later rule announces', [quiet, announcing()], true],
  ])('%s', async (__, rules, isRead) => {
    const { store, state } = watchedStore();
    const night = anAnnouncedNight(`${day}T12:00:00Z`, { rules }, { store });
    expect(await reads(night, state.listed)).toBe(isRead);
    await tick(night);
    expect(await reads(night, state.listed)).toBe(isRead);
  });

  test('and the delivery log only for a correction', async () => {
    const { store, state } = watchedStore();
    const night = anAnnouncedNight(`${day}T18:10:00Z`, {}, { store });
    const isLogRead = () => state.listed.splice(0).includes('hist');
    await ticks(night, `${day}T18:35:00Z`);
    expect([isLogRead(), (await saidOf(night)).length]).toEqual([false, 1]);
    await holdAll(night);
    await tick(night);
    expect(isLogRead()).toBe(true);
  });

  test('where one region follows what no rule announces any more', async () => {
    const { store, state } = watchedStore();
    const night = await anEvening({}, { store });
    const [region] = night.config.regions;
    night.config = { ...night.config, hash: 'config-2', rules: [quiet] };
    await night.app.scale(night.config);
    const other = { ...region!, name: 'r0' };
    const rounds = await listAll(store, 'findings');
    const [round] = rounds.map(({ value }) => value as object);
    const { isFollowing: _1, coming: _2, verdicts: _3, ...still } = round as Record<string, never>;
    await store.commit([
      {
        kind: 'putIfAbsent',
        key: { partition: 'findings', id: 'r0/000000-000000' },
        value: { ...still, region: 'r0' },
      },
    ]);
    night.config = { ...night.config, regions: [region!, other] };
    expect(await reads(night, state.listed)).toBe(true);
  });
});

describe('the watch counts and tells', () => {
  test('an announcement that another process made is not counted', async () => {
    const night = anAnnouncedNight(`${day}T18:10:00Z`);
    await ticks(night, `${day}T18:25:00Z`);
    await night.app.scale(night.config);
    const reports = await Promise.all([watch(night), watch(night), watch(night)]);
    expect(reports.reduce((sum, { notices }) => sum + notices, 0)).toBe(1);
  });

  test('what happened is no message, and nothing is warned of', async () => {
    const warned: string[] = [];
    const log: Log = { ...silentLog, warn: (text) => void warned.push(text), with: () => log };
    const night = await anEvening({}, { log });
    await ends(night, 'confirmed', true);
    let sum = 0;
    while (night.clock.now() < at(`${day}T19:20:00Z`)) {
      await night.app.scale(night.config);
      sum += (await watch(night)).notices;
      await night.clock.advance(5 * minute);
    }
    const [known] = await listAnnouncements(night.store, night.clock.now());
    expect(known?.announcement.pools.map(({ ended }) => ended?.how)).toEqual(['done', 'done']);
    expect([sum, warned]).toEqual([0, []]);
  });

  test('a store that fails is a problem of the round, which the next one makes up for', async () => {
    const { store, state } = watchedStore();
    const night = anAnnouncedNight(`${day}T18:10:00Z`, {}, { store });
    await ticks(night, `${day}T18:25:00Z`);
    await night.app.scale(night.config);
    state.fail = () => Promise.reject(new StoreError('the store is full'));
    const { problems, notices } = await watch(night);
    expect(problems).toEqual(['an announcement for dev-chat was not stored: the store is full']);
    expect(notices).toBe(0);
    state.fail = undefined;
    expect(await watch(night)).toMatchObject({ problems: [], notices: 1 });
  });

  test('what no store throws is not hidden', async () => {
    const { store, state } = watchedStore();
    const night = anAnnouncedNight(`${day}T18:10:00Z`, {}, { store });
    await ticks(night, `${day}T18:25:00Z`);
    await night.app.scale(night.config);
    state.fail = () => Promise.reject(new TypeError('a mistake of ours'));
    await expect(watch(night)).rejects.toThrow('a mistake of ours');
  });
});
