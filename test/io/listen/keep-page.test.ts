import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type Keeping, type KeptPool, unsignedMark, writeKeepLink } from '../../../lib/decide/announcing/keep-link.ts';
import { SecretError, StoreError } from '../../../lib/errors.ts';
import { addKeepPage, type KeepPageParts } from '../../../lib/io/listen/keep-page.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { withSignedLinks } from '../../../lib/io/signing.ts';

const hourMs = 3_600_000;
const now = Date.UTC(2026, 10, 23, 18);
const [boundary, until] = [now + hourMs, now + 3 * hourMs];
const secret = makeSecret(`whsec_${Buffer.alloc(32, 5).toString('base64')}`);
const usual = { boundary, sequence: 1, until, digest: '0'.repeat(16), destination: 'chat' };

function pathOf(link = usual): string {
  return withSignedLinks(`/keep/${writeKeepLink(link)}.${unsignedMark}`, secret);
}

function aPool(pool: string, patch: Partial<KeptPool> = {}): KeptPool {
  return { region: 'r1', cluster: 'ml', pool, atLeast: 2, until, ...patch };
}

/** The page over a job that only says what it was asked. */
function aPage(pools: readonly KeptPool[] = [aPool('web')], patch: Partial<KeepPageParts> = {}) {
  const [asked, told]: [string[], string[]] = [[], []];
  const answer = (kind: 'open' | 'kept') => async (): Promise<Keeping> => {
    asked.push(kind);
    return { kind, boundary, until, destination: 'chat', pools };
  };
  const app = addKeepPage(new Hono(), {
    clock: { now: () => now, sleep: async () => {} },
    secrets: async () => [secret],
    look: answer('open'),
    keep: answer('kept'),
    quota: { take: () => true },
    zone: () => 'UTC',
    hasSeveralRegions: () => false,
    clean: (text) => text.replaceAll('c0ffee', '[redacted]'),
    tell: ({ what, source, reason }) => void told.push([what, source ?? '', reason].join(' | ')),
    ...patch,
  });
  app.onError((_, c) => c.text('failed', 500));
  const get = (path = pathOf()) => app.request(path);
  const post = (body: string, path = pathOf()) => app.request(path, { method: 'POST', body });
  return { app, get, post, asked, told };
}

describe('only the form keeps', () => {
  test.each([
    ['keep=yes', 'kept'],
    [' keep=yes\r\n', 'kept'],
    ['keep=no', 'open'],
    ['', 'open'],
    ['keep=yes&more=1', 'open'],
    ['x'.repeat(1025), 'open'],
  ])('a POST of %j is %s', async (body, kind) => {
    const { post, asked } = aPage();
    expect((await post(body)).status).toBe(200);
    expect(asked).toEqual([kind]);
  });

  test.each(['.', ').', '!', '…', '*'])('what ends the sentence around a link (%s) is no part of it', async (end) => {
    const { get, asked } = aPage();
    expect((await get(`${pathOf()}${encodeURI(end)}`)).status).toBe(200);
    expect(asked).toEqual(['open']);
  });

  test.each(['GET', 'HEAD'])('a %s keeps nothing', async (method) => {
    const { app, asked } = aPage();
    expect((await app.request(pathOf(), { method })).status).toBe(200);
    expect(asked).toEqual(['open']);
  });
});

