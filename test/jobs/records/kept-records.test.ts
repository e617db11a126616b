import { describe, expect, test } from 'vitest';
import type { Announcement } from '../../../lib/decide/announcing/announcement.ts';
import type { RoundFindings } from '../../../lib/decide/watching/scale-findings.ts';
import { StoreError } from '../../../lib/errors.ts';
import { boundedStore } from '../../../lib/io/stores/bounded-store.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store, Write } from '../../../lib/io/stores/store.ts';
import {
  announcementWrites,
  listAnnouncements,
  readAnnouncement,
} from '../../../lib/jobs/records/announcement-records.ts';
import { approveConfig, beginApprovals } from '../../../lib/jobs/records/approvals.ts';
import { listAsks } from '../../../lib/jobs/records/ask-records.ts';
import { keepCalendar, loadCalendar } from '../../../lib/jobs/records/calendar-records.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import {
  listClusterRecords,
  listStoredRules,
  readClusterRecord,
  readFleetState,
  readUninstalled,
  ruleToStore,
  startedKey,
  storeRule,
  storeUninstalled,
  undoUninstalled,
} from '../../../lib/jobs/records/cluster-records.ts';
import { listDeeds, storeDeed } from '../../../lib/jobs/records/deed-records.ts';
import { listHistory, listParked, loadOutbox } from '../../../lib/jobs/records/delivery-records.ts';
import { listKnownDestinations, listSenders } from '../../../lib/jobs/records/destination-records.ts';
import { listIncidents, listNotices, listSilences } from '../../../lib/jobs/records/incident-records.ts';
import { loadTimes, timesWrites } from '../../../lib/jobs/records/known-times.ts';
import { listSeen, loadRounds, seenKeyOf, seenWrite } from '../../../lib/jobs/records/last-rounds.ts';
import { gapsOf, loadPasts } from '../../../lib/jobs/records/load-past.ts';
import { isOwnRecord } from '../../../lib/jobs/records/own-records.ts';
import { listNodes, listSizes, nodesWrites, sizeWrites } from '../../../lib/jobs/records/past-records.ts';
import { listRoundHeads, type RoundHead, writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { isAwaited, lastWakeRequest, noteStop, requestWake } from '../../../lib/jobs/records/wake-requests.ts';
import { aConfig, aMatch, aRule, at, hour, minute } from '../../support/scaling-world.ts';

function aStore() {
  let ids = 0;
  const commits: (readonly Write[])[] = [];
  const memory = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const commit: Store['commit'] = (writes) => {
    commits.push(writes);
    return memory.commit(writes);
  };
  return { commits, store: { ...memory, commit } };
}

const now = at('2026-03-02T12:00:00Z');
const day = 24 * hour;

describe('the copy of a calendar', () => {
  test('is read as it was fetched last, and kept for a year after it', async () => {
    const { store, commits } = aStore();
    expect(await loadCalendar(store, 'c1')).toBeUndefined();
    for (const [text, n] of [['BEGIN:VCALENDAR', 0] as const, ['Ärzte', 1] as const])
      expect(await keepCalendar(store, 'c1', { text, at: now + n })).toBe(true);
    expect(await loadCalendar(store, 'c1')).toEqual({ text: 'Ärzte', at: now + 1 });
    expect(await loadCalendar(store, 'c2')).toBeUndefined();
    expect(commits[1]?.[0]).toMatchObject({ expiresAt: now + 1 + 366 * day });
  });

  test.each([20_000, 60_000])('that is too large for a record is not kept: %d numbers', async (length) => {
    const { store } = aStore();
    const noise = Array.from({ length }, (_, n) => (n * 2_654_435_761).toString(36)).join('');
    expect(await keepCalendar(store, 'c1', { text: noise, at: now })).toBe(false);
    expect(await loadCalendar(store, 'c1')).toBeUndefined();
  });

  test.each([
    ['another version', { schema: 2, text: '', at: now }],
    ['no text', { schema: 1, at: now }],
    ['no time', { schema: 1, text: '' }],
    ['what cannot be unpacked', { schema: 1, text: 'bm8=', at: now }],
  ])('is none where it has %s', async (_, value) => {
    const { store } = aStore();
    await store.commit([{ kind: 'putIfAbsent', key: { partition: 'calendars', id: 'c1' }, value }]);
    expect(await loadCalendar(store, 'c1')).toBeUndefined();
  });
});

describe('an approval', () => {
  const rules = Array.from({ length: 60 }, (_, n) =>
    aRule({ match: aMatch(`dev-${n}/*`), hash: `h${n}`, mode: n === 7 ? 'observe' : 'act' }),
  );
  const config = aConfig({ rules });
  const by = (who: string, hours: number) => ({ who, reason: undefined, until: now + hours * hour });

  test('is for each rule that acts, for good, in commits of 50', async () => {
    const { store, commits } = aStore();
    const [first] = rules;
    await storeRule(store, 'h0', {
      schema: 1,
      rule: first!,
      schedule: config.schedules[0]!,
      exceptions: [],
      knownSince: 1,
    });
    commits.length = 0;
    expect(await approveConfig(store, config, by('ada', 1), now)).toEqual([]);
    const stored = await listStoredRules(store);
    expect(stored.size).toBe(59);
    expect(stored.has('h7')).toBe(false);
    expect([...stored.values()].every(({ approvedAt }) => approvedAt === now)).toBe(true);
    expect([stored.get('h0')?.knownSince, stored.get('h1')?.knownSince]).toEqual([1, now]);
    expect(commits.map((writes) => writes.length)).toEqual([50, 9, 1]);
  });

  test('makes a rule known that was only tried', async () => {
    const { store } = aStore();
    const tried = { ...ruleToStore(config, 'h0', 1)!, isTried: true } as const;
    await storeRule(store, 'h0', tried);
    await approveConfig(store, config, by('ada', 1), now);
    expect((await listStoredRules(store)).get('h0')).toEqual({
      ...tried,
      isTried: undefined,
      knownSince: now,
      approvedAt: now,
    });
  });

  test('waits a year for the first round of its config', async () => {
    const { commits, store } = aStore();
    await approveConfig(store, config, by('ada', 1), now);
    const [asked] = commits.at(-1) ?? [];
    expect(asked).toMatchObject({ value: { isAhead: true }, expiresAt: now + hour + 367 * day });
    await store.commit([{ kind: 'putIfAbsent', key: startedKey, value: { schema: 1, hash: config.hash, at: now } }]);
    await approveConfig(store, config, by('ada', 1), now + 2 * hour);
    const [again] = commits.at(-1) ?? [];
    expect(again).toMatchObject({ expiresAt: now + hour + config.keepMs + day });
    expect(again).not.toHaveProperty('value.isAhead');
  });

  test('begins in every region with the first round of its config', async () => {
    const { store } = aStore();
    const [region] = config.regions;
    const two = { ...config, regions: [region!, { ...region!, name: 'r2' }] };
    await approveConfig(store, two, by('ada', 1), now);
    const asks = async () => (await Promise.all(['r1', 'r2'].map((name) => listAsks(store, name)))).flat();
    await beginApprovals(store, two, await asks(), now + 5 * hour);
    expect((await asks()).map(({ region: name, until, ...ask }) => [name, until, 'isAhead' in ask])).toEqual([
      ['r1', now + 6 * hour, false],
      ['r2', now + 6 * hour, false],
    ]);
  });

  test('keeps a rule with the exceptions under which it is judged', () => {
    const exceptions = [{ match: aMatch('dev-1/*') }] as unknown as typeof config.exceptions;
    expect(ruleToStore({ ...config, exceptions }, 'h1', now)).toMatchObject({ exceptions });
  });

  test('a round of a clock that ran ahead is put right by whoever looks at its age', async () => {
    const { store } = aStore();
    const round = {
      schema: 1,
      region: 'r1',
      shard: { index: 0, count: 1 },
      configHash: 'x',
      isAnswered: true,
    } as const;
    const found = { checkedClusters: [], pools: 0, clusters: 0, findings: [] };
    await writeRoundFindings(store, { ...round, ...found, at: now + 400 * day });
    const clock = { now: () => now, sleep: async () => {} };
    await loadRounds({ store: boundedStore(store, clock), config });
    expect((await listRoundHeads(store, 'r1')).map(({ at: last }) => last)).toEqual([now]);
  });

  test('the past has the gaps of each region', async () => {
    const { store } = aStore();
    const [region] = config.regions;
    for (const [name, gap] of [
      ['r1', [now - 9 * hour, now - 8 * hour]],
      ['r2', [now - 5 * hour, now - 4 * hour]],
    ] as const) {
      await writeRoundFindings(store, {
        schema: 1,
        at: now,
        region: name,
        shard: { index: 0, count: 1 },
        configHash: 'x',
        isAnswered: true,
        checkedClusters: [],
        pools: 0,
        clusters: 0,
        findings: [],
        looks: { since: now - 20 * hour, at: now, gaps: [gap] } as never,
      });
    }
    const two = { ...config, regions: [region!, { ...region!, name: 'r2' }] };
    const { gaps } = await loadPasts(store, two, now - 10 * hour, now);
    expect(gaps).toEqual([
      [now - 9 * hour, now - 8 * hour],
      [now - 5 * hour, now - 4 * hour],
    ]);
  });

  test('cuts no earlier one short, and says whose that was', async () => {
    const { store } = aStore();
    await approveConfig(store, config, by('ada', 4), now);
    expect(await approveConfig(store, config, by('bob', 1), now)).toMatchObject([
      { who: 'ada', until: now + 4 * hour },
    ]);
    expect(await approveConfig(store, config, by('eve', 9), now)).toMatchObject([
      { who: 'bob', until: now + 4 * hour },
    ]);
    expect(await approveConfig(store, config, by('ada', 1), now + 10 * hour)).toEqual([]);
  });
});

describe('when incidents were last observed', () => {
  const times = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, now + n]));
  const parts = [0, 1].map((index) => ({ index, count: 2 }));

  test.each([
    [0, 1],
    [700, 1],
    [701, 2],
    [1500, 3],
  ])('%i of them are read from %i records, and leave nothing behind', async (count, records) => {
    const { store } = aStore();
    await store.commit(timesWrites(times(count), await loadTimes(store)));
    const stored = await listAll(store, 'obs-times');
    expect(stored).toHaveLength(records);
    const keys = stored.flatMap(({ value }) => Object.keys((value as { readonly times: object }).times));
    expect(keys).toHaveLength(count);
    expect((await loadTimes(store)).times).toEqual(times(count));
    await store.commit(timesWrites({ one: 1 }, await loadTimes(store)));
    expect(await listAll(store, 'obs-times')).toHaveLength(1);
    expect((await loadTimes(store)).times).toEqual({ one: 1 });
  });

  test('of parts lie apart, and the first one has what no other has', async () => {
    const { store } = aStore();
    const [first, second] = parts;
    await store.commit(timesWrites({ a: 1, b: 5 }, await loadTimes(store, first)));
    await store.commit(timesWrites({ b: 2, c: 3 }, await loadTimes(store, second), second));
    const [one, two] = [await loadTimes(store, first), await loadTimes(store, second)];
    for (const { times: all } of [one, two]) expect(all).toEqual({ a: 1, b: 5, c: 3 });
    expect([one.unclaimed, two.unclaimed]).toEqual([{ a: 1 }, {}]);
    expect([[...one.versions.keys()], [...two.versions.keys()]]).toEqual([['0000'], ['p0001/0000']]);
  });

  test('of a part that is no more are those of the first', async () => {
    const { store } = aStore();
    await store.commit(timesWrites({ c: 3 }, await loadTimes(store, parts[1]), parts[1]));
    const whole = await loadTimes(store);
    expect([whole.times, whole.unclaimed, [...whole.versions.keys()]]).toEqual([{ c: 3 }, { c: 3 }, ['p0001/0000']]);
    await store.commit(timesWrites(whole.times, whole));
    expect((await listAll(store, 'obs-times')).map(({ key }) => key.id)).toEqual(['0000']);
  });
});

