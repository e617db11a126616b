import { Hono } from 'hono';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadFleet } from '../../../lib/cli/page/load-fleet.ts';
import { makePage } from '../../../lib/cli/page/page-model.ts';
import { addPage, type PageParts } from '../../../lib/cli/page/page-routes.ts';
import { renderBoard } from '../../../lib/cli/page/render-board.ts';
import { makeView } from '../../../lib/decide/page/time-axis.ts';
import { StoreError } from '../../../lib/errors.ts';
import { systemClock } from '../../../lib/io/clock.ts';
import { serveListen } from '../../../lib/io/listen/serve.ts';
import { keepFleet, type PageFleet, pageNow, smallAway, smallScenes } from '../../support/page-fleet.ts';

let fleet: PageFleet;
beforeAll(async () => {
  fleet = await keepFleet({ scenes: smallScenes, away: smallAway, days: 1.1, everyMs: 15 * 60_000 });
}, 60_000);

function makePageApp(patch: Partial<PageParts> = {}): Hono {
  const { store, clock, config, redactor } = fleet;
  const zone = () => 'Europe/Berlin';
  return addPage(new Hono(), {
    store,
    clock,
    config: () => config,
    zone,
    clean: redactor.clean,
    host: '127.0.0.1',
    ...patch,
  });
}

