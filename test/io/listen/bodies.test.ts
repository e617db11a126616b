import { describe, expect, test } from 'vitest';
import { makeBodies, mostBodyBytes } from '../../../lib/io/listen/bodies.ts';
import { unwrap } from '../../../lib/io/secrets/secret.ts';
import { eventText, makeListenWorld, secrets, signedHeaders } from './listen-world.ts';

type Drip = { readonly request: Request; readonly send: (bytes: number) => void; readonly end: () => void };

/** A body that comes when the test says so. */
function drip(headers: Record<string, string> = {}): Drip {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isOver = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void (isOver = true),
  });
  const init = { method: 'POST', body, duplex: 'half', headers } as RequestInit;
  return {
    request: new Request('http://localhost/', init),
    send: (bytes) => {
      if (!isOver) controller?.enqueue(new Uint8Array(bytes).fill(7));
    },
    end: () => {
      if (!isOver) controller?.close();
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a body', () => {
  test.each([[[]], [[100]], [[1, 2, 3]], [[50, 49, 1]], [[1, 99]]])('in pieces of %j is read', async (pieces) => {
    const bodies = makeBodies({ each: 100, together: 1000 });
    const one = drip();
    const reading = bodies.read(one.request);
    for (const bytes of pieces) one.send(bytes);
    one.end();
    const { body, done } = await reading;
    expect(body).toEqual(new Uint8Array(pieces.reduce((sum, bytes) => sum + bytes, 0)).fill(7));
    done();
    expect(bodies.held()).toBe(0);
  });

  test.each([[[101]], [[100, 1]], [[60, 60]]])('in pieces of %j is too large', async (pieces) => {
    const bodies = makeBodies({ each: 100, together: 1000 });
    const one = drip();
    const reading = bodies.read(one.request);
    for (const bytes of pieces) one.send(bytes);
    const { body, done } = await reading;
    expect(body).toBe('too-large');
    done();
    expect(bodies.held()).toBe(0);
  });

  test('in the smallest pieces takes at most twice its size', async () => {
    const bodies = makeBodies({ each: 1000, together: 1000 });
    const one = drip();
    const reading = bodies.read(one.request);
    for (let n = 0; n < 40; n += 1) one.send(1);
    one.end();
    expect((await reading).body).toHaveLength(40);
    expect(bodies.held()).toBeLessThanOrEqual(80);
  });

  test.each(['101', '1e9', 'x'])('that says it has %s bytes is not begun', async (length) => {
    const { body } = await makeBodies({ each: 100, together: 1000 }).read(drip({ 'content-length': length }).request);
    expect(body).toBe('too-large');
  });
});

describe('many bodies', () => {
  test('make room by letting the oldest that stalls go', async () => {
    const bodies = makeBodies({ each: 100, together: 250 });
    const all = [drip(), drip(), drip()];
    const readings = all.map(({ request }) => bodies.read(request));
    for (const { send } of all) {
      send(90);
      await settle();
    }
    expect((await readings[0])?.body).toBe('crowded');
    expect(bodies.held()).toBe(180);
    for (const { end } of all.slice(1)) end();
    expect((await readings[1])?.body).toHaveLength(90);
    expect((await readings[2])?.body).toHaveLength(90);
  });

  test('that are whole and not yet answered stay, and the new one waits its turn', async () => {
    const bodies = makeBodies({ each: 100, together: 150 });
    const [first, second, third] = [drip(), drip(), drip()];
    first.send(100);
    first.end();
    const held = await bodies.read(first.request);
    const refused = bodies.read(second.request);
    second.send(100);
    expect((await refused).body).toBe('crowded');
    held.done();
    const taken = bodies.read(third.request);
    third.send(100);
    third.end();
    expect((await taken).body).toHaveLength(100);
  });

  test('never hold more than their room', async () => {
    const bodies = makeBodies({ each: 1000, together: 10_000 });
    const all = Array.from({ length: 200 }, () => drip());
    const readings = all.map(({ request }) => bodies.read(request));
    for (let round = 0; round < 9; round += 1) {
      for (const { send } of all) send(100);
      await settle();
      expect(bodies.held()).toBeLessThanOrEqual(10_000);
    }
    for (const { end } of all) end();
    for (const { done } of await Promise.all(readings)) done();
    expect(bodies.held()).toBe(0);
  });
});

describe('on both ways in', () => {
  const bearer = { authorization: `Bearer ${unwrap(secrets.bearer)}`, 'content-type': 'application/json' };
  const alert = JSON.stringify({ version: '4', alerts: [] });
  const padded = (text: string, bytes: number) => text.padEnd(bytes, ' ');

  test.each([
    ['/events/ci', eventText(), (body: string) => signedHeaders(body)],
    ['/alertmanager/queue-depth', alert, () => bearer],
  ])('%s takes 64 KiB and not a byte more', async (path, text, headersOf) => {
    const { app, accept } = makeListenWorld();
    const statuses = [];
    for (const bytes of [mostBodyBytes, mostBodyBytes + 1, 8 * mostBodyBytes]) {
      const body = padded(text, bytes);
      statuses.push((await app.request(path, { method: 'POST', body, headers: headersOf(body) })).status);
      const stream = new Response(body).body;
      const piped = { method: 'POST', body: stream, headers: headersOf(body), duplex: 'half' } as RequestInit;
      statuses.push((await app.request(path, piped)).status);
    }
    expect(statuses).toEqual([200, 200, 413, 413, 413, 413]);
    expect(await accept.live()).toHaveLength(path === '/events/ci' ? 1 : 0);
  });
});
