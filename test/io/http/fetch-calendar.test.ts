import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { fetchCalendar } from '../../../lib/io/http/fetch-calendar.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { type SeenRequest, startServer } from '../../support/local-server.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';

const parts = { fetch, clock: systemClock };
const canary = 'private-0c0ffee0c0ffee0c0ffee';
const path = `/calendars/${canary}/basic.ics?sig=${canary}`;
const text = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n';

const get = (url: string, httpAllowed = true) => fetchCalendar(parts, makeSecret(url + path), httpAllowed);

test('a calendar is fetched from its address, with nothing of ours', async () => {
  await using server = await startServer((_, response) => response.end(text));
  expect(await get(server.url)).toEqual({ ok: true, text });
  expect(server.seen.map(({ method, path: asked }) => [method, asked])).toEqual([['GET', path]]);
  expect(server.seen[0]?.headers).not.toHaveProperty('authorization');
});

const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();

test.each([
  ['UTF-16, little end first', Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['UTF-16, big end first', swapped(Buffer.from(`\uFEFF${text}`, 'utf16le'))],
  ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
  ['UTF-16 without a mark, big end first', swapped(Buffer.from(text, 'utf16le'))],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
])('a calendar in %s is read', async (_, bytes) => {
  await using server = await startServer((__, response) => response.end(bytes));
  expect(await get(server.url)).toEqual({ ok: true, text });
});

const titled = 'BEGIN:VCALENDAR\r\nSUMMARY:Święto Łódź\r\nEND:VCALENDAR\r\n';
/** "Święto Łódź" in ISO 8859-2. */
const polish = Buffer.from('BEGIN:VCALENDAR\r\nSUMMARY:\xa6wi\xeato \xa3\xf3d\xbc\r\nEND:VCALENDAR\r\n', 'latin1');

test.each([
  ['text/calendar; charset=ISO-8859-2', polish, titled],
  ['text/calendar; charset="iso-8859-2"; method=PUBLISH', polish, titled],
  ['text/calendar; charset=iso-8859-2', Buffer.from(titled), titled],
  ['text/calendar', Buffer.from(titled.replace(/\w*ó\w*/u, 'ö'), 'latin1'), 'ö'],
  ['text/calendar; charset=nonsense', Buffer.from(titled.replace(/\w*ó\w*/u, 'ö'), 'latin1'), 'ö'],
])('a calendar sent as %s is read in its letters', async (type, bytes, letters) => {
  await using server = await startServer((_, response) => response.writeHead(200, { 'content-type': type }).end(bytes));
  expect(await get(server.url)).toMatchObject({ ok: true, text: expect.stringContaining(letters) });
});

test('a redirect on the same host is followed, three times', async () => {
  const step = ({ path: at }: SeenRequest, response: ServerResponse) => {
    const [, n = '0'] = /^\/step(\d)/.exec(at) ?? [];
    return n === '3' ? response.end(text) : response.writeHead(302, { location: `/step${Number(n) + 1}` }).end();
  };
  await using server = await startServer(step);
  expect(await get(server.url)).toEqual({ ok: true, text });
  await using loop = await startServer((_, response) => response.writeHead(301, { location: '/again' }).end());
  expect(await get(loop.url)).toEqual({ ok: false, problem: 'it redirects more than 3 times' });
  expect(loop.seen).toHaveLength(4);
});

describe('a redirect is not followed', () => {
  test.each([
    ['to another host', (port: string) => `http://localhost:${port}/x`, 'another place (http://localhost)'],
    ['to another port', () => 'http://127.0.0.1:9/x', 'another place (http://127.0.0.1)'],
    ['to the cloud itself', () => 'http://169.254.169.254/latest/meta-data', 'another place (http://169.254.169.254)'],
    ['to another scheme', (port: string) => `https://127.0.0.1:${port}/x`, 'another place (https://127.0.0.1)'],
    ['to a file', () => 'file:///etc/passwd', 'another place'],
    ['without a place', () => '', 'redirects (302)'],
  ])('%s', async (_, location, problem) => {
    await using server = await startServer((_request, response) => {
      const to = location(new URL(server.url).port);
      response.writeHead(302, to === '' ? {} : { location: to }).end();
    });
    expect(await get(server.url)).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
    expect(server.seen).toHaveLength(1);
  });
});

describe('what cannot be used is told without the address', () => {
  const answers: readonly (readonly [string, (response: ServerResponse) => unknown, string])[] = [
    ['an error', (response) => response.writeHead(404).end(path), 'it answered 404'],
    ['not modified', (response) => response.writeHead(304).end(), 'it answered 304'],
    ['several to choose from', (response) => response.writeHead(300).end(), 'it answered 300'],
    ['no content', (response) => response.writeHead(204).end(), 'it answered 204'],
    ['a page', (response) => response.end('<!doctype html><title>Sign in</title>'), 'not an iCalendar file'],
    ['an empty answer', (response) => response.end(), 'not an iCalendar file'],
    ['a large one', (response) => response.end(text + 'X'.repeat(2 * 1024 * 1024)), 'larger than 2 MB'],
    [
      'a small one that unpacks into a large one',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text + ' '.repeat(9_000_000))),
      'larger than 2 MB',
    ],
    [
      'one that breaks off',
      (response) => response.writeHead(200, { 'content-length': '999' }).write(text, () => response.destroy()),
      'ended early',
    ],
  ];
  test.each(answers)('%s', async (_, answer, problem) => {
    await using server = await startServer((_request, response) => void answer(response));
    const outcome = await get(server.url);
    expect(outcome).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
    expect(JSON.stringify(outcome)).not.toContain(canary.slice(8));
  });

  test.each([
    ['http where it is not allowed', 'http://127.0.0.1:9', false, 'plain http'],
    ['a password', 'https://user:pass@127.0.0.1:9', true, 'user name or password'],
    ['a file', 'file://localhost', true, 'must start with https'],
    ['no address', 'calendar', true, 'not a URL'],
    ['nobody there', 'http://127.0.0.1:65533', true, 'refused the connection'],
  ])('%s', async (_, url, allowed, problem) => {
    const outcome = await get(url, allowed);
    expect(outcome).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
    expect(JSON.stringify(outcome)).not.toContain(canary.slice(8));
  });

  test('one deadline counts for all redirects together', async () => {
    const clock = makeVirtualClock();
    const slow = async (input: Request | string | URL) => {
      const from = new URL(input instanceof Request ? input.url : input);
      await clock.sleep(4_000);
      return new Response(null, { status: 302, headers: { location: `${from.origin}/again` } });
    };
    const pending = fetchCalendar({ fetch: slow, clock }, makeSecret('https://cal.invalid/x'), false);
    await clock.advance(10_000);
    expect(await pending).toEqual({ ok: false, problem: 'no answer came in time' });
  });
});
