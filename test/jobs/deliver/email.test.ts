import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { transmit } from '../../../lib/io/destinations/transmit.ts';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { listHistory, listParked } from '../../../lib/jobs/records/delivery-records.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import { certificate, privateKey } from '../../support/receivers/certificate.ts';
import {
  aDelivery,
  aDestination,
  makeOutboxWorld,
  overFacts,
  someFacts,
} from '../../support/receivers/outbox-world.ts';

// A certificate for localhost, known here as one's own authority would be.
beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), certificate]));

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Taken = { readonly mail: string; readonly from: string; readonly to: readonly string[]; readonly secure: boolean };

/** A real server on loopback; each reason to refuse is an error with a code. */
async function aMailServer(options: SMTPServerOptions = {}) {
  const taken: Taken[] = [];
  const server = new SMTPServer({
    key: privateKey,
    cert: certificate,
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : (mailFrom?.address ?? '');
        taken.push({
          mail: Buffer.concat(chunks).toString(),
          from,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  closers.push(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  const { port } = server.server.address() as { port: number };
  return { taken, port };
}

function refusing(code: number): Error {
  return Object.assign(new Error('canary-answer'), { responseCode: code });
}

function aWorld(address: string, patch: Partial<DestinationConfig> = {}) {
  const mail = { from: 'lamp@example.org', to: ['ops@example.org'], user: undefined, password: undefined };
  const world = makeOutboxWorld([aDestination({ name: 'mail', kind: 'email', mail, ...patch })], {});
  world.secrets.set('MAIL', address).set('MAIL_PASSWORD', 'canary pass wörd');
  // Real sockets need real time; none of these waits.
  const parts = world.processWith({ send: (message) => transmit({ fetch, clock: systemClock }, message) });
  return { world, parts, id: world.idOf('mail'), deliver: async () => (await deliverAlerts(parts)).destinations[0] };
}

const withLogin = {
  from: 'lamp@example.org',
  to: ['ops@example.org', 'night@example.org'],
  user: 'lamp',
  password: { kind: 'env', name: 'MAIL_PASSWORD' },
} as const;

describe('a mail', () => {
  test('goes out over TLS, logged in, to everybody', async () => {
    const logins: unknown[] = [];
    const { taken, port } = await aMailServer({
      secure: true,
      authOptional: false,
      onAuth: ({ username, password }, _, done) => {
        logins.push([username, password]);
        done(null, { user: username });
      },
    });
    const { world, id, deliver } = aWorld(`smtps://localhost:${port}`, { mail: withLogin });
    await world.put(aDelivery(id, 1, { facts: someFacts({ text: '<b>dev-1</b> is in Error' }) }));
    expect(await deliver()).toMatchObject({ accepted: 1, problem: undefined });
    expect(logins).toEqual([['lamp', 'canary pass wörd']]);
    const [{ mail, from, to, secure } = { mail: '', from: '', to: [], secure: false }] = taken;
    expect([from, to, secure]).toEqual(['lamp@example.org', ['ops@example.org', 'night@example.org'], true]);
    expect(mail).toMatch(/^From: Lamplighter <lamp@example\.org>$/m);
    expect(mail).toMatch(/^To: ops@example\.org, night@example\.org$/m);
    expect(mail).toMatch(/^Subject: CRITICAL: <b>dev-1<\/b> is in Error$/m);
    expect(mail).toMatch(/^List-ID: Lamplighter mail <mail\.lamplighter\.example\.org>$/m);
    expect(mail).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(mail).toMatch(/^Content-Type: multipart\/alternative;/m);
    expect(mail).toContain('&lt;b&gt;dev-1&lt;/b&gt; is in Error');
  });

  test('of one incident names it, each with an id of its own', async () => {
    const { taken, port } = await aMailServer();
    const { world, id, deliver } = aWorld(`smtp://localhost:${port}`);
    const open = aDelivery(id, 1);
    await world.put(open);
    await deliver();
    await world.put(aDelivery(id, 1, { sequence: 2, facts: overFacts() }), aDelivery(id, 2));
    for (let n = 0; n < 3; n += 1) await deliver();
    const header = (name: string) =>
      taken.map(({ mail }) => new RegExp(`^${name}:\\s+(<[^>]+>)`, 'm').exec(mail)?.[1] ?? '');
    expect(taken).toHaveLength(3);
    expect(new Set(header('Message-ID')).size).toBe(3);
    expect(header('References')).toEqual(header('In-Reply-To'));
    const thread = `<${open.key}.${open.episode}@example.org>`;
    expect(header('References').filter((one) => one === thread)).toHaveLength(2);
    expect(taken.every(({ secure }) => secure)).toBe(true);
  });

  test('is sent at once when a refused password was replaced', async () => {
    const logins: string[] = [];
    const { taken, port } = await aMailServer({
      secure: true,
      authOptional: false,
      onAuth: ({ username, password }, _, done) => {
        logins.push(password ?? '');
        if (password === 'right') done(null, { user: username });
        else done(refusing(535));
      },
    });
    const { world, id, deliver } = aWorld(`smtps://localhost:${port}`, { mail: withLogin });
    await world.put(aDelivery(id, 1));
    for (let n = 0; n < 3; n += 1) expect(await deliver()).toMatchObject({ accepted: 0, waiting: 1 });
    const tried = logins.length;
    world.secrets.set('MAIL_PASSWORD', 'right');
    expect(await deliver()).toMatchObject({ accepted: 1 });
    expect([logins.length, taken.length]).toEqual([tried + 1, 1]);
  });

  test('keeps its id when it is sent again', async () => {
    let isDown = true;
    const { taken, port } = await aMailServer({
      onRcptTo: (_, __, done) => done(isDown ? refusing(451) : null),
    });
    const { world, id, deliver } = aWorld(`smtp://localhost:${port}`);
    await world.put(aDelivery(id, 1));
    expect(await deliver()).toMatchObject({ accepted: 0, waiting: 1 });
    isDown = false;
    world.clock.moveTo(world.clock.now() + 60_000);
    expect(await deliver()).toMatchObject({ accepted: 1 });
    expect(taken[0]?.mail).toMatch(new RegExp(`^Message-ID:\\s+<${aDelivery(id, 1).id}@example\\.org>`, 'm'));
  });

  test('tells of many at once', async () => {
    const { taken, port } = await aMailServer();
    const { world, id, deliver } = aWorld(`smtp://localhost:${port}`);
    await world.put(...Array.from({ length: 9 }, (_, n) => aDelivery(id, n)));
    expect(await deliver()).toMatchObject({ accepted: 9 });
    expect(taken).toHaveLength(1);
    expect(taken[0]?.mail).toMatch(/^Subject: 9 messages at once: 9 CRITICAL$/m);
  });

  test('that reached some says whom it did not', async () => {
    const { taken, port } = await aMailServer({
      onRcptTo: ({ address }, _, done) => done(address.startsWith('night') ? refusing(550) : null),
    });
    const { world, parts, id, deliver } = aWorld(`smtp://localhost:${port}`, {
      mail: { ...withLogin, user: undefined, password: undefined },
    });
    await world.put(aDelivery(id, 1));
    expect(await deliver()).toMatchObject({ accepted: 1 });
    expect(taken[0]?.to).toEqual(['ops@example.org']);
    expect((await listHistory(parts.store, 0))[0]?.reason).toBe('the server refused 1 of 2 recipients');
  });
});

type Refusal = readonly [string, SMTPServerOptions, RegExp, Partial<{ waiting: number; parked: number }>];

const refusals: readonly Refusal[] = [
  ['451 to a recipient', { onRcptTo: (_, __, done) => done(refusing(451)) }, /451 to the sender or/, { waiting: 1 }],
  ['550 to a recipient', { onRcptTo: (_, __, done) => done(refusing(550)) }, /550 to the sender or/, { waiting: 1 }],
  ['553 to the sender', { onMailFrom: (_, __, done) => done(refusing(553)) }, /553 to the sender or/, { waiting: 1 }],
  ['421 to the greeting', { onConnect: (_, done) => done(refusing(421)) }, /421 to the connection/, { waiting: 1 }],
  [
    '554 to the message',
    { onData: (stream, _, done) => void stream.resume().on('end', () => done(refusing(554))) },
    /554 to the message/,
    { parked: 1 },
  ],
  ['a message over its limit', { size: 300 }, /552 to the message/, { parked: 1 }],
  [
    '452 to the message',
    { onData: (stream, _, done) => void stream.resume().on('end', () => done(refusing(452))) },
    /452 to the message/,
    { waiting: 1 },
  ],
];

describe('what a refusal means', () => {
  test.each(refusals)('%s', async (_, options, says, { waiting = 0, parked = 0 }) => {
    const { port } = await aMailServer(options);
    const { world, parts, id, deliver } = aWorld(`smtp://localhost:${port}`);
    await world.put(aDelivery(id, 1));
    const report = await deliver();
    expect(report).toMatchObject({ accepted: 0, waiting, parked });
    const kept = await listParked(parts.store, id);
    expect(report?.problem ?? kept[0]?.parked.reason ?? '').toMatch(says);
    expect(JSON.stringify([report, kept])).not.toContain('canary');
    const doubtful = [...(await parts.store.list(`outbox/${id}`))].map(({ value }) => JSON.stringify(value));
    expect(doubtful.some((text) => text.includes('"maybeAccepted":true'))).toBe(false);
  });

  test('a wrong password stops everything, unsaid', async () => {
    const { taken, port } = await aMailServer({ onAuth: (_, __, done) => done(refusing(535)) });
    const { world, id, deliver } = aWorld(`smtp://localhost:${port}`, { mail: withLogin });
    await world.put(aDelivery(id, 1), aDelivery(id, 2));
    const report = await deliver();
    expect(report).toMatchObject({ waiting: 2, problem: 'its server answered 535 to the user and password' });
    expect(JSON.stringify(report)).not.toContain('canary');
    expect(taken).toEqual([]);
  });

  test('a server without TLS gets nothing', async () => {
    const { taken, port } = await aMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS', 'AUTH'] });
    const { world, id, deliver } = aWorld(`smtp://localhost:${port}`);
    await world.put(aDelivery(id, 1));
    expect((await deliver())?.problem).toMatch(/TLS|answered 5\d\d/);
    expect(taken).toEqual([]);
  });

  test('insecure speaks plainly to one of your own', async () => {
    const { taken, port } = await aMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS', 'AUTH'] });
    const { world, id, deliver } = aWorld(`smtp://localhost:${port}`, { insecure: true });
    await world.put(aDelivery(id, 1));
    expect(await deliver()).toMatchObject({ accepted: 1 });
    expect(taken[0]?.secure).toBe(false);
  });

  test('a certificate for another name is refused', async () => {
    const { taken, port } = await aMailServer({ secure: true });
    const { world, id, deliver } = aWorld(`smtps://127.0.0.2:${port}`);
    await world.put(aDelivery(id, 1));
    expect(await deliver()).toMatchObject({ accepted: 0, waiting: 1 });
    expect(taken).toEqual([]);
  });
});

/** A server of few words that hangs up after it was told this. */
async function hangingUpAt(command: string): Promise<number> {
  const answers: { readonly [command: string]: string } = {
    EHLO: '250 ok',
    MAIL: '250 ok',
    RCPT: '250 ok',
    DATA: '354 go',
  };
  const serve = (socket: Socket) => {
    let inData = false;
    socket.on('error', () => undefined).write('220 hello\r\n');
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      const word = text.slice(0, 4);
      if (inData ? command === 'end' && text.includes('\r\n.\r\n') : word === command) return void socket.destroy();
      if (!inData) socket.write(`${answers[word] ?? '250 ok'}\r\n`);
      if (word === 'DATA') inData = true;
    });
  };
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  return (server.address() as { port: number }).port;
}

describe('a connection that is lost', () => {
  test.each([
    ['EHLO', false],
    ['MAIL', false],
    ['RCPT', false],
    ['DATA', false],
    ['end', true],
  ])('at %s may have arrived: %s', async (command, isDoubtful) => {
    const port = await hangingUpAt(command);
    const { world, parts, id, deliver } = aWorld(`smtp://127.0.0.1:${port}`, { insecure: true });
    await world.put(aDelivery(id, 1));
    expect(await deliver()).toMatchObject({ accepted: 0, waiting: 1 });
    const waiting = (await parts.store.list(`outbox/${id}`)).map(({ value }) => value as { maybeAccepted: boolean });
    expect(waiting.map(({ maybeAccepted }) => maybeAccepted)).toEqual([isDoubtful]);
  });

  test('nobody listens: nothing was sent', async () => {
    const { world, id, deliver } = aWorld('smtp://127.0.0.1:9');
    await world.put(aDelivery(id, 1));
    expect(await deliver()).toMatchObject({ waiting: 1, problem: 'it refused the connection (ECONNREFUSED)' });
  });
});
