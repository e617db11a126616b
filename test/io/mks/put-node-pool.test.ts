import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patchMembers } from '../../../lib/io/mks/patch-members.ts';
import { sendJson, startServer } from '../../support/local-server.ts';
import { clusterId, makeRegion, poolId, poolJson } from './region.ts';

/** Key order, spacing, digits beyond 2^53, escapes, unknown and doubled keys: all of it is somebody's. */
const odd = `{ "z": 9007199254740993123, "1":1.50e+3,"id":"${poolId}",
  "name":"w\\u00f6rkers \\"x\\"", "status":"Running","autoscale":false, "size" : 3 ,"size_min":null,"labels":[{"key":"a","value":"}"}],
  "later":{"size":99,"deep":[[{"size_min":7}]]},"__proto__":{"a":1},"dup":1,"dup":2, "empty":{} }`;

describe('a PUT', () => {
  test('is the pool as read, with the sizes changed', async () => {
    await using server = await startServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(request.method === 'GET' ? odd : request.body);
    });
    const { mks, clock } = makeRegion(server.url);
    const fresh = await mks.getNodePool(clusterId, poolId);
    if (fresh.kind !== 'ok') throw new Error(fresh.detail);
    const answer = await mks.putNodePool(clusterId, fresh.value, { size: 0, size_max: 5 }, clock.now() + 1);
    const sent = server.seen[1];
    expect(sent?.body).toBe(odd.replace('"size" : 3', '"size" : 0').replace('"empty":{}', '"empty":{},"size_max":5'));
    expect(sent?.path).toBe(`/api/v1/cluster/${clusterId}/node-pool/${poolId}`);
    expect(sent?.headers['content-type']).toBe('application/json');
    expect(answer).toMatchObject({ kind: 'ok', value: { size: 0, sizeMax: 5 } });
  });

  test('is not sent at or after its last instant', async () => {
    await using server = await startServer((_, response) => sendJson(response, 200, poolJson));
    const { mks, clock } = makeRegion(server.url);
    const answer = await mks.putNodePool(clusterId, await freshOf(mks), { size: 1 }, clock.now());
    expect(answer).toMatchObject({ kind: 'not-sent', reason: 'too-late' });
    expect(server.seen.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test.each([
    [{ size: -1 }],
    [{ size: 1.5 }],
    [{ size: Number.NaN }],
    [{ size_min: 4, size_max: 3 }],
    [{ size_min: 10 }],
  ])('with %o is a mistake, and nothing is sent', async (owned) => {
    await using server = await startServer((_, response) => sendJson(response, 200, { ...poolJson, size_max: 9 }));
    const { mks } = makeRegion(server.url);
    const fresh = await freshOf(mks);
    await expect(mks.putNodePool(clusterId, fresh, owned, Number.MAX_SAFE_INTEGER)).rejects.toThrow(RangeError);
    expect(server.seen.length).toBe(1);
  });

  test('takes names that need escaping into its path', async () => {
    await using server = await startServer((_, response) => sendJson(response, 404, { code: 5, message: '' }));
    await makeRegion(server.url).mks.getNodePool('a/../b', '?x');
    expect(server.seen[0]?.path).toBe('/api/v1/cluster/a%2F..%2Fb/node-pool/%3Fx');
  });
});

describe('changing members of a text', () => {
  test.each([
    ['{}', { size: 1 }, '{"size":1}'],
    ['{ }', { size: 1 }, '{"size":1 }'],
    ['{"a":1}', {}, '{"a":1}'],
    ['{"size":null}', { size: 0 }, '{"size":0}'],
    ['{"size":1,"size":2}', { size: 7 }, '{"size":7,"size":7}'],
    ['{"si\\u007ae":1}', { size: 7 }, '{"si\\u007ae":7}'],
    ['{"a":"}\\\\","size":1}', { size: 2 }, '{"a":"}\\\\","size":2}'],
    ['\n{"size"\t:\r1\n}\n', { size: 22, size_min: 1 }, '\n{"size"\t:\r22,"size_min":1\n}\n'],
  ])('%s with %o', (text, changes, expected) => {
    expect(patchMembers(text, changes)).toBe(expected);
  });

  const sizes = fc.record({ size: fc.nat(99), size_min: fc.nat(99), size_max: fc.nat(99) }, { requiredKeys: [] });
  const values = fc.jsonValue({ maxDepth: 4 });
  const keys = fc.oneof(fc.string(), fc.constantFrom('size', 'size_min', 'size_max', '__proto__', '7'));

  test('leaves everything else as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, values)), sizes, fc.constantFrom(0, 2, '\t'), (entries, changes, indent) => {
        const object = Object.fromEntries(entries);
        const patched = patchMembers(JSON.stringify(object, null, indent), changes);
        expect(JSON.parse(patched)).toEqual(JSON.parse(JSON.stringify({ ...object, ...changes })));
        expect(withoutSizes(patched)).toBe(withoutSizes(JSON.stringify(object, null, indent)));
      }),
    );
  });

  test('keeps numbers no double can hold', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(50), (big, size) => {
        const text = `{"a":${big},"size":1,"b":[${big}e5,{"size":${big}}]}`;
        expect(patchMembers(text, { size })).toBe(text.replace('"size":1,', `"size":${size},`));
      }),
    );
  });
});

function withoutSizes(text: string): string {
  const entries = Object.entries(JSON.parse(text) as object);
  return JSON.stringify(entries.filter(([key]) => !['size', 'size_min', 'size_max'].includes(key)));
}

async function freshOf(mks: ReturnType<typeof makeRegion>['mks']) {
  const fresh = await mks.getNodePool(clusterId, poolId);
  if (fresh.kind !== 'ok') throw new Error(fresh.detail);
  return fresh.value;
}
