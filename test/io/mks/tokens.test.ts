import { describe, expect, test } from 'vitest';
import { type LocalServer, sendJson, startServer } from '../../support/local-server.ts';
import { canary, clusterId, makeRegion, poolId, poolJson } from './region.ts';

const newer = 'beef'.repeat(16);
const older = 'dead'.repeat(16);

/** A service that takes these tokens only. */
function accepting(tokens: ReadonlySet<string>): Promise<LocalServer> {
  return startServer((request, response) => {
    if (tokens.has(request.headers.authorization?.replace(/^Token /, '') ?? ''))
      sendJson(response, 200, { ...poolJson, items: [] });
    else sendJson(response, 401, { code: 16, message: 'invalid token', details: [] });
  });
}

test('the token stands in its header', async () => {
  await using server = await accepting(new Set([canary]));
  const { mks } = makeRegion(server.url);
  expect(await mks.listClusters()).toMatchObject({ kind: 'ok', value: [] });
  expect(server.seen[0]).toMatchObject({ path: '/api/v1/cluster', headers: { accept: 'application/json' } });
});

test('a rotated token costs one look and one call', async () => {
  const good = new Set([canary]);
  await using server = await accepting(good);
  const stages = { current: canary, previous: older };
  const { mks, reads } = makeRegion(server.url, { stages });
  expect(await mks.listClusters()).toMatchObject({ kind: 'ok' });
  stages.current = newer;
  good.clear();
  good.add(newer);
  expect(await mks.listClusters()).toMatchObject({ kind: 'ok' });
  expect(await mks.listClusters()).toMatchObject({ kind: 'ok' });
  expect([reads, server.seen.length]).toEqual([['current', 'current'], 4]);
});

describe('when the current value is refused', () => {
  test('the previous one is tried, and kept', async () => {
    await using server = await accepting(new Set([older]));
    const { mks, reads } = makeRegion(server.url, { stages: { current: canary, previous: older } });
    expect(await mks.listClusters()).toMatchObject({ kind: 'ok' });
    expect(await mks.listClusters()).toMatchObject({ kind: 'ok' });
    expect(server.seen.length).toBe(3);
    expect(reads).toEqual(['current', 'current', 'previous']);
  });

  test('both refused: two calls, then unauthorized', async () => {
    await using server = await accepting(new Set());
    const { mks } = makeRegion(server.url, { stages: { current: canary, previous: older } });
    expect(await mks.listClusters()).toMatchObject({ kind: 'unauthorized' });
    expect(server.seen.length).toBe(2);
  });

  test('a whole round does not look again and again', async () => {
    await using server = await accepting(new Set());
    const { mks, reads } = makeRegion(server.url, { stages: { current: canary, previous: older } });
    await Promise.all(Array.from({ length: 20 }, () => mks.listClusters()));
    await Promise.all(Array.from({ length: 20 }, () => mks.listClusters()));
    expect(reads).toEqual(['current', 'current', 'previous']);
  });

  test('half a minute later it is looked up again', async () => {
    await using server = await accepting(new Set([newer]));
    const stages = { current: canary };
    const { mks, clock } = makeRegion(server.url, { stages });
    expect(await mks.listClusters()).toMatchObject({ kind: 'unauthorized' });
    stages.current = newer;
    expect(await mks.listClusters()).toMatchObject({ kind: 'unauthorized' });
    await clock.advance(30_000);
    expect(await mks.listClusters()).toMatchObject({ kind: 'ok' });
  });
});

test('a PUT refused for its token is sent once more', async () => {
  await using server = await accepting(new Set([newer]));
  const { mks, clock } = makeRegion(server.url, { stages: { current: canary, previous: newer } });
  const fresh = { observed: { ...observed }, raw: JSON.stringify(poolJson) };
  expect(await mks.putNodePool(clusterId, fresh, { size: 1 }, clock.now() + 1)).toMatchObject({ kind: 'ok' });
  expect(server.seen.map(({ method }) => method)).toEqual(['PUT', 'PUT']);
});

test('a PUT refused for its token is not sent again after its last instant', async () => {
  const { mks, clock } = makeRegion('https://mks.invalid', {
    stages: { current: canary, previous: newer },
    fetch: async () => {
      await clock.advance(10);
      return Response.json({ code: 16, message: '' }, { status: 401 });
    },
  });
  const fresh = { observed: { ...observed }, raw: JSON.stringify(poolJson) };
  const answer = await mks.putNodePool(clusterId, fresh, { size: 1 }, clock.now() + 5);
  expect(answer).toMatchObject({ kind: 'not-sent', reason: 'too-late' });
});

test('without a token nothing is sent', async () => {
  await using server = await accepting(new Set([canary]));
  const { mks } = makeRegion(server.url, { stages: { current: '"quoted"' } });
  const answer = await mks.listClusters();
  expect(answer).toMatchObject({ kind: 'not-sent', reason: 'no-token' });
  expect(JSON.stringify(answer)).toContain('awsSecret lamplighter/r1 is in quotes');
  expect(server.seen).toEqual([]);
});

test.each([
  [401, 'unauthorized'],
  [403, 'forbidden'],
])('%i in plain text is %s', async (status, kind) => {
  await using server = await startServer((_, response) => response.writeHead(status).end('go away'));
  expect(await makeRegion(server.url).mks.listClusters()).toMatchObject({ kind });
});

const observed = {
  id: poolId,
  name: 'workers',
  status: 'Running',
  autoscale: false,
  size: 3,
  sizeMin: undefined,
  sizeMax: undefined,
  createdAt: undefined,
  updatedAt: undefined,
  errors: [],
};
