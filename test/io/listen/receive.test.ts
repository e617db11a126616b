import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { SecretError, StoreError } from '../../../lib/errors.ts';
import { makeSecret, unwrap } from '../../../lib/io/secrets/secret.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { now } from '../../decide/intake/fixtures.ts';
import { readSample } from '../../decide/intake/samples.ts';
import { eventText, type ListenWorld, makeListenWorld, secrets, signedHeaders } from './listen-world.ts';

type Sending = {
  readonly path?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
};

async function post({ app }: ListenWorld, { path = '/events/ci', body = eventText(), headers }: Sending = {}) {
  const response = await app.request(path, { method: 'POST', body, headers: headers ?? signedHeaders(body) });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe('a signed message', () => {
  test('is stored and answered with what became of it', async () => {
    const world = makeListenWorld();
    const answer = await post(world);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      { outcome: 'stored', events: [{ kind: 'stored', eventId: 'e1' }] },
    ]);
    expect(await world.accept.live()).toHaveLength(1);
    expect(world.accept.woken).toEqual(['r1:ml']);
  });

  test('of the standard’s own library is taken', async () => {
    const world = makeListenWorld();
    const body = eventText();
    const signature = new Webhook(unwrap(secrets.ci)).sign('msg_lib', new Date(now), body);
    const headers = {
      'webhook-id': 'msg_lib',
      'webhook-timestamp': String(now / 1000),
      'webhook-signature': signature,
    };
    expect((await post(world, { body, headers })).status).toBe(200);
  });

  test('may carry several signatures, and be checked against several secrets', async () => {
    const world = makeListenWorld();
    world.secretsOf.set('ci', [secrets.next, secrets.ci]);
    const body = eventText();
    const headers = signedHeaders(body);
    headers['webhook-signature'] = `v1a,b3RoZXI= v1,bm8= ${headers['webhook-signature']}`;
    expect((await post(world, { body, headers })).status).toBe(200);
    expect(
      (await post(world, { body, headers: signedHeaders(body, { secret: secrets.next, id: 'msg_2' }) })).status,
    ).toBe(200);
  });

  test('is taken 5 minutes early or late', async () => {
    const world = makeListenWorld();
    for (const at of [now - 300_000, now + 300_000]) {
      expect((await post(world, { headers: signedHeaders(eventText(), { at, id: `m${at}` }) })).status).toBe(200);
    }
  });

  test('sent again changes nothing and is fine', async () => {
    const world = makeListenWorld();
    await post(world);
    const before = await world.accept.asks();
    const body = eventText(2);
    const again = await post(world, { body, headers: signedHeaders(body) });
    expect([again.status, again.text]).toEqual([200, '{"replayed":true}']);
    expect(await world.accept.asks()).toEqual(before);
    expect(world.counts.get('replayed ci')).toBe(1);
  });

  test('is no replay of the same id from another source', async () => {
    const world = makeListenWorld();
    await post(world);
    const body = eventText(2);
    const answer = await post(world, {
      path: '/events/other',
      body,
      headers: signedHeaders(body, { secret: secrets.other }),
    });
    expect(JSON.parse(answer.text)).toMatchObject({ outcome: 'stored' });
  });

  test('that was not stored is not taken for a replay', async () => {
    const accept = makeAcceptWorld();
    let isDown = true;
    const commit: typeof accept.store.commit = (writes) =>
      isDown ? Promise.reject(new Error('down')) : accept.store.commit(writes);
    const world = makeListenWorld({ world: makeAcceptWorld({ store: { ...accept.store, commit } }) });
    const first = await post(world);
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '5']);
    isDown = false;
    expect(JSON.parse((await post(world)).text)).toMatchObject({ outcome: 'stored' });
    expect(await world.accept.live()).toHaveLength(1);
  });

  test('that failed while the store works is not taken for a replay', async () => {
    const { store, parts } = makeAcceptWorld();
    let isFull = true;
    const full = { kind: 'failed', reason: 'this source has 5000 leases and tombstones' } as const;
    const write: typeof parts.writer.write = async (owner, names, asks) =>
      isFull ? asks.map(() => full) : parts.writer.write(owner, names, asks);
    const world = makeListenWorld({ world: makeAcceptWorld({ store, writer: { write } }) });
    expect((await post(world)).status).toBe(503);
    isFull = false;
    expect(JSON.parse((await post(world)).text)).toMatchObject({ outcome: 'stored' });
  });

  test('that was refused is refused again, and no replay', async () => {
    const world = makeListenWorld();
    const body = eventText(1, { atLeast: -1 });
    for (const _ of [1, 2]) expect((await post(world, { body })).status).toBe(422);
    expect(JSON.parse((await post(world)).text)).toMatchObject({ outcome: 'stored' });
  });

  test('that leaves nothing to store is remembered all the same', async () => {
    const world = makeListenWorld();
    const body = eventText(1, { time: new Date(now - 3 * 3_600_000).toISOString() });
    expect(JSON.parse((await post(world, { body })).text)).toMatchObject({ outcome: 'ignored' });
    expect((await post(world, { body })).text).toBe('{"replayed":true}');
  });

  test('that is no UTF-8 is refused with the place', async () => {
    const world = makeListenWorld();
    const body = Uint8Array.from(Buffer.from(eventText(1, { reason: 'für Jürgen' }), 'latin1'));
    const answer = await post(world, { body, headers: signedHeaders(body) });
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(/it is not UTF-8: line 1, column \d+ has the byte 0xFC/);
    const wide = Uint8Array.from(Buffer.from(eventText(1), 'utf16le'));
    expect((await post(world, { body: wide, headers: signedHeaders(wide) })).text).toContain('it is UTF-16');
  });

  test('that asks for something wrong says why', async () => {
    const world = makeListenWorld();
    const answer = await post(world, { body: eventText(1, { atLeast: -1 }) });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('atLeast is -1: it must be a whole number from 1');
  });
});

