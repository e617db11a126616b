import { expect, test } from 'vitest';
import { makeRunMetrics } from '../../lib/cli/run/prometheus-metrics.ts';
import { aCliWorld } from './cli-world.ts';

test('status shows how many nodes a pool has, beside its bounds', async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  const gpu = world.world.pool('ml/gpu');
  const { out } = await world.run('status');
  expect(out).toMatch(/^pool +seen +nodes +wanted +base/m);
  expect(out).toMatch(new RegExp(`^ml/gpu +0\\.\\.4 +${gpu.size} `, 'm'));
  const { pools } = (await world.json('status')) as {
    pools: { cluster: string; pool: string; nodes: number | null }[];
  };
  expect(pools.find(({ cluster, pool }) => cluster === 'ml' && pool === 'gpu')?.nodes).toBe(gpu.size);
  expect((await world.run('explain', 'ml/gpu')).out).toMatch(new RegExp(`^  nodes     ${gpu.size}$`, 'm'));
  expect(pools.find(({ pool }) => pool === 'build')?.nodes).toBe(world.world.pool('dev-api/build').size);
});

test('metrics have the nodes of every pool, and of none that is gone', async () => {
  const metrics = makeRunMetrics();
  metrics.showNodes([{ region: 'r1', cluster: 'mgmt', pool: 'system', nodes: 3 }]);
  expect((await metrics.render()).text).toContain('lamplighter_pool_nodes{region="r1",cluster="mgmt",pool="system"} 3');
  metrics.showNodes([]);
  expect((await metrics.render()).text).not.toContain('mgmt');
});
