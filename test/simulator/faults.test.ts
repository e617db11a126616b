import { describe, expect, test } from 'vitest';
import type { Fault } from '../../lib/simulator/faults.ts';
import { answered, api, minuteMs, simulated } from './simulated.ts';

const blocked = 'The requested URL was rejected. Please consult with your administrator.';

/** The next request meets the fault. */
function faulty(fault: Fault) {
  const s = simulated();
  s.world.failNext(fault);
  const headers = { authorization: `Token ${s.world.token}` };
  const get = (signal?: AbortSignal) => s.fetch(`${api}/cluster`, { headers, ...(signal ? { signal } : {}) });
  const put = () => s.call('PUT', s.poolPath('dev-api/workers'), { size: 6 });
  const size = () => s.world.pool('dev-api/workers').size;
  return { ...s, get, put, size };
}

describe('without an answer', () => {
  test('no connection: refused, nothing applied', async () => {
    const s = faulty({ kind: 'no-connection' });
    await expect(s.put()).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'ECONNREFUSED' } });
    expect(s.size()).toBe(3);
    expect(s.world.requests).toMatchObject([{ status: 'no-connection' }]);
  });

  test.each([
    [true, 6],
    [undefined, 3],
  ])('reset (applied: %s)', async (applied, size) => {
    const s = faulty({ kind: 'reset', ...(applied ? { applied } : {}) });
    await expect(s.put()).rejects.toMatchObject({ cause: { code: 'UND_ERR_SOCKET' } });
    expect(s.size()).toBe(size);
  });

  test('hang: until the client lets go', async () => {
    const s = faulty({ kind: 'hang' });
    const abort = new AbortController();
    let outcome = 'hangs';
    const call = s.get(abort.signal).catch((error: Error) => (outcome = error.message));
    await s.clock.advance(60 * minuteMs);
    expect(outcome).toBe('hangs');
    abort.abort(new Error('timed out'));
    await call;
    expect(outcome).toBe('timed out');
    expect(s.world.requests).toMatchObject([{ status: 'hang' }]);
  });

  test('applied late, long after the 504', async () => {
    const s = faulty({ kind: 'applied-late', afterMs: minuteMs, answer: 504 });
    expect((await s.put()).status).toBe(504);
    expect(s.size()).toBe(3);
    await s.clock.advance(minuteMs);
    expect(s.world.pool('dev-api/workers')).toMatchObject({ size: 6, status: 'Scaling' });
    expect(s.world.requests).toHaveLength(1);
  });
});

describe('with another answer', () => {
  test.each([500, 502, 503, 504])('%i before and after applying', async (status) => {
    const before = faulty({ kind: 'status', status });
    expect((await before.put()).status).toBe(status);
    expect(before.size()).toBe(3);
    const after = faulty({ kind: 'status', status, applied: true });
    expect((await after.put()).status).toBe(status);
    expect(after.size()).toBe(6);
  });

  test('a status with an error, a page, or nothing', async () => {
    const error = await answered(await faulty({ kind: 'status', status: 503 }).get());
    expect(error.json).toEqual({ code: 14, message: 'upstream connect error', details: [] });
    const page = await answered(await faulty({ kind: 'status', status: 502, body: 'html' }).get());
    expect([page.headers.get('content-type'), page.text.startsWith('<html>')]).toEqual(['text/html', true]);
    const nothing = await answered(await faulty({ kind: 'status', status: 500, body: 'empty' }).get());
    expect(nothing.text).toBe('');
  });

  test.each(['86400', 'Wed, 25 Nov 2026 06:00:00 GMT', 'soon', undefined])(
    '429, Retry-After: %s',
    async (retryAfter) => {
      const s = faulty({ kind: 'rate-limited', ...(retryAfter === undefined ? {} : { retryAfter }) });
      const { status, headers, json } = await s.put();
      expect([status, json.code, headers.get('retry-after')]).toEqual([429, 8, retryAfter ?? null]);
      expect(s.size()).toBe(3);
    },
  );

  test.each([200, 401, 403] as const)('the block page with %i', async (status) => {
    const { text, headers, ...answer } = await answered(await faulty({ kind: 'block-page', status }).get());
    expect(answer.status).toBe(status);
    expect(headers.get('content-type')).toBe('text/html');
    expect(text).toContain(blocked);
    expect(text).toMatch(/support ID is: \d{10,}/);
  });

  test('a redirect', async () => {
    const { status, headers } = await faulty({ kind: 'redirect', location: 'https://elsewhere.example/' }).get();
    expect([status, headers.get('location')]).toEqual([302, 'https://elsewhere.example/']);
  });
});

