import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createStateTable,
  type Dynoxide,
  dynoxideMissing,
  makeDynoxideClient,
  startDynoxide,
} from '../../support/dynoxide.ts';
import { aCliWorld, type CliWorld, makeOutput, usualConfig } from '../cli-world.ts';

const missing = dynoxideMissing();
const monday = '2026-11-23T19:00:00Z';

async function keepAWhile(world: CliWorld): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    await world.run('run', '--once');
    await world.clock.advance(5 * 60_000);
  }
  await world.run('pause', 'ml/gpu', '--for', '2h', '--reason', 'maintenance');
}

/** What a page tells, without what differs from store to store. */
async function pageOf(world: CliWorld): Promise<string> {
  const out = join(world.folder, 'page.html');
  expect(await world.run('page', '--out', out)).toMatchObject({ code: 0, err: '' });
  return readFileSync(out, 'utf8')
    .replaceAll(world.folder, '')
    .replace(/\([0-9a-f]{16}\)/gu, '');
}

const unless = missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(`the page of a table${unless}`, () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());
  beforeEach(async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', dynoxide.endpoint);
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
    await createStateTable(makeDynoxideClient(dynoxide.endpoint), 'page');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('is that of a file, and is served too', { timeout: 60_000 }, async () => {
    using file = aCliWorld(monday);
    using table = aCliWorld(monday, `${usualConfig}store: { kind: dynamodb, table: page }\n`);
    for (const world of [file, table]) await keepAWhile(world);
    expect(await pageOf(table)).toBe(await pageOf(file));
    const [savings, known] = [await table.json('savings', '--by', 'pool'), await file.json('savings', '--by', 'pool')];
    expect(savings).toEqual(known);

    const { output, text } = makeOutput();
    const stop = new AbortController();
    const patch = { stdout: output, signal: stop.signal };
    const served = table.runWith(patch, 'page', '--listen', '127.0.0.1:0', '--config', table.config);
    await expect.poll(text).toContain('Ctrl-C');
    const [url = ''] = /http:\S+/u.exec(text()) ?? [];
    const before = table.world.requests.length;
    const answer = await fetch(url);
    expect([answer.status, (await answer.text()).includes('paused until')]).toEqual([200, true]);
    expect(table.world.requests.length).toBe(before);
    stop.abort();
    expect((await served).code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe('the page of an older store', () => {
  test('tells what 0.1.0 wrote down, and that nobody looked before', async () => {
    using world = aCliWorld('2026-11-29T13:22:05Z', '');
    copyFileSync('test/fixtures/stores/0.1.0.db', join(world.folder, 'lamplighter.db'));
    writeFileSync(world.config, readFileSync('test/fixtures/stores/0.1.0.yml', 'utf8'), { mode: 0o600 });
    const html = await pageOf(world);
    expect(html.match(/data-name="/gu)?.length).toBeGreaterThan(3);
    expect(html).not.toMatch(/NaN|undefined|Invalid Date/u);
    expect((await world.run('savings')).code).toBe(0);
  });

  test('that is empty says so', async () => {
    using world = aCliWorld(monday);
    await world.run('pause', 'ml/gpu', '--for', '2h');
    const html = await pageOf(world);
    expect(html).toContain('No round has run yet');
    expect(html).toContain('No round has seen a pool under a schedule yet.');
    expect(html).not.toMatch(/NaN|undefined|Invalid Date/u);
  });
});
