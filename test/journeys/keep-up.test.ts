import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeListenApp } from '../../lib/io/listen/routes.ts';
import type { Log } from '../../lib/io/log.ts';
import { makeQuota } from '../../lib/io/quota.ts';
import { makeReplays } from '../../lib/jobs/accept/replays.ts';
import { listAsks, releaseLease } from '../../lib/jobs/records/ask-records.ts';
import { listDecisions } from '../../lib/jobs/records/cluster-records.ts';
import type { Lease } from '../../lib/model/asks.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { aChat, anAnnouncedNight, announcing, saidOf, ticks } from '../support/announced-night.ts';
import { type Night, whileTimePasses } from '../support/night-app.ts';
import { aMatch, at, hour, minute } from '../support/scaling-world.ts';

const day = '2026-03-02';
const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const older = `whsec_${Buffer.alloc(32, 4).toString('base64')}`;
const env = { CHAT_URL: 'https://hooks.slack.com/services/T/B/x', LINKS: secret, OLD: older };
const links: NonNullable<CompiledConfig['links']> = {
  url: 'https://lamp.example.org/ops',
  secrets: [{ kind: 'env', name: 'LINKS' }],
  mostMs: 14 * hour,
  choices: [{ kind: 'for', ms: 2 * hour }, { kind: 'midnight' }, { kind: 'night' }],
};

// The first import of a job takes longer than any virtual clock waits.
beforeAll(() => import('../../lib/jobs/deliver/deliver-alerts.ts'));

type Evening = {
  readonly night: Night;
  readonly app: Hono;
  readonly woken: string[];
  /** What the chat got. */
  readonly bodies: string[];
  readonly logged: string[];
  readonly path: (label: string) => string;
};

/** An evening up to the announcement, delivered over the wire; the links are what the chat got. */
async function anEvening(patch: Partial<CompiledConfig> = {}): Promise<Evening> {
  const bodies: string[] = [];
  const logged: string[] = [];
  const write = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log };
  const night = anAnnouncedNight(
    `${day}T18:05:00Z`,
    { links, ...patch },
    {
      env,
      log,
      through: (api) => async (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        if (!url.startsWith('https://hooks.slack.com/')) return api(input, init);
        bodies.push(await new Request(input, init).text());
        return new Response('ok', { headers: { 'content-type': 'text/plain' } });
      },
    },
  );
  await ticks(night, `${day}T18:30:00Z`);
  await whileTimePasses(night, night.app.deliver(night.config));
  const woken: string[] = [];
  const clock = night.clock;
  const wake = (region: string, cluster: string) => void woken.push(`${region} ${cluster}`);
  const quota = makeQuota(clock, { burst: 40, perSecond: 1 });
  const app = makeListenApp({
    clock,
    sources: () => [],
    secretsOf: async () => [],
    accept: async () => [],
    replays: makeReplays({ store: night.store, clock }),
    quota,
    takesUnsigned: false,
    isHealthy: () => true,
    readiness: async () => ({ isReady: true, text: 'ready' }),
    keepPage: night.app.keepPage(() => night.config, wake, quota),
  });
  const buttons = bodies.flatMap((body) => buttonsIn(body));
  const path = (label: string) => {
    const url = buttons.find((one) => one.label === label)?.url ?? `no link "${label}"`;
    return url.replace('https://lamp.example.org/ops', '');
  };
  return { night, app, woken, bodies, logged, path };
}

function buttonsIn(body: string): readonly { label: string; url: string }[] {
  const { blocks } = JSON.parse(body) as {
    blocks: readonly { type: string; elements?: readonly { text: { text: string }; url: string }[] }[];
  };
  const actions = blocks.filter(({ type }) => type === 'actions');
  return actions.flatMap(({ elements = [] }) => elements.map(({ text, url }) => ({ label: text.text, url })));
}

function post(app: Hono, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return Promise.resolve(app.request(path, { method: 'POST', body: 'keep=yes', headers, ...init }));
}

