import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { mostConnections, openFilesLimit } from '../../../lib/io/listen/connections.ts';
import { type Listening, serveListen } from '../../../lib/io/listen/serve.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { eventText, type ListenWorld, makeListenWorld, signedHeaders } from './listen-world.ts';

const opened: Listening[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(opened.splice(0).map(({ close }) => close()));
});

async function start(connections: number, world = makeListenWorld()) {
  let closed = 0;
  const onClosed = () => void (closed += 1);
  const listening = await serveListen(world.app, { host: '127.0.0.1', port: 0 }, systemClock, {
    connections,
    onClosed,
  });
  opened.push(listening);
  const { port } = listening;
  return { world, port, url: `http://127.0.0.1:${port}`, closed: () => closed };
}

type Raw = { readonly answer: () => string; readonly ended: Promise<void>; readonly isEnded: () => boolean };

/** What somebody sends who does not care for HTTP clients; resolves when it is on its way. */
async function raw(port: number, text: string): Promise<Raw> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let [answer, isEnded] = ['', false];
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) =>
    socket.once('close', () => {
      isEnded = true;
      resolve();
    }),
  );
  await new Promise<void>((resolve) => socket.once('connect', () => socket.write(text, () => resolve())));
  return { answer: () => answer, ended, isEnded: () => isEnded };
}

function head(path: string, headers: Record<string, string>): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

async function firstLine(one: Raw): Promise<string> {
  while (!one.answer().includes('\r\n') && !one.isEnded()) await new Promise((resolve) => setImmediate(resolve));
  return one.answer().split('\r\n')[0] ?? '';
}

test('a check of a load balancer that names no host is answered', async () => {
  const { port } = await start(8);
  const healthy = await raw(port, 'GET /healthz HTTP/1.0\r\n\r\n');
  await healthy.ended;
  expect(healthy.answer()).toMatch(/^HTTP\/1\.1 200 /);
  const event = await raw(port, 'POST /events/unsigned HTTP/1.0\r\ncontent-length: 0\r\n\r\n');
  await event.ended;
  expect(event.answer()).toMatch(/^HTTP\/1\.1 4(01|21) /);
});

describe('before the body is read', () => {
  const signed = signedHeaders('');
  const { 'webhook-signature': _, ...unsigned } = signed;
  const rows: ReadonlyArray<readonly [string, string, Record<string, string>, string]> = [
    ['an unknown source', '/events/nobody', signed, '401 Unauthorized'],
    ['a missing signature', '/events/ci', unsigned, '401 Unauthorized'],
    ['a missing timestamp', '/events/ci', { ...signed, 'webhook-timestamp': '' }, '401 Unauthorized'],
    ['an old timestamp', '/events/ci', { ...signed, 'webhook-timestamp': '1' }, '401 Unauthorized'],
    ['an impossible id', '/events/ci', { ...signed, 'webhook-id': '\u00e9'.repeat(256) }, '400 Bad Request'],
    ['a missing bearer', '/alertmanager/queue-depth', {}, '401 Unauthorized'],
    ['the wrong path', '/alertmanager/ci', signed, '401 Unauthorized'],
    ['another address', '/nowhere', {}, '404 Not Found'],
    ['more than 64 KiB', '/events/ci', { ...signed, 'content-length': '65537' }, '413 Payload Too Large'],
  ];

  test.each(rows)('%s is answered, and the connection ends', async (_name, path, headers, status) => {
    const { port } = await start(20);
    const one = await raw(port, head(path, { 'content-length': '65000', ...headers }));
    expect(await firstLine(one)).toBe(`HTTP/1.1 ${status}`);
    await one.ended;
  });
});

describe('the cap', () => {
  const stalled = head('/events/ci', { ...signedHeaders(''), 'content-length': '65000' });

  test('closes those that stall longest, and health is answered', async () => {
    const { port, url, closed } = await start(20);
    const all: Raw[] = [];
    // Of its own each time: a connection that is kept open stalls as well, and may be closed while it is used again.
    const headers = { connection: 'close' };
    for (let n = 0; n < 200; n += 1) {
      all.push(await raw(port, n % 4 === 0 ? '' : `${stalled}${'x'.repeat(n * 100)}`));
      if (n % 50 === 0) expect((await fetch(`${url}/healthz`, { headers })).status).toBe(200);
    }
    while (all.filter(({ isEnded }) => !isEnded()).length > 20) await systemClock.sleep(5);
    expect(closed()).toBeGreaterThanOrEqual(175);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  });

  test('lets nobody go who is being answered', async () => {
    const waits: (() => void)[] = [];
    const { port, url, closed } = await start(
      8,
      slowWorld((go) => void waits.push(go)),
    );
    const body = eventText();
    const sent = fetch(`${url}/events/ci`, { method: 'POST', body, headers: signedHeaders(body) });
    while (waits.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 40; n += 1) await raw(port, stalled);
    expect(closed()).toBeGreaterThan(30);
    const answering = setInterval(() => waits.pop()?.(), 5);
    expect((await sent).status).toBe(200);
    clearInterval(answering);
  });

  test('is not got round by asking again and again in one packet', async () => {
    const { port, url } = await start(8);
    const one = await raw(port, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(500));
    await one.ended;
    expect(one.answer().match(/HTTP/gu) ?? []).toHaveLength(0);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('makes room from those that do not take their answers', async () => {
    const { port, url } = await start(8);
    const asks = 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n';
    const all = await Promise.all(Array.from({ length: 40 }, () => raw(port, asks)));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    while (all.filter(({ isEnded }) => !isEnded()).length > 8) await systemClock.sleep(5);
  });
});

/** Its store answers when it is told to. */
function slowWorld(onWait: (go: () => void) => void): ListenWorld {
  const { store } = makeAcceptWorld();
  const commit: typeof store.commit = async (writes) => {
    await new Promise<void>((resolve) => onWait(resolve));
    return store.commit(writes);
  };
  return makeListenWorld({ world: makeAcceptWorld({ store: { ...store, commit } }) });
}

describe('the most connections', () => {
  test.each([
    [256, undefined, 256],
    [256, 1_048_576, 256],
    [256, 1024, 256],
    [2000, 1024, 480],
    [256, 256, 96],
    [256, 96, 16],
    [256, 64, 8],
  ])('of %d wanted with %s open files are %d', (wanted, files, most) => {
    expect(mostConnections(wanted, files)).toBe(most);
  });

  test('know how many files this process may open', () => {
    const limit = openFilesLimit();
    expect(limit === undefined || limit > 20).toBe(true);
  });
});
