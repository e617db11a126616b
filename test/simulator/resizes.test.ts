import { describe, expect, test } from 'vitest';
import { minuteMs, simulated } from './simulated.ts';

async function read(s: ReturnType<typeof simulated>, pool: string) {
  return (await s.call('GET', s.poolPath(pool))).json;
}

describe('a resize', () => {
  test('takes minutes, Scaling meanwhile', async () => {
    const s = simulated();
    const before = await read(s, 'dev-api/workers');
    await s.clock.advance(minuteMs);
    const { status, json } = await s.call('PUT', s.poolPath('dev-api/workers'), { ...before, size: 6 });
    expect(status).toBe(200);
    expect(json).toMatchObject({ size: 6, status: 'Scaling' });
    expect(json.updated_at > before.updated_at).toBe(true);
    await s.clock.advance(4 * minuteMs - 1);
    expect((await read(s, 'dev-api/workers')).status).toBe('Scaling');
    await s.clock.advance(11 * minuteMs + 1);
    const after = await read(s, 'dev-api/workers');
    expect(after).toMatchObject({ size: 6, status: 'Running' });
    expect(after.updated_at > json.updated_at).toBe(true);
  });

  test('ends at its own instant, not at the look', async () => {
    const s = simulated();
    s.world.personResizes('dev-api/workers', { size: 1 });
    const until = s.world.pool('dev-api/workers').until;
    await s.clock.advance(24 * 60 * minuteMs);
    expect(s.world.pool('dev-api/workers')).toMatchObject({ status: 'Running', updatedAt: until });
  });

  test('is 60 times shorter at speed 60', async () => {
    const s = simulated({ speed: 60 });
    const startedAt = s.clock.now();
    s.world.personResizes('dev-api/workers', { size: 1 });
    const until = s.world.pool('dev-api/workers').until ?? 0;
    expect(until - startedAt).toBeGreaterThanOrEqual(2_000);
    expect(until - startedAt).toBeLessThanOrEqual(8_000);
    expect((await read(s, 'dev-api/workers')).updated_at).toContain('2026-11-23T06:00:00');
  });

  test('of bounds alone is Scaling too', async () => {
    const s = simulated();
    const before = await read(s, 'prod-web/workers');
    const { json } = await s.call('PUT', s.poolPath('prod-web/workers'), { ...before, size_max: 12 });
    expect(json).toMatchObject({ status: 'Scaling', size_min: 3, size_max: 12, size: before.size });
  });

  test('brings an autoscaled pool within its new bounds', async () => {
    const s = simulated();
    s.world.personResizes('prod-web/workers', { sizeMin: 0, sizeMax: 0 });
    await s.clock.advance(15 * minuteMs);
    expect(await read(s, 'prod-web/workers')).toMatchObject({ status: 'Running', size: 0 });
  });

  test('that changes nothing stays Running, or not, by choice', async () => {
    const plain = simulated();
    const body = await read(plain, 'dev-api/workers');
    expect((await plain.call('PUT', plain.poolPath('dev-api/workers'), body)).json).toEqual(body);
    const other = simulated({ behaviour: { unchangedPutScales: true } });
    const again = await other.call('PUT', other.poolPath('dev-api/workers'), body);
    expect(again.json.status).toBe('Scaling');
  });
});

describe('a busy cluster', () => {
  test.each([
    [undefined, 400, 9],
    [{ httpStatus: 409, code: 10 } as const, 409, 10],
    [{ httpStatus: 409, code: 9 } as const, 409, 9],
  ])('refuses a second change (%j)', async (busy, status, code) => {
    const s = simulated(busy === undefined ? {} : { behaviour: { busy } });
    s.world.personResizes('dev-api/workers', { size: 6 });
    const answer = await s.call('PUT', s.poolPath('dev-api/build'), { size: 4 });
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ code, message: 'cluster is busy', details: [] });
    expect(s.world.pool('dev-api/build')).toMatchObject({ size: 2, status: 'Running' });
    expect((await s.call('PUT', s.poolPath('ml/system'), { size: 3 })).status).toBe(200);
  });

  test('may show it in its own status', async () => {
    const s = simulated({ behaviour: { clusterStatusWhileScaling: 'Configuring' } });
    const { id } = s.world.cluster('dev-api');
    await s.call('GET', `/cluster/${id}`);
    s.world.personResizes('dev-api/workers', { size: 6 });
    expect((await s.call('GET', `/cluster/${id}`)).json.status).toBe('Configuring');
    await s.clock.advance(15 * minuteMs);
    expect((await s.call('GET', `/cluster/${id}`)).json.status).toBe('Running');
  });
});