describe('a message that is not its source’s own', () => {
  const body = eventText();
  const good = signedHeaders(body);
  const rows: ReadonlyArray<readonly [string, Sending, string]> = [
    ['altered byte', { body: body.replace('4', '5'), headers: good }, 'ci'],
    ['serialised again', { body: JSON.stringify(JSON.parse(body), null, 1), headers: good }, 'ci'],
    ['too old', { headers: signedHeaders(body, { at: now - 301_000 }) }, 'ci'],
    ['from the future', { headers: signedHeaders(body, { at: now + 301_000 }) }, 'ci'],
    ['timestamp altered', { headers: { ...good, 'webhook-timestamp': String(now / 1000 + 1) } }, 'ci'],
    ['timestamp no number', { headers: { ...good, 'webhook-timestamp': 'NaN' } }, 'ci'],
    ['id altered', { headers: { ...good, 'webhook-id': 'msg_2' } }, 'ci'],
    [
      'wrong version tag',
      { headers: { ...good, 'webhook-signature': good['webhook-signature']!.replace('v1,', 'v2,') } },
      'ci',
    ],
    ['no version tag', { headers: { ...good, 'webhook-signature': good['webhook-signature']!.slice(3) } }, 'ci'],
    ['signature cut', { headers: { ...good, 'webhook-signature': good['webhook-signature']!.slice(0, -4) } }, 'ci'],
    ['empty signature', { headers: { ...good, 'webhook-signature': 'v1,' } }, 'ci'],
    ['no headers', { headers: {} }, 'ci'],
    ['another source’s secret', { headers: signedHeaders(body, { secret: secrets.other }) }, 'ci'],
    ['unknown source', { path: '/events/nobody', headers: good }, 'unknown'],
    ['a source that only has a queue', { path: '/events/queued', headers: good }, 'queued'],
    ['a source of the bus', { path: '/events/scenes', headers: good }, 'scenes'],
    ['an unsigned source, on a network', { path: '/events/open', headers: good }, 'open'],
    [
      'alerts on the path of events',
      { path: '/events/queue-depth', headers: { authorization: `Bearer ${unwrap(secrets.bearer)}` } },
      'queue-depth',
    ],
    ['events on the path of alerts', { path: '/alertmanager/ci', headers: good }, 'ci'],
    [
      'a wrong bearer',
      { path: '/alertmanager/queue-depth', headers: { authorization: 'Bearer a-bearer-secret-that-is-long-enougH' } },
      'queue-depth',
    ],
    ['no bearer', { path: '/alertmanager/queue-depth', headers: {} }, 'queue-depth'],
    [
      'basic instead of bearer',
      { path: '/alertmanager/queue-depth', headers: { authorization: `Basic ${unwrap(secrets.bearer)}` } },
      'queue-depth',
    ],
  ];

  test.each(rows)('%s', async (_, sending, source) => {
    const world = makeListenWorld();
    const answer = await post(world, sending);
    expect([answer.status, answer.text]).toEqual([401, '{"error":"unauthorized"}']);
    expect(await world.accept.asks()).toEqual([]);
    expect(await world.accept.store.list('replays/ci')).toEqual([]);
    expect(Object.fromEntries(world.counts)).toEqual({ [`unauthorized ${source}`]: 1 });
    const name = source === 'unknown' ? '' : ` \\| ${source}`;
    expect(world.told).toEqual([expect.stringMatching(new RegExp(`^event not authorized${name} \\| .{15}`, 'u'))]);
    const secret = [good['webhook-signature']!.slice(3), unwrap(secrets.bearer), unwrap(secrets.other)];
    expect(secret.filter((one) => world.told[0]?.includes(one))).toEqual([]);
  });

  test.each([
    ['Latin-1', '\u00e9'.repeat(256)],
    ['longer than 256 characters', 'x'.repeat(257)],
    ['empty', ''],
    ['with a dot', 'a.b'],
    ['with a space', 'a b'],
  ])('has an id that cannot be one: %s', async (_, id) => {
    const world = makeListenWorld();
    const answer = await post(world, { headers: signedHeaders(body, { id }) });
    expect(answer.status).toBe(400);
    expect(answer.text).toBe('{"error":"webhook-id must be 1 to 256 printable ASCII characters without a dot"}');
    expect(await world.accept.asks()).toEqual([]);
  });

  test('with the longest id is taken', async () => {
    const world = makeListenWorld();
    expect((await post(world, { headers: signedHeaders(body, { id: '%'.repeat(256) }) })).status).toBe(200);
  });

  test.each(['', 'whsec_', 'whsec_c2hvcnQ=', 'plain text of thirty characters', `whsec_${'!'.repeat(40)}`])(
    'a secret like %j lets nobody in',
    async (value) => {
      const world = makeListenWorld();
      world.secretsOf.set('ci', [makeSecret(value)]);
      world.secretsOf.set('queue-depth', [makeSecret(value.slice(0, 23))]);
      expect((await post(world)).status).toBe(401);
      const headers = { authorization: `Bearer ${value.slice(0, 23)}` };
      expect((await post(world, { path: '/alertmanager/queue-depth', headers })).status).toBe(401);
    },
  );

  test('waits when the secrets are out of reach', async () => {
    const world = makeListenWorld();
    world.secretsOf.delete('ci');
    expect((await post(world)).status).toBe(503);
    expect(await world.accept.asks()).toEqual([]);
  });
});

