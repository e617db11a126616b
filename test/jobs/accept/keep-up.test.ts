import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AnnouncedPool } from '../../../lib/decide/announcing/announcement.ts';
import { digestOf, type KeepLink } from '../../../lib/decide/announcing/keep-link.ts';
import { type LogFields, silentLog } from '../../../lib/io/log.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { type KeepParts, keepUp, lookAtKeep } from '../../../lib/jobs/accept/keep-up.ts';
import { makeGroupWriter } from '../../../lib/jobs/accept/store-asks.ts';
import { announcementWrites } from '../../../lib/jobs/records/announcement-records.ts';
import { listAsks, releaseLease } from '../../../lib/jobs/records/ask-records.ts';
import { clusterWrite, listDecisions } from '../../../lib/jobs/records/cluster-records.ts';
import { writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import type { Lease } from '../../../lib/model/asks.ts';
import { compiled } from '../../config/compile-text.ts';

const hourMs = 3_600_000;
const now = Date.UTC(2026, 10, 23, 18);
const boundary = now + hourMs;
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const text = `timezone: UTC
regions:
  r1: { api: eumetsat-r1, token: { env: TOKEN } }
  r2: { api: eumetsat-r2, token: { env: TOKEN } }
schedules: { nights: { windows: [{ from: "07:00", to: "19:00" }], otherwise: idle } }
pools:
  - { match: "ml/web", labels: { team: a }, schedule: none }
  - { match: "ml/api", schedule: nights, base: remembered, idle: 1 }
  - { match: "ml/*", schedule: nights, base: remembered, idle: 1, leases: { max: 6, longest: 8h } }
`;

function announced(pool: string, patch: Partial<AnnouncedPool> = {}): AnnouncedPool {
  const names = { region: 'r1', clusterId: 'c1', cluster: 'ml', poolId: `p-${pool}`, pool };
  return { ...names, from: 4, to: 0, nodes: 4, by: -4, said: 1, saidAt: now - 600_000, ...patch };
}

type Line = readonly [string, LogFields | undefined];
type Memory = { readonly size?: number; readonly labels?: Readonly<Record<string, string>> };

/** One announcement of these pools, and what rounds remember of them. */
async function aKeep(pools: readonly AnnouncedPool[], memories: Readonly<Record<string, Memory>> = {}) {
  let ids = 0;
  const newId = () => `v${(ids += 1)}`;
  const store = makeMemoryStore({ newId });
  const clock = { at: now, now: () => clock.at, sleep: async () => {} };
  const config = await compiled(text, { now });
  const woken: string[] = [];
  const [warned, told]: [Line[], Line[]] = [[], []];
  const parts: KeepParts = {
    store,
    clock,
    newId,
    hash,
    log: {
      ...silentLog,
      warn: (message, fields) => void warned.push([message, fields]),
      info: (message, fields) => void told.push([message, fields]),
    },
    config: () => config,
    writer: makeGroupWriter({ store, clock }),
    wake: (region, cluster) => void woken.push(`${region}:${cluster}`),
  };
  const announcement = { schema: 1, boundary, destination: 'chat', sequence: 1, saidAt: now - 600_000, pools } as const;
  await store.commit(announcementWrites(announcement, undefined));
  const memoryOf = ({ poolId, pool }: AnnouncedPool) => {
    const { size, labels } = memories[pool] ?? {};
    const seen = size === undefined ? {} : { seen: { size, at: now } };
    return [poolId, { name: pool, autoscale: false, ...seen, ...(labels && { labels }) }] as const;
  };
  const record = { schema: 1, cluster: 'ml', pools: Object.fromEntries(pools.map(memoryOf)) } as const;
  await store.commit([clusterWrite('r1', 'c1', record, undefined)]);
  const link = (until = boundary + 2 * hourMs): KeepLink => {
    return { boundary, sequence: 1, until, digest: digestOf(pools, hash), destination: 'chat' };
  };
  const leases = async () => (await listAsks(store, 'r1')).filter((ask): ask is Lease => ask.kind === 'lease');
  return { parts, store, clock, woken, warned, told, link, leases };
}

const rows = (keeping: Awaited<ReturnType<typeof keepUp>>) =>
  'pools' in keeping ? keeping.pools.map(({ pool, atLeast, note }) => [pool, atLeast, note]) : [keeping.why];

describe('a link keeps', () => {
  test.each<[string, Partial<AnnouncedPool>, Memory, number, number | undefined, string | undefined]>([
    ['what a fixed pool has now', {}, { size: 3 }, now, 3, undefined],
    ['what was announced, after the boundary', {}, { size: 1 }, boundary, 4, undefined],
    ['what was announced where nobody saw it since', {}, {}, now, 4, undefined],
    ['no more than its rule allows', {}, { size: 9 }, now, 6, 'its rule allows fewer than 9 nodes for leases'],
    ['nothing of a pool that has none', {}, { size: 0 }, now, undefined, 'it has no node to keep'],
    [
      'nothing of a pool whose labels say otherwise since',
      { labels: { team: 'b' } },
      { labels: { team: 'a' } },
      now,
      undefined,
      'no rule with a schedule matches it any more',
    ],
    ['one whose labels were only announced', { labels: { team: 'b' } }, {}, now, 4, undefined],
  ])('%s', async (_, pool, memory, at, atLeast, note) => {
    const { parts, link, clock, leases } = await aKeep([announced('web', pool)], { web: memory });
    clock.at = at;
    expect(rows(await lookAtKeep(parts, link()))).toEqual([['web', atLeast, note]]);
    expect(rows(await keepUp(parts, link()))).toEqual([['web', atLeast, note]]);
    expect((await leases()).map((lease) => lease.atLeast)).toEqual(atLeast === undefined ? [] : [atLeast]);
  });

  test('the nodes of an autoscaled pool, as the last round saw them', async () => {
    const { parts, link, store } = await aKeep([announced('web')]);
    const round = { schema: 1, region: 'r1', configHash: '', isAnswered: true, clusters: 1, pools: 1 } as const;
    const looked = { checkedClusters: ['c1'], findings: [], shard: { index: 0, count: 1 }, at: now };
    await writeRoundFindings(store, { ...round, ...looked, nodes: [['p-web', 2]] });
    expect(rows(await keepUp(parts, link()))).toEqual([['web', 2, undefined]]);
  });

  test('for as long as its rule allows, and says so', async () => {
    const { parts, link, leases } = await aKeep([announced('web')]);
    const keeping = await keepUp(parts, link(now + 12 * hourMs));
    expect(rows(keeping)).toEqual([['web', 4, 'its rule allows only shorter leases']]);
    expect(await leases()).toMatchObject([{ until: now + 8 * hourMs, time: now - 600_000, who: 'a link in chat' }]);
  });

  test('longer by another choice, and never shorter', async () => {
    const { parts, link, leases, woken } = await aKeep([announced('web')]);
    await keepUp(parts, link(boundary + 3 * hourMs));
    expect(rows(await keepUp(parts, link(boundary + hourMs)))).toEqual([['web', 4, 'already kept longer']]);
    expect((await leases()).map(({ until }) => until)).toEqual([boundary + 3 * hourMs]);
    expect(rows(await keepUp(parts, link(boundary + 3 * hourMs)))).toEqual([['web', 4, undefined]]);
    expect(rows(await keepUp(parts, link(boundary + 5 * hourMs)))).toEqual([['web', 4, undefined]]);
    expect((await leases()).map(({ until }) => until)).toEqual([boundary + 5 * hourMs]);
    expect(new Set(woken)).toEqual(new Set(['r1:ml']));
  });

  test('not what a person has released since', async () => {
    const { parts, link, leases, store, clock } = await aKeep([announced('web')]);
    await keepUp(parts, link());
    clock.at += 60_000;
    for (const lease of await leases()) await releaseLease(store, lease, 'ada', clock.at);
    clock.at += 60_000;
    expect(rows(await keepUp(parts, link()))).toEqual([['web', undefined, expect.stringContaining('was released')]]);
    expect(await leases()).toEqual([]);
  });

  test('all pools of its message, starts one round of their cluster, and is told once in the log', async () => {
    const { parts, link, woken, told, store } = await aKeep([announced('web'), announced('gpu', { nodes: 2, by: -2 })]);
    expect(rows(await keepUp(parts, link()))).toEqual([
      ['web', 4, undefined],
      ['gpu', 2, undefined],
    ]);
    expect(woken).toEqual(['r1:ml']);
    expect(told).toEqual([['kept by a link', { destination: 'chat', pools: 2, until: '2026-11-23T21:00:00Z' }]]);
    expect((await listDecisions(store, 'r1')).map(({ pool }) => pool)).toEqual(expect.arrayContaining(['web', 'gpu']));
  });

  test('what each of two regions has, and starts a round in each', async () => {
    const { parts, link, woken, store } = await aKeep([announced('web'), announced('web', { region: 'r2' })]);
    const shard = { index: 0, count: 1 };
    const round = { schema: 1, configHash: '', isAnswered: true, clusters: 1, pools: 1, shard, at: now } as const;
    for (const [region, nodes] of [['r1', 2] as const, ['r2', 3] as const])
      await writeRoundFindings(store, {
        ...round,
        region,
        checkedClusters: ['c1'],
        findings: [],
        nodes: [['p-web', nodes]],
      });
    expect(rows(await keepUp(parts, link()))).toEqual([
      ['web', 2, undefined],
      ['web', 3, undefined],
    ]);
    expect(woken).toEqual(['r1:ml', 'r2:ml']);
    const kept = await Promise.all(['r1', 'r2'].map((region) => listAsks(store, region)));
    expect(kept.flat()).toMatchObject([{ atLeast: 2 }, { atLeast: 3 }]);
  });

  test('none whose largest size nobody knows, beside one that it keeps', async () => {
    const { parts, link, told, store } = await aKeep([announced('api'), announced('web')]);
    expect(rows(await keepUp(parts, link()))).toEqual([
      ['api', undefined, 'its largest size is not known: its rule needs leases.max'],
      ['web', 4, undefined],
    ]);
    expect(told).toMatchObject([['kept by a link', { pools: 1 }]]);
    expect((await listDecisions(store, 'r1')).map(({ kind, pool }) => [kind, pool])).toEqual([['kept', 'web']]);
  });

  test('fewer nodes and for less time, and says both', async () => {
    const { parts, link } = await aKeep([announced('web')], { web: { size: 9 } });
    const both = 'its rule allows fewer than 9 nodes for leases; its rule allows only shorter leases';
    expect(rows(await keepUp(parts, link(now + 12 * hourMs)))).toEqual([['web', 6, both]]);
  });

  test('what was announced where the rounds cannot be read', async () => {
    const { parts, link, store } = await aKeep([announced('web')]);
    const list: typeof store.list = async (partition, options) => {
      if (partition === 'findings') throw new Error('down');
      return store.list(partition, options);
    };
    expect(rows(await keepUp({ ...parts, store: { ...store, list } }, link()))).toEqual([['web', 4, undefined]]);
  });

  test('and writes it down once, however often it is used', async () => {
    const { parts, link, store } = await aKeep([announced('web')]);
    await keepUp(parts, link());
    await keepUp(parts, link());
    expect(await listDecisions(store, 'r1')).toHaveLength(1);
  });

  test('where no round could be started at once', async () => {
    const { parts, link, warned, leases } = await aKeep([announced('web')]);
    const wake = () => Promise.reject(new Error('c0ffee'));
    expect(rows(await keepUp({ ...parts, wake }, link()))).toEqual([['web', 4, undefined]]);
    expect(await leases()).toHaveLength(1);
    expect(warned).toEqual([['round not started at once: the next tick does it', { region: 'r1', cluster: 'ml' }]]);
  });

  test('nothing where the store takes nothing, and says so', async () => {
    const { parts, link, woken } = await aKeep([announced('web')]);
    const write = async () => [{ kind: 'failed', reason: 'send it again' } as const];
    expect(rows(await keepUp({ ...parts, writer: { write } }, link()))).toEqual([['web', undefined, 'send it again']]);
    expect(woken).toEqual([]);
  });
});

test.each<[string, (link: KeepLink) => KeepLink, number, string]>([
  ['has expired', (link) => link, boundary + 2 * hourMs, 'this link has expired'],
  ['is of no message', (link) => ({ ...link, boundary: boundary + 1 }), now, 'this announcement no longer exists'],
  ['is of another chat', (link) => ({ ...link, destination: 'other' }), now, 'this announcement no longer exists'],
  [
    'was written for other pools',
    (link) => ({ ...link, digest: '0'.repeat(16) }),
    now,
    'its pools have changed since: use the links of the newer message',
  ],
])('a link that %s keeps nothing', async (_, altered, at, why) => {
  const { parts, link, clock, leases } = await aKeep([announced('web')]);
  clock.at = at;
  expect(await keepUp(parts, altered(link()))).toEqual({ kind: 'gone', why });
  expect(await leases()).toEqual([]);
});
