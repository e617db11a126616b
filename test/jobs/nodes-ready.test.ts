import { describe, expect, test } from 'vitest';
import { poolAt } from '../../lib/decide/scaling/memory.ts';
import { settleRecord } from '../../lib/decide/scaling/settle.ts';
import { listClusterRecords, listDecisions } from '../../lib/jobs/records/cluster-records.ts';
import { listRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import { aNight, type Night } from '../support/night-app.ts';
import { aMatch, aRule, at, minute } from '../support/scaling-world.ts';

const rule = aRule({ match: aMatch('prod-web/workers'), base: { min: 3, max: 9 }, idle: { min: 1, max: 3 } });

/** Bounds read back within minutes, nodes come so many minutes after the change. */
function aMorning(nodesMinutes: number, from = '2026-03-02T18:50:00Z'): Night {
  const night = aNight(at(from), { rules: [rule] });
  night.world.behaviour.nodesMinutes = [nodesMinutes, nodesMinutes];
  night.world.behaviour.autoscalerMoves = false;
  return night;
}

async function until(night: Night, instant: string, tickMs = 5 * minute): Promise<void> {
  while (night.clock.now() < at(instant)) {
    await night.app.scale(night.config);
    await night.clock.advance(tickMs);
  }
}

/** Nobody looks at night, when nothing is due. */
async function leap(night: Night, instant: string): Promise<void> {
  await night.clock.advance(at(instant) - night.clock.now());
}

async function lateAt(night: Night): Promise<readonly { severity: string; text: string }[]> {
  const rounds = await listRoundFindings(night.store, 'r1');
  return rounds.flatMap(({ findings }) => findings).filter(({ kind }) => kind === 'pool.late');
}

async function memoryOf(night: Night) {
  const records = [...(await listClusterRecords(night.store, 'r1')).values()].flatMap(({ record }) =>
    Object.values(record.pools),
  );
  return records.find(({ autoscale }) => autoscale);
}

describe('an autoscaled pool is ready when its nodes are there', () => {
  test('bounds of 3 to 9 without their nodes are late, and critical', async () => {
    const night = aMorning(10 * 60);
    await until(night, '2026-03-02T19:30:00Z');
    await leap(night, '2026-03-03T06:50:00Z');
    await until(night, '2026-03-03T07:40:00Z');
    expect(night.world.pool('prod-web/workers')).toMatchObject({ sizeMin: 3, size: 1, status: 'Running' });
    expect(await lateAt(night)).toEqual([]);
    await until(night, '2026-03-03T08:10:00Z');
    expect(await lateAt(night)).toEqual([expect.objectContaining({ severity: 'critical' })]);
    expect((await lateAt(night))[0]?.text).toContain('should have at least 3 nodes and has 1');
    night.world.behaviour.nodesMinutes = [0, 0];
    await leap(night, '2026-03-03T17:30:00Z');
    await until(night, '2026-03-03T18:00:00Z');
    expect(await lateAt(night)).toEqual([]);
  });

  test('nodes that come 12 minutes after the change are learnt as 12 minutes', async () => {
    const night = aMorning(12);
    await until(night, '2026-03-02T19:30:00Z');
    await leap(night, '2026-03-03T06:50:00Z');
    await until(night, '2026-03-03T07:30:00Z', minute);
    const { raisesMs = [], short } = (await memoryOf(night)) ?? {};
    expect(short).toBeUndefined();
    expect(raisesMs).toHaveLength(1);
    expect(raisesMs[0]! / minute).toBeGreaterThanOrEqual(12);
    expect(raisesMs[0]! / minute).toBeLessThan(14);
  });

  test('settling stays: the next pool of the cluster does not wait for nodes', async () => {
    const night = aMorning(60);
    await until(night, '2026-03-02T19:30:00Z');
    await leap(night, '2026-03-03T06:50:00Z');
    await until(night, '2026-03-03T07:20:00Z');
    const [cluster] = [...(await listClusterRecords(night.store, 'r1')).values()].filter(
      ({ record }) => record.cluster === 'prod-web',
    );
    expect(cluster?.record.change).toBeUndefined();
    const done = (await listDecisions(night.store, 'r1')).filter(({ kind }) => kind === 'done');
    expect(done.at(-1)?.reason).toContain('its bounds are set, 2 of 3 nodes are still missing');
  });
});

test('the watch counts the nodes of every pool, also of those that no rule names', async () => {
  const night = aMorning(0);
  const { pools } = await night.app.watch(night.config);
  expect(pools).toContainEqual({
    region: 'r1',
    cluster: 'mgmt',
    pool: 'system',
    nodes: night.world.pool('mgmt/system').size,
  });
});

test('lower bounds under which nodes still run are told as such', () => {
  const now = at('2026-03-02T19:10:00Z');
  const change = { poolId: 'p', from: { min: 3, max: 9 }, to: { min: 1, max: 3 }, claimedAt: now - 5 * minute };
  const pool = { ...poolAt('p', 'workers', { min: 1, max: 3 }), size: 6 };
  const memory = { name: 'workers', autoscale: true };
  const record = {
    schema: 1 as const,
    cluster: 'prod',
    pools: { p: memory },
    change: { ...change, wroteAway: false, reason: '' },
  };
  const { decisions } = settleRecord({
    record,
    region: 'r1',
    clusterId: 'c',
    pools: [pool],
    now,
    stuckAfterMs: 30 * minute,
  });
  expect(decisions[0]?.reason).toBe(
    'done after 300 s; its bounds are set, 6 nodes run until its autoscaler removes them',
  );
});
