import { describe, expect, test } from 'vitest';
import { readInstant } from '../../../lib/io/mks/instants.ts';
import { sendJson, startServer } from '../../support/local-server.ts';
import { clusterId, clusterJson, makeRegion, poolId, poolJson } from './region.ts';

const machineSpec2025 = { name: 'eo2a.large', region: 'WAW4-1', cpu: 2, memory: '7632', local_disk_size: '32' };
const machineSpec2026 = { name: 'eo2a.large', cpu: 2, memory: '7632', local_disk_size: '32', gpu: 'NONE' };

async function listClusters(body: unknown) {
  await using server = await startServer((_, response) => sendJson(response, 200, body));
  return await makeRegion(server.url).mks.listClusters();
}

async function getPool(more: object) {
  await using server = await startServer((_, response) => sendJson(response, 200, { ...poolJson, ...more }));
  const answer = await makeRegion(server.url).mks.getNodePool(clusterId, poolId);
  return answer.kind === 'ok' ? answer.value.observed : answer.kind === 'unknown' ? answer.reason : answer.kind;
}

describe('clusters', () => {
  test.each([
    ['2025', { organisation_id: 'x', control_plane: { custom: { size: 3, machine_spec: machineSpec2025 } } }],
    ['2026', { phase: '', health: null, control_plane: { custom: { size: 1, machine_spec: machineSpec2026 } } }],
  ])('of the service of %s', async (_, more) => {
    const version = { id: 'v1', version: '1.32.6', eol: '2025-12-27T23:00:00Z', info: '', is_active: true };
    const item = { ...clusterJson, ...more, created_at: '2026-02-12T11:09:05.046651Z', errors: [], version };
    const answer = await listClusters({ items: [item], total: 1 });
    expect(answer).toMatchObject({
      kind: 'ok',
      value: [
        {
          region: 'r1',
          name: 'dev one',
          createdAt: Date.UTC(2026, 1, 12, 11, 9, 5, 46),
          updatedAt: undefined,
          version: { id: 'v1', version: '1.32.6', eol: Date.UTC(2025, 11, 27, 23) },
          errors: [],
        },
      ],
    });
  });

  test.each([
    ['missing', undefined],
    ['null', null],
    ['a text', '1.32'],
    ['without an id', { version: '1.32' }],
  ])('with a version that is %s have none', async (_, version) => {
    const answer = await listClusters({ items: [{ ...clusterJson, version }] });
    expect(answer).toMatchObject({ kind: 'ok', value: [{ version: undefined }] });
  });

  test.each([
    ['no items', {}],
    ['items null', { items: null }],
    ['items an object', { items: {} }],
    ['a text among them', { items: [clusterJson, 'x'] }],
    ['one without a name', { items: [clusterJson, { ...clusterJson, name: '' }] }],
    ['one with a path as id', { items: [{ ...clusterJson, id: '../x' }] }],
    ['a bare list', [clusterJson]],
  ])('with %s are unknown, never fewer', async (_, body) => {
    expect(await listClusters(body)).toMatchObject({ kind: 'unknown', reason: 'wrong-shape' });
  });

  test('the place of a wrong shape is told, not its value', async () => {
    const answer = await listClusters({ items: [clusterJson, { ...clusterJson, status: 77_123 }] });
    expect(answer.kind === 'unknown' && answer.detail).toContain('items.1.status');
    expect(JSON.stringify(answer)).not.toContain('77');
  });

  test('errors are asked for with one cluster', async () => {
    await using server = await startServer((_, response) => sendJson(response, 200, clusterJson));
    await makeRegion(server.url).mks.getCluster(clusterId);
    expect(server.seen[0]?.path).toBe(`/api/v1/cluster/${clusterId}?extraFields=errors`);
  });
});

describe('errors', () => {
  test.each([
    [undefined, []],
    [null, []],
    [[], []],
    [['no capacity', ''], ['no capacity']],
    ['no capacity', ['no capacity']],
    [[{ created_at: '2026-01-01T00:00:00Z', msg: 'quota' }], ['quota']],
    [
      [{ message: 'm' }, { error: 'e' }, { code: 7 }],
      ['m', 'e', '{"code":7}'],
    ],
    [[7, null], ['7']],
  ])('%o', async (given, expected) => {
    expect(await getPool({ errors: given })).toMatchObject({ errors: expected });
  });

  test('are cut to what a message can hold', async () => {
    const pool = await getPool({ errors: Array.from({ length: 50 }, () => 'x'.repeat(10_000)) });
    expect(typeof pool === 'object' && pool.errors.map((each) => each.length)).toEqual(
      Array.from({ length: 20 }, () => 500),
    );
  });
});

describe('sizes', () => {
  test.each([
    [{ size: 0 }, { size: 0 }],
    [{ size: '12' }, { size: 12 }],
    [{ size: undefined }, { size: undefined }],
    [{ size: null }, { size: undefined }],
    [
      { size_min: 0, size_max: 4, autoscale: true },
      { sizeMin: 0, sizeMax: 4, autoscale: true },
    ],
    [{ autoscale: undefined }, { autoscale: false }],
  ])('%o', async (given, expected) => {
    expect(await getPool(given)).toMatchObject(expected);
  });

  test.each([
    [{ size: -1 }],
    [{ size: 1.5 }],
    [{ size: 'many' }],
    [{ size: {} }],
    [{ size: 1e300 }],
    [{ autoscale: 'yes' }],
  ])('%o cannot be read', async (given) => {
    expect(await getPool(given)).toBe('wrong-shape');
  });

  test.each([
    ['running', 'Running'],
    ['AwaitingNetwork', 'Awaiting Network'],
    ['AWAITING_NETWORK', 'Awaiting Network'],
    ['configuring', 'Configuring'],
  ])('the status %s is spelled %s', async (status, spelled) => {
    expect(await getPool({ status })).toMatchObject({ status: spelled });
  });

  test('an unknown status is taken as it is', async () => {
    expect(await getPool({ status: 'Hibernating' })).toMatchObject({ status: 'Hibernating' });
  });
});

test.each([
  ['2025-12-27T23:00:00Z', Date.UTC(2025, 11, 27, 23)],
  ['2025-05-28T18:51:27.834341184Z', Date.UTC(2025, 4, 28, 18, 51, 27, 834)],
  ['2025-05-28T18:51:27.8Z', Date.UTC(2025, 4, 28, 18, 51, 27, 800)],
  ['2025-12-27T23:00:00+02:00', Date.UTC(2025, 11, 27, 21)],
  ['2025-12-27T23:00:00', Date.UTC(2025, 11, 27, 23)],
  ['2025-12-27', Date.UTC(2025, 11, 27)],
  ['0001-01-01T00:00:00Z', undefined],
  ['1970-01-01T00:00:00Z', undefined],
  ['3000-01-01T00:00:00Z', undefined],
  ['9999-12-31T23:59:59Z', undefined],
  ['2025-02-30', undefined],
  ['2025-13-01', undefined],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
  [undefined, undefined],
  [1_766_876_400, undefined],
])('the instant %o', (text, expected) => {
  expect(readInstant(text)).toBe(expected);
});

test("the server's date comes with the answer", async () => {
  await using server = await startServer((_, response) => {
    sendJson(response, 200, { items: [] }, { date: 'Mon, 23 Nov 2026 06:00:00 GMT' });
  });
  const { mks, clock } = makeRegion(server.url);
  expect(await mks.listVersions()).toMatchObject({ serverDate: Date.UTC(2026, 10, 23, 6), answeredAt: clock.now() });
});