describe('the past', () => {
  test('of many pools is cut into records that a store takes', async () => {
    const { store, commits } = aStore();
    let ids = 0;
    const newId = () => `n${(ids += 1)}`;
    const changes = Array.from({ length: 2500 }, (_, n) => ({ at: now, pool: `dev/pool-${n}`, before: 1, after: 2 }));
    for (const write of sizeWrites('r1', now, changes, newId, day)) await store.commit([write]);
    const nodes = Object.fromEntries(changes.map(({ pool }, n) => [pool, n]));
    const record = { schema: 1, at: now, shard: '0/1', isWhole: true, nodes } as const;
    for (const write of nodesWrites('r1', record, newId, day)) await store.commit([write]);
    const sizes = await listSizes(store, 'r1', now);
    const counts = await listNodes(store, 'r1', now);
    expect([sizes.length, counts.length]).toEqual([4, 2]);
    expect(Object.assign({}, ...counts.map((one) => one.nodes))).toEqual(nodes);
    expect(await listSizes(store, 'r1', now + 1)).toEqual([]);
    expect(await listSizes(store, 'r1', -5)).toHaveLength(4);
    expect(commits.flat().every((write) => 'expiresAt' in write && write.expiresAt === now + day)).toBe(true);
  });

  const head = (patch: Partial<RoundHead>): RoundHead =>
    ({ at: now, shard: { index: 0, count: 1 }, looks: { since: now - day, gaps: [] }, ...patch }) as RoundHead;
  const gap = (from: number, to: number) => [now + from * minute, now + to * minute] as const;

  test.each<[string, readonly RoundHead[], number, ReturnType<typeof gapsOf>]>([
    ['begins with the first round', [head({})], now - 2 * day, [[now - 2 * day, now - day]]],
    [
      'begins where the records are kept from',
      [head({ looks: { since: 0, gaps: [] } })],
      now - 40 * day,
      [[now - 40 * day, now - 30 * day]],
    ],
    ['has no gap before what is asked for', [head({})], now - day, []],
    ['has no gap before the first round of all', [], now - day, []],
    [
      'has the gaps of each part',
      [
        head({ shard: { index: 0, count: 2 }, looks: { since: now - day, gaps: [gap(-60, -50)] } }),
        head({ shard: { index: 1, count: 2 }, looks: { since: now - day, gaps: [gap(-55, -40)] } }),
      ],
      now - hour,
      [gap(-60, -40)],
    ],
    [
      'has none of an earlier division',
      [head({}), head({ at: now - hour, shard: { index: 1, count: 2 }, looks: { since: now, gaps: [gap(-9, -1)] } })],
      now - hour,
      [],
    ],
  ])('%s', (_, rounds, since, gaps) => {
    expect(gapsOf(rounds, since, now - 30 * day)).toEqual(gaps);
  });
});