describe('with a broken body', () => {
  test('cut off, properly ended', async () => {
    const text = await (await faulty({ kind: 'cut-off', end: 'clean' }).get()).text();
    expect(text.startsWith('{"items":[{')).toBe(true);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  });

  test('cut off, connection broken', async () => {
    const response = await faulty({ kind: 'cut-off', end: 'reset' }).get();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('huge, made while it is read', async () => {
    const whole = await (await faulty({ kind: 'huge', bytes: 200_000 }).get()).text();
    expect(whole).toHaveLength(200_000);
    expect(JSON.parse(whole)).toHaveProperty('padding');
    const response = await faulty({ kind: 'huge', declared: true }).get();
    expect(response.headers.get('content-length')).toBe('1000000000');
    const reader = response.body?.getReader();
    for (let chunk = 0; chunk < 10; chunk += 1) await reader?.read();
    await reader?.cancel();
  });

  test('dripping by the world’s clock', async () => {
    const s = faulty({ kind: 'slow-drip', everyMs: 1000, bytes: 1000 });
    let text = '';
    const reading = s.get().then(async (response) => (text = await response.text()));
    await s.clock.advance(500);
    expect(text).toBe('');
    await s.clock.advance(minuteMs);
    await reading;
    expect((JSON.parse(text) as { items: unknown[] }).items).toHaveLength(6);
  });

  test('dripping until the client lets go', async () => {
    const s = faulty({ kind: 'slow-drip', everyMs: 1000 });
    const abort = new AbortController();
    const response = await s.get(abort.signal);
    const reading = response.text();
    abort.abort(new Error('timed out'));
    await expect(reading).rejects.toThrow('timed out');
  });

  test('late by the world’s clock', async () => {
    const s = faulty({ kind: 'delay', ms: 5000 });
    let status = 0;
    const call = s.put().then((answer) => (status = answer.status));
    await s.clock.advance(0);
    await s.clock.advance(4999);
    expect(status).toBe(0);
    await s.clock.advance(1);
    await call;
    expect(status).toBe(200);
  });
});

describe('with untrue data', () => {
  test('stale: as it was some time ago', async () => {
    const s = simulated();
    const path = s.poolPath('dev-api/workers');
    const before = await s.call('GET', path);
    await s.clock.advance(minuteMs);
    await s.call('PUT', path, { size: 6 });
    s.world.failNext({ kind: 'stale', byMs: 1000 }, { times: 2 });
    expect((await s.call('GET', path)).text).toBe(before.text);
    expect((await s.call('GET', path.replace(/\/[^/]*$/, ''))).json.items[0]).toEqual(before.json);
    expect((await s.call('GET', path)).json.size).toBe(6);
  });

  test('stale clusters, errors asked for or not', async () => {
    const s = simulated();
    const path = `/cluster/${s.world.cluster('ml').id}`;
    await s.clock.advance(minuteMs);
    s.world.setClusterError('ml', 'etcd lost its quorum');
    s.world.failNext({ kind: 'stale', byMs: 1000 }, { times: 2 });
    expect((await s.call('GET', `${path}?extraFields=errors`)).json).toMatchObject({ status: 'Running', errors: [] });
    expect((await s.call('GET', '/cluster')).json.items.map((item) => item.status)).not.toContain('Error');
    expect((await s.call('GET', `${path}?extraFields=errors`)).json.errors).toHaveLength(1);
  });

  test('stale lists miss what is new and show what is gone', async () => {
    const s = simulated();
    await s.clock.advance(minuteMs);
    const list = s.poolPath('dev-api/workers').replace(/\/[^/]*$/, '');
    s.world.removePool('dev-api/workers');
    s.world.addPool('dev-api', { name: 'fresh', size: 1 });
    s.world.failNext({ kind: 'stale', byMs: 1000 });
    const names = async () => (await s.call('GET', list)).json.items.map((item) => item.name);
    expect(await names()).toEqual(['build', 'workers']);
    expect(await names()).toEqual(['build', 'fresh']);
  });

  test('a list without one item', async () => {
    const { json } = await answered(await faulty({ kind: 'omit', item: 'ml' }).get());
    expect(json.items.map((item) => item.name)).not.toContain('ml');
    expect(json.items).toHaveLength(5);
  });

  test('another shape', async () => {
    expect((await answered(await faulty({ kind: 'wrong-shape' }).get())).json).toEqual({ items: { id: 7 } });
    const chosen = await answered(await faulty({ kind: 'wrong-shape', body: [] }).get());
    expect(chosen.text).toBe('[]');
  });

  test('a status nobody knows, a size or labels left out', async () => {
    const s = simulated();
    s.world.failNext({ kind: 'unknown-status', status: 'Hibernating' });
    expect((await s.call('GET', s.poolPath('ml/system'))).json.status).toBe('Hibernating');
    s.world.failNext({ kind: 'absent-size' });
    const { json } = await s.call('GET', s.poolPath('ml/system'));
    expect('size' in json).toBe(false);
    expect(json.labels).toEqual([]);
    s.world.failNext({ kind: 'absent-labels' });
    const unlabelled = await s.call('GET', s.poolPath('ml/system'));
    expect(['labels' in unlabelled.json, 'size' in unlabelled.json]).toEqual([false, true]);
  });

  test('no refusal is made up', async () => {
    const s = simulated();
    s.world.failNext({ kind: 'wrong-shape' });
    expect((await s.call('GET', '/cluster', undefined, 'wrong')).json.code).toBe(16);
  });
});

describe('the hook', () => {
  test('is told about each request, and answers for it', async () => {
    const seen: unknown[] = [];
    const s = simulated({
      fault: (request) => {
        seen.push(request);
        return request.method === 'PUT' ? { kind: 'status', status: 503 } : undefined;
      },
    });
    const { clusterId, id } = s.world.pool('dev-api/workers');
    expect((await s.call('GET', '/cluster')).status).toBe(200);
    expect((await s.call('PUT', s.poolPath('dev-api/workers'), { size: 6 })).status).toBe(503);
    const path = `/api/v1/cluster/${clusterId}/node-pool/${id}`;
    expect(seen).toMatchObject([
      { number: 1, method: 'GET', path: '/api/v1/cluster', clusterId: undefined },
      { number: 2, method: 'PUT', path, clusterId, poolId: id },
    ]);
  });

  test('fails the next matching ones only', async () => {
    const s = simulated();
    s.world.failNext({ kind: 'status', status: 503 }, { method: 'GET', path: 'node-pool', times: 2 });
    const statuses = [];
    for (const path of ['/cluster', s.poolPath('ml/gpu'), s.poolPath('ml/gpu'), s.poolPath('ml/gpu')]) {
      statuses.push((await s.call('GET', path)).status);
    }
    expect(statuses).toEqual([200, 503, 503, 200]);
  });
});

test('the Date header follows the world, or lies by choice', async () => {
  const s = simulated({ behaviour: { dateSkewMs: 90_000 } });
  const { headers } = await s.call('GET', '/region');
  expect(headers.get('date')).toBe('Mon, 23 Nov 2026 06:01:30 GMT');
});