async function get(path: string, headers: Record<string, string> = {}, app = makePageApp()) {
  const answer = await app.request(`http://localhost${path}`, { headers: { host: 'localhost:9090', ...headers } });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

describe('the page', () => {
  test('tells everything, in the order in which one asks', async () => {
    const { status, text } = await get('/');
    expect(status).toBe(200);
    const inOrder = [
      '1 critical incident open',
      'Tue 2026-11-24 20:16 Europe/Berlin',
      '7 pools; observes 1; 1 paused',
      'Cluster prod-data is in Error: etcd leader lost',
      'Tonight and this week',
      'now 20:16',
      'All 9 pools',
      'dev-api',
      'set by hand, kept until Wed 07:00',
      'paused until Wed 08:15',
      'at least 3 until 23:15',
      'What happens next',
      'ready by Wed 07:00',
      'Asks in addition to the schedule',
      'event:reprocessing',
      'What ends',
      'Kubernetes 1.32.6',
      'What it saves',
      'Who was told what',
      'failing: it answered 503',
    ];
    let at = 0;
    for (const words of inOrder) {
      const found = text.indexOf(words, at);
      expect([words, found >= 0]).toEqual([words, true]);
      at = found;
    }
  });

  test('holds no script, no style and no handler of its own', async () => {
    const { text, headers } = await get('/');
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:/u);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['/?q=dev-*/workers', ['dev-api/workers', 'dev-batch/workers'], ['prod-web/workers']],
    ['/?q=gpu', [], ['prod-web/workers']],
    ['/?only=odd', ['dev-api/workers', 'ml/system'], ['dev-api/build', 'prod-web/workers']],
    ['/?q=nobody', [], ['dev-api/build']],
  ])('finds with %s', async (path, shown, hidden) => {
    const { text } = await get(path, { 'x-part': '1' });
    const names = [...text.matchAll(/data-name="([^"]+)"/gu)].map((match) => match[1]);
    expect(names).toEqual(expect.arrayContaining(shown));
    for (const name of hidden) expect(names).not.toContain(name);
  });

  test('opens a pool: why, next, what happened, what to do', async () => {
    const { text, status } = await get('/pool/r1/dev-api/workers');
    expect(status).toBe(200);
    for (const words of [
      'Why 2',
      'is the first that matches; its schedule is office-hours',
      'set by hand, is kept instead of the schedule&#39;s size until Wed 07:00',
      '2 → 3',
      'Forget the size set by hand',
      'lamplighter resume &quot;dev-api/workers&quot;',
      'lamplighter history &quot;dev-api/workers&quot; --since 30d',
    ])
      expect(text).toContain(words);
    expect((await get('/pool/r1/dev-api/nobody')).status).toBe(404);
  });

  test.each([
    'evil.example',
    '127.0.0.1.evil.com',
    '127.1',
    'localhost..',
    'localhost.evil.example:9090',
    '0.0.0.0:9090',
    '',
  ])('is not served as %j', async (host) => {
    for (const path of ['/', '/pools', '/pool/r1/dev-api/workers', '/page.css', '/page.js'])
      expect([path, (await get(path, { host })).status]).toEqual([path, 421]);
  });

  test.each(['localhost', 'localhost.', 'LOCALHOST:1', '127.0.0.1:9090', '[::1]:9090', '[::1]'])(
    'is served as %j',
    async (host) => {
      expect((await get('/', { host })).status).toBe(200);
    },
  );

  test('elsewhere is for this machine alone, unless a proxy signs people in', async () => {
    const app = makePageApp({ host: '0.0.0.0' });
    const stranger = { incoming: { socket: { remoteAddress: '10.1.2.3', remotePort: 1, remoteFamily: 'IPv4' } } };
    const here = { incoming: { socket: { remoteAddress: '::ffff:127.0.0.1', remotePort: 1, remoteFamily: 'IPv6' } } };
    const ask = async (from: object, own: Hono, host = 'localhost') =>
      (await own.request('http://localhost/', { headers: { host } }, from)).status;
    expect(await ask(stranger, app)).toBe(403);
    expect(await ask(here, app)).toBe(200);
    const page = { allow: true, hosts: ['lamps.example.org'] };
    const open = makePageApp({ host: '0.0.0.0', config: () => ({ ...fleet.config, page }) });
    expect(await ask(stranger, open, 'lamps.example.org')).toBe(200);
    expect(await ask(stranger, open, 'other.example.org')).toBe(421);
  });

  test('is served over a real socket, and asks the API nothing', async () => {
    const before = fleet.world.requests.length;
    const app = makePageApp();
    const listening = await serveListen(app, { host: '127.0.0.1', port: 0 }, systemClock);
    const answer = await fetch(`http://127.0.0.1:${listening.port}/?view=night`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<b aria-current="page">36 hours</b>');
    await listening.close();
    expect(fleet.world.requests.length).toBe(before);
    expect(fleet.clock.now()).toBe(pageNow);
  });
});

describe('what was made is not shown', () => {
  test('once the config is another one', async () => {
    let { config } = fleet;
    const app = makePageApp({ config: () => config });
    expect((await get('/', {}, app)).text).toContain('prod-web');
    config = { ...config, hash: 'another', rules: [] };
    expect((await get('/', {}, app)).text).not.toContain('data-name="prod-web');
  });

  test('where it could not be: the next one who asks gets it', async () => {
    let isAway = true;
    const list: typeof fleet.store.list = async (...asked) =>
      isAway ? Promise.reject(new StoreError('the store is away')) : fleet.store.list(...asked);
    const app = makePageApp({ store: { ...fleet.store, list } });
    app.onError((_, c) => c.text('failed', 500));
    expect((await get('/', {}, app)).status).toBe(500);
    isAway = false;
    expect((await get('/', {}, app)).status).toBe(200);
  });
});

test('the rows of a group are those of the region that is asked for', async () => {
  const namesOf = async (query: string) =>
    [...(await get(`/pools?q=${query}`, { 'x-part': '1' })).text.matchAll(/data-name="([^"]+)"/gu)].length;
  expect(await namesOf('r1:dev-*')).toBeGreaterThan(0);
  expect(await namesOf('r2:dev-*')).toBe(0);
});

test('how messages ended is told newest first', async () => {
  const { store, config } = fleet;
  const { history } = await loadFleet(store, config, pageNow, 0);
  const times = history.map(({ at }) => at);
  expect(new Set(times).size).toBeGreaterThan(1);
  expect(times).toEqual(times.toSorted((a, b) => b - a));
});

test('rules stand in the order of the config, whichever file and line they are in', async () => {
  const { store, config } = fleet;
  const rules = config.rules.map((rule, i) => ({ ...rule, position: { ...rule.position, line: 900 - i } }));
  const page = await makePage(store, { ...config, rules }, pageNow, 'UTC');
  const shown = page.rules.map(({ rule }) => rule.match.text);
  expect(shown.length).toBeGreaterThan(2);
  expect(shown).toEqual(rules.map(({ match }) => match.text).filter((text) => shown.includes(text)));
});

test('a group that is opened shows only what was searched for', async () => {
  const page = await makePage(fleet.store, fleet.config, pageNow, 'UTC');
  const [row] = page.rows.filter(({ oddity }) => oddity !== undefined);
  // Of a large fleet, those of one reason are one group.
  const many = Array.from({ length: 600 }, (_, i) => ({ ...row!, pool: `p${i}` }));
  const view = makeView('week', page);
  const wanted = { view, query: 'p*', match: undefined, onlyOdd: false };
  const html = String(await renderBoard({ ...page, rows: many, oddities: [many] }, wanted));
  const links = [...html.matchAll(/href="\/pools\?odd=[^"]*"/gu)].map(([link]) => link);
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((link) => !link.includes('q=p*'))).toEqual([]);
});
