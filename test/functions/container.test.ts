import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { makeOpenContainer, makeRequestLog, openedEarly } from '../../functions/container.ts';
import { systemClock } from '../../lib/io/clock.ts';
import { silentLog } from '../../lib/io/log.ts';
import { type AwsSecrets, makeAwsSecrets } from '../../lib/io/secrets/aws-secret.ts';
import { unwrap } from '../../lib/io/secrets/secret.ts';
import { compiled, head } from '../config/compile-text.ts';
import { startServer } from '../support/local-server.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const pools = 'pools: [{ match: "ml/gpu", schedule: office, base: 2, idle: 1 }]\n';
const onAws = `${head}${pools}store: { kind: dynamodb, table: lamplighter }\n`;

afterEach(() => void vi.unstubAllEnvs());

/** A place for a config, and a container that is opened there. */
function aPlace(env: Record<string, string> = {}, aws: AwsSecrets = makeAwsSecrets(systemClock)) {
  const folder = makeTemporaryFolder();
  const lines: string[] = [];
  const path = join(folder.path, 'config.json');
  const write = (line: string) => void lines.push(line);
  const open = makeOpenContainer({ configAt: pathToFileURL(path), env, write, aws });
  const install = async (text = onAws) => writeFileSync(path, JSON.stringify(await compiled(text)));
  const written = () => lines.map((line) => JSON.parse(line) as { readonly [name: string]: unknown });
  return { open, install, lines, written, [Symbol.dispose]: folder.remove };
}