describe('a fleet that is uninstalled', () => {
  const by = { at: now, who: 'ada', reason: 'moving' };

  test('stays so, by whoever did it first, until that is undone', async () => {
    const { store } = aStore();
    expect(await readUninstalled(store)).toBeUndefined();
    expect(await undoUninstalled(store, now, 'bob')).toBe(false);
    expect(await storeUninstalled(store, by)).toEqual(by);
    expect(await storeUninstalled(store, { ...by, who: 'bob' })).toEqual(by);
    expect(await readUninstalled(store)).toEqual(by);
    expect(await undoUninstalled(store, now, 'bob')).toBe(true);
    expect(await readUninstalled(store)).toBeUndefined();
    const without = { at: now + 1, who: 'bob', reason: undefined };
    await storeUninstalled(store, without);
    expect(await readUninstalled(store)).toEqual(without);
  });

  test.each([
    ['a record of another version', { schema: 2 }],
    ['nothing that can be read', null],
  ])('is so by %s too, since only a person may end it', async (_, value) => {
    const { store } = aStore();
    await store.commit([{ kind: 'putIfAbsent', key: { partition: 'fleet', id: 'uninstalled' }, value }]);
    const { uninstalled } = await readFleetState(store);
    expect(uninstalled).toEqual({ at: 0, who: 'somebody', reason: undefined });
  });

  test.each<[string, object | null, string | undefined]>([
    ['the config of the last round', { schema: 1, hash: 'h1' }, 'h1'],
    ['none of another version', { schema: 2, hash: 'h1' }, undefined],
    ['none without its hash', { schema: 1 }, undefined],
    ['none that cannot be read', null, undefined],
  ])('is read together with %s', async (_, value, startedConfig) => {
    const { store } = aStore();
    await store.commit([{ kind: 'putIfAbsent', key: startedKey, value: value as never }]);
    expect(await readFleetState(store)).toEqual({ uninstalled: undefined, startedConfig });
    await storeUninstalled(store, by);
    expect(await readFleetState(store)).toEqual({ uninstalled: by, startedConfig });
  });
});

