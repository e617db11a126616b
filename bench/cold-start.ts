/**
 * The cold start of each function, from the start of its process to its answer, against an empty handler in the same
 * runtime: the real bundle, one secret read, and a round of a small fleet. `node bench/cold-start.ts` prints it, and once
 * more under AWS's own runtime client, where that was built. Where there is no emulator of DynamoDB for this machine,
 * nothing is measured.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunction } from '../scripts/bundle-function.ts';
import { openContainer } from '../test/support/aws/lambda-container.ts';
import { type FunctionName, type LambdaWorld, startLambdaWorld } from '../test/support/aws/lambda-world.ts';
import { dynoxideMissing } from '../test/support/dynoxide.ts';
import { makeTemporaryFolder } from '../test/support/temporary-folder.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';

const leastHandler = fileURLToPath(new URL('./support/least-handler.ts', import.meta.url));
const runs = 15;
const minuteMs = 60_000;

function smallFleet(api: string): string {
  return `
regions:
  r1: { api: "${api}", token: { awsSecret: lamplighter/r1 } }
schedules:
  office-hours: { timezone: Europe/Berlin, windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle }
pools:
  - { match: "dev/workers", schedule: office-hours, base: 3, idle: 3 }
destinations:
  hook: { kind: webhook, url: { awsSecret: lamplighter/hook }, insecure: true }
events:
  jobs: { kind: json, queue: lamplighter-jobs, may: ["dev/*"], most: 5, longest: 8h }
store: { kind: dynamodb, table: lamplighter }
`;
}

/**
 * The goal is for scale-pools, which reads a secret, lists the fleet and judges it: beside a handler that only loads the
 * clients it needs (Secrets Manager, DynamoDB, ky) and calls each once, in the same runtime and as the same kind of bundle.
 */
export async function bench(): Promise<readonly BenchResult[]> {
  if (dynoxideMissing() !== undefined) return [];
  const client = findRuntimeClient();
  const ours = await benchUnder(undefined);
  return client === undefined ? ours : [...ours, ...(await benchUnder(client))];
}

async function benchUnder(client: string | undefined): Promise<readonly BenchResult[]> {
  let api = '';
  const makeConfig = (url: string) => {
    api = url;
    return smallFleet(url);
  };
  const world = await startLambdaWorld(makeConfig, { isMeasured: true, client });
  try {
    await world.run('scale-pools');
    // AWS's client does not know the clock of tests.
    if (client === undefined) world.pass(minuteMs);
    return resultsOf(await measure(world, api, client), client);
  } finally {
    await world.close();
  }
}

function resultsOf(times: Map<string, number[]>, client: string | undefined): readonly BenchResult[] {
  const least = times.get('least') ?? [];
  const where = client === undefined ? '' : ', under AWS’s runtime client';
  return [...times].map(([name, own]) => {
    const ratio = median(own.map((took, i) => took / (least[i] as number)));
    const goal = name === 'scale-pools' ? { atMost: 1.2 } : undefined;
    const beside = `${median(own).toFixed(0)} ms, of the fastest ${(Math.min(...own) / Math.min(...least)).toFixed(2)} × (${Math.min(...own).toFixed(0)} ms)`;
    return benchResult(`cold start of ${name}${where}, of one that only loads its clients`, ratio, '×', goal, beside);
  });
}

/**
 * AWS's own client of the Runtime API, the package aws-lambda-ric, which is built when it is installed and so no dependency
 * here: in the folder that AWS_LAMBDA_RIC names, or among this project's packages.
 */
function findRuntimeClient(): string | undefined {
  const folder =
    process.env['AWS_LAMBDA_RIC'] ?? fileURLToPath(new URL('../node_modules/aws-lambda-ric', import.meta.url));
  const isBuilt = existsSync(join(folder, 'rapid-client.node'));
  if (isBuilt) return join(folder, 'index.mjs');
  console.log(`  no cold starts under AWS’s runtime client: ${folder} holds no aws-lambda-ric that was built`);
  return undefined;
}

/** In turns, so that whatever else the machine does burdens all alike: each is compared with what was started beside it. */
async function measure(world: LambdaWorld, api: string, client: string | undefined): Promise<Map<string, number[]>> {
  const folder = makeTemporaryFolder();
  const names: readonly FunctionName[] = ['scale-pools', 'watch-clusters', 'deliver-alerts', 'accept-events'];
  const times = new Map<string, number[]>(['empty', 'least', ...names].map((name) => [name, []]));
  const leastRoot = join(folder.path, 'least');
  await bundleFunction(leastHandler, leastRoot);
  try {
    for (let i = 0; i < runs; i += 1) {
      times.get('empty')?.push(await startEmpty(join(folder.path, 'empty'), client));
      times.get('least')?.push(await startLeast(leastRoot, client, { ...world.endpoints, LEAST_API: api }));
      for (const name of names) times.get(name)?.push(await startFunction(world, name));
    }
    return times;
  } finally {
    folder.remove();
  }
}

async function startFunction(world: LambdaWorld, name: FunctionName): Promise<number> {
  const container = world.container(name);
  await container.stop();
  const began = performance.now();
  const ended = await world.run(name, name === 'accept-events' ? { Records: [] } : {});
  if (ended.kind !== 'answered') throw new Error(`${name}: ${JSON.stringify(ended)}`);
  return performance.now() - began;
}

async function startLeast(
  taskRoot: string,
  client: string | undefined,
  endpoints: { readonly [name: string]: string },
): Promise<number> {
  const keys = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'least', AWS_SECRET_ACCESS_KEY: 'secret' };
  const env = { ...endpoints, ...keys };
  const container = await openContainer({ taskRoot, handler: 'index.handler', env, timeoutMs: minuteMs, client });
  const began = performance.now();
  const ended = await container.invoke({});
  const took = performance.now() - began;
  await container.close();
  if (ended.kind !== 'answered') throw new Error(`least: ${JSON.stringify(ended)}`);
  return took;
}

async function startEmpty(taskRoot: string, client: string | undefined): Promise<number> {
  mkdirSync(dirname(join(taskRoot, 'index.mjs')), { recursive: true });
  writeFileSync(join(taskRoot, 'index.mjs'), 'export const handler = async () => ({});\n');
  const env = { NODE_DISABLE_COMPILE_CACHE: '1' };
  const container = await openContainer({ taskRoot, handler: 'index.handler', env, timeoutMs: minuteMs, client });
  const began = performance.now();
  const ended = await container.invoke({});
  const took = performance.now() - began;
  await container.close();
  if (ended.kind !== 'answered') throw new Error(`empty: ${JSON.stringify(ended)}`);
  return took;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