describe('Alertmanager', () => {
  test('comes in with its bearer secret, as often as it likes', async () => {
    const world = makeListenWorld();
    const headers = { authorization: `Bearer ${unwrap(secrets.bearer)}`, 'content-type': 'application/json' };
    const sending = { path: '/alertmanager/queue-depth', body: readSample('alertmanager.json'), headers };
    expect((await post(world, sending)).status).toBe(200);
    expect((await post(world, sending)).status).toBe(200);
    expect(await world.accept.live()).toHaveLength(1);
  });
});

describe('a bearer', () => {
  const headers = { authorization: `Bearer ${unwrap(secrets.bearer)}`, 'content-type': 'application/json' };
  const sending = { path: '/alertmanager/queue-depth', body: readSample('alertmanager.json') };

  test.each(['Bearer   ', 'bearer ', 'BEARER '])('is read after %j', async (start) => {
    const authorization = `${start}${unwrap(secrets.bearer)}`;
    expect((await post(makeListenWorld(), { ...sending, headers: { ...headers, authorization } })).status).toBe(200);
  });

  test('has no ids that could come again', async () => {
    const world = makeListenWorld();
    const withId = { ...sending, headers: { ...headers, 'webhook-id': 'msg_1' } };
    for (const _ of [1, 2]) expect((await post(world, withId)).text).not.toContain('replayed');
    expect(await world.accept.store.list('replays/queue-depth')).toEqual([]);
  });
});

test('the room of each body is given back, whatever became of it', async () => {
  const world = makeListenWorld();
  const body = 'x'.repeat(60_000);
  for (let n = 0; n < 80; n += 1) {
    expect((await post(world, { body, headers: signedHeaders(body, { secret: secrets.other }) })).status).toBe(401);
  }
  expect((await post(world)).status).toBe(200);
});

