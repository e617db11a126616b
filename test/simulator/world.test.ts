import { describe, expect, test } from 'vitest';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { makeVirtualClock } from '../support/virtual-clock.ts';
import { minuteMs, simulated } from './simulated.ts';

const nightMs = 12 * 60 * minuteMs;

async function story(seed: number): Promise<string> {
  const s = simulated({ seed });
  const texts: string[] = [];
  for (let step = 0; step < 12; step += 1) {
    s.world.personResizes('dev-api/workers', { size: step % 5 });
    texts.push((await s.call('GET', '/cluster')).text);
    for (const cluster of s.world.clusters())
      texts.push((await s.call('GET', `/cluster/${cluster.id}/node-pool`)).text);
    await s.clock.advance(7 * minuteMs);
  }
  return texts.join('\n');
}

describe('determinism', () => {
  test('equal seeds, equal answers', async () => {
    expect(await story(7)).toBe(await story(7));
    expect(await story(7)).not.toBe(await story(8));
  });

  test('what is does not depend on who looked', async () => {
    const [idle, watched] = [simulated(), simulated()];
    for (const s of [idle, watched]) s.world.personResizes('dev-api/workers', { size: 9 });
    for (let minute = 0; minute < 60; minute += 1) {
      await watched.clock.advance(minuteMs);
      watched.world.pool('dev-api/workers');
    }
    await idle.clock.advance(60 * minuteMs);
    expect(idle.world.pool('dev-api/workers')).toEqual(watched.world.pool('dev-api/workers'));
    expect(idle.world.pool('prod-web/workers').size).toBe(watched.world.pool('prod-web/workers').size);
  });
});

describe('a large fleet', () => {
  test('is 1,000 clusters of three pools', () => {
    const world = createWorld({ clock: makeVirtualClock(), fleet: 'large' });
    expect(world.clusters()).toHaveLength(1000);
    expect(new Set(world.clusters().flatMap((cluster) => cluster.pools.map((pool) => pool.id))).size).toBe(3000);
  });
});

describe('upgrades', () => {
  test('by PUT of another version, Upgrading for minutes', async () => {
    const s = simulated();
    const path = `/cluster/${s.world.cluster('dev-batch').id}`;
    const cluster = (await s.call('GET', path)).json;
    const versions = (await s.call('GET', '/kubernetes-version')).json.items;
    const version = versions.find((each) => each['version'] === '1.34.2');
    const { json } = await s.call('PUT', path, { ...cluster, version });
    expect(json.status).toBe('Upgrading');
    expect((await s.call('PUT', s.poolPath('dev-batch/workers'), { size: 1 })).json.message).toBe('cluster is busy');
    expect(s.world.pool('dev-batch/workers').status).toBe('Upgrading');
    await s.clock.advance(40 * minuteMs);
    expect(s.world.cluster('dev-batch')).toMatchObject({ status: 'Running', version: '1.34.2' });
    expect((await s.call('GET', s.poolPath('dev-batch/workers'))).json.status).toBe('Running');
  });

  test('to an unknown version is refused', async () => {
    const s = simulated();
    const { status } = await s.call('PUT', `/cluster/${s.world.cluster('ml').id}`, { version: { id: 'none' } });
    expect(status).toBe(400);
  });
});

describe('creation and deletion', () => {
  test('a deleted cluster stays listed, then is 404', async () => {
    const s = simulated();
    const path = `/cluster/${s.world.cluster('ml').id}`;
    expect((await s.call('DELETE', path)).status).toBe(200);
    expect((await s.call('GET', path)).json.status).toBe('Deleting');
    await s.clock.advance(6 * minuteMs);
    expect((await s.call('GET', path)).status).toBe(404);
    expect((await s.call('GET', '/cluster')).json.items).toHaveLength(5);
  });

  test('a pool comes and goes', async () => {
    const s = simulated();
    const pools = `/cluster/${s.world.cluster('ml').id}/node-pool`;
    const spec = s.world.state.machineSpecs[2]?.id;
    const body = { name: 'extra', size: 2, size_min: 0, size_max: 0, autoscale: false, machine_spec: { id: spec } };
    const created = await s.call('POST', pools, body);
    expect(created.json).toMatchObject({ name: 'extra', size: 2, status: 'Creating' });
    await s.clock.advance(10 * minuteMs);
    const path = `${pools}/${created.json.id}`;
    expect((await s.call('GET', path)).json.status).toBe('Running');
    expect((await s.call('DELETE', path)).status).toBe(200);
    expect((await s.call('GET', path)).json.status).toBe('Deleting');
    await s.clock.advance(6 * minuteMs);
    expect((await s.call('GET', path)).status).toBe(404);
  });

  test('a recreated pool has another id', () => {
    const s = simulated();
    const before = s.world.pool('dev-api/workers');
    const after = s.world.recreatePool('dev-api/workers');
    expect(after).toMatchObject({ name: 'workers', size: 3, status: 'Creating' });
    expect(after.id).not.toBe(before.id);
  });
});

