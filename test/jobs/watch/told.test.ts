import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { type LogFields, silentLog } from '../../../lib/io/log.ts';
import { boundedStore } from '../../../lib/io/stores/bounded-store.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { listIncidents, listSilences, noticeWrite, silenceWrite } from '../../../lib/jobs/records/incident-records.ts';
import { watchClusters } from '../../../lib/jobs/watch/watch-clusters.ts';
import type { WatchParts } from '../../../lib/jobs/watch/watch-round.ts';
import { anAnnouncedNight, saidOf } from '../../support/announced-night.ts';
import {
  aCluster,
  aConfig,
  aMatch,
  aPool,
  destination,
  minuteMs,
  start,
  type WatchWorld,
  watchWorld,
} from './watch-world.ts';

type Line = readonly [level: 'error' | 'warn' | 'info', message: string, fields: LogFields | undefined];

/** One pass after another, and what they log. */
function listening(world: WatchWorld) {
  const lines: Line[] = [];
  const note = (level: Line[0]) => (message: string, fields?: LogFields) => void lines.push([level, message, fields]);
  const log = { ...silentLog, error: note('error'), warn: note('warn'), info: note('info') };
  const pass = async () => {
    const report = await watchClusters({ ...world.parts(), log });
    world.now += 5 * minuteMs;
    return report;
  };
  return { lines, pass };
}

function counted(): () => string {
  let last = 0;
  return () => `v${(last += 1)}`;
}

/** The store fails, or has been overtaken, wherever these partitions are written. */
function failing({ memory }: WatchWorld, partition: string, outcome: 'down' | 'conflict' = 'down'): Store {
  const commit: Store['commit'] = async (writes) => {
    const at = writes.findIndex(({ key }) => key.partition.startsWith(partition));
    if (at === -1) return memory.commit(writes);
    if (outcome === 'conflict') return { kind: 'conflict', failed: [at] };
    throw new StoreError('the store is out of reach');
  };
  return { ...memory, commit };
}

describe('the log tells', () => {
  test('of each pass what it saw, and of an incident what to do', async () => {
    const world = watchWorld([aCluster({ status: 'Error' }), aCluster({ id: 'c2', name: 'dev-2' })]);
    const { lines, pass } = listening(world);
    await pass();
    const seen = { clusters: 2, answered: 1, opened: 0, resolved: 0, deliveries: 0, notices: 0 };
    expect(lines).toEqual([['info', 'watched', seen]]);
    await pass();
    const about = { kind: 'cluster.error', subject: 'cluster dev-1', region: 'r1', severity: 'critical' };
    const incident = expect.stringMatching(/^[0-9a-f]{12}$/u);
    const texts = { text: expect.stringContaining('dev-1'), fix: expect.any(String) };
    expect(lines.slice(1)).toEqual([
      ['error', 'incident opened', { ...about, incident, ...texts }],
      ['info', 'watched', { ...seen, opened: 1, deliveries: 2 }],
    ]);
    lines.length = 0;
    world.clusters[0] = aCluster();
    for (let n = 0; n < 3; n += 1) await pass();
    expect(lines.filter(([, message]) => message !== 'watched')).toEqual([
      ['info', 'incident resolved', { ...about, incident }],
    ]);
  });

  test('of an incident of the fleet no region', async () => {
    const world = watchWorld();
    const { lines } = listening(world);
    const finding = {
      kind: 'config.invalid',
      subject: { kind: 'fleet' },
      severity: 'warning',
      text: 'the config is wrong',
    } as const;
    const log = {
      ...silentLog,
      warn: (message: string, fields?: LogFields) => void lines.push(['warn', message, fields]),
    };
    for (let n = 0; n < 3; n += 1) {
      await watchClusters({ ...world.parts(), log, configProblem: finding });
      world.now += 5 * minuteMs;
    }
    expect(lines.map(([, message, fields]) => [message, Object.keys(fields ?? {})])).toEqual([
      ['incident opened', ['kind', 'subject', 'severity', 'incident', 'text', 'fix']],
    ]);
  });

  test.each<[string, string, 'down' | 'conflict', string]>([
    ['destinations', 'destinations', 'down', 'the store is out of reach'],
    ['the memory', 'obs/', 'down', 'the store is out of reach'],
    [
      'a memory that somebody else changed',
      'obs/',
      'conflict',
      'the memory of region r1 was changed by another process',
    ],
    ['its own mark', 'seen', 'down', 'the store is out of reach'],
  ])('and the report that %s could not be stored', async (_, partition, outcome, problem) => {
    const world = watchWorld();
    const { lines, pass } = listening(world);
    world.store = failing(world, partition, outcome);
    expect(await pass()).toMatchObject({ problems: [problem], isKept: partition !== 'seen', clusters: 1 });
    expect(lines.filter(([level]) => level === 'warn')).toEqual([
      ['warn', 'watch could not store something', { reason: problem }],
    ]);
    world.store = world.memory;
    expect((await pass()).problems).toEqual([]);
  });

  test('and the report that times could not be stored, which are kept by the next pass', async () => {
    const world = watchWorld([aCluster({ status: 'Error' })]);
    const { pass } = listening(world);
    world.store = failing(world, 'obs-times');
    expect((await pass()).problems).toEqual(['the store is out of reach']);
    world.store = world.memory;
    await pass();
    expect(await listAll(world.memory, 'obs-times')).toHaveLength(1);
  });
});