describe('a container', () => {
  test('whose start failed starts with its next invocation', async () => {
    using place = aPlace();
    await expect(place.open()).rejects.toThrow('ENOENT');
    await place.install();
    expect((await place.open()).config).toMatchObject({ store: { kind: 'dynamodb', table: 'lamplighter' } });
  });

  test('that is opened early and cannot be is opened again when it is asked for', async () => {
    using place = aPlace();
    const open = openedEarly(place.open);
    await new Promise(setImmediate);
    await place.install();
    expect((await open()).config).toMatchObject({ store: { kind: 'dynamodb' } });
  });

  test('that is opened early is not opened once more', async () => {
    using place = aPlace();
    await place.install();
    const opening: unknown[] = [];
    const open = openedEarly(() => {
      const opened = place.open();
      opening.push(opened);
      return opened;
    });
    expect(opening).toHaveLength(1);
    expect(await open()).toBe(await opening[0]);
  });

  test('that is opened early reads the token of each region on AWS meanwhile', async () => {
    using place = aPlace();
    const regions = `
  r1: { api: eumetsat-r1, token: { awsSecret: fleet/r1 } }
  r2: { api: "http://127.0.0.1:1", token: { env: T } }
  r3: { api: "http://127.0.0.1:2", token: { awsSecret: fleet/r3 } }
`;
    await place.install(onAws.replace(/(?<=^regions:)\n(?: .*\n)+/mu, regions));
    const read: string[] = [];
    await openedEarly(place.open, { readAhead: (name) => void read.push(name) })();
    await new Promise(setImmediate);
    expect(read).toEqual(['fleet/r1', 'fleet/r3']);
  });

  test('reads secrets by the client that reads them ahead', async () => {
    const aws = { read: async (name: string, stage: string) => `${name}-${stage}-value` };
    using place = aPlace({}, aws);
    await place.install();
    const { secrets } = (await place.open()).app.parts;
    expect(unwrap(await secrets.read({ kind: 'awsSecret', name: 'k' }, 'key'))).toBe('k-current-value');
  });

  test('is opened once', async () => {
    using place = aPlace();
    await place.install();
    const [first, beside] = await Promise.all([place.open(), place.open()]);
    expect(beside).toBe(first);
    await place.install(`${onAws}digest: { to: hook, every: mon 08:00 }
destinations: { hook: { kind: webhook, url: { env: U } } }`);
    expect(await place.open()).toBe(first);
  });

  test('with the config of a process does not start', async () => {
    using place = aPlace();
    await place.install(head + pools);
    await expect(place.open()).rejects.toThrow('the config was not built for functions');
  });

  test.each([
    [undefined, ['info', 'warn']],
    ['warn', ['warn']],
    ['debug', ['debug', 'info', 'warn']],
  ])('with the log level %s', async (level, expected) => {
    using place = aPlace(level === undefined ? {} : { LAMPLIGHTER_LOG_LEVEL: level });
    await place.install();
    const { log } = await place.open();
    log.begin({ requestId: 'r1' });
    for (const at of ['debug', 'info', 'warn'] as const) log[at]('said');
    expect(place.written().map(({ level: own }) => own)).toEqual(expected);
    expect(place.written().at(-1)).toMatchObject({ message: 'said', requestId: 'r1' });
    expect(place.lines.every((line) => line.endsWith('}\n'))).toBe(true);
  });

  test.each([
    [{}, 'lamplighter'],
    [{ LAMPLIGHTER_INSTALLATION: 'fleet-prod' }, 'fleet-prod'],
  ])('with %j reports under its name', async (env, installation) => {
    using place = aPlace(env);
    await place.install();
    const { report, app } = await place.open();
    report('scale-pools', { lamplighter_clusters: 3 });
    expect(place.written()).toMatchObject([{ installation, job: 'scale-pools', lamplighter_clusters: 3 }]);
    expect(app.parts.installation).toBe(installation);
  });

  test('knows its secrets, and no line shows one', async () => {
    using place = aPlace({ KEY: 'c0ffee-c0ffee-c0ffee' });
    await place.install();
    const { app, log } = await place.open();
    await app.parts.secrets.read({ kind: 'env', name: 'KEY' }, 'key');
    log.warn('it says c0ffee-c0ffee-c0ffee');
    expect(place.lines.join('')).toContain('it says ');
    expect(place.lines.join('')).not.toContain('c0ffee');
  });

  test.each([
    [{}, ['lamplighter-scale-pools', 'lamplighter-watch-clusters', 'lamplighter-deliver-alerts']],
    [{ LAMPLIGHTER_INSTALLATION: 'p' }, ['p-scale-pools', 'p-watch-clusters', 'p-deliver-alerts']],
    [
      { LAMPLIGHTER_SCALE_POOLS: 'own-scale', LAMPLIGHTER_DELIVER_ALERTS: 'own-deliver' },
      ['own-scale', 'lamplighter-watch-clusters', 'own-deliver'],
    ],
  ])('with %j starts the functions of its installation', async (env, names) => {
    await using lambda = await startServer((_, response) => response.writeHead(202).end());
    vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', lambda.url);
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    using place = aPlace(env);
    await place.install();
    const { invoke } = await place.open();
    for (const job of ['scale-pools', 'watch-clusters', 'deliver-alerts'] as const) {
      expect(await invoke({ job })).toBe(true);
    }
    expect(lambda.seen.map(({ path }) => path.split('/').at(-2))).toEqual(names);
    // What is started is not waited for.
    for (const { headers } of lambda.seen) expect(headers['x-amz-invocation-type']).toBe('Event');
  });
});

test('the log of a request carries its fields on every line, and those of its own', () => {
  const lines: unknown[] = [];
  const note = (level: string) => (message: string, fields?: object) => void lines.push([level, message, fields]);
  const levels = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const log = makeRequestLog({ ...silentLog, ...levels });
  const own = log.with({ job: 'x' }).with({ part: 2 });
  log.begin({ requestId: 'r1' });
  log.debug('a');
  log.error('b', { reason: 'c' });
  own.info('d', { job: 'y' });
  log.begin({ requestId: 'r2' });
  own.warn('e');
  expect(lines).toEqual([
    ['debug', 'a', { requestId: 'r1' }],
    ['error', 'b', { requestId: 'r1', reason: 'c' }],
    ['info', 'd', { requestId: 'r1', job: 'y', part: 2 }],
    ['warn', 'e', { requestId: 'r2', job: 'x', part: 2 }],
  ]);
});