async function leasesIn({ store }: Night): Promise<readonly Lease[]> {
  return (await listAsks(store, 'r1')).flatMap((ask) => (ask.kind === 'lease' ? [ask] : []));
}

function stateOf({ store }: Night): string {
  const snapshot = (store as unknown as { snapshot: () => ReadonlyMap<string, unknown> }).snapshot();
  return createHash('sha256')
    .update(JSON.stringify([...snapshot].map(([k, v]) => [k, [...(v as Map<string, unknown>)]])))
    .digest('hex');
}

describe('the message', () => {
  let evening: Evening;
  beforeAll(async () => {
    evening = await anEvening();
  });

  test('has a button for each choice', () => {
    expect(evening.bodies.flatMap((body) => buttonsIn(body)).map(({ label }) => label)).toEqual([
      '2 hours more',
      'Until midnight',
      'All night',
    ]);
  });

  test('no store and no log holds a signature, nor the secret', async () => {
    const signature = evening.path('All night').slice(-43);
    await post(evening.app, evening.path('All night'));
    const snapshot = (
      evening.night.store as unknown as { snapshot: () => ReadonlyMap<string, Map<string, unknown>> }
    ).snapshot();
    const stored = JSON.stringify([...snapshot].map(([name, records]) => [name, [...records]]));
    for (const text of [stored, evening.logged.join('\n')]) {
      expect(text).not.toContain(signature);
      expect(text).not.toContain(secret.slice(6));
    }
    expect(evening.logged.some((line) => line.startsWith('kept by a link'))).toBe(true);
  });
});