describe('trouble', () => {
  test("shows a cluster's errors only when asked", async () => {
    const s = simulated();
    const path = `/cluster/${s.world.cluster('ml').id}`;
    s.world.setClusterError('ml', 'etcd lost its quorum');
    expect((await s.call('GET', path)).json).toMatchObject({ status: 'Error', errors: [] });
    for (const name of ['extraFields', 'extra_fields']) {
      const asked = await s.call('GET', `${path}?${name}=errors`);
      expect(asked.json.errors).toEqual([{ created_at: expect.any(String), msg: 'etcd lost its quorum' }]);
    }
    s.world.clearClusterError('ml');
    expect((await s.call('GET', path)).json.status).toBe('Running');
  });

  test('a stuck resize never ends until it is freed', async () => {
    const s = simulated();
    s.world.makeStuck('dev-api/workers');
    s.world.personResizes('dev-api/workers', { size: 1 });
    await s.clock.advance(nightMs);
    expect(s.world.pool('dev-api/workers').status).toBe('Scaling');
    s.world.unstick('dev-api/workers');
    expect(s.world.pool('dev-api/workers').status).toBe('Running');
  });

  test('a resize under way can get stuck', async () => {
    const s = simulated();
    s.world.personResizes('dev-api/workers', { size: 1 });
    s.world.makeStuck('dev-api/workers');
    await s.clock.advance(nightMs);
    expect(s.world.pool('dev-api/workers').status).toBe('Scaling');
  });

  test('a resize can fail', async () => {
    const s = simulated();
    s.world.failNextResize('dev-api/workers', 'no valid host');
    s.world.personResizes('dev-api/workers', { size: 6 });
    await s.clock.advance(15 * minuteMs);
    expect(s.world.pool('dev-api/workers')).toMatchObject({ status: 'Error', errors: ['no valid host'] });
    s.world.clearPoolError('dev-api/workers');
    expect(s.world.pool('dev-api/workers').status).toBe('Running');
  });

  test('a version may end at any text, or at none', async () => {
    const s = simulated();
    const path = `/cluster/${s.world.cluster('ml').id}`;
    await s.call('GET', path);
    s.world.setEol('1.34.2', '0001-01-01T00:00:00Z');
    expect((await s.call('GET', path)).json['version']).toMatchObject({ eol: '0001-01-01T00:00:00Z' });
    s.world.setEol('1.34.2', undefined);
    expect((await s.call('GET', path)).json['version']).not.toHaveProperty('eol');
    s.world.setEol('1.34.2', Date.UTC(2027, 0, 1));
    expect((await s.call('GET', path)).json['version']).toMatchObject({ eol: '2027-01-01T00:00:00Z' });
  });

  test('names change, kinds change, statuses nobody knows appear', async () => {
    const s = simulated();
    s.world.renameCluster('ml', 'machine learning');
    s.world.toggleAutoscale('machine learning/system', { min: 1, max: 5 });
    expect(s.world.pool('machine learning/system')).toMatchObject({ autoscale: true, sizeMin: 1, sizeMax: 5 });
    s.world.showPoolStatus('mgmt/system', 'Awaiting Network');
    expect((await s.call('GET', s.poolPath('mgmt/system'))).json.status).toBe('Awaiting Network');
  });
});

describe('the recorder', () => {
  test('keeps the last requests, bodies of writes, no token', async () => {
    const s = simulated({ keepRequests: 3 });
    for (let call = 0; call < 20; call += 1) await s.call('GET', '/cluster?orderBy=');
    await s.call('PUT', s.poolPath('dev-api/workers'), { size: 4 });
    expect(s.world.requests.length).toBeLessThanOrEqual(6);
    expect(s.world.requests.at(-1)).toMatchObject({ number: 21, method: 'PUT', status: 200, body: '{"size":4}' });
    expect(s.world.requests.at(-2)).toMatchObject({ path: '/api/v1/cluster', query: '?orderBy=', body: undefined });
    expect(JSON.stringify(s.world.requests)).not.toContain(s.world.token);
    s.world.forgetRequests();
    expect(s.world.requests).toHaveLength(0);
  });
});
