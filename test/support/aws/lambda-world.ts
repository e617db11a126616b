/** All of Lamplighter on AWS, without AWS: the packaged zips, an emulated table, and everything else faked at its socket. */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runCli } from '../../../lib/cli/run-cli.ts';
import { type Clock, systemClock } from '../../../lib/io/clock.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { makeDynamoStore } from '../../../lib/io/stores/dynamodb.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import { createWorld, type World } from '../../../lib/simulator/create-world.ts';
import type { Fault, RequestInfo } from '../../../lib/simulator/faults.ts';
import { serveSimulator } from '../../../lib/simulator/serve-simulator.ts';
import { partsOf } from '../../../scripts/aws/parts-of.ts';
import { compileForFunctions, functionConfig } from '../../../scripts/build-functions.ts';
import { makeOutput } from '../../cli/cli-world.ts';
import { createStateTable, makeDynoxideClient, startDynoxide } from '../dynoxide.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { type FakeAws, startFakeAws } from './fake-aws.ts';
import { type Ended, type LambdaContainer, openContainer } from './lambda-container.ts';
import { exampleConfig, packageExample } from './package-service.ts';
import type { Template } from './template.ts';
import { unzip } from './unzip.ts';

export type FunctionName = 'scale-pools' | 'watch-clusters' | 'deliver-alerts' | 'accept-events' | 'receive-events';

export type Told = { readonly path: string; readonly body: { readonly [key: string]: unknown } };

export type LambdaWorld = {
  readonly template: Template;
  readonly aws: FakeAws;
  /** What tells a function where AWS is. */
  readonly endpoints: { readonly [name: string]: string };
  readonly mks: World;
  readonly store: Store;
  /** What the receiver of alerts got. */
  readonly told: readonly Told[];
  /** Invokes and waits for the end. */
  readonly run: (name: FunctionName, event?: unknown) => Promise<Ended>;
  readonly container: (name: FunctionName) => LambdaContainer;
  /** Where a function's bundle and config lie. */
  readonly folderOf: (name: FunctionName) => string;
  /** What a command says that a person runs at a desk, on the same config and with credentials of their own. */
  readonly command: (...words: readonly string[]) => Promise<string>;
  /** Everybody's clock moves on. */
  readonly pass: (ms: number) => void;
  readonly now: () => number;
  /** Decides what an MKS request meets. */
  fault: ((request: RequestInfo) => Fault | undefined) | undefined;
  readonly close: () => Promise<void>;
};

const table = 'lamplighter';

/** A Wednesday, so that no week and no schedule turns in the middle of a test, whenever it runs. */
const starts = Date.UTC(2026, 10, 4, 10, 0);

const timeouts = {
  'scale-pools': 300_000,
  'watch-clusters': 300_000,
  'deliver-alerts': 120_000,
  'accept-events': 30_000,
  'receive-events': 30_000,
};

/**
 * `isMeasured`: as on AWS, where nothing helps and nothing hinders: no code that was compiled before, and a table that is
 * reached without a stop in between. Its calls are not recorded then, and its clock is the machine's. `client`: as of a container.
 */
export async function startLambdaWorld(
  makeConfig: (api: string) => string,
  { isMeasured = false, client }: { readonly isMeasured?: boolean; readonly client?: string | undefined } = {},
): Promise<LambdaWorld> {
  let aheadMs = isMeasured ? 0 : starts - Date.now();
  const clock = { now: () => Date.now() + aheadMs, sleep: async () => {} };
  const hooks: { fault: LambdaWorld['fault'] } = { fault: undefined };
  const fleet = { clusters: [{ name: 'dev', pools: [{ name: 'workers', size: 3 }] }] };
  const mks = createWorld({ clock, fleet, fault: (request) => hooks.fault?.(request) });
  const simulator = await serveSimulator(mks, { host: '127.0.0.1', port: 0 });
  const receiver = await startReceiver();
  const dynoxide = await startDynoxide();
  await createStateTable(makeDynoxideClient(dynoxide.endpoint), table);
  const aws = await startFakeAws(dynoxide.endpoint);
  aws.secrets['lamplighter/r1'] = { AWSCURRENT: mks.token };
  aws.secrets['lamplighter/hook'] = { AWSCURRENT: `${receiver.url}/hook` };
  const folder = makeTemporaryFolder();
  const file = join(folder.path, 'fleet.yml');
  writeFileSync(file, makeConfig(simulator.url), { mode: 0o600 });
  const packaged = await packageExample();
  const config = await compileForFunctions(file);
  const direct = { AWS_ENDPOINT_URL_DYNAMODB: dynoxide.endpoint, NODE_DISABLE_COMPILE_CACHE: '1' };
  const endpoints: { [name: string]: string } = { AWS_ENDPOINT_URL: aws.endpoint, ...(isMeasured ? direct : {}) };
  const containers = await openContainers(packaged.folder, folder.path, { config, endpoints, client });
  return {
    template: await templateFor(packaged.template, config),
    aws,
    endpoints,
    mks,
    store: makeDynamoStore({
      client: makeDynoxideClient(dynoxide.endpoint),
      table: table,
      newId: randomId,
      clock,
    }),
    told: receiver.told,
    run: (name, event = {}) => containers[name].invoke(event, aheadMs),
    container: (name) => containers[name],
    folderOf: (name) => join(folder.path, 'task', name, 'dist', 'functions', name),
    command: (...words) =>
      runCommand([...words, '--config', file], { endpoints, clock: { ...systemClock, now: clock.now } }),
    pass: (ms) => {
      aheadMs += ms;
    },
    now: clock.now,
    get fault() {
      return hooks.fault;
    },
    set fault(fault) {
      hooks.fault = fault;
    },
    close: async () => {
      await Promise.all(Object.values(containers).map((one) => one.close()));
      await Promise.all([aws.close(), simulator.close(), receiver.close(), dynoxide.stop()]);
      folder.remove();
    },
  };
}