test('deeds are listed from a time on, and kept as long as the history', async () => {
  const { store, commits } = aStore();
  const deed = (hours: number) =>
    ({ schema: 1, at: now + hours * hour, who: 'ada', verb: 'pause', what: 'ml/*' }) as const;
  for (const hours of [2, -1, 1]) await storeDeed(store, deed(hours), `d${hours}`, day);
  await store.commit([
    { kind: 'putIfAbsent', key: { partition: 'deeds', id: '999999999999999-x' }, value: { ...deed(9), schema: 2 } },
  ]);
  expect(await listDeeds(store, now)).toEqual([deed(1), deed(2)]);
  expect(await listDeeds(store, -5)).toEqual([deed(-1), deed(1), deed(2)]);
  expect(commits[0]?.[0]).toMatchObject({ expiresAt: now + 2 * hour + day });
});

describe('an announcement', () => {
  const pools = (count: number) => Array.from({ length: count }, (_, n) => ({ pool: `p${n}`, said: 1 })) as never;
  const announcement = (count: number, boundary = now): Announcement => {
    return { schema: 1, boundary, destination: 'ops', sequence: 1, saidAt: now, pools: pools(count) };
  };

  test.each([
    [0, 1],
    [120, 1],
    [121, 2],
    [300, 3],
  ])('of %i pools is %i records, and is read as it was written', async (count, records) => {
    const { store, commits } = aStore();
    await store.commit(announcementWrites(announcement(count), undefined));
    await store.commit(announcementWrites({ ...announcement(count), destination: 'ops-2' }, undefined));
    expect(commits[0]).toHaveLength(records);
    expect(commits[0]?.[0]).toMatchObject({ expiresAt: now + 2 * day });
    expect(await readAnnouncement(store, now, 'ops')).toEqual(announcement(count));
    expect(await readAnnouncement(store, now + 1, 'ops')).toBeUndefined();
    const [, stored] = await listAnnouncements(store, now);
    expect(stored?.announcement).toEqual(announcement(count));
    await store.commit(announcementWrites(announcement(1), stored));
    expect(await readAnnouncement(store, now, 'ops')).toEqual(announcement(1));
  });

  test('is followed until a day after its boundary', async () => {
    const { store } = aStore();
    for (const hours of [-25, -24, 5]) {
      await store.commit(announcementWrites(announcement(1, now + hours * hour), undefined));
    }
    const listed = await listAnnouncements(store, now);
    expect(listed.map(({ announcement: { boundary } }) => (boundary - now) / hour)).toEqual([-24, 5]);
  });
});

