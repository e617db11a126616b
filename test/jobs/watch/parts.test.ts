import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findMissedRounds } from '../../../lib/decide/outbox/heartbeat.ts';
import { boundedByNow } from '../../../lib/decide/stored-time.ts';
import type { RoundFindings } from '../../../lib/decide/watching/scale-findings.ts';
import { boundedStore } from '../../../lib/io/stores/bounded-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { countParts } from '../../../lib/jobs/records/count-parts.ts';
import { listIncidents } from '../../../lib/jobs/records/incident-records.ts';
import { loadRounds } from '../../../lib/jobs/records/last-rounds.ts';
import { writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { watchClusters } from '../../../lib/jobs/watch/watch-clusters.ts';
import { type Part, partOf } from '../../../lib/model/part.ts';
import { runs } from '../../support/runs.ts';
import { aRule } from '../../support/scaling-world.ts';
import { aCluster, aPool, minuteMs, type WatchWorld, watchWorld } from './watch-world.ts';

const tickMs = 5 * minuteMs;

/** Ids all over their range, a pool each. */
function fleet(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const begin = Math.floor(((i + 0.5) / count) * 2 ** 32);
    const id = `${begin.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    return aCluster({ id, name: `dev-${i}` }, [aPool({ id: `p-${i}` })]);
  });
}

const partsOf = (count: number): readonly Part[] => Array.from({ length: count }, (_, index) => ({ index, count }));

/** All parts of one tick at once, but for those that are lost; one that is doubled runs twice. */
async function tick(world: WatchWorld, parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map((shard) => watchClusters(world.parts(), shard.count === 1 ? {} : { shard })));
  world.now += tickMs;
}

const setStatus = (world: WatchWorld, i: number, status: string) => {
  const one = world.clusters[i]!;
  one.cluster = { ...one.cluster, status, updatedAt: world.now };
};

/** Commits, and which part wrote which record. */
function noting(store: Store, { index }: Part, writers: Map<string, number[]>): Store['commit'] {
  return (writes) => {
    for (const { key } of writes) {
      const name = `${key.partition} ${key.id}`;
      writers.set(name, [...(writers.get(name) ?? []), index]);
    }
    return store.commit(writes);
  };
}

/** Who was told what of whom, in any order. */
async function told(world: WatchWorld): Promise<readonly string[]> {
  return (await world.outbox()).toSorted((a, b) => (a < b ? -1 : 1));
}

async function openIncidents(world: WatchWorld): Promise<readonly string[]> {
  const incidents = (await listIncidents(world.store)).map(({ record }) => record);
  return incidents
    .filter(({ phase }) => phase === 'open')
    .map(({ kind, subject }) => ('cluster' in subject ? `${kind} ${subject.cluster}` : kind))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

describe('a watch in parts', () => {
  test('tells what one over the whole fleet tells, however it is cut from tick to tick', async () => {
    const troubles = fc.array(
      fc.record({ cut: fc.integer({ min: 1, max: 4 }), cluster: fc.nat(7), isBad: fc.boolean(), isDown: fc.boolean() }),
      { minLength: 4, maxLength: 14 },
    );
    await fc.assert(
      fc.asyncProperty(troubles, async (steps) => {
        const [whole, cut] = [watchWorld(fleet(8)), watchWorld(fleet(8))];
        for (const step of steps) {
          for (const world of [whole, cut]) {
            setStatus(world, step.cluster, step.isBad ? 'Error' : 'Running');
            world.isDown = step.isDown;
          }
          await tick(whole, partsOf(1));
          await tick(cut, partsOf(step.cut));
          expect(await openIncidents(cut)).toEqual(await openIncidents(whole));
        }
        expect(await told(cut)).toEqual(await told(whole));
      }),
      runs(8),
    );
  });

  test('asks for each cluster once', async () => {
    const world = watchWorld(fleet(40));
    await tick(world, partsOf(4));
    expect(world.calls.filter((call) => call.startsWith('pools'))).toHaveLength(40);
    expect(world.calls.filter((call) => call === 'list')).toHaveLength(4);
  });

  test('that runs twice tells nothing twice', async () => {
    const world = watchWorld(fleet(8));
    const twice = partsOf(4).flatMap((part) => [part, part]);
    setStatus(world, 2, 'Error');
    setStatus(world, 7, 'Error');
    for (let i = 0; i < 4; i += 1) await tick(world, twice);
    expect(await openIncidents(world)).toEqual(['cluster.error dev-2', 'cluster.error dev-7']);
    expect((await world.outbox()).filter((line) => line.startsWith('ops'))).toHaveLength(2);
  });

  test('of which one is lost goes on with the others, and that is told', async () => {
    const world = watchWorld(fleet(8));
    for (let i = 0; i < 3; i += 1) await tick(world, partsOf(4));
    setStatus(world, 0, 'Error');
    setStatus(world, 7, 'Error');
    const rest = partsOf(4).filter(({ index }) => index !== 3);
    for (let i = 0; i < 5; i += 1) await tick(world, rest);
    expect(await openIncidents(world)).toEqual(['cluster.error dev-0']);
    expect((await missed(world))?.text).toBe(
      'no round of watching (part 4 of 4) for 30 min: its clusters are not managed',
    );
    await tick(world, partsOf(4));
    expect(await missed(world)).toBeUndefined();
  });

  test('of which one never came is told as well', async () => {
    const world = watchWorld(fleet(8));
    await tick(world, partsOf(1));
    for (let i = 0; i < 5; i += 1) await tick(world, partsOf(3).slice(0, 2));
    expect((await missed(world))?.text).toContain('watching (part 3 of 3)');
  });

  test('that begins is not missed', async () => {
    const world = watchWorld(fleet(8));
    for (let i = 0; i < 9; i += 1) await tick(world, partsOf(1));
    await watchClusters(world.parts(), { shard: { index: 0, count: 4 } });
    expect(await missed(world)).toBeUndefined();
  });

  test('of which one froze and comes back late harms nothing', async () => {
    const world = watchWorld(fleet(8));
    for (let i = 0; i < 3; i += 1) await tick(world, partsOf(4));
    setStatus(world, 7, 'Error');
    const { store } = world;
    let release = () => {};
    const frozen = new Promise<void>((resolve) => {
      release = resolve;
    });
    const late: Store = { ...store, commit: (writes) => frozen.then(() => store.commit(writes)) };
    world.store = late;
    const running = watchClusters(world.parts(), { shard: { index: 3, count: 4 } });
    world.store = store;
    for (let i = 0; i < 3; i += 1) await tick(world, partsOf(4));
    release();
    await running;
    await tick(world, partsOf(4));
    expect(await openIncidents(world)).toEqual(['cluster.error dev-7']);
    expect((await world.outbox()).filter((line) => line.startsWith('ops'))).toEqual(['ops open cluster.error']);
  });

  test('puts right, each its own, what a fast clock wrote', async () => {
    const world = watchWorld(fleet(8));
    for (const i of [0, 3, 7]) setStatus(world, i, 'Error');
    const { store } = world;
    const rightNow = world.now;
    world.now += 400 * 24 * 60 * minuteMs;
    for (let i = 0; i < 3; i += 1) await tick(world, partsOf(4));
    await writeRoundFindings(store, aRound(world, { index: 2, count: 4 }, []));
    world.now = rightNow + 4 * tickMs;
    const writers = new Map<string, number[]>();
    const runs = partsOf(4).map((shard) => {
      // A container of its own knows only what it has read itself.
      world.store = boundedStore({ ...store, commit: noting(store, shard, writers) }, world.parts().clock);
      return watchClusters(world.parts(), { shard });
    });
    await Promise.all(runs);
    expect([...writers].filter(([, parts]) => new Set(parts).size > 1)).toEqual([]);
    expect(new Set([...writers.values()].flat())).toEqual(new Set([0, 1, 2, 3]));
    for (const partition of ['obs/r1', 'incidents', 'obs-times', 'seen'])
      for (const { key, value } of await listAll(store, partition))
        expect(boundedByNow(value, world.now), `${partition} ${key.id}`).toEqual(value);
  });

  test('what is about no cluster is judged once, by all that the rounds found', async () => {
    const world = watchWorld(fleet(8));
    const brake = {
      kind: 'config.brake',
      subject: { kind: 'config', path: 'safety.brake' },
      severity: 'warning',
      text: 'the new config would lower 12 pools',
    } as const;
    for (let i = 0; i < 4; i += 1) {
      for (const shard of partsOf(4))
        await writeRoundFindings(world.store, aRound(world, shard, shard.index === 2 ? [brake] : []));
      await tick(world, partsOf(4));
    }
    expect(await openIncidents(world)).toEqual(['config.brake']);
    expect((await world.outbox()).filter((line) => line.startsWith('ops'))).toEqual(['ops open config.brake']);
  });
});

const missed = async (world: WatchWorld) =>
  findMissedRounds(await loadRounds({ store: world.store, config: world.config }), tickMs, world.now);

function aRound(world: WatchWorld, shard: Part, findings: RoundFindings['findings']): RoundFindings {
  const ids = world.clusters.map(({ cluster }) => cluster.id).filter((id) => partOf(id, shard.count) === shard.index);
  return {
    schema: 1,
    at: world.now,
    region: 'r1',
    shard,
    configHash: 'config-1',
    isAnswered: true,
    clusters: ids.length,
    pools: ids.length,
    checkedClusters: ids,
    findings,
  };
}

describe('how many parts', () => {
  test('by the last pass, where nothing is scaled', async () => {
    const world = watchWorld(fleet(2001));
    expect((await countParts(world.store, world.config)).count).toBe(1);
    await tick(world, partsOf(1));
    expect((await countParts(world.store, world.config)).count).toBe(3);
    await tick(world, partsOf(3));
    expect((await countParts(world.store, world.config)).count).toBe(3);
  });

  test('by the last scaling round, where something is scaled', async () => {
    const world = watchWorld(fleet(3));
    await tick(world, partsOf(1));
    const scaled = async (clusters: number, shard: Part) =>
      writeRoundFindings(world.store, { ...aRound(world, shard, []), clusters });
    await scaled(2001, { index: 0, count: 1 });
    const rules = [aRule()];
    expect((await countParts(world.store, { ...world.config, rules })).count).toBe(3);
    // Nothing is scaled any more: what is left of the last round tells nothing.
    expect((await countParts(world.store, world.config)).count).toBe(1);
    world.now += tickMs;
    for (const index of [0, 1]) await scaled(500, { index, count: 2 });
    const { count, rounds } = await countParts(world.store, { ...world.config, rules });
    expect([count, rounds.get('r1')?.rounds.map(({ clusters }) => clusters)]).toEqual([1, [500, 500]]);
  });
});