describe('a notice', () => {
  const notice = { kind: 'started', subject: { kind: 'fleet' }, text: '12 clusters', at: start } as const;

  async function withNotice() {
    const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops'), destination('dev')] }));
    await world.pass();
    await world.memory.commit([noticeWrite(notice, 'n1')]);
    return world;
  }

  test('is counted by the messages that it became', async () => {
    const world = await withNotice();
    expect((await world.pass()).notices).toBe(2);
    expect((await world.pass()).notices).toBe(0);
    expect((await world.outbox()).toSorted()).toEqual(['dev notice started', 'ops notice started']);
  });

  test('that could not be stored is a problem, and told by the next pass', async () => {
    const world = await withNotice();
    world.store = failing(world, 'outbox/');
    expect(await world.pass()).toMatchObject({ notices: 0, problems: ['the store is out of reach'] });
    world.store = world.memory;
    expect((await world.pass()).notices).toBe(2);
  });

  test.each([
    ['one message', 1],
    ['every message', 2],
  ])('of which %s waits already is the same messages, and goes away', async (_, count) => {
    const before = await withNotice();
    await before.pass();
    const waiting = (await Promise.all(before.partitions().map((name) => listAll(before.memory, name)))).flat();
    const world = await withNotice();
    for (const { key, value } of waiting.slice(0, count))
      await world.memory.commit([{ kind: 'putIfAbsent', key, value }]);
    expect((await world.pass()).problems).toEqual([]);
    expect(await world.outbox()).toHaveLength(2);
    expect(await listAll(world.memory, 'notices')).toEqual([]);
  });

  test('of which one message waits already, and another process took the rest, is a problem', async () => {
    const world = await withNotice();
    let commits = 0;
    const commit: Store['commit'] = async (writes) => {
      if (writes[0]?.key.partition.startsWith('outbox/') !== true) return world.memory.commit(writes);
      commits += 1;
      return { kind: 'conflict', failed: [0] };
    };
    world.store = { ...world.memory, commit };
    const problems = ['a notice was changed by another process'];
    expect(await world.pass()).toMatchObject({ notices: 0, problems });
    expect(commits).toBe(2);
    world.store = world.memory;
    expect((await world.pass()).notices).toBe(2);
  });

  test('that another process told meanwhile is told once', async () => {
    const world = await withNotice();
    const reports = await Promise.all([world.pass(), world.pass()]);
    expect(await world.outbox()).toHaveLength(2);
    expect(reports.reduce((sum, { notices }) => sum + notices, 0)).toBe(2);
    expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  });
});