describe('the last round of the watch', () => {
  const seen = { schema: 1, at: now, configHash: 'h', clusters: 3, answered: ['r1'] } as const;

  test('is that of each part, which knows since when the fleet is so divided', async () => {
    const { store } = aStore();
    const write = async (index: number, count: number, at: number) => {
      const part = { index, count };
      await store.commit([seenWrite({ ...seen, at }, part, await store.read(seenKeyOf(part)))]);
    };
    await write(0, 1, now);
    expect(await listSeen(store)).toEqual([{ ...seen, shard: { index: 0, count: 1 } }]);
    for (const n of [1, 2]) for (const index of [0, 1]) await write(index, 2, now + n);
    expect((await listSeen(store)).map(({ shard, at: then, cutSince }) => [shard.index, then, cutSince])).toEqual([
      [0, now + 2, now + 1],
      [1, now + 2, now + 1],
    ]);
    await write(0, 3, now + 3);
    expect((await listSeen(store))[0]).toMatchObject({ shard: { index: 0, count: 3 }, cutSince: now + 3 });
  });

  test('is none that cannot be read', async () => {
    const { store } = aStore();
    const put = (id: string, value: unknown) =>
      store.commit([{ kind: 'putIfAbsent', key: { partition: 'seen', id }, value: value as never }]);
    await put('watch', { ...seen, schema: 2 });
    await put('watch/0001', { ...seen, at: 'soon' });
    await put('watch/0002', null);
    await put('watcher', seen);
    expect(await listSeen(store)).toEqual([]);
  });
});

