import { describe, expect, test } from 'vitest';
import { readTrouble, troubleKinds } from '../../lib/simulator/trouble.ts';
import { answered, minuteMs, type Simulated, simulated } from './simulated.ts';

const ask = async ({ fetch }: Simulated, method: string, body?: string) =>
  answered(await fetch('http://simulated/trouble', { method, ...(body !== undefined && { body }) }));

async function statusOf(one: Simulated, cluster: string): Promise<string | undefined> {
  const { json } = await one.call('GET', '/cluster');
  return json.items.find(({ name }) => name === cluster)?.status;
}

describe('trouble that is asked for', () => {
  test('begins and ends when it was asked to', async () => {
    const one = simulated({ speed: 60 });
    expect(await ask(one, 'POST', 'cluster-error:prod-web@2m-5m\n')).toMatchObject({ status: 200 });
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 6; i += 1) {
      seen.push(await statusOf(one, 'prod-web'));
      await one.clock.advance(minuteMs);
    }
    expect(seen).toEqual(['Running', 'Running', 'Error', 'Error', 'Error', 'Running']);
  });

  test('of a pool is seen at the pool', async () => {
    const one = simulated();
    await ask(one, 'POST', 'pool-error:dev-api/workers');
    expect((await one.call('GET', one.poolPath('dev-api/workers'))).json.status).toBe('Error');
    expect((await one.call('GET', one.poolPath('dev-api/build'))).json.status).toBe('Running');
  });

  test.each([
    ['401', 401],
    ['429', 429],
    ['503', 503],
    ['html', 200],
  ])('%s is what the whole API answers, until all trouble is ended', async (kind, status) => {
    const one = simulated();
    await ask(one, 'POST', kind);
    const answer = await one.call('GET', '/cluster');
    expect(answer.status).toBe(status);
    expect(answer.json.items).toBeUndefined();
    expect((await ask(one, 'GET')).text).toContain(`${kind} (asked for at `);
    expect((await ask(one, 'DELETE')).status).toBe(200);
    expect((await one.call('GET', '/cluster')).json.items).toHaveLength(6);
    expect((await ask(one, 'GET')).text).toContain('no trouble is played');
  });

  test('clock: its answers are dated half a day ahead', async () => {
    const one = simulated();
    await ask(one, 'POST', 'clock');
    const { headers } = await one.call('GET', '/cluster');
    expect(Date.parse(headers.get('date') ?? '') - one.clock.now()).toBeCloseTo(12 * 60 * minuteMs, -4);
  });

  test('slow: the answer comes, after every time-out', async () => {
    const one = simulated();
    await ask(one, 'POST', 'slow');
    let isThere = false;
    const asked = one.call('GET', '/cluster').then(() => void (isThere = true));
    await one.clock.advance(29_000);
    expect(isThere).toBe(false);
    await one.clock.advance(1_000);
    await asked;
  });

  test('down: nobody answers', async () => {
    const one = simulated();
    await ask(one, 'POST', 'down');
    await expect(one.call('GET', '/cluster')).rejects.toThrow('fetch failed');
  });

  test('two of them end each on its own', async () => {
    const one = simulated();
    await ask(one, 'POST', '503@0s-4m');
    await ask(one, 'POST', '401@1m-2m');
    const seen: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      seen.push((await one.call('GET', '/cluster')).status);
      await one.clock.advance(minuteMs);
    }
    expect(seen).toEqual([503, 401, 503, 503, 200]);
  });

  test('of a cluster that is gone by then disturbs nothing', async () => {
    const one = simulated();
    await ask(one, 'POST', 'cluster-error:ml@20m-30m');
    one.world.deleteCluster('ml');
    await one.clock.advance(60 * minuteMs);
    expect((await one.call('GET', '/cluster')).status).toBe(200);
    expect((await ask(one, 'DELETE')).status).toBe(200);
  });
});

describe('is refused, with what to write', () => {
  test.each([
    ['', 'is not a trouble: write KIND'],
    ['cluster-eror:ml', 'did you mean "cluster-error"?'],
    ['cluster-error', 'write cluster-error:cluster'],
    ['cluster-error:ml/gpu', 'write cluster-error:cluster'],
    ['pool-error:ml', 'write pool-error:cluster/pool'],
    ['401:ml', 'leave out ":ml"'],
    ['401@5m-2m', 'would end before it begins'],
    ['401@soon', 'is not a trouble: write KIND'],
    ['cluster-error:prod-wbe', 'did you mean "prod-web"?'],
    ['pool-error:ml/gqu', 'did you mean "ml/gpu"?'],
  ])('%j', async (text, problem) => {
    const one = simulated();
    const { status, text: said } = await ask(one, 'POST', text);
    expect([status, said]).toEqual([400, expect.stringContaining(problem)]);
    expect((await ask(one, 'GET')).text).toContain('no trouble is played');
  });

  test('another method', async () => {
    expect((await ask(simulated(), 'PUT', '401')).status).toBe(405);
  });
});

test('every kind can be written', () => {
  const target = (kind: string) => (kind.startsWith('cluster') ? ':a' : kind.startsWith('pool') ? ':a/b' : '');
  for (const kind of Object.keys(troubleKinds)) expect(readTrouble(`${kind}${target(kind)}`)).toMatchObject({ kind });
});