describe('what is not answered', () => {
  test('a link that nobody signed, or is too long, and nothing is looked up', async () => {
    const { get, asked, told } = aPage();
    const long = `/keep/${'x'.repeat(301)}`;
    for (const path of [`${pathOf()}x`, long, '/keep/x']) expect((await get(path)).status).toBe(404);
    expect(asked).toEqual([]);
    expect(told).toHaveLength(3);
    expect(told.every((line) => line.startsWith('link not valid |  | '))).toBe(true);
  });

  test('a link that is too long costs no look at the secrets', async () => {
    const { get } = aPage([], { secrets: () => Promise.reject(new StoreError('never asked')) });
    expect((await get(`/keep/${'x'.repeat(301)}`)).status).toBe(404);
    expect((await get(`/keep/${'x'.repeat(300)}`)).status).toBe(503);
  });

  test('a link that has expired, without a look and without counting', async () => {
    const { get, asked, told } = aPage([], { quota: { take: () => false } });
    expect((await get(pathOf({ ...usual, until: now }))).status).toBe(410);
    // However long it would keep, nobody comes hours after the boundary.
    const late = { ...usual, boundary: now - 4 * 3_600_000, until: now + 3_600_000 };
    expect((await get(pathOf(late))).status).toBe(410);
    expect([asked, told]).toEqual([[], []]);
  });

  test('too many at once, by destination', async () => {
    const taken: string[] = [];
    const take = (name: string) => taken.push(name) < 2;
    const { get, told } = aPage([aPool('web')], { quota: { take } });
    expect((await get()).status).toBe(200);
    const answer = await get();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '10']);
    expect([taken, told.map((line) => line.split(' | ').slice(0, 2))]).toEqual([
      ['link of chat', 'link of chat'],
      [['link not answered', 'chat']],
    ]);
  });

  test('a message that is gone says why', async () => {
    const { get } = aPage([], { look: async () => ({ kind: 'gone', why: 'its pools have changed' }) });
    const answer = await get();
    expect(answer.status).toBe(410);
    expect(await answer.text()).toContain('its pools have changed');
  });

  test.each<[string, Partial<KeepPageParts>, string]>([
    [
      'its secret cannot be had',
      { secrets: () => Promise.reject(new SecretError('L is not set', 'L')) },
      ' | L is not set',
    ],
    [
      'its secret is too weak',
      { secrets: async () => [makeSecret('whsec_c2hvcnQ=')] },
      ' | The secret of links was refused',
    ],
    [
      'the store fails',
      { look: () => Promise.reject(new StoreError('the table is away')) },
      'chat | the table is away',
    ],
  ])('while %s, and when to ask again', async (_, patch, line) => {
    const { get, told } = aPage([], patch);
    const answer = await get();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(told).toEqual([expect.stringContaining(`link not answered | ${line}`)]);
    expect(await answer.text()).not.toContain('table');
  });

  test('and says nothing of an error from elsewhere', async () => {
    const { get, told } = aPage([], { look: () => Promise.reject(new TypeError('c0ffee')) });
    const answer = await get();
    expect([answer.status, await answer.text()]).toEqual([500, 'failed']);
    expect(told).toEqual(['link not answered | chat | an unexpected error']);
  });
});

describe('the page names', () => {
  const textOf = async (pools: readonly KeptPool[], patch: Partial<KeepPageParts> = {}, isPost = false) => {
    const { get, post } = aPage(pools, patch);
    return (await (isPost ? post('keep=yes') : get())).text();
  };

  test('each pool and what it keeps', async () => {
    const page = await textOf([
      aPool('web'),
      aPool('gpu', { atLeast: 1, until: until - hourMs, note: 'its rule says so' }),
    ]);
    expect(page).toContain('<li><b>ml/web</b>: at least 2 nodes</li>');
    expect(page).toMatch(
      /<li><b>ml\/gpu<\/b>: at least 1 node, until [^<]*20:00[^<]* <small>\(its rule says so\)<\/small><\/li>/u,
    );
    expect(page).toContain('Keep 2 pools up</button>');
  });

  test('regions where there are several', async () => {
    expect(await textOf([aPool('web')], { hasSeveralRegions: () => true })).toContain('<b>r1:ml/web</b>');
  });

  test('what cannot be kept, without an end of its own, and no button for nothing', async () => {
    const none = aPool('web', { atLeast: undefined, until: until - hourMs, note: 'it has no node' });
    const page = await textOf([none]);
    expect(page).toContain('<li><b>ml/web</b>: not kept <small>(it has no node)</small></li>');
    expect(page).not.toContain('<form');
    expect(await textOf([none, aPool('gpu')])).toContain('Keep 1 pool up</button>');
    expect(await textOf([none], {}, true)).toContain('<h1>Nothing is kept</h1>');
    expect(await textOf([none, aPool('gpu')], {}, true)).toContain('<h1>1 pool kept up</h1>');
  });

  test('its own style as the only thing that may be loaded', async () => {
    const answer = await aPage().get();
    const css = /<style>([^]*?)<\/style>/u.exec(await answer.text())?.[1] ?? '';
    const digest = createHash('sha256').update(css).digest('base64');
    expect(answer.headers.get('content-security-policy')).toBe(
      `default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'sha256-${digest}'`,
    );
  });

  test('nothing that is a secret or does anything', async () => {
    const page = await textOf([aPool('<b>c0ffee</b>', { note: '"><script>c0ffee' })]);
    expect(page).not.toContain('c0ffee');
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;b&gt;[redacted]&lt;/b&gt;');
  });
});

test('bodies that were read take no room from the next ones', async () => {
  const { post, asked } = aPage();
  for (let i = 0; i < 80; i += 1) await post('x'.repeat(1024));
  await post('keep=yes');
  expect(asked.at(-1)).toBe('kept');
});