describe('of four parts', () => {
  const id = (n: number) => `${n.toString(16)}0000000-0000-4000-8000-000000000000`;
  const about = (clusterId: string) => ({ subject: { kind: 'cluster', region: 'r1', clusterId, cluster: 'dev' } });

  test.each<[string, string, unknown, number]>([
    ['clusters/r1', id(5), {}, 1],
    ['clusters/r1', id(15), {}, 3],
    ['incidents', 'inc/a', about(id(9)), 2],
    ['incidents', 'inc/b', { subject: { kind: 'fleet' } }, 0],
    ['findings', 'r1/0002-0001', {}, 2],
    ['findings', 'r1/0004-0000', {}, 0],
    ['findings', 'r/0003-1/0001-0000', {}, 1],
    ['obs/r1', 'head', {}, 0],
    ['obs/r1', 'head/0003', {}, 3],
    ['obs/r1', 'c/', {}, 0],
    ['obs/r1', 'c/80000000', {}, 2],
    ['obs/r1', `c/${id(13)}`, {}, 3],
    ['obs/r1', `m/${id(6)}`, {}, 1],
    ['obs-times', '0003', {}, 0],
    ['obs-times', 'p0002/0001', {}, 2],
    ['obs-times', 'p0007/0001', {}, 0],
    ['seen', 'watch', {}, 0],
    ['seen', 'watch/0003', {}, 3],
    ['asks/r1', 'lease/0003', {}, 0],
    ['dest', 'watch/0003', {}, 0],
  ])('%s %s', (partition, name, value, owner) => {
    const record = { key: { partition, id: name }, value: value as never, version: 'v1' };
    const owners = [0, 1, 2, 3].filter((index) => isOwnRecord(record, { index, count: 4 }));
    expect(owners).toEqual([owner]);
    expect(isOwnRecord(record, { index: 0, count: 1 })).toBe(true);
  });
});

/** By another version, or nothing that a program can have written. */
const unreadable: readonly unknown[] = [null, 'text', 5, {}, { schema: 2 }];