describe('a digest', () => {
  const week = 7 * 24 * 60 * minuteMs;
  const digest = { to: ['ops', 'old'], weekday: 1, seconds: 8 * 3600 } as const;
  const destinations = [destination('ops'), destination('old', { retired: true }), destination('dev')];

  /** A week after the first round, on the minute of the digest. */
  async function aWeekLater() {
    const world = watchWorld([aCluster()], aConfig({ digest, destinations }));
    expect((await world.pass()).notices).toBe(0);
    world.now += week;
    return world;
  }

  test('is told once a week, to those that it names and that are not retired', async () => {
    const world = await aWeekLater();
    for (const notices of [1, 0]) expect(await world.pass()).toMatchObject({ notices, problems: [] });
    expect(await world.outbox()).toEqual(['ops notice digest']);
    world.now += week - minuteMs;
    expect((await world.pass()).notices).toBe(0);
    world.now += minuteMs;
    expect((await world.pass()).notices).toBe(1);
  });

  test.each([
    ['down', ['the digest for ops was not stored: the store is out of reach']],
    ['conflict', []],
  ] as const)('that could not be stored is told by the next pass: %s', async (outcome, problems) => {
    const world = await aWeekLater();
    world.store = failing(world, 'digests', outcome);
    expect(await world.pass()).toMatchObject({ notices: 0, problems });
    world.store = world.memory;
    expect((await world.pass()).notices).toBe(1);
  });
});

describe('an announcement', () => {
  test.each([
    ['down', 'an announcement for dev-chat was not stored: the store is out of reach'],
    ['conflict', undefined],
  ] as const)('that could not be stored is told by the next pass: %s', async (outcome, problem) => {
    const memory = makeMemoryStore({ newId: counted() });
    let isBroken = true;
    const night = anAnnouncedNight(
      '2026-03-02T18:35:00Z',
      {},
      {
        store: {
          ...memory,
          commit: async (writes) => {
            if (!isBroken || writes[0]?.key.partition !== 'announcements') return memory.commit(writes);
            if (outcome === 'conflict') return { kind: 'conflict', failed: [0] };
            throw new StoreError('the store is out of reach');
          },
        },
      },
    );
    await night.app.scale(night.config);
    // The one notice is that it has started.
    expect(await night.app.watch(night.config)).toMatchObject({ notices: 1, problems: problem ? [problem] : [] });
    expect(await saidOf(night)).toEqual([]);
    isBroken = false;
    expect(await night.app.watch(night.config)).toMatchObject({ notices: 1, problems: [] });
    expect(await saidOf(night)).toHaveLength(1);
  });
});