describe('refusals', () => {
  test('of 0, or a 0 taken and ignored', async () => {
    const refusing = simulated({ behaviour: { zero: 'refuse' } });
    const refused = await refusing.call('PUT', refusing.poolPath('dev-api/workers'), { size: 0 });
    expect([refused.status, refused.json.code]).toEqual([400, 3]);
    const ignoring = simulated({ behaviour: { zero: 'ignore' } });
    const ignored = await ignoring.call('PUT', ignoring.poolPath('dev-api/workers'), { size: 0 });
    expect(ignored.status).toBe(200);
    expect(ignored.json).toMatchObject({ size: 3, status: 'Running' });
    const taking = simulated();
    const taken = await taking.call('PUT', taking.poolPath('dev-api/workers'), { size: 0 });
    expect(taken.json).toMatchObject({ size: 0, status: 'Scaling' });
  });

  test('of bounds around another size, until one within is sent', async () => {
    const s = simulated({ behaviour: { sizeOutsideBounds: 'refuse', autoscalerMoves: false } });
    const pool = s.poolPath('prod-web/workers');
    const { size } = (await s.call('GET', pool)).json;
    const refused = await s.call('PUT', pool, { size, size_min: 0, size_max: 1 });
    expect([refused.status, refused.json.code]).toEqual([400, 3]);
    const taken = await s.call('PUT', pool, { size: 1, size_min: 0, size_max: 1 });
    expect([taken.status, taken.json.size_max]).toEqual([200, 1]);
    expect((await simulated().call('PUT', pool, { size, size_min: 0, size_max: 1 })).status).toBe(200);
  });

  test('over the quota, for raises only', async () => {
    const s = simulated();
    s.world.setQuota(10);
    const raise = await s.call('PUT', s.poolPath('dev-api/workers'), { size: 4 });
    expect([raise.status, raise.json.code]).toEqual([429, 8]);
    expect((await s.call('PUT', s.poolPath('dev-api/workers'), { size: 1 })).status).toBe(200);
  });

  test.each([[{ size: -1 }], [{ size: 1.5 }], [{ size: 'many' }], [{ labels: [{ value: 'x' }] }], [[]], ['no json']])(
    'of %j as invalid',
    async (body) => {
      const s = simulated();
      const { status, json } = await s.call('PUT', s.poolPath('dev-api/workers'), body);
      expect([status, json.code]).toEqual([400, 3]);
      expect(s.world.pool('dev-api/workers')).toMatchObject({ size: 3, status: 'Running' });
    },
  );

  test('of crossed bounds', async () => {
    const s = simulated();
    const { status } = await s.call('PUT', s.poolPath('prod-web/workers'), { size_min: 9, size_max: 3 });
    expect(status).toBe(400);
  });
});

describe('the tolerant PUT', () => {
  test('takes the body of the command-line client', async () => {
    const s = simulated();
    const path = s.poolPath('dev-api/workers');
    await s.call('PUT', path, { labels: [{ key: 'team', value: 'blue' }] });
    const { json } = await s.call('GET', path);
    const { provider: _, gpu: __, region, ...spec } = json['machine_spec'] as Record<string, unknown>;
    const numbers = { memory: Number(spec['memory']), local_disk_size: Number(spec['local_disk_size']) };
    const body = {
      ...json,
      machine_spec: { ...spec, ...numbers, region_name: region },
      size: 5,
      size_min: 0,
      size_max: 0,
      deleted_at: null,
      something_new: { a: 1 },
    };
    const answer = await s.call('PUT', path, body);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ ...json, size: 5, status: 'Scaling', updated_at: answer.json.updated_at });
  });

  test('never erases what is missing or null', async () => {
    const s = simulated();
    const path = s.poolPath('prod-web/workers');
    const before = (await s.call('GET', path)).json;
    const { json } = await s.call('PUT', path, { size_min: '2', labels: null, taints: null, size: null, name: 'x' });
    expect(json).toEqual({ ...before, size_min: 2, status: 'Scaling', updated_at: json.updated_at });
  });

  test("leaves an autoscaled pool's size alone", async () => {
    const s = simulated();
    const before = (await s.call('GET', s.poolPath('prod-web/workers'))).json;
    const { json } = await s.call('PUT', s.poolPath('prod-web/workers'), { size: 1, size_min: 4 });
    expect(json).toMatchObject({ size: before.size, size_min: 4 });
  });
});

describe('the autoscaler', () => {
  test('moves sizes within their bounds', async () => {
    const s = simulated();
    const sizes = new Set<number>();
    for (let hour = 0; hour < 48; hour += 1) {
      const { size, updatedAt } = s.world.pool('prod-web/workers');
      sizes.add(size);
      expect(size >= 3 && size <= 9 && updatedAt <= s.clock.now()).toBe(true);
      await s.clock.advance(60 * minuteMs);
    }
    expect(sizes.size).toBeGreaterThan(3);
  });
});