describe('the page', () => {
  let evening: Evening;
  beforeAll(async () => {
    evening = await anEvening();
  });

  test('says what would be kept, and how long', async () => {
    const response = await evening.app.request(evening.path('2 hours more'));
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(page).toContain('Until Mon 2 Mar 2026, 21:00 UTC. Nothing is changed before you confirm.');
    expect(page).toContain('<b>dev-api/workers</b>: at least 3 nodes');
    expect(page).toContain('<form method="post">');
    expect(page).not.toContain('<script');
  });

  test('its headers let nothing in or out', async () => {
    const { headers } = await evening.app.request(evening.path('2 hours more'));
    const [style, ...others] = (headers.get('content-security-policy') ?? '').split('; ').toReversed();
    expect(style).toMatch(/^style-src 'sha256-[\w+/=]+'$/);
    expect(others.toReversed()).toEqual([
      "default-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ]);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('its style is the one that the policy names', async () => {
    const response = await evening.app.request(evening.path('2 hours more'));
    const [, css = ''] = /<style>([^]*)<\/style>/.exec(await response.text()) ?? [];
    const digest = createHash('sha256').update(css).digest('base64');
    expect(response.headers.get('content-security-policy')).toContain(`'sha256-${digest}'`);
  });

  test.each(['OPTIONS', 'PUT', 'DELETE', 'PROPFIND'])('%s is told what there is', async (method) => {
    const { status, headers } = await evening.app.request(evening.path('All night'), { method });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });

  const fetched: readonly (readonly [string, (evening: Evening) => Promise<Response>])[] = [
    ['GET', async ({ app, path }) => app.request(path('All night'))],
    ['HEAD', async ({ app, path }) => app.request(path('All night'), { method: 'HEAD' })],
    ['OPTIONS', async ({ app, path }) => app.request(path('All night'), { method: 'OPTIONS' })],
    ['a scanner with a query', async ({ app, path }) => app.request(`${path('All night')}?utm=1`)],
    ['PUT', async ({ app, path }) => app.request(path('All night'), { method: 'PUT', body: 'keep=yes' })],
    ['an empty POST', async ({ app, path }) => post(app, path('All night'), { body: '' })],
    ['a POST with something else', async ({ app, path }) => post(app, path('All night'), { body: 'keep=no' })],
    [
      'a POST that is too large',
      async ({ app, path }) => post(app, path('All night'), { body: 'keep=yes'.repeat(999) }),
    ],
    ['an altered signature', async ({ app, path }) => post(app, altered(path('All night'), -1))],
    [
      'an altered end',
      async ({ app, path }) =>
        post(
          app,
          path('2 hours more').replace(/(?<=1\.[\da-z]+\.1\.)[\da-z]+/u, (end) =>
            (Number.parseInt(end, 36) + 3_600_000).toString(36),
          ),
        ),
    ],
    ['another destination', async ({ app, path }) => post(app, path('All night').replace('dev-chat', 'ops-chat'))],
    [
      'the signature of another choice',
      async ({ app, path }) => post(app, path('All night').slice(0, -43) + path('2 hours more').slice(-43)),
    ],
    ['no signature', async ({ app, path }) => post(app, `${path('All night').slice(0, -43)}${'x'.repeat(43)}`)],
    ['a foreign link', async ({ app }) => post(app, `/keep/1.abc.1.abc.0123456789abcdef.dev-chat.${'a'.repeat(43)}`)],
    ['nothing at all', async ({ app }) => post(app, '/keep/x')],
    ['an endless one', async ({ app }) => post(app, `/keep/${'x'.repeat(5000)}`)],
  ];
  test.each(fetched)('%s stores nothing', async (_, ask) => {
    const before = stateOf(evening.night);
    await ask(evening);
    expect(stateOf(evening.night)).toBe(before);
    expect(evening.woken).toEqual([]);
  });
});

function altered(path: string, index: number): string {
  const position = path.length + index;
  const letter = path.at(position) === 'A' ? 'B' : 'A';
  return path.slice(0, position) + letter + path.slice(position + 1);
}

describe('a right POST', () => {
  test('keeps what the pools have, says so everywhere, and they stay up', async () => {
    const { night, app, path, woken } = await anEvening();
    const response = await post(app, path('2 hours more'));
    expect(await response.text()).toContain('<h1>2 pools kept up</h1>');
    expect(woken).toEqual(['r1 dev-api']);
    expect((await leasesIn(night)).map(({ who, atLeast, until, match }) => [match.text, atLeast, until, who])).toEqual([
      ['r1:dev-api/build', 2, at(`${day}T21:00:00Z`), 'a link in dev-chat'],
      ['r1:dev-api/workers', 3, at(`${day}T21:00:00Z`), 'a link in dev-chat'],
    ]);
    await ticks(night, `${day}T20:00:00Z`);
    expect(night.world.pool('dev-api/workers').size).toBe(3);
    expect((await saidOf(night)).at(-1)).toMatch(
      /2 pools \(.*\) do not go down: kept up by a link in dev-chat until 2026-03-02T21:00:00Z$/,
    );
    const kept = (await listDecisions(night.store, 'r1')).filter(({ kind }) => kind === 'kept');
    expect(kept.map(({ who, reason }) => `${who}: ${reason}`).sort()).toEqual([
      'a link in dev-chat: kept at 2 nodes at least until 2026-03-02T21:00:00Z',
      'a link in dev-chat: kept at 3 nodes at least until 2026-03-02T21:00:00Z',
    ]);
    await ticks(night, `${day}T22:00:00Z`);
    expect(night.world.pool('dev-api/workers').size).toBe(0);
  });

  test('twice is once; a longer choice makes it longer, a shorter one does not', async () => {
    const { night, app, path } = await anEvening();
    const ends = async () => (await leasesIn(night)).map(({ until }) => until);
    await post(app, path('2 hours more'));
    const before = stateOf(night);
    await post(app, path('2 hours more'));
    expect(stateOf(night)).toBe(before);
    await post(app, path('Until midnight'));
    await post(app, path('2 hours more'));
    expect(await ends()).toEqual([at('2026-03-03T00:00:00Z'), at('2026-03-03T00:00:00Z')]);
  });

  test('what somebody released stays released', async () => {
    const { night, app, path } = await anEvening();
    await post(app, path('2 hours more'));
    for (const lease of await leasesIn(night)) await releaseLease(night.store, lease, 'ana@desk', night.clock.now());
    const page = await (await post(app, path('2 hours more'))).text();
    expect(page).toContain('Nothing is kept');
    expect(page).toContain('the lease was released');
    expect(await leasesIn(night)).toEqual([]);
  });

  test('after the boundary, it brings the nodes back', async () => {
    const { night, app, path } = await anEvening();
    await ticks(night, `${day}T20:00:00Z`);
    expect(night.world.pool('dev-api/workers').size).toBe(0);
    await post(app, path('2 hours more'));
    await ticks(night, `${day}T20:40:00Z`);
    expect(night.world.pool('dev-api/workers').size).toBe(3);
  });

  test('hours later it has expired', async () => {
    const { night, app, path } = await anEvening();
    await night.clock.advance(5 * hour);
    const response = await post(app, path('All night'));
    expect(response.status).toBe(410);
    expect(await response.text()).toContain('this link has expired');
    expect(await leasesIn(night)).toEqual([]);
  });

  test('through a proxy, under another name, below a path', async () => {
    const { night, app, path } = await anEvening();
    const headers = {
      host: 'elsewhere.example.org',
      'x-forwarded-host': 'lamp.example.org',
      'x-forwarded-proto': 'https',
      'content-type': 'application/x-www-form-urlencoded',
    };
    expect((await app.request(`/ops/tools${path('2 hours more')}`)).status).toBe(200);
    expect(await leasesIn(night)).toEqual([]);
    expect((await post(app, `/ops${path('2 hours more')}`, { headers })).status).toBe(200);
    expect(await leasesIn(night)).toHaveLength(2);
    expect((await post(app, path('2 hours more'), { headers })).status).toBe(200);
    expect(await leasesIn(night)).toHaveLength(2);
  });

  test('within what the rule allows', async () => {
    const rules = [announcing({ leases: { max: 2, longestMs: 90 * minute } })];
    const { night, app, path } = await anEvening({ rules });
    const page = await (await post(app, path('All night'))).text();
    expect(page).toContain('its rule allows fewer than 3 nodes for leases; its rule allows only shorter leases');
    expect((await leasesIn(night)).map(({ atLeast }) => atLeast)).toEqual([2, 2]);
    expect((await leasesIn(night))[0]?.until).toBe(night.clock.now() + 90 * minute);
  });

  test('for the pools of its message alone', async () => {
    const { night, app, path } = await anEvening({
      rules: [
        announcing({ match: aMatch('dev-api/workers') }),
        announcing({ match: aMatch('dev-api/build'), announce: { beforeMs: 30 * minute, to: ['ops'], raises: false } }),
      ],
      destinations: [aChat('dev-chat'), aChat('ops', { retired: true })],
    });
    await post(app, path('2 hours more'));
    expect((await leasesIn(night)).map(({ match }) => match.text)).toEqual(['r1:dev-api/workers']);
  });
});

describe('the secret', () => {
  test('the one before is accepted while another replaces it', async () => {
    const old = await anEvening({ links: { ...links, secrets: [{ kind: 'env', name: 'OLD' }] } });
    const path = old.path('2 hours more');
    old.night.config = {
      ...old.night.config,
      links: { ...links, secrets: [...links.secrets, { kind: 'env', name: 'OLD' }] },
    };
    expect((await post(old.app, path)).status).toBe(200);
  });

  test('one that is gone opens nothing', async () => {
    const old = await anEvening({ links: { ...links, secrets: [{ kind: 'env', name: 'OLD' }] } });
    old.night.config = { ...old.night.config, links };
    expect((await post(old.app, old.path('2 hours more'))).status).toBe(404);
    expect(await leasesIn(old.night)).toEqual([]);
  });

  test('one that cannot be had delays no message', async () => {
    const { path, logged } = await anEvening({
      links: { ...links, secrets: [{ kind: 'env', name: 'MISSING' }] },
    });
    expect(path('2 hours more')).toMatch(/x{43}$/);
    expect(logged.some((line) => line.startsWith('links were not signed'))).toBe(true);
  });
});

test('a flood of one link is told to slow down', async () => {
  const { app, path } = await anEvening();
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async () => (await app.request(path('All night'))).status),
  );
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10);
});