describe('what is asked', () => {
  test('of a cluster that cannot be read is nothing', async () => {
    const world = watchWorld([aCluster({ unreadable: 'its status is no text' })]);
    await world.pass();
    expect(world.calls).toEqual(['list']);
  });

  test('of a region that does not answer is its list alone', async () => {
    const world = watchWorld();
    await world.pass();
    world.isDown = true;
    world.calls = [];
    await world.pass();
    expect(world.calls).toEqual(['list']);
  });

  test('of pools that are not listed any more is whether each is gone', async () => {
    const lost = [aPool({ id: 'p2', name: 'gpu' }), aPool({ id: 'p3', name: 'spot' })];
    const world = watchWorld([aCluster({}, [aPool(), ...lost])], aConfig({ destinations: [destination('ops')] }));
    await world.pass();
    world.clusters[0]!.pools.splice(1);
    world.calls = [];
    await world.pass();
    expect(world.calls.toSorted()).toEqual(['cluster c1', 'list', 'pool p2', 'pool p3', 'pools c1']);
    world.now += 5 * minuteMs;
    await world.pass();
    expect(await world.outbox()).toEqual(['ops notice pool.gone', 'ops notice pool.gone']);
  });

  test('of a cluster that is not watched any more is nothing', async () => {
    const world = watchWorld();
    await world.pass();
    world.clusters = [];
    world.calls = [];
    world.config = aConfig({ watch: { ...aConfig().watch, clusters: [aMatch('prod-*')] } });
    await world.pass();
    expect(world.calls).toEqual(['list']);
  });

  test('of a cluster with an incident is whether it is gone, though its memory was lost', async () => {
    const world = watchWorld([aCluster({ status: 'Error' }), aCluster({ id: 'c2', name: 'dev-2' })]);
    await world.passes(2);
    for (const { key, version } of await listAll(world.memory, 'obs/r1'))
      await world.memory.commit([
        { kind: 'deleteIfVersion', key, version },
        { kind: 'putIfAbsent', key: { partition: 'gone', id: key.id }, value: 1 },
      ]);
    world.clusters = world.clusters.slice(1);
    world.calls = [];
    await world.passes(3);
    expect(world.calls).toContain('cluster c1');
    expect(await world.outbox()).toContain('ops resolve cluster.error');
  });

  test('about versions is nothing where no version ends', async () => {
    const world = watchWorld([aCluster({ status: 'Error' })]);
    await world.passes(3);
    expect(world.calls).not.toContain('versions');
  });

  const soon = start + 3 * 24 * 60 * minuteMs;
  const late = start + 300 * 24 * 60 * minuteMs;
  test.each<[string, () => Promise<number>, number]>([
    ['what its secret store says', async () => soon, late],
    ['what the config says, where that store fails', () => Promise.reject(new Error('c0ffee')), soon],
  ])('about a token’s end is %s', async (_, secretsExpiry, expires) => {
    const token = { kind: 'env', name: 'TOKEN', expires } as const;
    const [region] = aConfig().regions;
    const world = watchWorld([aCluster()], aConfig({ regions: [{ ...region!, token }] }));
    for (let n = 0; n < 3; n += 1) {
      await watchClusters({ ...world.parts(), secretsExpiry });
      world.now += 5 * minuteMs;
    }
    expect(await world.outbox()).toContain('ops open token.expiry');
  });
});

