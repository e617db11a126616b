import { describe, expect, test } from 'vitest';
import type { Looks } from '../../../lib/decide/past/gaps.ts';
import { pastSteps, poolNow, readPast } from '../../../lib/decide/past/pool-past.ts';
import { listClusterRecords } from '../../../lib/jobs/records/cluster-records.ts';
import { listNodes, listSizes } from '../../../lib/jobs/records/past-records.ts';
import { listRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { equalSize, type Size } from '../../../lib/model/size.ts';
import type { PoolView } from '../../../lib/simulator/views.ts';
import { aNight, type Night } from '../../support/night-app.ts';
import { aConfig, aMatch, aRule, at, minute } from '../../support/scaling-world.ts';

const rules = [
  aRule({ match: aMatch('dev-*/*'), base: 'remembered', hash: 'dev' }),
  aRule({ match: aMatch('ml/gpu'), base: { min: 0, max: 4 }, idle: 0, hash: 'gpu' }),
  aRule({ match: aMatch('prod-web/workers'), base: { min: 3, max: 9 }, idle: { min: 1, max: 3 }, hash: 'prod' }),
];
const start = at('2026-03-02T12:00:00Z');
const dayMs = 86_400_000;

type Shown = { readonly at: number; readonly size: Size; readonly nodes: number };

/** What the API really showed at the end of each round, by pool. */
async function live(night: Night, until: number, meanwhile: (now: number) => void = () => {}, everyMs = 5 * minute) {
  const shown = new Map<string, Shown[]>();
  while (night.clock.now() < until) {
    const now = night.clock.now();
    await night.app.scale(night.config);
    for (const pool of night.world.clusters().flatMap(({ pools }) => pools)) {
      const all = shown.get(nameOf(pool)) ?? [];
      all.push({ at: now, size: sizeOf(pool), nodes: pool.size });
      shown.set(nameOf(pool), all);
    }
    await night.clock.advance(2 * minute);
    meanwhile(now);
    await night.clock.advance(everyMs - 2 * minute);
  }
  return shown;
}

function nameOf({ cluster, name }: PoolView): string {
  return `${cluster}/${name}`;
}

function sizeOf({ autoscale, size, sizeMin = 0, sizeMax = 0 }: PoolView): Size {
  return autoscale ? { min: sizeMin, max: sizeMax } : size;
}

async function written(night: Night, from = start) {
  const past = readPast(await listSizes(night.store, 'r1', from), await listNodes(night.store, 'r1', from));
  const records = await listClusterRecords(night.store, 'r1');
  return (name: string) => {
    const found = [...records.values()].flatMap(({ record }) =>
      Object.entries(record.pools).map(([id, memory]) => ({ record, id, name: `${record.cluster}/${memory.name}` })),
    );
    const one = found.find((pool) => pool.name === name);
    const steps = pastSteps(past, name, one && poolNow(one.record, one.id), from);
    return (instant: number) => steps.findLast((step) => step.from <= instant);
  };
}

const ruled = ['dev-api/build', 'dev-api/workers', 'dev-batch/workers', 'ml/gpu', 'prod-web/workers'];

describe('the past', () => {
  test('shows days as the API did, to the minute of the rounds', { timeout: 60_000 }, async () => {
    const night = aNight(start, { rules });
    const people = new Map([
      [at('2026-03-02T14:00:00Z'), () => night.world.personResizes('dev-api/workers', { size: 7 })],
      [at('2026-03-02T22:10:00Z'), () => night.world.personResizes('dev-api/build', { size: 1 })],
      [at('2026-03-03T08:00:00Z'), () => night.world.personResizes('prod-web/workers', { sizeMin: 4, sizeMax: 12 })],
    ]);
    const shown = await live(night, start + dayMs, (now) => void people.get(now)?.(), 10 * minute);
    const past = await written(night);
    for (const name of ruled) {
      const seenAt = past(name);
      const wrong = (shown.get(name) ?? []).filter(({ at: instant, size }) => !equalSize(seenAt(instant)?.size, size));
      expect({ name, wrong }).toEqual({ name, wrong: [] });
    }
    expect(new Set(shown.get('dev-api/workers')?.map(({ size }) => size)).size).toBeGreaterThan(2);
    const autoscaled = shown.get('prod-web/workers') ?? [];
    const close = autoscaled.filter(({ at: instant, nodes }) => {
      const within = autoscaled.filter((one) => Math.abs(one.at - instant) <= 60 * minute).map((one) => one.nodes);
      const told = past('prod-web/workers')(instant)?.nodes ?? -1;
      return told >= Math.min(...within) && told <= Math.max(...within) && nodes >= 0;
    });
    expect(close.length).toBe(autoscaled.length);
  });

  test('tells a manual change that was put right at once', async () => {
    const night = aNight(at('2026-03-02T21:00:00Z'), { rules });
    await live(night, at('2026-03-02T22:10:00Z'));
    const before = night.clock.now();
    night.world.personResizes('dev-api/build', { size: 5 });
    // After a reset the schedule acts at once. A round some seconds late sees the change and claims its own.
    night.config = aConfig({ rules: rules.map((rule) => ({ ...rule, hash: `${rule.hash}-2` })), hash: 'config-2' });
    await night.clock.advance(20 * minute + 2344);
    await night.app.scale(night.config);
    const changed = night.clock.now();
    await night.clock.advance(10 * minute - 2344);
    await live(night, changed + 30 * minute);
    const seen = (await listSizes(night.store, 'r1', before)).map(({ changes }) => changes['dev-api/build']);
    expect(seen).toEqual([
      [0, 5],
      [5, 0, 10],
    ]);
    const past = await written(night, before);
    const told = [before, changed - 1, changed, changed + 20 * minute].map((when) => past('dev-api/build')(when)?.size);
    expect(told).toEqual([0, 0, 0, 0]);
  });

  test('costs nothing in a round in which nothing changes', async () => {
    const night = aNight(start, { rules });
    await live(night, start + 60 * minute);
    const [sizes, nodes] = [await listSizes(night.store, 'r1', 0), await listNodes(night.store, 'r1', 0)];
    night.world.behaviour.autoscalerMoves = false;
    await live(night, start + 2 * 60 * minute);
    expect(await listSizes(night.store, 'r1', 0)).toEqual(sizes);
    expect((await listNodes(night.store, 'r1', 0)).length).toBeLessThanOrEqual(nodes.length + 1);
  });

  test('ends with the pool, the cluster or the rule that is gone', async () => {
    const night = aNight(start, { rules });
    await live(night, start + 20 * minute);
    night.world.removePool('dev-api/build');
    night.world.deleteCluster('dev-batch');
    night.config = aConfig({ rules: [rules[0]!, rules[1]!], hash: 'config-2' });
    await live(night, start + 60 * minute);
    const past = await written(night);
    for (const gone of ['dev-api/build', 'dev-batch/workers', 'prod-web/workers']) {
      expect([gone, past(gone)(start + 10 * minute)?.size]).not.toEqual([gone, undefined]);
      expect([gone, past(gone)(start + 60 * minute)?.size]).toEqual([gone, undefined]);
    }
  });

  test('has its gaps, its last whole round and its beginning', async () => {
    const night = aNight(start, { rules });
    await live(night, start + 10 * minute);
    await night.clock.advance(7 * 60 * minute);
    await night.app.scale(night.config);
    night.world.failNext({ kind: 'status', status: 500 }, { path: '/api/v1/cluster', times: 9 });
    await night.clock.advance(5 * minute);
    const failed = night.app.scale(night.config);
    await night.clock.advance(60_000);
    await failed;
    const [round] = await listRoundFindings(night.store, 'r1');
    const back = start + 10 * minute + 7 * 60 * minute;
    expect(round?.looks).toEqual({
      since: start,
      answeredAt: back,
      wholeAt: back,
      gaps: [[start + 5 * minute, back]],
    } satisfies Looks);
  });

  test('counts no nodes by a clock that is wrong, and counts them again once it is right', async () => {
    const night = aNight(start, { rules });
    await live(night, start + 20 * minute);
    const counted = await listNodes(night.store, 'r1', 0);
    expect(counted).not.toEqual([]);
    for (const hours of [3, 30]) {
      await night.clock.advance(hours * 60 * minute);
      night.world.behaviour.dateSkewMs = -12 * 60 * minute;
      await night.app.scale(night.config);
      expect(await listNodes(night.store, 'r1', 0)).toEqual(counted);
    }
    night.world.behaviour.dateSkewMs = 0;
    await night.clock.advance(60 * minute);
    await night.app.scale(night.config);
    expect((await listNodes(night.store, 'r1', 0)).length).toBe(counted.length + 1);
  });

  test('remembers the flavor of a pool', async () => {
    const night = aNight(start, { rules });
    await live(night, start + 5 * minute);
    const records = [...(await listClusterRecords(night.store, 'r1')).values()];
    const flavors = records.flatMap(({ record }) => Object.values(record.pools).map(({ flavor }) => flavor));
    expect(flavors.length).toBeGreaterThan(3);
    expect(flavors.filter((flavor) => flavor === undefined)).toEqual([]);
  });
});