test('what became of each message is counted, and only what may come again says when', async () => {
  const world = makeListenWorld({ quota: { burst: 3, perSecond: 0 } });
  const send = async (n: number, patch: object = {}) => {
    const body = eventText(n, patch);
    const { status, headers } = await post(world, { body, headers: signedHeaders(body, { id: `m${n}` }) });
    return [status, headers.get('retry-after')];
  };
  expect(await send(1)).toEqual([200, null]);
  expect(await send(2, { atLeast: 0 })).toEqual([422, null]);
  expect(await send(1)).toEqual([200, null]);
  expect(await send(4)).toEqual([429, '10']);
  const counts = ['accepted', 'refused', 'replayed', 'over-quota'].map((what) => [`${what} ci`, 1]);
  expect([...world.counts]).toEqual(counts);
});

describe('an unsigned source', () => {
  test('is taken on loopback, as JSON', async () => {
    const world = makeListenWorld({ takesUnsigned: true });
    for (const host of ['localhost', 'LOCALHOST:9090', '127.0.0.1:9090', '127.1.2.3', '[::1]:9090']) {
      const headers = { 'content-type': 'application/json', host };
      expect((await post(world, { path: '/events/open', headers })).status).toBe(200);
    }
  });

  test('is not reached by a page that rebinds its name', async () => {
    const world = makeListenWorld({ takesUnsigned: true });
    const names = [
      'evil.example',
      'evil.example:9090',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '',
      '10.0.0.1',
    ];
    for (const host of names) {
      const headers = { 'content-type': 'application/json', host };
      expect((await post(world, { path: '/events/open', headers })).status).toBe(421);
    }
    expect((await post(world, { path: '/events/open', headers: { 'content-type': 'application/json' } })).status).toBe(
      421,
    );
    expect(await world.accept.asks()).toEqual([]);
  });

  test.each([
    ['application/json', 200],
    ['application/json; charset=utf-8', 200],
    ['APPLICATION/JSON', 200],
    ['application/cloudevents+json', 200],
    ['application/vnd.x-y_1+json', 200],
    ['application/jsonp', 415],
    ['application/ +json', 415],
    ['text/application/json', 415],
    ['application/x-www-form-urlencoded', 415],
    ['', 415],
  ])('of type %j is answered with %i', async (type, status) => {
    const world = makeListenWorld({ takesUnsigned: true });
    const headers = { 'content-type': type, host: 'localhost' };
    expect((await post(world, { path: '/events/open', headers })).status).toBe(status);
  });

  test('is not reached by a form of a web page', async () => {
    const world = makeListenWorld({ takesUnsigned: true });
    const headers = { 'content-type': 'text/plain', host: 'localhost' };
    expect((await post(world, { path: '/events/open', headers })).status).toBe(415);
    expect(await world.accept.asks()).toEqual([]);
  });
});

describe('a flood', () => {
  test('over the quota is told to wait, source by source', async () => {
    const world = makeListenWorld({ quota: { burst: 2, perSecond: 1 } });
    const send = async (n: number, path = '/events/ci', secret = secrets.ci) => {
      const body = eventText(n);
      return post(world, { path, body, headers: signedHeaders(body, { id: `m${n}`, secret, at: world.accept.at }) });
    };
    expect([(await send(1)).status, (await send(2)).status]).toEqual([200, 200]);
    const third = await send(3);
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '10']);
    expect((await send(4, '/events/other', secrets.other)).status).toBe(200);
    expect(await world.accept.store.list('replays/ci')).toHaveLength(2);
    world.accept.at += 1000;
    expect((await send(3)).status).toBe(200);
  });

  test('is counted on where the clock was set back', async () => {
    const world = makeListenWorld({ quota: { burst: 2, perSecond: 1 } });
    const send = async (n: number) => {
      const body = eventText(n);
      return (await post(world, { body, headers: signedHeaders(body, { id: `m${n}`, at: world.accept.at }) })).status;
    };
    expect(await send(1)).toBe(200);
    world.accept.at -= 240_000;
    expect([await send(2), await send(3)]).toEqual([200, 429]);
    world.accept.at += 1000;
    expect([await send(3), await send(4)]).toEqual([200, 429]);
  });

  test('of strangers takes nothing from the quota', async () => {
    const world = makeListenWorld({ quota: { burst: 1, perSecond: 0 } });
    for (let n = 0; n < 5; n += 1) await post(world, { headers: {} });
    expect((await post(world)).status).toBe(200);
  });
});

