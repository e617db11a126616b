/**
 * `npm run deploy:drill`: what a deployment goes through in its life, on an emulated AWS: forgotten and misspelt parameters,
 * once more without a change, another config, a queue that goes and comes back, removal; and whether the policy of who
 * deploys allows each call that the framework made. AWS_ENDPOINT_URL says where the emulator is; real AWS is refused.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as ask, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { actionOf } from './aws/recorded-action.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = readFileSync(join(root, 'deploy/lamplighter.aws.example.yml'), 'utf8');
const queue = 'lamplighter-events';

type Step = {
  readonly name: string;
  readonly words: readonly string[];
  readonly expects: RegExp;
  /** Is the queue of the example there afterwards? */
  readonly hasQueue?: boolean;
};

type Configs = { readonly [name in 'usual' | 'changed' | 'withoutQueue']: string };

function steps({ usual, changed, withoutQueue }: Configs): readonly Step[] {
  const deploy = (config: string, ...more: readonly string[]) => {
    const params = [`config=${config}`, 'tags=team=ops', 'alarmEmail=ops@example.org', ...more];
    return ['deploy', ...params.flatMap((param) => ['--param', param])];
  };
  const deployed = /Service deployed/u;
  return [
    { name: 'a forgotten config', words: ['deploy'], expects: /no config is named/u, hasQueue: false },
    {
      name: 'a parameter that is none',
      words: deploy(usual, 'confg=x'),
      expects: /no parameter "confg": did you mean "config"/u,
    },
    {
      name: 'a parameter with two values',
      words: deploy(usual, 'alarmEmail=others@example.org'),
      expects: /alarmEmail is given twice/u,
    },
    {
      name: 'a key of another region',
      words: deploy(usual, 'kmsKey=arn:aws:kms:us-east-1:111122223333:key/1'),
      expects: /kmsKey .* is in us-east-1/u,
      hasQueue: false,
    },
    { name: 'first deployment', words: deploy(usual), expects: deployed, hasQueue: true },
    { name: 'the same once more', words: deploy(usual), expects: /No changes to deploy/u },
    { name: 'another config', words: deploy(changed), expects: deployed },
    { name: 'a queue goes from the config', words: deploy(withoutQueue), expects: /stays as it is/u, hasQueue: true },
    { name: 'and comes back', words: deploy(usual), expects: deployed, hasQueue: true },
    {
      name: 'a queue that is none is to go',
      words: deploy(withoutQueue, 'dropQueues=lamplighter-evnts'),
      expects: /did you mean "lamplighter-events"/u,
      hasQueue: true,
    },
    { name: 'and is let go of', words: deploy(withoutQueue, `dropQueues=${queue}`), expects: deployed },
    { name: 'removal, which needs no config', words: ['remove'], expects: /successfully removed/u },
  ];
}

function writeConfigs(folder: string): Configs {
  const write = (name: string, text: string) => {
    const file = join(folder, `${name}.yml`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return {
    usual: write('usual', example),
    changed: write('changed', example.replace(/^timezone: .*$/mu, 'timezone: UTC')),
    withoutQueue: write('other-queue', example.replace(`queue: ${queue},`, 'queue: lamplighter-others,')),
  };
}

async function drill(endpoint: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-drill-'));
  const recorder = await recordCalls(endpoint);
  const env = {
    AWS_ACCESS_KEY_ID: 'drill',
    AWS_SECRET_ACCESS_KEY: 'drill',
    ...process.env,
    AWS_ENDPOINT_URL: recorder.endpoint,
  };
  try {
    for (const { name, words, expects, hasQueue } of steps(writeConfigs(folder))) {
      const said = await serverless(words, env);
      if (!expects.test(said)) throw new Error(`${name}: expected ${expects}, and it said:\n${said}`);
      if (hasQueue !== undefined && (await isQueueThere(endpoint)) !== hasQueue)
        throw new Error(`${name}: the queue ${queue} is ${hasQueue ? 'not there' : 'there'}`);
      console.log(`✓ ${name}: ${expects.exec(said)?.[0]}`);
    }
    checkAllowed(recorder.actions);
  } finally {
    recorder.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first needs no permission; where the second is refused, the framework takes it that there is no repository. */
const needless = ['sts:GetCallerIdentity', 'ecr:DescribeRepositories'];

function checkAllowed(made: ReadonlySet<string>): void {
  const text = readFileSync(join(root, 'deploy/aws/deployer-policy.json'), 'utf8');
  const policy = JSON.parse(text) as { readonly Statement: readonly { readonly Action: string | readonly string[] }[] };
  const allowed = new Set([...policy.Statement.flatMap(({ Action }) => Action), ...needless]);
  const refused = [...made].filter((action) => !allowed.has(action)).sort();
  if (refused.length > 0) throw new Error(`the policy of who deploys does not allow ${refused.join(', ')}`);
  console.log(`✓ the policy of who deploys allows the ${made.size} kinds of calls that the framework made`);
}

type Recorder = { readonly endpoint: string; readonly actions: ReadonlySet<string>; readonly close: () => void };

/** Hands requests on to the emulator, and writes down which actions they are. */
async function recordCalls(endpoint: string): Promise<Recorder> {
  const actions = new Set<string>();
  const { hostname, port: emulator } = new URL(endpoint);
  const host = hostname.replaceAll(/[[\]]/gu, '');
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    void buffer(request).then((body) => {
      actions.add(actionOf({ method, url, headers, body: body.toString('latin1') }));
      const onward = ask({ host, port: emulator, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      onward.end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { endpoint: `http://127.0.0.1:${port}`, actions, close: () => server.close().closeAllConnections() };
}

/** An emulator checks no signature; it looks for the service in the header. */
async function isQueueThere(endpoint: string): Promise<boolean> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.GetQueueUrl',
      authorization:
        'AWS4-HMAC-SHA256 Credential=drill/20260101/eu-central-1/sqs/aws4_request, SignedHeaders=, Signature=',
    },
    body: JSON.stringify({ QueueName: queue }),
  });
  return response.ok;
}

/** All output, of success or failure. */
async function serverless(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const command = join(root, 'node_modules/.bin/serverless');
  return new Promise((resolve) => {
    execFile(command, [...words], { cwd: root, env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

/** On the wrong account, a drill would delete resources in use. */
export function endpointOf(env: { readonly [name: string]: string | undefined }): string {
  const endpoint = env['AWS_ENDPOINT_URL'] ?? '';
  const { hostname } = URL.canParse(endpoint) ? new URL(endpoint) : { hostname: '' };
  if (['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return endpoint;
  throw new TypeError(
    `AWS_ENDPOINT_URL is ${endpoint === '' ? 'not set' : `"${endpoint}"`}: start an emulator of AWS on this machine and set it to its address, e.g. http://127.0.0.1:5000`,
  );
}

async function main(): Promise<number> {
  try {
    await drill(endpointOf(process.env));
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'the drill failed');
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main();
