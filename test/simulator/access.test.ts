import { describe, expect, test } from 'vitest';
import { listRoles } from '../../lib/simulator/reply.ts';
import { answered, api, simulated } from './simulated.ts';

describe('tokens', () => {
  test.each([
    ['none', undefined],
    ['another', 'Token ffff'],
    ['no scheme', 'abc'],
    ['another scheme', 'Bearer secret'],
  ])('%s: 401', async (_, authorization) => {
    const { fetch } = simulated({ token: 'secret' });
    const response = await fetch(`${api}/cluster`, authorization === undefined ? {} : { headers: { authorization } });
    const { status, json } = await answered(response);
    expect(status).toBe(401);
    expect(json).toEqual({ code: 16, message: 'unauthenticated', details: [] });
  });

  test('are 64 lower-case hex digits unless given', () => {
    expect(simulated().world.token).toMatch(/^[0-9a-f]{64}$/);
  });

  test('rotate, with or without an overlap', async () => {
    const s = simulated();
    const old = s.world.token;
    s.world.rotateToken(old, 'second', { keepOld: true });
    expect((await s.call('GET', '/region', undefined, old)).status).toBe(200);
    s.world.rotateToken('second', 'third');
    expect((await s.call('GET', '/region', undefined, 'second')).status).toBe(401);
    expect((await s.call('GET', '/region', undefined, 'third')).status).toBe(200);
  });
});

describe('roles', () => {
  test('a list-only token reads and changes nothing', async () => {
    const s = simulated({ roles: listRoles });
    const path = s.poolPath('dev-api/workers');
    const cluster = `/cluster/${s.world.cluster('dev-api').id}`;
    for (const read of ['/cluster', cluster, path, '/kubernetes-version', '/region']) {
      expect((await s.call('GET', read)).status).toBe(200);
    }
    for (const [method, target] of [
      ['PUT', path],
      ['DELETE', path],
      ['PUT', cluster],
      ['DELETE', cluster],
      ['POST', '/cluster'],
      ['POST', `${cluster}/node-pool`],
    ] as const) {
      const { status, json } = await s.call(method, target, {});
      expect([status, json.code]).toEqual([403, 7]);
    }
    expect(s.world.pool('dev-api/workers')).toMatchObject({ size: 3, status: 'Running' });
  });

  test('are lost and given back', async () => {
    const s = simulated();
    s.world.setRoles(s.world.token, ['cluster:list']);
    expect((await s.call('GET', s.poolPath('ml/gpu'))).status).toBe(403);
    s.world.setRoles(s.world.token, 'every');
    expect((await s.call('GET', s.poolPath('ml/gpu'))).status).toBe(200);
  });
});

test.each([
  ['GET', '/cluster/00000000-0000-4000-8000-000000000000', 404],
  ['GET', '/cluster/00000000-0000-4000-8000-000000000000/node-pool', 404],
  ['GET', '/no-such-thing', 404],
  ['PATCH', '/cluster', 405],
])('%s %s: %i', async (method, path, expected) => {
  const { status, json } = await simulated().call(method, path);
  expect(status).toBe(expected);
  expect(json).toMatchObject({ message: expect.any(String), details: [] });
});