describe('what is stored', () => {
  test('of an acknowledgement stays until its incident is over', async () => {
    const world = watchWorld([aCluster({ status: 'Error' })], aConfig({ destinations: [destination('ops')] }));
    await world.passes(2);
    const [{ record } = { record: undefined }] = await listIncidents(world.memory);
    const scope = { kind: 'incident', key: record!.key, episode: record!.episode } as const;
    const about = { schema: 1, id: 's1', until: undefined, who: 'ada@desk', reason: undefined } as const;
    await world.memory.commit([silenceWrite({ ...about, scope, askedAt: world.now })]);
    await world.passes(3);
    expect(await listAll(world.memory, 'silences')).toHaveLength(1);
    world.clusters[0] = aCluster();
    await world.passes(5);
    expect(await listAll(world.memory, 'silences')).toEqual([]);
  });

  test('by a fast clock, and cannot be put right now, is a problem of the round', async () => {
    const world = watchWorld();
    const year = 365 * 24 * 60 * minuteMs;
    const scope = { kind: 'match', match: aMatch('dev-*') } as const;
    const silence = {
      schema: 1,
      id: 's1',
      scope,
      until: start + year + minuteMs,
      who: 'ada',
      reason: undefined,
    } as const;
    await world.memory.commit([silenceWrite({ ...silence, askedAt: start + year })]);
    world.store = boundedStore(failing(world, 'silences'), world.parts().clock);
    expect((await world.pass()).problems).toEqual(['the store is out of reach']);
    world.store = boundedStore(world.memory, world.parts().clock);
    expect((await world.pass()).problems).toEqual([]);
    expect((await listSilences(world.memory)).map(({ silence: { until } }) => until)).toEqual([world.now + minuteMs]);
  });

  const hour = 60 * minuteMs;
  test.each<[string, readonly [r1: number | 'silent', r2: number | 'silent'], boolean]>([
    ['where every region shows the right time', [0, 0], true],
    ['where one region shows the right time, and the other is silent', [0, 'silent'], true],
    ['not where no region answers', ['silent', 'silent'], false],
    ['not where every region shows another time', [hour, hour], false],
    ['not where one region shows another time', [0, hour], false],
  ])('by a fast clock is put right %s', async (_, off, isHealed) => {
    const [region] = aConfig().regions;
    const world = watchWorld([aCluster()], aConfig({ regions: [region!, { ...region!, name: 'r2' }] }));
    const scope = { kind: 'match', match: aMatch('dev-*') } as const;
    const times = { askedAt: start + 24 * hour, until: start + 48 * hour };
    const silence = { schema: 1, id: 's1', scope, who: 'ada', reason: undefined, ...times } as const;
    await world.memory.commit([silenceWrite(silence)]);
    const store = boundedStore(world.memory, world.parts().clock);
    const mksOf: WatchParts['mksOf'] = (name) => {
      const mks = world.parts().mksOf(name);
      const by = off[name === 'r1' ? 0 : 1];
      const unknown = { kind: 'unknown', reason: 'timeout', detail: 'no answer', maybeApplied: false } as const;
      return {
        ...mks,
        listClusters: async () => {
          const answer = await mks.listClusters();
          if (by === 'silent' || by === undefined || answer.kind !== 'ok') return unknown;
          return { ...answer, value: [], serverDate: world.now + by };
        },
      };
    };
    const { answered } = await watchClusters({ ...world.parts(), store, mksOf });
    expect(answered).toEqual(['r1', 'r2'].filter((__, at) => off[at] !== 'silent'));
    const [stored] = await listSilences(world.memory);
    expect(stored?.silence.askedAt).toBe(isHealed ? world.now : silence.askedAt);
  });

  test('of a cluster whose incident could not be stored is there once', async () => {
    const world = watchWorld([aCluster(), aCluster({ id: 'c2', name: 'dev-2' })]);
    await world.passes(2);
    world.clusters[0] = aCluster({ status: 'Error' });
    world.store = failing(world, 'incidents');
    await world.passes(3);
    const memories = (await listAll(world.memory, 'obs/r1')).map(({ value }) => JSON.stringify(value));
    const ids = memories.flatMap((text) => [...text.matchAll(/"id":"(c\d)"/g)].map(([, id]) => id));
    expect([ids.length, new Set(ids)]).toEqual([2, new Set(['c1', 'c2'])]);
  });

  test('of the destinations is all of them in the first pass', async () => {
    const world = watchWorld();
    await world.pass();
    expect(await listAll(world.memory, 'destinations')).toHaveLength(2);
  });

  test('of an old address stays until what was opened there is over', async () => {
    const only = { severity: undefined, kinds: ['api.refused'], clusters: undefined };
    const at = (address: string) => {
      const url = { kind: 'env', name: address } as const;
      return [destination('ops', { url }), destination('quiet', { url, only })];
    };
    const config = aConfig({ destinations: at('URL') });
    const kept = async () => (await listAll(world.memory, 'destinations')).map(({ key }) => key.id.split('~')[0]);
    const world = watchWorld([aCluster({ status: 'Error' })], config);
    await world.passes(2);
    const sent = async () => {
      for (const name of world.partitions())
        for (const { key, version } of await listAll(world.memory, name))
          await world.memory.commit([
            { kind: 'putIfAbsent', key: { partition: 'hist', id: `${name} ${key.id}` }, value: 1 },
            { kind: 'deleteIfVersion', key, version },
          ]);
    };
    await sent();
    world.config = { ...config, destinations: at('OTHER') };
    await world.passes(2);
    await sent();
    await world.passes(2);
    expect(await kept()).toEqual(['ops', 'ops', 'quiet']);
    world.clusters[0] = aCluster();
    await world.passes(4);
    await sent();
    await world.passes(2);
    expect(await kept()).toEqual(['ops', 'quiet']);
  });
});

test('the versions of a region are not read for the end of a step', async () => {
  const world = watchWorld([aCluster({ version: { id: 'v1', version: '1.35.1', eol: undefined } })]);
  world.config = aConfig({ versions: { '1.35': { eol: start + 31 * 24 * 60 * minuteMs } } });
  await world.passes(3);
  world.calls = [];
  world.config = aConfig();
  await world.passes(1);
  expect(await world.outbox()).toContain('ops resolve version.eol');
  expect(world.calls).not.toContain('versions');
});
