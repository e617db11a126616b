import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { sendJson, startServer } from '../support/local-server.ts';
import { aCliWorld, usualConfig } from './cli-world.ts';

const secret = 'whsec_bGFtcGxpZ2h0ZXItc2VuZGVyLWZvci10ZXN0cyE=';
const bearer = '0123456789abcdef0123456789abcdef';
const events = `events:
  ci: { kind: json, secret: [{ env: CI_NEW }, { env: CI_OLD }], may: ["ml/gpu"] }
  prom: { kind: alertmanager, secret: { env: PROM }, pool: "ml/gpu", atLeast: 2, for: 1h, may: ["ml/gpu"] }
  local: { kind: json, may: ["ml/gpu"], queue: jobs }
  bus: { kind: eventbridge, when: { source: [aws.s3] }, pool: "ml/gpu", atLeast: 2, for: 1h, may: ["ml/gpu"] }
`;
const event = '{ "id": "e1",  "lease": "l1", "pool": "ml/gpu", "atLeast": 6, "for": "2h" }\n';

function aSender(text = `${usualConfig}${events}`) {
  const world = aCliWorld('2026-11-23T12:00:00Z', text);
  const file = join(world.folder, 'event.json');
  writeFileSync(file, event);
  const env = {
    MKS_TOKEN: world.world.token,
    CI_NEW: secret,
    CI_OLD: 'whsec_dGhlLW9uZS1iZWZvcmUtaXQtZm9yLXRoZS10ZXN0cyE=',
    PROM: bearer,
  };
  const parts = { env, fetch: (input: string | URL | Request, init?: RequestInit) => fetch(input, init) };
  const send = (...argv: string[]) => world.runWith(parts, 'send', ...argv, '--config', world.config);
  return { file, send, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

describe('send', () => {
  test.each([
    ['\uFEFF', 'utf16le'],
    ['', 'utf16le'],
  ] as const)('names the encoding of a file that %j begins', async (mark, encoding) => {
    using sender = aSender();
    writeFileSync(sender.file, Buffer.from(`${mark}${event}`, encoding));
    const { code, err } = await sender.send('--source', 'ci', '--file', sender.file, '--to', 'http://127.0.0.1:9');
    expect([code, err]).toEqual([2, expect.stringContaining('event.json is UTF-16: save it as UTF-8')]);
  });

  test('refuses a file in Latin-1 with the place', async () => {
    using sender = aSender();
    writeFileSync(sender.file, Buffer.from('{ "reason":\n "für" }', 'latin1'));
    const { code, err } = await sender.send('--source', 'ci', '--file', sender.file, '--to', 'http://127.0.0.1:9');
    expect([code, err]).toEqual([2, expect.stringContaining('not UTF-8: line 2, column 4')]);
  });

  test('signs the file as it stands', async () => {
    await using server = await startServer((_, response) => sendJson(response, 200, { taken: 1 }));
    using sender = aSender();
    const { code, out } = await sender.send('--source', 'ci', '--file', sender.file, '--to', server.url);
    expect([code, out]).toEqual([0, 'accepted with status 200: {"taken":1}\n']);
    const [seen] = server.seen;
    if (seen === undefined) throw new Error('nothing came');
    const { path, body, headers } = seen;
    expect([path, body]).toEqual(['/events/ci', event]);
    const sentAt = new Date(Number(headers['webhook-timestamp']) * 1000);
    expect(sentAt.toISOString()).toBe('2026-11-23T12:00:00.000Z');
    const expected = new Webhook(secret).sign(String(headers['webhook-id']), sentAt, body);
    expect(headers['webhook-signature']).toBe(expected);
  });

  test('sends an alert with the bearer secret, to where the config listens', async () => {
    await using server = await startServer((_, response) => sendJson(response, 422, { reason: 'no such pool' }));
    using sender = aSender(`${usualConfig}${events}listen: ${new URL(server.url).host}\n`);
    const { code, out } = await sender.send('--source', 'prom', '--file', sender.file, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      kind: 'send',
      source: 'prom',
      status: 422,
      accepted: false,
      answer: '{"reason":"no such pool"}',
    });
    expect(server.seen[0]).toMatchObject({
      path: '/alertmanager/prom',
      headers: { authorization: `Bearer ${bearer}` },
    });
  });

  test.each([
    ['an unknown source', ['--source', 'cii', '--file', 'FILE', '--to', 'http://127.0.0.1:9'], 2, 'did you mean "ci"?'],
    ['a source of a queue', ['--source', 'local', '--file', 'FILE'], 2, 'comes through the queue jobs, not over HTTP'],
    ['a source of a bus', ['--source', 'bus', '--file', 'FILE'], 2, 'comes through an event bus'],
    ['no address at all', ['--source', 'ci', '--file', 'FILE'], 2, 'The config has no listen'],
    ['a file that is not there', ['--source', 'ci', '--file', 'no.json', '--to', 'http://127.0.0.1:9'], 2, 'ENOENT'],
    ['an address that is none', ['--source', 'ci', '--file', 'FILE', '--to', 'there'], 1, '--to is not an address'],
    ['nobody there', ['--source', 'ci', '--file', 'FILE', '--to', 'http://127.0.0.1:9'], 1, 'is it running'],
    ['no source', ['--file', 'FILE'], 2, "Required option '--source <name>' not specified"],
  ])('refuses %s', async (_, argv, code, message) => {
    using sender = aSender();
    const ran = await sender.send(...argv.map((one) => (one === 'FILE' ? sender.file : one)));
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(message);
    expect(ran.err).not.toContain(secret);
  });
});
