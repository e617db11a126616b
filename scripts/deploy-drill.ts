/**
 * `npm run deploy:drill`: deploys to an emulated AWS, once more without a change, once with another config, and removes
 * all of it. AWS_ENDPOINT_URL says where the emulator is; real AWS is refused.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = join(root, 'deploy/lamplighter.aws.example.yml');

type Step = { readonly name: string; readonly words: readonly string[]; readonly expects: RegExp };

function steps(changedConfig: string): readonly Step[] {
  return [
    { name: 'first deployment', words: ['deploy'], expects: /Service deployed/ },
    { name: 'the same once more', words: ['deploy'], expects: /No changes to deploy/ },
    { name: 'another config', words: ['deploy', '--param', `config=${changedConfig}`], expects: /Service deployed/ },
    { name: 'removal', words: ['remove'], expects: /successfully removed/ },
  ];
}

async function drill(endpoint: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-drill-'));
  const changed = join(folder, 'changed.yml');
  writeFileSync(changed, readFileSync(example, 'utf8').replace(/^timezone: .*$/m, 'timezone: UTC'), { mode: 0o600 });
  const env = {
    AWS_ACCESS_KEY_ID: 'drill',
    AWS_SECRET_ACCESS_KEY: 'drill',
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
  };
  try {
    for (const { name, words, expects } of steps(changed)) {
      const said = await serverless(words, env);
      if (!expects.test(said)) throw new Error(`${name}: expected ${expects}, and it said:\n${said}`);
      console.log(`✓ ${name}: ${expects.exec(said)?.[0]}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All it said, whether it went well or not. */
async function serverless(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const command = join(root, 'node_modules/.bin/serverless');
  return new Promise((resolve) => {
    execFile(command, [...words], { cwd: root, env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

/** A drill on the wrong account would remove what is in use. */
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
