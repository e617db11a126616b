import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compileConfig } from '../../../lib/config/compile-config.ts';
import { systemClock } from '../../../lib/io/clock.ts';
import { serveListen } from '../../../lib/io/listen/serve.ts';
import { unwrap } from '../../../lib/io/secrets/secret.ts';
import { acceptMessages } from '../../../lib/jobs/accept/accept-messages.ts';
import type { CompiledConfig, EventSourceConfig } from '../../../lib/model/config.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { hourMs, now } from '../../decide/intake/fixtures.ts';
import { readSample } from '../../decide/intake/samples.ts';
import { makeListenWorld, secrets } from '../../io/listen/listen-world.ts';

const run = promisify(execFile);
const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');

/** The code blocks of the page with this language and name. */
function blocks(info: string): readonly string[] {
  return [...page.matchAll(/^```(.+)\n([^]*?)^```$/gmu)]
    .filter((block) => block[1] === info)
    .map((block) => block[2] ?? '');
}

/** The page's own config: its common part and every recipe's source. */
async function compilePage(): Promise<CompiledConfig> {
  const events = blocks('yaml recipe').map((text) => text.replace(/^events:\n/u, ''));
  const text = `${blocks('yaml common').join('')}events:\n${events.join('')}`;
  const readFile = () => Promise.reject(new Error('no other file'));
  const outcome = await compileConfig(text, { file: 'events.md', now, readFile });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.config;
}

async function makePageWorld() {
  const config = await compilePage();
  const world = makeAcceptWorld({ config: () => config });
  const sourceOf = (name: string): EventSourceConfig => config.events.find((source) => source.name === name)!;
  return { config, world, sourceOf };
}

describe('a recipe of docs/events.md', () => {
  test.each([
    ['queue-depth', 'alertmanager.json', 'prod-a/workers', 6, 2 * hourMs],
    ['scenes', 'eventbridge-s3.json', 'ml/gpu', 4, hourMs - 2000],
    ['pipeline', 'eventbridge-codepipeline.json', 'ml/gpu', 2, 3 * hourMs - 20_000],
    ['ci', 'http-native.json', 'ml/gpu', 6, 2 * hourMs],
  ])('%s turns %s into a lease', async (name, sample, pool, atLeast, lastsMs) => {
    const { world, sourceOf } = await makePageWorld();
    await world.send(sourceOf(name), readSample(sample));
    expect(await world.live()).toMatchObject([{ match: { text: `r1:${pool}` }, atLeast, until: now + lastsMs }]);
    world.at = now + lastsMs;
    expect(await world.live()).toEqual([]);
  });

  test.each([
    ['queue-depth', 'alertmanager.json', 'alertmanager-resolved.json'],
    ['ci', 'http-native.json', 'http-release.json'],
  ])('%s lets go with %s then %s', async (name, start, end) => {
    const { world, sourceOf } = await makePageWorld();
    await world.send(sourceOf(name), readSample(start));
    world.at += 45 * 60_000;
    await world.send(sourceOf(name), readSample(end));
    expect(await world.live()).toEqual([]);
  });

  test('batch takes its queue', async () => {
    const { config, world } = await makePageWorld();
    const { Records } = JSON.parse(readSample('sqs.json')) as { Records: Array<{ messageId: string; body: string }> };
    const messages = Records.map(({ messageId, body }) => ({ id: messageId, queue: 'lamplighter-ci', body }));
    expect((await acceptMessages(world.parts, config.events, messages)).failed).toEqual([]);
    expect(await world.live()).toMatchObject([{ who: 'event:batch', atLeast: 6 }]);
  });

  test('in the page names events as they are', async () => {
    for (const text of blocks('json')) {
      const { world, sourceOf } = await makePageWorld();
      world.at += hourMs;
      expect((await world.send(sourceOf('ci'), text))[0]?.kind).toBe('stored');
    }
    expect(blocks('json')).toHaveLength(2);
  });
});

const hasTools = await Promise.all([run('curl', ['--version']), run('openssl', ['version'])]).then(
  () => true,
  () => false,
);

