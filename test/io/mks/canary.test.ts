import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Fetch } from '../../../lib/io/http/exchange.ts';
import { canary, clusterId, makeRegion, poolId, poolJson } from './region.ts';

const header = `Token ${canary}`;
const echoes = [
  header,
  canary,
  canary.slice(0, 30),
  encodeURIComponent(header),
  Buffer.from(canary).toString('base64'),
  Buffer.from(`authorization: ${header}`).toString('base64'),
  Buffer.from(`x${header}`).toString('base64url'),
];

/** Ways for a token to come back: in errors of the network, and in everything that a server can say. */
const hostile: readonly (readonly [string, Fetch])[] = [
  ['a network error', () => Promise.reject(new TypeError(`fetch failed ${header}`, { cause: new Error(canary) }))],
  [
    'an error with a code',
    () => Promise.reject(Object.assign(new Error(header), { code: canary, request: { header } })),
  ],
  ['a thrown text', () => Promise.reject(header)],
  ...echoes.flatMap((echo): (readonly [string, Fetch])[] => [
    [
      `a JSON message (${echo.length})`,
      async () => Response.json({ code: 3, message: `no: ${echo}` }, { status: 400 }),
    ],
    [
      `a long message (${echo.length})`,
      async () => Response.json({ code: 3, message: 'x'.repeat(180) + echo }, { status: 400 }),
    ],
    [`plain text (${echo.length})`, async () => new Response(`refused ${echo}`, { status: 403 })],
    [`a block page (${echo.length})`, async () => new Response(`<html>support id: ${echo}</html>`)],
    [`a wrong shape (${echo.length})`, async () => Response.json({ items: [{ id: echo, name: echo, status: {} }] })],
    [`broken JSON (${echo.length})`, async () => new Response(`{"id": ${echo}`)],
    [
      `a redirect (${echo.length})`,
      async () => new Response(null, { status: 302, headers: { location: `https://${echo}/` } }),
    ],
  ]),
];

test.each(hostile)('the token is not in an answer to %s', async (_, fetch) => {
  const { mks, clock } = makeRegion('https://mks.invalid', { fetch });
  const pending = mks.getNodePool(clusterId, poolId);
  await clock.advance(20_000);
  expectNoTrace(await pending);
  const fresh = {
    observed: { ...poolJson, sizeMin: 1, sizeMax: 1, createdAt: 0, updatedAt: 0, errors: [] },
    raw: '{}',
  };
  expectNoTrace(await mks.putNodePool(clusterId, fresh, { size: 1 }, Number.MAX_SAFE_INTEGER));
});

test('a token that is no header value goes nowhere', async () => {
  const { mks } = makeRegion('https://mks.invalid', { stages: { current: `${canary}\nx: ${canary}` } });
  expectNoTrace(await mks.listClusters());
});

/** The token, and what base64 makes of it in the middle of a longer text. */
const traces = [
  canary,
  ...[0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + canary)
      .toString('base64')
      .slice(4, -4),
  ),
];

function expectNoTrace(value: unknown): void {
  const text = `${JSON.stringify(value)}${inspect(value, { depth: 10, showHidden: true })}`;
  for (const trace of traces) {
    for (let at = 0; at + 12 <= trace.length; at += 1) expect(text).not.toContain(trace.slice(at, at + 12));
  }
}
