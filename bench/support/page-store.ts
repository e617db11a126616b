import { compileConfig } from '../../lib/config/compile-config.ts';
import { compileMatch } from '../../lib/config/compile-match.ts';
import type { PoolMemory } from '../../lib/decide/scaling/memory.ts';
import { randomId } from '../../lib/io/ids.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import type { Store, Write } from '../../lib/io/stores/store.ts';
import { putAsk, putLease } from '../../lib/jobs/records/ask-records.ts';
import { clusterWrite } from '../../lib/jobs/records/cluster-records.ts';
import { nodesWrites, sizeWrites } from '../../lib/jobs/records/past-records.ts';
import { writeRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import { loadMemory, memoryCommits } from '../../lib/jobs/records/watch-records.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import type { Size } from '../../lib/model/size.ts';
import { dayMs, type EpochMs, hourMs, minuteMs } from '../../lib/model/time.ts';

/** Tuesday evening in Berlin. */
export const storeNow = Date.parse('2026-11-24T19:16:00Z');

const text = `timezone: Europe/Berlin
regions: { r1: { api: "http://127.0.0.1:8090", token: { env: TOKEN } } }
schedules:
  office-hours: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle, lead: auto }
  weekdays: { windows: [{ from: "mon 00:00", to: "fri 22:00" }], otherwise: idle }
pools:
  - { match: "*/system", schedule: weekdays, base: remembered, idle: 1 }
  - { match: "dev-*/burst", schedule: office-hours, base: { min: 1, max: 6 }, everyPool: true, idle: 0, limits: { min: 0 }, leases: { max: 3 } }
  - { match: "dev-*/workers", schedule: office-hours, base: remembered, idle: 0, limits: { min: 0 } }
  - { match: "prod-*/burst", schedule: office-hours, base: { min: 1, max: 6 }, everyPool: true, idle: { min: 0, max: 1 }, limits: { min: 0 } }
  - { match: "prod-*/workers", schedule: weekdays, base: remembered, idle: 1 }
`;

/**
 * The state that rounds would have left of so many clusters with 3 pools each, after a week of office hours: made at
 * once, since a week of rounds over 1,000 clusters takes too long to be waited for.
 */
export async function makePageStore(
  clusters = 1000,
  store: Store = makeMemoryStore({ newId: randomId }),
): Promise<{ readonly store: Store; readonly config: CompiledConfig }> {
  const outcome = await compileConfig(text, { file: 'lamplighter.yml', now: storeNow, readFile: async () => text });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  const { config } = outcome;
  const names = Array.from(
    { length: clusters },
    (_, i) => `${i % 4 === 3 ? 'prod' : 'dev'}-${String(i + 1).padStart(4, '0')}`,
  );
  const writes = names.map((name, i) => recordOf(config, name, i));
  for (let i = 0; i < writes.length; i += 50) await store.commit(writes.slice(i, i + 50));
  await keepPast(store, names);
  await keepLooks(store, config, names);
  await keepAsks(store, config);
  return { store, config };
}

const awake = { dev: (i: number) => 2 + (i % 5), burst: { min: 1, max: 6 } };

function recordOf(config: CompiledConfig, name: string, i: number): Write {
  const isDev = name.startsWith('dev');
  const ruleHash = config.rules[0]?.hash;
  const memory = (pool: string, size: Size, base: Size, at: EpochMs): PoolMemory => ({
    name: pool,
    autoscale: typeof size === 'object',
    flavor: 'eo2a.large',
    seen: { size, at },
    base,
    ruleHash,
    raisesMs: [400_000 + (i % 7) * 30_000],
    reachedAt: at,
  });
  const slept = storeNow - 70 * minuteMs;
  const workers = awake.dev(i);
  const long = storeNow - 30 * dayMs;
  const isPaused = isDev && i >= 200 && i < 300;
  const pools = {
    [`${name}-s`]: memory('system', 2, 2, storeNow - 30 * dayMs),
    [`${name}-w`]: memory('workers', isDev && !isPaused ? 0 : workers, workers, isDev ? slept : long),
    [`${name}-b`]: memory(
      'burst',
      isDev && !isPaused ? 0 : isDev ? awake.burst : { min: 0, max: 1 },
      awake.burst,
      slept,
    ),
  };
  const autoscaled = pools[`${name}-b`]!;
  const whole = {
    ...pools,
    [`${name}-b`]: {
      ...autoscaled,
      autoscale: true,
      seen: { ...autoscaled.seen!, size: rangeOf(autoscaled.seen!.size) },
    },
  };
  return clusterWrite('r1', `id-${name}`, { schema: 1, cluster: name, pools: whole }, undefined);
}

function rangeOf(size: Size): Size {
  return typeof size === 'number' ? { min: size, max: size } : size;
}

async function keepPast(store: Store, names: readonly string[]): Promise<void> {
  const commit = async (writes: readonly Write[]) => {
    for (const write of writes) await store.commit([write]);
  };
  const today = Math.floor(storeNow / dayMs) * dayMs;
  for (let day = today - 8 * dayMs; day <= today; day += dayMs) {
    const weekday = new Date(day).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    for (const [at, isUp] of [
      [day + 5.6 * hourMs, true],
      [day + 18 * hourMs, false],
    ] as const) {
      const changes = names.flatMap((name, i) => changesOf(name, i, at + (i % 12) * minuteMs, isUp, day === today));
      await commit(sizeWrites('r1', at + 15 * minuteMs, changes, randomId, 30 * dayMs));
    }
  }
  for (let at = today - 8 * dayMs + 30 * minuteMs; at < storeNow; at += hourMs) {
    const hour = new Date(at).getUTCHours();
    const counted = names.flatMap((name, i) =>
      hour >= 6 && hour < 18 ? [[`${name}/burst`, 1 + ((i * 7 + hour * 3) % 6)] as const] : [],
    );
    const nodes = Object.fromEntries(counted);
    await commit(nodesWrites('r1', { schema: 1, at, shard: '0/1', isWhole: hour === 0, nodes }, randomId, 30 * dayMs));
  }
}

function changesOf(name: string, i: number, at: EpochMs, isUp: boolean, isToday: boolean) {
  const isDev = name.startsWith('dev');
  if (isDev && isToday && !isUp && i >= 200 && i < 300) return [];
  const workers = awake.dev(i);
  const burst = { min: 1, max: 6 };
  const low = isDev ? { min: 0, max: 0 } : { min: 0, max: 1 };
  const change = (pool: string, down: Size, up: Size) => {
    return { at, pool: `${name}/${pool}`, before: isUp ? down : up, after: isUp ? up : down };
  };
  return [...(isDev ? [change('workers', 0, workers)] : []), change('burst', low, burst)];
}

async function keepLooks(store: Store, config: CompiledConfig, names: readonly string[]): Promise<void> {
  const at = storeNow - minuteMs;
  const looks = { since: storeNow - 20 * dayMs, answeredAt: at, wholeAt: at };
  await writeRoundFindings(store, {
    schema: 1,
    at,
    region: 'r1',
    shard: { index: 0, count: 1 },
    configHash: config.hash,
    isAnswered: true,
    clusters: names.length,
    pools: names.length * 3,
    checkedClusters: names.map((name) => `id-${name}`),
    findings: [],
    looks,
  });
  const due = { of: '1.34.2', date: Date.parse('2027-07-17T00:00:00Z'), armedAt: storeNow - 20 * dayMs };
  const clusters = names.map((name) => ({ id: `id-${name}`, name, acceptedAt: at, version: '1.34.2', due, pools: [] }));
  const { stored } = await loadMemory(store, 'r1');
  for (const writes of memoryCommits({ region: 'r1', clusters }, stored, new Map())) await store.commit(writes);
}

async function keepAsks(store: Store, config: CompiledConfig): Promise<void> {
  const match = (glob: string) => {
    const found = compileMatch(glob);
    if (!found.ok) throw new Error(found.message);
    return found.match;
  };
  const askedAt = storeNow - 3 * hourMs;
  const common = { schema: 1, region: 'r1', askedAt } as const;
  const pause = {
    ...common,
    kind: 'pause',
    id: 'pause/dev-02',
    match: match('dev-02*'),
    who: 'ada@lab',
    reason: 'terraform',
  } as const;
  await putAsk(store, { ...pause, until: storeNow + 3 * hourMs }, config.keepMs);
  const lease = {
    ...common,
    kind: 'lease',
    id: 'lease/1',
    match: match('dev-030*/burst'),
    who: 'event:reprocessing',
  } as const;
  await putLease(
    store,
    { ...lease, reason: 'reprocessing', atLeast: 3, time: askedAt, until: storeNow + 5 * hourMs },
    askedAt,
  );
}
