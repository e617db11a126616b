import { describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { listRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import type { ScaleReport } from '../../../lib/jobs/scale/scale-round.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import { type Part, partOf } from '../../../lib/model/part.ts';
import { aNight, type Night } from '../../support/night-app.ts';
import { aConfig, aMatch, aRule, at, minute } from '../../support/scaling-world.ts';

const count = 4;
const fleetOf = (clusters: number) => ({
  clusters: Array.from({ length: clusters }, (_, i) => ({ name: `dev-${i}`, pools: [{ name: 'workers', size: 3 }] })),
});
const rules = [aRule({ match: aMatch('dev-*/*'), base: 'remembered', idle: 1 })];
const givenRule = aRule({ match: aMatch('dev-*/*'), base: 3, idle: 1 });
const safety = (more: Partial<CompiledConfig['safety']>) => ({ ...aConfig({}).safety, ...more });

/** All parts of one round: at once, as on AWS, or one after the other. */
async function allParts(night: Night, how: 'at once' | 'in turn' = 'at once'): Promise<readonly ScaleReport[]> {
  const run = (index: number) => night.app.scale(night.config, { shard: { index, count } });
  const indexes = Array.from({ length: count }, (_, index) => index);
  if (how === 'at once') return Promise.all(indexes.map(run));
  const reports: ScaleReport[] = [];
  for (const index of indexes) {
    reports.push(await run(index));
    await night.clock.advance(20_000);
  }
  return reports;
}

const sentBy = (reports: readonly ScaleReport[]) =>
  reports.flatMap(({ results }) => results).filter(({ result }) => result === 'sent').length;

async function beforeTheNight(clusters: number, config: Partial<CompiledConfig>, store?: Store): Promise<Night> {
  const night = aNight(
    at('2026-03-02T12:00:00Z'),
    { rules, ...config },
    { fleet: fleetOf(clusters), ...(store && { store }) },
  );
  await night.app.scale(night.config);
  await night.clock.advance(8 * 60 * minute);
  return night;
}

describe('in parts', () => {
  test.each(['at once', 'in turn'] as const)('the brake counts the fleet: %s', async (how) => {
    const night = await beforeTheNight(12, { safety: safety({ brake: { pools: 5, percent: 100 } }) });
    const reports = await allParts(night, how);
    const holds = reports.flatMap(({ plan }) => plan.holds.map(({ code }) => code));
    expect(holds).toEqual(Array.from({ length: 12 }, () => 'brake'));
    expect(sentBy(reports)).toBe(0);
    expect((await listAll(night.store, 'fleet')).map(({ key }) => key.id)).toEqual(['config']);
    const texts = reports.flatMap(({ plan }) => plan.findings.filter(({ kind }) => kind === 'config.brake'));
    expect(new Set(texts.map(({ text }) => text.replace(/: dev.*/u, '')))).toEqual(
      new Set([expect.stringContaining('lower 12 pools by 24 of 36 nodes')]),
    );
  });

  // Simulation on three parts, seed 184: what a fast clock had written was put right by every part that read it.
  test('each puts right only what it remembers of its own clusters', async () => {
    let versions = 0;
    const store = makeMemoryStore({ newId: () => `v${(versions += 1)}` });
    const written: string[] = [];
    const watched: Store = {
      ...store,
      commit: (writes) => {
        written.push(...writes.flatMap(({ key }) => (key.partition.startsWith('clusters/') ? [key.id] : [])));
        return store.commit(writes);
      },
    };
    const night = await beforeTheNight(12, { safety: safety({ brake: { pools: 5, percent: 100 } }) }, watched);
    for (const { key, value, version } of await listAll(store, 'clusters/r1')) {
      const text = JSON.stringify(value).replaceAll(
        /"metAt":\d+/g,
        `"metAt":${night.clock.now() + 400 * 24 * 60 * minute}`,
      );
      await store.commit([{ kind: 'putIfVersion', key, value: JSON.parse(text), version }]);
    }
    for (let index = 0; index < count; index += 1) {
      written.length = 0;
      await night.app.scale(night.config, { shard: { index, count } });
      expect(written).not.toEqual([]);
      expect(written.filter((id) => partOf(id, count) !== index)).toEqual([]);
    }
  });

  // Simulation on three parts, seed 32: a pool of another part counted as made when its rule became another one.
  test.each(['at once', 'in turn'] as const)('old pools that come under a known rule count: %s', async (how) => {
    const wide = aRule({ match: aMatch('dev-*/*'), base: 'remembered', idle: 1 });
    const aside = {
      ...aRule({ match: aMatch('dev-*/build'), base: 'remembered', idle: 2, hash: 'rule-2' }),
      mode: 'observe' as const,
    };
    const pools = ['workers', 'build'].map((name) => ({ name, size: 3 }));
    const fleet = { clusters: Array.from({ length: 12 }, (_, i) => ({ name: `dev-${i}`, pools })) };
    const night = aNight(
      at('2026-03-02T12:00:00Z'),
      { rules: [aside, wide], safety: safety({ brake: undefined }) },
      { fleet },
    );
    await night.app.scale(night.config);
    await night.clock.advance(8 * 60 * minute);
    expect(sentBy(await allParts(night))).toBe(12);
    await night.clock.advance(30 * minute);
    await allParts(night);
    const brake = { pools: 5, percent: 100 };
    night.config = { ...night.config, hash: 'wider', rules: [wide], safety: safety({ brake }) };
    for (let tick = 0; tick < 3; tick += 1) {
      expect(sentBy(await allParts(night, how))).toBe(0);
      await night.clock.advance(5 * minute);
    }
  });

  // Simulation on three parts, seed 30: of clusters that nobody has seen yet there is no record to count.
  test.each(['at once', 'in turn'] as const)('what no part has seen yet is braked all the same: %s', async (how) => {
    const brake = { pools: 5, percent: 100 };
    const night = aNight(
      at('2026-03-02T20:00:00Z'),
      { rules: [givenRule], safety: safety({ brake }) },
      { fleet: fleetOf(12) },
    );
    const sent: number[] = [];
    for (let tick = 0; tick < 4; tick += 1) {
      const started = night.clock.now();
      sent.push(sentBy(await allParts(night, how)));
      await night.clock.advance(started + 5 * minute - night.clock.now());
    }
    expect(sent.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(5);
    expect(sent.slice(1)).toEqual([0, 0, 0]);
  });

  test('what the brake lets through in one run it lets through in parts', async () => {
    const night = await beforeTheNight(5, { safety: safety({ brake: { pools: 5, percent: 100 } }) });
    expect(sentBy(await allParts(night))).toBe(5);
  });

  test.each(['at once', 'in turn'] as const)('a round lowers what it may in all: %s', async (how) => {
    const night = await beforeTheNight(12, { safety: safety({ brake: undefined, maxChangesPerRound: 5 }) });
    const sent: number[] = [];
    for (let tick = 0; tick < 4; tick += 1) {
      const started = night.clock.now();
      const reports = await allParts(night, how);
      sent.push(sentBy(reports));
      await night.clock.advance(started + 5 * minute - night.clock.now());
    }
    expect(sent).toEqual([5, 5, 2, 0]);
  });

  test('a dry run of a part takes no share, and leaves nothing for the others to count', async () => {
    const brake = { pools: 5, percent: 100 };
    const night = await beforeTheNight(5, { safety: safety({ brake, maxChangesPerRound: 5 }) });
    const rounds = (shard: Part) => night.app.scale(night.config, { shard, isDryRun: true });
    const plans = await Promise.all([0, 1, 2, 3].map((index) => rounds({ index, count })));
    expect(plans.flatMap(({ plan }) => plan.actions)).toHaveLength(5);
    expect((await listAll(night.store, 'fleet')).map(({ key }) => key.id)).toEqual(['config']);
  });

  test.each([
    ['whole rounds count for themselves', undefined, minute, [2, 2]],
    ['rounds of one part share within half a tick', { index: 0, count: 2 }, 2.5 * minute - 1, [2, 0]],
    ['and no longer', { index: 0, count: 2 }, 2.5 * minute, [2, 2]],
    ['not even where the clock was set back', { index: 0, count: 2 }, -2.5 * minute, [2, 2]],
  ])('of what a round may lower %s', async (_, shard, laterMs, expected) => {
    const night = await beforeTheNight(24, { safety: safety({ brake: undefined, maxChangesPerRound: 2 }) });
    const options = shard && { shard };
    const sent = [sentBy([await night.app.scale(night.config, options)])];
    await night.clock.advance(laterMs);
    sent.push(sentBy([await night.app.scale(night.config, options)]));
    expect(sent).toEqual(expected);
  });

  test('a round in which less may be lowered than was lowers no more', async () => {
    const night = await beforeTheNight(24, { safety: safety({ brake: undefined, maxChangesPerRound: 4 }) });
    const round = (index: number) => night.app.scale(night.config, { shard: { index, count: 2 } });
    expect(sentBy([await round(0)])).toBe(4);
    night.config = { ...night.config, safety: safety({ brake: undefined, maxChangesPerRound: 3 }) };
    expect(sentBy([await round(1)])).toBe(0);
  });

  test('raises wait for nobody’s share', async () => {
    const night = await beforeTheNight(12, { safety: safety({ brake: undefined, maxChangesPerRound: 20 }) });
    await allParts(night);
    await night.clock.advance(12 * 60 * minute);
    night.config = { ...night.config, safety: safety({ brake: undefined, maxChangesPerRound: 1 }) };
    expect(sentBy(await allParts(night))).toBe(12);
  });

  test('each reads the records of its own clusters', async () => {
    const store = makeMemoryStore({ newId: newIds() });
    const read: string[] = [];
    const watched: Store = {
      ...store,
      list: async (partition, options) => {
        const records = await store.list(partition, options);
        if (partition === 'clusters/r1') read.push(...records.map(({ key }) => key.id));
        return records;
      },
    };
    const night = await beforeTheNight(40, { safety: safety({ brake: undefined }) }, watched);
    read.length = 0;
    await allParts(night);
    expect(read).toHaveLength(40);
    expect(new Set(read).size).toBe(40);
  });

  // Simulation on three parts, seed 11: a list that left a cluster out once made the other parts say so for good.
  test('what a list left out once is not said to be missing for good', async () => {
    const rule = aRule({ match: aMatch('dev-3/workers'), base: 'remembered', idle: 1 });
    const night = await beforeTheNight(6, { rules: [rule], safety: safety({ brake: undefined }) });
    const missing = async () => {
      await allParts(night);
      await night.clock.advance(5 * minute);
      const rounds = await listRoundFindings(night.store, 'r1');
      return rounds.flatMap(({ findings }) => findings.filter(({ kind }) => kind === 'config.mismatch')).length;
    };
    expect(await missing()).toBe(0);
    night.world.setFault(({ path }) => (path.endsWith('/cluster') ? { kind: 'omit', item: 'dev-3' } : undefined));
    expect(await missing()).toBe(count);
    night.world.setFault(() => undefined);
    expect(await missing()).toBe(0);
    night.world.removePool('dev-3/workers');
    await night.clock.advance(30 * minute);
    expect(await missing()).toBe(1);
  });

  test('nothing is moved: whole rounds and parts follow one another', async () => {
    const store = makeMemoryStore({ newId: newIds() });
    const night = await beforeTheNight(6, { safety: safety({ brake: undefined }) }, store);
    const keys = async () => (await listAll(store, 'clusters/r1')).map(({ key }) => key.id);
    const before = await keys();
    expect(sentBy(await allParts(night))).toBe(6);
    await night.clock.advance(12 * 60 * minute);
    const report = await night.app.scale(night.config);
    expect(sentBy([report])).toBe(6);
    expect(await keys()).toEqual(before);
    await night.clock.advance(30 * minute);
    await night.app.scale(night.config);
    expect(night.world.clusters().map(({ pools }) => pools[0]?.size)).toEqual([3, 3, 3, 3, 3, 3]);
  });
});

function newIds(): () => string {
  let ids = 0;
  return () => `own-${(ids += 1)}`;
}