describe('what cannot be read is left out', () => {
  const withUnreadable = async (partition: string, more: readonly unknown[] = []) => {
    const { store } = aStore();
    for (const [n, value] of [...unreadable, ...more].entries())
      await store.commit([{ kind: 'putIfAbsent', key: { partition, id: `9-${n}` }, value: value as never }]);
    return store;
  };
  const whole = { schema: 1, rule: {}, schedule: {}, exceptions: [] };

  test.each<[string, string, (store: Store) => Promise<unknown>, (readonly unknown[])?]>([
    ['an incident', 'incidents', listIncidents],
    ['a silence', 'silences', listSilences],
    ['a notice', 'notices', listNotices, [{ schema: 1 }, { schema: 2, notice: {} }]],
    ['a message', 'outbox/ops', async (store) => (await loadOutbox(store, 'ops')).deliveries],
    ['a message that was refused', 'parked/ops', (store) => listParked(store, 'ops')],
    ['how a message ended', 'hist', listHistory],
    ['a sender', 'dest', listSenders],
    ['a destination', 'destinations', listKnownDestinations],
    ['an announcement', 'announcements', (store) => listAnnouncements(store, 0)],
    ['sizes', 'sizes/r1', (store) => listSizes(store, 'r1', 0)],
    [
      'a rule',
      'rules',
      async (store) => [...(await listStoredRules(store)).keys()],
      [
        { ...whole, schema: 2 },
        { ...whole, rule: 5 },
        { ...whole, schedule: undefined },
        { ...whole, exceptions: 'none' },
      ],
    ],
  ])('%s', async (_, partition, list, more) => {
    expect(await list(await withUnreadable(partition, more))).toEqual([]);
  });

  const pools = { p1: { name: 'workers' } };
  test('the record of a cluster, and its id is told', async () => {
    const bad = [
      { schema: 1, cluster: 5, pools },
      { schema: 1, cluster: 'dev' },
      { schema: 1, cluster: 'dev', pools: null },
      { schema: 1, cluster: 'dev', pools: 'p1' },
      { schema: 1, cluster: 'dev', pools: [] },
      ...[null, 'p1', {}, { name: 5 }].map((p2) => ({ schema: 1, cluster: 'dev', pools: { ...pools, p2 } })),
    ];
    const store = await withUnreadable('clusters/r1', bad);
    const good = { schema: 1, cluster: 'dev', pools };
    await store.commit([{ kind: 'putIfAbsent', key: { partition: 'clusters/r1', id: 'c1' }, value: good }]);
    const told: string[] = [];
    const records = await listClusterRecords(store, 'r1', (id) => told.push(id));
    expect([...records].map(([id, { record }]) => [id, record])).toEqual([['c1', good]]);
    expect(told).toEqual([...unreadable, ...bad].map((_, n) => `9-${n}`).toSorted());
    await expect(readClusterRecord(store, 'r1', '9-0')).rejects.toThrow(StoreError);
    expect((await readClusterRecord(store, 'r1', 'c1'))?.record).toEqual(good);
    expect(await readClusterRecord(store, 'r1', 'c2')).toBeUndefined();
  });
});

test('each request to look at once is another one', async () => {
  const { store } = aStore();
  const seen = [await lastWakeRequest(store)];
  for (const n of [0, 0, 1]) {
    await requestWake(store, now + n);
    seen.push(await lastWakeRequest(store));
  }
  expect(seen[0]).toBeUndefined();
  expect(new Set(seen).size).toBe(4);
});

test('somebody waits for requests since the last process that did has stopped', async () => {
  const { store } = aStore();
  const round = (at: number, isResident?: true) => ({ at, ...(isResident && { isResident }) }) as RoundFindings;
  expect(await isAwaited(store, [round(now)])).toBe(false);
  expect(await isAwaited(store, [round(now), round(now, true)])).toBe(true);
  for (const stop of [now - 1, now]) {
    await noteStop(store, stop);
    expect(await isAwaited(store, [round(now, true)])).toBe(stop < now);
  }
  expect(await isAwaited(store, [round(now, true), round(now + 1, true)])).toBe(true);
  expect(await isAwaited(store, [])).toBe(false);
});
