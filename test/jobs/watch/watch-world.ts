import { createHash } from 'node:crypto';
import type { Delivery } from '../../../lib/decide/incidents/delivery.ts';
import { silentLog } from '../../../lib/io/log.ts';
import type { Mks } from '../../../lib/io/mks/mks.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { watchClusters } from '../../../lib/jobs/watch/watch-clusters.ts';
import type { WatchParts } from '../../../lib/jobs/watch/watch-round.ts';
import type { Answer } from '../../../lib/model/answer.ts';
import type { ObservedCluster, ObservedPool, ObservedVersion } from '../../../lib/model/cluster.ts';
import type { CompiledConfig, DestinationConfig, Match, Rule } from '../../../lib/model/config.ts';
import { aDestination } from '../../support/destination.ts';

export const minuteMs = 60_000;
export const start = Date.UTC(2026, 10, 23, 8);

export function destination(name: string, patch: Partial<DestinationConfig> = {}): DestinationConfig {
  return aDestination(name, { url: { kind: 'env', name: `URL_${name.toUpperCase()}` }, ...patch });
}

export function aMatch(text: string, pool?: string): Match {
  return { text, region: undefined, cluster: text.replaceAll('*', '.*'), pool, exactPool: false };
}

export function aConfig(patch: Partial<CompiledConfig> = {}): CompiledConfig {
  return {
    schema: 1,
    hash: 'config-1',
    file: 'lamplighter.yml',
    zone: undefined,
    everyMs: 5 * minuteMs,
    keepMs: 30 * 24 * 60 * minuteMs,
    listen: undefined,
    store: { kind: 'sqlite', path: ':memory:' },
    regions: [{ name: 'r1', url: 'https://mks/api/v1', mksRegion: undefined, token: { kind: 'env', name: 'TOKEN' } }],
    schedules: [],
    rules: [] as readonly Rule[],
    exceptions: [],
    safety: {
      brake: { pools: 3, percent: 30 },
      maxChangesPerRound: undefined,
      minNodesPerCluster: 0,
      runsOn: undefined,
    },
    watch: { clusters: 'all', stuckAfterMs: 30 * minuteMs, forMs: 5 * minuteMs, clearMs: 10 * minuteMs },
    destinations: [destination('ops'), destination('pager', { kind: 'pagerduty' })],
    silences: [],
    events: [],
    heartbeat: undefined,
    calendarsEnd: {},
    ...patch,
  };
}

export type FakePool = ObservedPool;
export type FakeCluster = { cluster: ObservedCluster; pools: FakePool[]; isUnlisted?: boolean; fails?: boolean };

export function aPool(patch: Partial<ObservedPool> = {}): FakePool {
  const sizes = { autoscale: false, size: 3, sizeMin: undefined, sizeMax: undefined };
  return { id: 'p1', name: 'workers', status: 'Running', ...sizes, createdAt: 0, updatedAt: 1, errors: [], ...patch };
}

export function aCluster(patch: Partial<ObservedCluster> = {}, pools = [aPool()]): FakeCluster {
  const about = { status: 'Running', createdAt: 0, updatedAt: 1, version: undefined, errors: [] };
  return { cluster: { region: 'r1', id: 'c1', name: 'dev-1', ...about, ...patch }, pools };
}

/** A fleet behind an API, a store, a clock, and the watch over them. */
export function watchWorld(clusters: FakeCluster[] = [aCluster()], config = aConfig()) {
  const ids = counter();
  const memory = makeMemoryStore({ newId: ids });
  const world = {
    now: start,
    clusters,
    config,
    isDown: false,
    versions: [] as readonly ObservedVersion[],
    calls: [] as string[],
    memory,
    store: memory as Store,
    parts(): WatchParts {
      return {
        config: world.config,
        clock: { now: () => world.now, sleep: async () => {} },
        newId: ids,
        hash: (text) => createHash('sha256').update(text).digest('hex'),
        store: world.store,
        log: silentLog,
        mksOf: (region) => fakeMks(region, world),
        secretsExpiry: async () => undefined,
      };
    },
    pass: () => watchClusters(world.parts()),
    async passes(count: number, everyMinutes = 5) {
      for (let i = 0; i < count; i += 1) {
        await world.pass();
        world.now += everyMinutes * minuteMs;
      }
    },
    /** What waits for each destination, as "ops open cluster.error". */
    async outbox(): Promise<readonly string[]> {
      const deliveries = (await Promise.all(world.partitions().map((name) => listAll(memory, name)))).flat();
      return deliveries
        .map(({ value }) => value as unknown as Delivery)
        .sort((a, b) => a.queuedAt - b.queuedAt || (a.destination < b.destination ? -1 : 1))
        .map(({ destination, facts }) => `${destination.split('~')[0]} ${facts.what} ${facts.kind}`);
    },
    partitions: () => [...memory.snapshot().keys()].filter((name) => name.startsWith('outbox/')),
  };
  return world;
}

export type WatchWorld = ReturnType<typeof watchWorld>;

function fakeMks(region: string, world: WatchWorld): Mks {
  const answer = async <T>(call: string, value: () => T | undefined): Promise<Answer<T>> => {
    world.calls.push(call);
    if (world.isDown) return { kind: 'unknown', reason: 'timeout', detail: 'no answer', maybeApplied: false };
    const found = value();
    if (found === undefined) return { kind: 'not-found', detail: 'nothing has this id' };
    return { kind: 'ok', value: found, answeredAt: world.now, serverDate: undefined };
  };
  const here = () => world.clusters.filter(({ cluster }) => cluster.region === region);
  const find = (id: string) => here().find(({ cluster }) => cluster.id === id);
  const own = async <T>(call: string, id: string, value: (found: FakeCluster) => T | undefined): Promise<Answer<T>> => {
    const found = find(id);
    if (found?.fails) throw new TypeError('a call that should never throw');
    return answer(call, () => (found === undefined ? undefined : value(found)));
  };
  return {
    region,
    listClusters: () =>
      answer('list', () =>
        here()
          .filter(({ isUnlisted }) => !isUnlisted)
          .map(({ cluster }) => cluster),
      ),
    getCluster: (id) => own(`cluster ${id}`, id, ({ cluster }) => cluster),
    listNodePools: (id) => own(`pools ${id}`, id, ({ pools }) => pools),
    getNodePool: (id, poolId) =>
      own(`pool ${poolId}`, id, ({ pools }) => {
        const pool = pools.find((one) => one.id === poolId);
        return pool && { observed: pool, raw: '{}' };
      }),
    putNodePool: () => Promise.reject(new Error('the watch never writes')),
    listVersions: () => answer('versions', () => world.versions),
  };
}

function counter(): () => string {
  let last = 0;
  return () => `id-${String((last += 1)).padStart(6, '0')}`;
}
