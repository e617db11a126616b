import { describe, expect, test } from 'vitest';
import { roundText } from '../../lib/cli/run/round-output.ts';
import { fleetStatus } from '../../lib/cli/status/fleet-status.ts';
import { statusText } from '../../lib/cli/status/status-text.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { clusterWrite } from '../../lib/jobs/records/cluster-records.ts';
import type { ScaleReport } from '../../lib/jobs/scale/scale-round.ts';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { aConfig, aMatch, aPool, aRule, aWorld, round } from '../support/scaling-world.ts';
import { aCliWorld, plainLook, usualConfig } from './cli-world.ts';

describe('a match', () => {
  test('status, plan and incidents tell of what it names', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    const status = (await world.run('status', 'dev-api/*')).out;
    expect(status).toContain('dev-api/workers');
    expect(status).not.toContain('ml/gpu');
    const plan = (await world.json('plan', 'dev-batch')) as Record<'actions' | 'holds', { cluster: string }[]>;
    expect([...plan.actions, ...plan.holds].map(({ cluster }) => cluster)).toEqual(['dev-batch', 'dev-batch']);
    const all = (await world.json('incidents')) as { cluster: string }[];
    const some = (await world.json('incidents', 'dev-batch')) as { cluster: string }[];
    expect(some).toEqual(all.filter(({ cluster }) => cluster === 'dev-batch'));
    expect(some.length).toBeLessThan(all.length);
  });

  test('that names no pool is told by status', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    const said = 'no pool that a rule scales has this name; see: lamplighter clusters';
    expect((await world.run('status', 'dev-apx*')).out).toContain(said);
    expect((await world.run('status', 'dev-api')).out).not.toContain(said);
    expect((await world.run('status')).out).not.toContain(said);
  });

  test('with --why is too much', async () => {
    using world = aCliWorld();
    expect(await world.run('incidents', 'dev-*', '--why', 'abc')).toMatchObject({
      code: 2,
      err: '--why is about one incident: leave out the match\n',
    });
  });
});

describe('a large fleet', () => {
  const names = Array.from({ length: 90 }, (_, i) => `pool-${String(i).padStart(2, '0')}`);
  const rules = [aRule({ match: aMatch('dev/pool-1*'), hash: 'one' }), aRule({ match: aMatch('dev/*'), hash: 'all' })];
  const config = aConfig({ rules, safety: { ...aConfig().safety, brake: { pools: 999, percent: 100 } } });
  const aFleet = () =>
    aWorld(
      '2026-03-02T20:00:00Z',
      names.map((name) => aPool(name, 3)),
      { config },
    );

  test('is told by status in a line for each rule', async () => {
    const world = aFleet();
    round(world);
    const store = makeMemoryStore({ newId: () => 'id' });
    await store.commit([clusterWrite('r1', 'c1', world.record!, undefined)]);
    const status = await fleetStatus(store, config, world.now);
    const text = (isPart: boolean) => statusText(status, config, { ...plainLook, isPart });
    expect(text(false)).toMatch(/^dev\/pool-1\* +10 +0 +0 +10 slot$/m);
    expect(text(false)).toMatch(/^dev\/\* +80 +0 +1 +1 in-flight, 79 slot$/m);
    expect(text(false).split('\n').length).toBeLessThan(15);
    expect(text(true).split('\n').length).toBeGreaterThan(90);
  });

  test('is told by plan in a line for each rule and reason', () => {
    const report: ScaleReport = { plan: round(aFleet()), problems: [], results: [], clusters: 1, pools: 90 };
    const text = roundText(report, config, false, { zone: 'UTC', now: 0 });
    expect(text).toMatch(
      /^holds 10 pools of rule "dev\/pool-1\*" \(slot\), such as dev\/pool-10 3 → 0: waits until pool-\d+ has settled \(one change per cluster at a time\)$/m,
    );
    expect(text).toContain('one line for each pool: lamplighter plan "<match>"');
    expect(text.split('\n').length).toBeLessThan(8);
    expect(
      roundText(report, config, false, { zone: 'UTC', now: 0, isWhole: false }).split('\n').length,
    ).toBeGreaterThan(90);
  });

  test('is told by plan and approve in few lines, whatever many pools come to', async () => {
    const clusters = Array.from({ length: 60 }, (_, i) => ({
      name: `dev-${i + 1}`,
      version: '1.35.0',
      pools: [{ name: 'workers', size: 3 }],
    }));
    using world = aCliWorld('2026-11-23T20:00:00Z', usualConfig.replace('safety: { brake: off }\n', ''));
    const big = createWorld({ clock: world.clock, fleet: { clusters } });
    const parts = { fetch: simulatorApp(big).fetch, env: { MKS_TOKEN: big.token } };
    const run = async (...argv: string[]) => (await world.runWith(parts, ...argv, '--config', world.config)).out;
    await run('run', '--once');
    const approved = await run('approve');
    expect(approved).toMatch(/^ {2}released: and 40 more pools$/m);
    expect(approved).toContain('the new config would lower 60 pools by 180 of 180 nodes');
    expect(approved.split('\n').length).toBeLessThan(45);
    const plan = await run('plan');
    expect(plan).toMatch(/^would scale 60 pools of rule "dev-\*\/\*", such as dev-\d+\/workers 3 → 0 \(schedule /m);
    expect(plan.split('\n').length).toBeLessThan(8);
    expect((await run('plan', 'dev-1*')).match(/^would scale dev-1\d?\/workers 3 → 0 /gm)).toHaveLength(11);
    const done = await run('run', '--once');
    expect(done).toMatch(/^scaled 60 pools of rule "dev-\*\/\*", such as /m);
    expect(done).toContain('one line for each pool: lamplighter history "<match>"');
  });
});