/** A script of the page, run as it stands against a listener on this machine's own time. */
async function runScript(script: string) {
  const accept = makeAcceptWorld({ clock: systemClock });
  const world = makeListenWorld({ world: { ...accept, clock: systemClock } });
  const listening = await serveListen(world.app, { host: '127.0.0.1', port: 0 }, systemClock);
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-'));
  try {
    writeFileSync(join(folder, 'apk'), '#!/bin/sh\n');
    chmodSync(join(folder, 'apk'), 0o755);
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      JOB: '4711',
      HOSTNAME: 'nodes-for-the-report-1',
      LAMPLIGHTER_KEY: unwrap(secrets.ci),
      LAMPLIGHTER_URL: `http://127.0.0.1:${listening.port}`,
    };
    const { stdout } = await run('sh', ['-euc', script], { env });
    return { answer: JSON.parse(stdout) as unknown, asks: await accept.asks() };
  } finally {
    rmSync(folder, { recursive: true });
    await listening.close();
  }
}

describe.skipIf(!hasTools)(`a script of docs/events.md${hasTools ? '' : ' (skipped: needs curl and openssl)'}`, () => {
  test('of a CI job signs and is taken', async () => {
    const { answer, asks } = await runScript(blocks('sh ci').join(''));
    expect(answer).toMatchObject({ outcome: 'stored' });
    expect(asks).toMatchObject([{ kind: 'lease', id: 'lease/event%3Aci/ml/gpu/4711', atLeast: 6 }]);
  });

  test('of a CronJob signs and is taken', async () => {
    const job = parse(blocks('yaml cronjob').join('')) as {
      spec: { jobTemplate: { spec: { template: { spec: { containers: Array<{ args: string[] }> } } } } };
    };
    const script = job.spec.jobTemplate.spec.template.spec.containers[0]?.args[0] ?? '';
    const { asks } = await runScript(script);
    expect(asks).toMatchObject([{ kind: 'lease', id: 'lease/event%3Aci/ml/gpu/report', atLeast: 3 }]);
  });
});

type Route = { readonly [key: string]: unknown; readonly routes?: readonly Route[] };

describe('the recipe of Alertmanager', () => {
  const text = blocks('yaml alertmanager').join('');

  test('is a whole configuration with a child route of its own', async () => {
    const { route, receivers } = parse(text) as { route: Route; receivers: readonly { name: string }[] };
    // Alertmanager refuses matchers of the root route.
    expect(Object.keys(route)).not.toContain('matchers');
    const own = route.routes?.find(({ receiver }) => receiver === 'lamplighter');
    expect(own).toMatchObject({ group_by: ['...'], group_wait: '0s', group_interval: '10s', continue: true });
    const named = [route, ...(route.routes ?? [])].map(({ receiver }) => receiver);
    expect(named.every((name) => receivers.some((one) => one.name === name))).toBe(true);
    const { config } = await makePageWorld();
    const source = config.events.find(({ kind }) => kind === 'alertmanager');
    expect(text).toContain(`/alertmanager/${source?.name}`);
    expect(own?.['repeat_interval']).toBe('30m');
    expect(source?.forMs).toBeGreaterThan(30 * 60_000);
  });

  test('is what amtool accepts', async (context) => {
    const isThere = await run('amtool', ['--version']).then(
      () => true,
      () => false,
    );
    context.skip(!isThere, 'amtool is not installed: it comes with the Debian package prometheus-alertmanager');
    const folder = mkdtempSync(join(tmpdir(), 'lamplighter-amtool-'));
    try {
      const file = join(folder, 'alertmanager.yml');
      writeFileSync(file, text);
      const { stdout } = await run('amtool', ['check-config', file]);
      expect(stdout).toContain('SUCCESS');
      expect(stdout).toContain('2 receivers');
      const { stdout: taken } = await run('amtool', [
        'config',
        'routes',
        'test',
        `--config.file=${file}`,
        'alertname=QueueDeep',
      ]);
      expect(taken.trim()).toBe('lamplighter,people');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