describe('what came to nothing is in the log with its reason', () => {
  const body = eventText();
  const good = signedHeaders(body);
  const bearer = { authorization: 'Bearer a-bearer-secret-that-is-long-enougH' };
  const rows: ReadonlyArray<readonly [Sending, string]> = [
    [{ path: '/events/nobody' }, 'event not authorized | no source of the config is called "nobody" (POST /events/…)'],
    [{ headers: {} }, 'event not authorized | ci | it has no header webhook-id'],
    [
      { headers: { ...good, 'webhook-signature': 'x' } },
      'event not authorized | ci | its webhook-signature has no "v1,…"',
    ],
    [
      { headers: signedHeaders(body, { at: now - 301_000 }) },
      `event not authorized | ci | its webhook-timestamp is "${now / 1000 - 301}": more than 5 minutes from this clock, or not a time`,
    ],
    [
      { headers: signedHeaders(body, { secret: secrets.other }) },
      "event not authorized | ci | its signature is by none of the source's secrets",
    ],
    [
      { path: '/alertmanager/queue-depth', headers: {} },
      'event not authorized | queue-depth | it has no header "authorization: Bearer …"',
    ],
    [
      { path: '/alertmanager/queue-depth', headers: bearer },
      "event not authorized | queue-depth | its bearer secret is none of the source's secrets",
    ],
    [
      { path: '/alertmanager/ci', headers: good },
      'event not authorized | ci | the source accepts messages at /events/ci alone',
    ],
    [
      { path: '/events/queued' },
      'event not authorized | queued | the source has no secret, so it accepts nothing over HTTP',
    ],
    [
      { headers: signedHeaders(body, { id: 'a.b' }) },
      'event refused | ci | webhook-id must be 1 to 256 printable ASCII characters without a dot',
    ],
    [{ body: 'x'.repeat(70_000) }, 'event refused | ci | larger than 65536 bytes'],
    [
      { body: eventText(7, { atLeast: 0 }), headers: signedHeaders(eventText(7, { atLeast: 0 })) },
      'event refused | ci | e7 | atLeast is 0: it must be a whole number from 1',
    ],
  ];

  test.each(rows)('%#', async (sending, line) => {
    const world = makeListenWorld();
    await post(world, sending);
    expect(world.told).toEqual([line]);
  });

  test('when a secret or the store says why', async () => {
    for (const error of [new SecretError('env K is not set', 'env K'), new StoreError('the table is away')]) {
      const world = makeListenWorld({ failing: error });
      await post(world);
      expect(world.told).toEqual([`event not stored | ci | ${error.message}`]);
    }
  });

  test('of names and times that somebody made up no more than their beginning', async () => {
    const world = makeListenWorld();
    await post(world, { path: `/events/${'n'.repeat(200)}` });
    const { 'webhook-timestamp': _, ...headers } = good;
    await post(world, { headers });
    expect(world.told[0]).toContain(`"${'n'.repeat(60)}"`);
    expect(world.told[0]).not.toContain('n'.repeat(61));
    expect(world.told[1]).toContain('its webhook-timestamp is missing');
  });

  test('when secrets are out of reach, without what the place said', async () => {
    const world = makeListenWorld();
    world.secretsOf.delete('ci');
    await post(world);
    expect(world.told).toEqual(['event not stored | ci | an unexpected error']);
  });

  test('when the quota is used up', async () => {
    const world = makeListenWorld({ quota: { burst: 0, perSecond: 0 } });
    await post(world);
    expect(world.told).toEqual(['event not stored | ci | too many messages from this source: send it again later']);
  });

  test('of strangers a hundred at once and one a second, with how many were left out', async () => {
    const world = makeListenWorld();
    for (let n = 0; n < 300; n += 1) await post(world, { path: `/events/x${n}`, headers: {} });
    expect(world.told).toHaveLength(100);
    await post(world, { headers: {} });
    expect(world.told).toHaveLength(101);
    expect([...world.counts.values()].reduce((a, b) => a + b)).toBe(301);
  });
});
