import { chmod, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { listenLocally } from '../../support/listen-locally.ts';
import { sendJson, startServer } from '../../support/local-server.ts';
import { hour } from '../../support/scaling-world.ts';
import { aCliWorld } from '../cli-world.ts';
import { aCloudPatient, aPatient, configOf, examined, found, start } from './patient.ts';

describe('doctor on a fleet that is well', () => {
  test('nothing failed, GETs only, and what cannot be known is said to be unknown', async () => {
    using night = await aPatient();
    await night.run('run', '--once', '--dry-run');
    night.world.forgetRequests();
    const { code, checks } = await examined(night);
    expect(code).toBe(0);
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(found(checks, 'api')).toEqual([expect.stringContaining('ok: 127.0.0.1:9 answers: 6 clusters')]);
    expect(found(checks, 'roles.read')).toEqual(['ok: the token may list clusters and node pools: 12 pools']);
    expect(found(checks, 'roles.write')).toEqual([
      expect.stringMatching(/^unknown: .*is not known without a write > .*--prove-write/),
    ]);
    expect(found(checks, 'token.expiry')).toEqual(['ok: the token lasts until 2027-03-01, in 98 days']);
    expect(found(checks, 'errors')).toEqual([expect.stringMatching(/^ok: /)]);
    expect(found(checks, 'store')).toEqual([expect.stringContaining('there is no store yet')]);
    expect(new Set(night.world.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  test('a store is written to, and tells when the last round was', async () => {
    using night = await aPatient();
    await night.run('run', '--once');
    expect(found((await examined(night)).checks, 'rounds')).toEqual([
      expect.stringMatching(/^ok: the last round ended/),
    ]);
    night.clock.moveTo(start + 2 * hour);
    const { checks } = await examined(night);
    expect(found(checks, 'store')).toEqual([expect.stringContaining('can be read and written')]);
    expect(found(checks, 'rounds')).toEqual([expect.stringMatching(/^warning: the last round ended 2h ago/)]);
  });

  test('for people: a mark and a sentence each, a way out below, a count at the end', async () => {
    using night = await aPatient();
    const { stdout } = await night.run('doctor');
    expect(stdout).toContain('region r1\n  ✓ 127.0.0.1:9 answers');
    expect(stdout).toMatch(/\d+ ok, 1 warning, 0 failed, \d+ unknown\n$/);
    expect(stdout).not.toContain('\u001b');
  });
});

describe('the config and the fleet', () => {
  test('a config that cannot be used is told, and nothing is asked; exit code 2, as everywhere', async () => {
    using night = await aPatient({ config: configOf('unknown: 1') });
    const { code, checks } = await examined(night);
    expect([code, found(checks, 'config')]).toEqual([2, [expect.stringContaining('failed: ')]]);
    await rm(night.configFile);
    expect((await examined(night)).code).toBe(2);
    expect(night.world.requests).toEqual([]);
  });

  test('two clusters of one name are told once, by every command', async () => {
    using world = aCliWorld();
    const workers = { name: 'workers', size: 2, flavor: 'eo2a.large' };
    world.world.createCluster({ name: 'dev-api', version: '1.34.2', pools: [workers] });
    await world.clock.advance(60 * 60_000);
    await world.run('run', '--once');
    for (const command of ['doctor', 'status', 'explain dev-api/workers', 'incidents']) {
      const { out } = await world.run(...command.split(' '));
      expect([command, out.match(/2 clusters are called dev-api/g)]).toHaveProperty('1.length', 1);
    }
    const { out } = await world.run('plan');
    expect(out.match(/^holds dev-api\/\w+/gm)).toEqual(['holds dev-api/build', 'holds dev-api/workers']);
    expect(out).toContain(' 2 holds, ');
  });

  test('rules that match nothing, or come too late', async () => {
    const pools =
      '[{ match: "dve-*/*", schedule: office, base: remembered, idle: 0, limits: { min: 0 } }, { match: "{dev,prod}-api/*", schedule: none }, { match: "dev-[a]pi/*", schedule: none }]';
    using night = await aPatient({ config: configOf('', pools) });
    expect(found((await examined(night)).checks, 'rules')).toEqual([
      expect.stringContaining('the rule "dve-*/*" in line 5 matches no pool'),
      expect.stringContaining('the rule "dev-[a]pi/*" in line 5 has no effect'),
    ]);
  });

  test('a runsOn that names no pool protects none', async () => {
    using night = await aPatient({ config: `${configOf()}\nsafety: { runsOn: mgmt/sytem }\n` });
    expect(found((await examined(night)).checks, 'rules')).toEqual([
      expect.stringMatching(/^warning: safety\.runsOn "mgmt\/sytem" matches no pool of the fleet: .* > name the pool/),
    ]);
  });

  test('no rule, no pools: told once, and no rule is blamed', async () => {
    using watching = await aPatient({ config: configOf('', '[]') });
    expect(found((await examined(watching)).checks, 'rules')).toEqual([
      'ok: the config has no rule: nothing is scaled',
    ]);
    const pools = '[{ match: "dev-*/*", schedule: none }, { match: "prod-*/*", schedule: none }]';
    for (const clusters of [[], [{ name: 'bare', pools: [] }]]) {
      using empty = await aPatient({ fleet: { clusters }, config: configOf('', pools) });
      expect(found((await examined(empty)).checks, 'rules')).toEqual([
        expect.stringMatching(/^warning: the fleet has no node pools: .* > create them first/),
      ]);
    }
  });

  test('clusters of one name in two regions are told apart', async () => {
    const second = 'r2: { api: "http://127.0.0.1:9/api/v1", token: { env: TOKEN } }';
    using night = await aPatient({ config: configOf().replace(' } } }', ` } }, ${second} }`) });
    expect(found((await examined(night)).checks, 'end-of-life')).toEqual([
      expect.stringMatching(/ version of r1:(\S+), r2:\1: /),
    ]);
  });

  test('a rule that the config alone shows to never count is told once', async () => {
    const pools = '[{ match: "*/*", schedule: none }, { match: "dev-api/*", schedule: none }]';
    using night = await aPatient({ config: configOf('', pools) });
    const { checks } = await examined(night);
    expect(checks.filter(({ text }) => text.includes('has no effect'))).toMatchObject([{ id: 'config' }]);
  });

  test('sizes that do not suit the kind of pool', async () => {
    const pools =
      '[{ match: "dev-api/workers", schedule: office, base: { min: 1, max: 3 }, idle: { min: 1, max: 1 } }, { match: "ml/gpu", schedule: office, base: 3, idle: 1 }]';
    using night = await aPatient({ config: configOf('', pools) });
    const { code, checks } = await examined(night);
    expect(code).toBe(1);
    expect(found(checks, 'sizes')).toEqual([
      expect.stringContaining('failed: dev-api/workers is a fixed pool, and the rule in line 5 gives it 1..3'),
      expect.stringContaining('warning: ml/gpu is autoscaled, and base: 3 of the rule in line 5 pins it'),
    ]);
  });

  test('calendars that run out', async () => {
    const more =
      'calendars: { past: { dates: [2026-10-01], actLike: sunday }, soon: { dates: [2026-12-24], actLike: sunday }, far: { dates: [2027-12-24], actLike: sunday }, none: { dates: [], actLike: sunday } }';
    using night = await aPatient({ config: configOf(more) });
    expect(found((await examined(night)).checks, 'calendar').map((text) => text.split(' >')[0])).toEqual([
      'warning: its last date was 2026-10-01: no day of it is to come',
      'warning: it ends on 2026-12-24, in 31 days',
      'ok: it lasts until 2027-12-24',
      'warning: no date is in its file or its list: no day of it is to come',
    ]);
  });
});

describe('regions that are not well', () => {
  test('a refused connection names host and port, and Node’s proxy settings', async () => {
    const server = createServer();
    const url = await listenLocally(server);
    await new Promise((resolve) => server.close(resolve));
    using night = await aCloudPatient(url, { HTTPS_PROXY: 'http://proxy:3128' });
    const { code, checks } = await examined(night);
    expect([code, found(checks, 'api')]).toEqual([
      1,
      [
        expect.stringMatching(
          /ECONNREFUSED.* > nothing listens there.*HTTPS_PROXY is set, but Node uses it only with NODE_USE_ENV_PROXY=1/,
        ),
      ],
    ]);
    expect(night.printed()).not.toContain('canary');
  });

  test.each([
    ['a web page', 'text/html', 200, '<html>Support ID: 4711</html>', 'api', /web page.* > this is not the API/],
    [
      'a refused token',
      'application/json',
      401,
      '{"code":16,"message":"no canary-token-4711"}',
      'token',
      /refuses the token.* > create a token/,
    ],
    ['a missing role', 'application/json', 403, '{"code":7,"message":"no"}', 'token', /may not list clusters/],
    ['another API', 'application/json', 200, '{"hello":"world"}', 'api', /is not an MKS API/],
    ['a wrong address', 'application/json', 404, '{"code":5,"message":"no"}', 'api', /does not know this address/],
  ])('%s', async (_name, type, status, body, id, text) => {
    await using server = await startServer((_request, response) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    });
    using night = await aCloudPatient(server.url);
    const { code, checks } = await examined(night);
    expect([code, found(checks, id)]).toEqual([1, [expect.stringMatching(text)]]);
    expect(night.printed()).not.toContain('canary');
  });

  test('https spoken to a plain port', async () => {
    await using server = await startServer((_request, response) => sendJson(response, 200, {}));
    using night = await aCloudPatient(server.url.replace('http:', 'https:'));
    const { checks } = await examined(night);
    expect(found(checks, 'api')).toEqual([expect.stringContaining('the server does not speak https')]);
  });

  test('a clock that is wrong, and a token that ends', async () => {
    const skewed = new Date(start + 5 * 60_000).toUTCString();
    using night = await aPatient({
      config: configOf().replace('2027-03-01', '2026-12-01'),
      fetch: async () => new Response('{"code":16}', { status: 401, headers: { date: skewed } }),
    });
    const { checks } = await examined(night);
    expect(found(checks, 'clock')).toEqual([
      expect.stringContaining("warning: this machine's clock is 300 s behind the server's"),
    ]);
    expect(found(checks, 'token.expiry')).toEqual([
      expect.stringContaining('warning: the token ends on 2026-12-01, in 8 days'),
    ]);
  });

  test('a clock by which nothing would be changed', async () => {
    using night = await aPatient({
      fetch: async () => new Response('{"items":[]}', { headers: { date: new Date(start - 12 * hour).toUTCString() } }),
    });
    const { code, checks } = await examined(night);
    expect([code, found(checks, 'clock')]).toEqual([
      1,
      [
        expect.stringMatching(
          /^failed: this machine's clock says 2026-11-23T\S+Z, the server's 2026-11-2[23]T\S+Z: nothing is changed/,
        ),
      ],
    ]);
  });

  test('times are in the zone of the config', async () => {
    using night = await aPatient({
      config: configOf().replace('timezone: UTC', 'timezone: Asia/Kathmandu'),
      fetch: async () => new Response('{"items":[]}', { headers: { date: new Date(start - 12 * hour).toUTCString() } }),
    });
    const { stdout } = await night.run('doctor');
    expect(stdout).toMatch(
      /clock says \d\d:\d\d Asia\/Kathmandu, the server's (\w{3} [\d-]+ )?\d\d:\d\d Asia\/Kathmandu/,
    );
    expect(stdout).not.toMatch(/T\d\d:\d\d/);
  });

  test('a token that outlives its `expires`', async () => {
    using night = await aPatient({ config: configOf().replace('2027-03-01', '2026-11-22') });
    const { code, checks } = await examined(night);
    expect([code, found(checks, 'token.expiry')]).toEqual([0, [expect.stringContaining('the API still takes it')]]);
  });

  test('no token at all', async () => {
    using night = await aPatient({ env: { TOKEN: '' } });
    const { checks } = await examined(night);
    expect(found(checks, 'token')).toEqual([expect.stringContaining('env TOKEN is empty')]);
    expect(found(checks, 'clock')).toEqual(['unknown: no answer came that could tell the time of the server']);
  });

  test('pools that may not be read, errors that are not given', async () => {
    using night = await aPatient({
      fault: ({ path }) =>
        path.endsWith('/node-pool') ? { kind: 'status', status: 403, body: 'grpc', code: 7 } : undefined,
    });
    expect(found((await examined(night)).checks, 'roles.read')).toEqual([
      expect.stringMatching(/failed: the node pools of .* could not be listed.* > give the token the role/),
    ]);
  });
});

describe('secrets', () => {
  test('files that others may read or write, event secrets that are weak', async () => {
    using night = await aPatient({
      env: { WEAK: 'short', GOOD: `whsec_${Buffer.alloc(32, 1).toString('base64')}` },
      config: configOf(`
destinations: { hook: { kind: webhook, url: "http://127.0.0.1:9/hook", insecure: true, secret: { file: ./open.txt } } }
heartbeat: { url: { file: ./wide.txt } }
events:
  weak: { kind: json, secret: { env: WEAK }, may: ["dev-*/*"], most: 5 }
  good: { kind: json, secret: { env: GOOD }, may: ["dev-*/*"], most: 5 }`),
    });
    for (const [name, mode] of [
      ['open.txt', 0o644],
      ['wide.txt', 0o666],
    ] as const) {
      await writeFile(join(night.folder, name), 'https://127.0.0.1/canary');
      await chmod(join(night.folder, name), mode);
    }
    const { checks } = await examined(night);
    expect(found(checks, 'config')[0]).toBe('ok: the config is valid');
    expect(found(checks, 'secret.file')).toEqual([
      expect.stringMatching(/^warning: every user of this machine may read it > chmod 600/),
      expect.stringMatching(/^failed: every user of this machine may write it > chmod 600/),
    ]);
    expect(found(checks, 'event.secret')).toEqual([
      expect.stringMatching(/^failed: .*events\.weak was refused/),
      expect.stringMatching(/^ok: /),
    ]);
    expect(night.printed()).not.toMatch(/canary|whsec_[A-Za-z0-9]{8}/);
  });
});

describe('the second of two', () => {
  const good = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

  test('secrets of sources and links is looked at, too, and where the heartbeat goes', async () => {
    using night = await aPatient({
      env: { WEAK: 'short', GOOD: good, BEAT: 'not an address' },
      config: configOf(`
heartbeat: { url: { env: BEAT } }
links: { url: "https://x.example", secret: [{ env: GOOD }, { file: ./links.txt }] }
events:
  ci: { kind: json, secret: [{ env: GOOD }, { env: WEAK }], may: ["dev-*/*"], most: 5 }`),
    });
    await writeFile(join(night.folder, 'links.txt'), 'whsec_YQ==');
    await chmod(join(night.folder, 'links.txt'), 0o644);
    const { checks } = await examined(night);
    expect(found(checks, 'secret.file')).toEqual([expect.stringMatching(/^warning: every user/u)]);
    expect(found(checks, 'event.secret')).toEqual([expect.stringMatching(/^failed: .*events\.ci was refused/u)]);
    expect(found(checks, 'links.secret')).toEqual([expect.stringMatching(/^failed: /u)]);
    expect(found(checks, 'destination', 'heartbeat')).toEqual([expect.stringMatching(/^failed: /u)]);
  });

  test('regions is looked at in the store that the environment names', async () => {
    const r2 = 'r2: { api: "http://127.0.0.1:9/api/v1", token: { env: TOKEN, expires: 2027-03-01 } } }';
    const config = configOf().replace(' } }\nschedules', ` }, ${r2}\nschedules`);
    using night = await aPatient({ config });
    const path = join(night.folder, 'other.db');
    using named = await aPatient({ config, env: { LAMPLIGHTER_STORE: path } });
    await named.run('run', '--once');
    const database = new DatabaseSync(path);
    database.exec("update records set value = '[1]' where partition = 'clusters/r2'");
    database.exec("delete from records where partition = 'findings' and id like 'r1/%'");
    database.close();
    const { checks } = await examined(named);
    expect(found(checks, 'store')[0]).toContain(path);
    expect(found(checks, 'rounds')).toEqual([expect.stringMatching(/^ok: the last round ended/u)]);
    expect(found(checks, 'records')).toEqual([expect.stringContaining('clusters/r2/')]);
  });
});
