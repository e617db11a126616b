/**
 * `npm run deploy:drill`: what a deployment goes through in its life, on an emulated AWS: forgotten and misspelt parameters,
 * once more without a change, another config, a queue that goes and comes back, removal. AWS_ENDPOINT_URL says where the
 * emulator is; real AWS is refused.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  const env = {
    AWS_ACCESS_KEY_ID: 'drill',
    AWS_SECRET_ACCESS_KEY: 'drill',
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
  };
  try {
    for (const { name, words, expects, hasQueue } of steps(writeConfigs(folder))) {
      const said = await serverless(words, env);
      if (!expects.test(said)) throw new Error(`${name}: expected ${expects}, and it said:\n${said}`);
      if (hasQueue !== undefined && (await isQueueThere(endpoint)) !== hasQueue)
        throw new Error(`${name}: the queue ${queue} is ${hasQueue ? 'not there' : 'there'}`);
      console.log(`✓ ${name}: ${expects.exec(said)?.[0]}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