/** The package's template with what follows from this config in place of what followed from the example. */
async function templateFor({ Resources, ...rest }: Template, config: CompiledConfig): Promise<Template> {
  const partsFor = (of: CompiledConfig) =>
    partsOf(of, { stage: 'prod', alarmTopic: '', logLevel: 'info', isCapped: true }).resources.Resources;
  const ofExample = partsFor(await compileForFunctions(exampleConfig));
  const fixed = Object.entries(Resources).filter(([id]) => !(id in ofExample));
  return { ...rest, Resources: { ...Object.fromEntries(fixed), ...partsFor(config) } };
}

type Opening = {
  readonly config: CompiledConfig;
  readonly endpoints: { readonly [name: string]: string };
  readonly client: string | undefined;
};

async function openContainers(
  zips: string,
  folder: string,
  { config, endpoints, client }: Opening,
): Promise<{ [name in FunctionName]: LambdaContainer }> {
  const names = Object.keys(timeouts) as readonly FunctionName[];
  const opened = names.map(async (name) => {
    const taskRoot = join(folder, 'task', name);
    const zip = name.replace(/-(.)/gu, (_, letter: string) => letter.toUpperCase());
    const bundle = name === 'receive-events' ? 'accept-events' : name;
    await unzip(join(zips, `${zip}.zip`), taskRoot);
    writeFileSync(join(taskRoot, 'dist/functions', bundle, 'config.json'), functionConfig(config));
    const env = {
      ...endpoints,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: name,
      AWS_SECRET_ACCESS_KEY: 'secret',
      LAMPLIGHTER_INSTALLATION: 'lamplighter-prod',
      LAMPLIGHTER_SCALE_POOLS: 'lamplighter-prod-scale-pools',
      LAMPLIGHTER_DELIVER_ALERTS: 'lamplighter-prod-deliver-alerts',
    };
    const handler = `dist/functions/${bundle}/index.handler`;
    return [name, await openContainer({ taskRoot, handler, env, timeoutMs: timeouts[name], client })] as const;
  });
  return Object.fromEntries(await Promise.all(opened)) as { [name in FunctionName]: LambdaContainer };
}

/** In this process: the SDK takes where AWS is, and who asks, from the environment. */
async function runCommand(
  words: readonly string[],
  { endpoints, clock }: { readonly endpoints: { readonly [name: string]: string }; readonly clock: Clock },
): Promise<string> {
  const env = {
    ...endpoints,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'operator',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  const [said, complained] = [makeOutput(), makeOutput()];
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    const code = await runCli(words, {
      env,
      fetch,
      clock,
      newId: randomId,
      redactor: makeRedactor(),
      stdout: said.output,
      stderr: complained.output,
      isInteractive: false,
      who: 'operator@desk',
      zone: 'UTC',
      signal: new AbortController().signal,
    });
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${complained.text()}`);
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
  return said.text();
}

async function startReceiver(): Promise<{ url: string; told: Told[]; close: () => Promise<void> }> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    void readText(request).then((text) => {
      told.push({ path: request.url ?? '', body: JSON.parse(text === '' ? '{}' : text) as Told['body'] });
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told, close };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
