import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { sendEvent } from '../../../lib/io/listen/send-event.ts';
import { type Listening, serveListen } from '../../../lib/io/listen/serve.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { now, sources } from '../../decide/intake/fixtures.ts';
import { readSample } from '../../decide/intake/samples.ts';
import { sendJson, startServer } from '../../support/local-server.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';
import { eventText, type ListenWorld, makeListenWorld, secrets, signedHeaders } from './listen-world.ts';

const opened: Listening[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ close }) => close()));
});

async function start(world = makeListenWorld()): Promise<{ world: ListenWorld; url: string; port: number }> {
  const listening = await serveListen(world.app, { host: '127.0.0.1', port: 0 }, systemClock);
  opened.push(listening);
  return { world, url: `http://127.0.0.1:${listening.port}`, port: listening.port };
}

const tooLarge = 'x'.repeat(64 * 1024 + 1);

describe('the listener', () => {
  test('answers health, readiness and metrics', async () => {
    const { url } = await start();
    const get = async (path: string) => {
      const response = await fetch(`${url}${path}`);
      return [response.status, await response.text()];
    };
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    expect(await get('/readyz')).toEqual([200, 'ready\n']);
    expect(await get('/metrics')).toEqual([200, 'up 1\n']);
    expect(await get('/nowhere')).toEqual([404, '{"error":"not found"}']);
  });

  test.each([
    ['GET', '/events/ci', 'POST'],
    ['GET', '/alertmanager/ci', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/metrics', 'GET, HEAD'],
  ])('says what to do instead of %s %s', async (method, path, allow) => {
    const { url } = await start();
    const response = await fetch(`${url}${path}`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  });

  test('takes a signed event over the wire', async () => {
    const { world, url } = await start();
    const body = eventText('wire', { reason: 'Überlänge €' });
    const response = await fetch(`${url}/events/ci`, { method: 'POST', body, headers: signedHeaders(body) });
    expect(response.status).toBe(200);
    expect(await world.accept.live()).toMatchObject([{ reason: 'Überlänge €' }]);
  });

  test('refuses a body over 64 KiB before looking at it', async () => {
    const { world, url } = await start();
    const response = await fetch(`${url}/events/ci`, {
      method: 'POST',
      body: tooLarge,
      headers: signedHeaders(tooLarge),
    });
    expect(response.status).toBe(413);
    expect([...world.counts.keys()]).toEqual(['too-large ci']);
  });

  test('refuses it as well when its length is not told', async () => {
    const { url } = await start();
    const body = new ReadableStream({
      start: (controller) => {
        for (let n = 0; n < 65; n += 1) controller.enqueue(new Uint8Array(1024));
        controller.close();
      },
    });
    const request = { method: 'POST', body, duplex: 'half', headers: signedHeaders('') } as RequestInit;
    expect((await fetch(`${url}/events/ci`, request)).status).toBe(413);
  });

  test('stays healthy while senders never finish', async () => {
    const { url, port } = await start();
    const sockets = Array.from({ length: 50 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('POST /events/ci HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
      return socket;
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test('answers health in a burst of events', async () => {
    const { world, url } = await start();
    const posts = Array.from({ length: 150 }, (_, n) => {
      const body = eventText(n);
      return fetch(`${url}/events/ci`, { method: 'POST', body, headers: signedHeaders(body, { id: `m${n}` }) });
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const statuses = await Promise.all(posts.map(async (sent) => (await sent).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await world.accept.live()).toHaveLength(101);
  });

  test('says what to do when the port is taken', async () => {
    const { port } = await start();
    const second = serveListen(makeListenWorld().app, { host: '127.0.0.1', port }, systemClock);
    await expect(second).rejects.toThrow(
      `Listening on 127.0.0.1:${port} failed: another process has this port; stop it, or give another port to --listen`,
    );
  });
});

test('says what to do where this machine has no such address', async () => {
  const listening = serveListen(makeListenWorld().app, { host: '192.0.2.1', port: 0 }, systemClock);
  await expect(listening).rejects.toThrow(
    'Listening on 192.0.2.1:0 failed: this machine has no such address; use 127.0.0.1',
  );
});

describe('the sample of a function URL', () => {
  test('is signed with the samples’ secret', async () => {
    const { world } = await start();
    const sample = JSON.parse(readSample('function-url.json')) as {
      rawPath: string;
      headers: Record<string, string>;
      body: string;
    };
    const body = Buffer.from(sample.body, 'base64');
    const response = await world.app.request(sample.rawPath, { method: 'POST', headers: sample.headers, body });
    expect(response.status).toBe(200);
    expect(await world.accept.live()).toMatchObject([{ id: 'lease/event%3Aci/ml/gpu/url-1' }]);
  });
});

describe('sending an event', () => {
  const parts = { fetch: globalThis.fetch, clock: { ...systemClock, now: () => now }, newId: () => 'id-1' };

  test.each([
    ['http-native.json', sources.ci, secrets.ci],
    ['cloudevents.json', sources.cloudevents, secrets.ci],
    ['alertmanager.json', sources['queue-depth'], secrets.bearer],
  ])('%s is taken by a running instance', async (file, source, secret) => {
    const { world, url } = await start();
    const sent = await sendEvent(parts, { to: `${url}/`, source, secret, body: readSample(file) });
    expect(sent).toMatchObject({ status: 200, isAccepted: true });
    expect(sent.answer).toContain('"outcome":"stored"');
    expect(await world.accept.live()).toHaveLength(1);
  });

  test.each([
    ['{"specversion" : "1.0"}', 'application/cloudevents+json'],
    ['{"specversions":"1.0"}', 'application/json'],
  ])('says of %j that it is %s', async (body, type) => {
    const types: (string | null)[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      types.push(new Request(input, init).headers.get('content-type'));
      return new Response('{}');
    };
    const event = { to: 'http://127.0.0.1:1', source: sources.ci, secret: secrets.ci, body };
    expect(await sendEvent({ ...parts, fetch }, event)).toMatchObject({ isAccepted: true });
    expect(types).toEqual([type]);
  });

  test('with a wrong secret tells the answer', async () => {
    const { url } = await start();
    const sent = await sendEvent(parts, { to: url, source: sources.ci, secret: secrets.other, body: eventText() });
    expect(sent).toEqual({ status: 401, isAccepted: false, answer: '{"error":"unauthorized"}' });
  });

  test('to nobody says so', async () => {
    const { url } = await start();
    await Promise.all(opened.splice(0).map(({ close }) => close()));
    await expect(sendEvent(parts, { to: url, source: sources.ci, secret: secrets.ci, body: '{}' })).rejects.toThrow(
      /^Sending to http:\/\/127\.0\.0\.1:\d+ failed: .*; is it running with --listen\?$/u,
    );
  });

  test.each(['nowhere', 'ftp://x', ''])('to %j is refused', async (to) => {
    await expect(sendEvent(parts, { to, source: sources.ci, secret: secrets.ci, body: '{}' })).rejects.toThrow(
      '--to is not an address',
    );
  });

  test('with a secret that cannot sign says how it must be', async () => {
    const sending = sendEvent(parts, {
      to: 'http://127.0.0.1:1',
      source: sources.ci,
      secret: makeSecret('short'),
      body: '{}',
    });
    await expect(sending).rejects.toThrow('its secret must be "whsec_" and base64 of at least 24 bytes');
  });
});

test('closing waits for no idle connection, and five seconds for one that stalls', async () => {
  const { app } = makeListenWorld();
  const clock = makeVirtualClock();
  const open = () => serveListen(app, { host: '127.0.0.1', port: 0 }, clock);
  const idle = await open();
  expect((await fetch(`http://127.0.0.1:${idle.port}/healthz`)).status).toBe(200);
  await idle.close();
  expect(clock.sleepers()).toBe(0);
  const stalled = await open();
  const socket = connect(stalled.port, '127.0.0.1');
  await new Promise<void>((resolve) => void socket.write('POST /events/ci HTTP/1.1\r\n', () => resolve()));
  await expect.poll(() => fetch(`http://127.0.0.1:${stalled.port}/healthz`).then(({ ok }) => ok)).toBe(true);
  const closed = stalled.close();
  await clock.advance(5000);
  await closed;
  socket.destroy();
});

test('a sender that is slow, idle or takes nothing is cut off', async () => {
  const limits: unknown[] = [];
  // Node's own name for it: nodejs.org/api/diagnostics_channel.html, HTTP.
  const note = (message: unknown) => {
    const { server, socket } = message as { readonly server: Server; readonly socket: Socket };
    limits.push([server.headersTimeout, server.requestTimeout, server.keepAliveTimeout, socket.timeout]);
  };
  const { url } = await start();
  subscribe('http.server.request.start', note);
  await fetch(`${url}/healthz`);
  unsubscribe('http.server.request.start', note);
  expect(limits).toEqual([[8000, 8000, 5000, 30_000]]);
});

test('an event that was sent leaves no time-out behind', async () => {
  const clock = makeVirtualClock(now);
  await using server = await startServer((_, response) => sendJson(response, 200, {}));
  const source = { name: 'ci', kind: 'json' } as const;
  const send = (input: string | URL | Request, init?: RequestInit) => fetch(input, init);
  const parts = { fetch: send, clock, newId: () => 'e1' };
  await sendEvent(parts, { to: server.url, source, secret: secrets.ci, body: '{}' });
  expect(clock.sleepers()).toBe(0);
});
