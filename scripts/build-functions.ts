/** Compiles a config and bundles the functions with it into dist/functions/<name>/. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSecrets } from '../lib/app.ts';
import { fetchUsable } from '../lib/cli/remote-calendars.ts';
import type { CalendarReading } from '../lib/config/compile/context.ts';
import { renderProblem } from '../lib/config/problem.ts';
import { loadConfig } from '../lib/config/read-config.ts';
import { type LaidOutOffsets, zoneOffsets } from '../lib/decide/schedule/local-time.ts';
import { UsageError } from '../lib/errors.ts';
import { systemClock } from '../lib/io/clock.ts';
import { makeLog } from '../lib/io/log-lines.ts';
import { makeRedactor } from '../lib/io/redact.ts';
import type { CompiledConfig, RemoteCalendar } from '../lib/model/config.ts';
import { checkForFunctions } from './aws/check-for-functions.ts';
import { bundleFunction } from './bundle-function.ts';

export const functionNames = ['scale-pools', 'watch-clusters', 'deliver-alerts', 'accept-events'] as const;

const root = fileURLToPath(new URL('..', import.meta.url));

/** Throws with every mistake of the config, each with its line. */
export async function buildFunctions(file: string, into: string): Promise<CompiledConfig> {
  const config = await compileForFunctions(file);
  await rm(into, { recursive: true, force: true });
  const text = functionConfig(config);
  const bundles = await Promise.all(
    functionNames.map(async (name) => {
      const folder = join(into, name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'config.json'), text);
      return [name, await bundleFunction(join(root, 'functions', `${name}.ts`), folder)] as const;
    }),
  );
  // What went into each. Beside the functions: it is in no package.
  await writeFile(join(into, 'bundles.json'), JSON.stringify(Object.fromEntries(bundles)));
  return config;
}

/** The config as the functions read it, with the offsets of its zones from the last year to the end of what it compiles. */
export function functionConfig(config: CompiledConfig): string {
  const year = new Date().getUTCFullYear();
  const [from, to] = [Date.UTC(year - 1, 0, 1), Date.UTC(year + 4, 0, 1)];
  const zones = Object.fromEntries([...zonesIn(config)].sort().map((zone) => [zone, zoneOffsets(zone, from, to)]));
  return JSON.stringify({ ...config, offsets: { from, to, zones } satisfies LaidOutOffsets });
}

function zonesIn(value: unknown): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(
    Object.entries(value).flatMap(([name, inner]) =>
      name === 'zone' && typeof inner === 'string' ? [inner] : [...zonesIn(inner)],
    ),
  );
}

export async function compileForFunctions(file: string): Promise<CompiledConfig> {
  const outcome = await loadConfig(fromHere(file), { now: Date.now(), target: 'aws', readCalendar: fetchNow });
  const lines = outcome.problems.map(renderProblem);
  if (!outcome.ok) throw new UsageError(`The config cannot be used for functions:\n${lines.join('\n')}`);
  for (const line of lines) console.error(line);
  refuseMissing(outcome.config);
  checkForFunctions(outcome.config);
  return outcome.config;
}

/** Calendars at addresses are fetched here, and compiled in: functions ask nobody. */
async function fetchNow(calendar: RemoteCalendar): Promise<CalendarReading> {
  const redactor = makeRedactor();
  const log = makeLog({ level: 'error', format: 'text', write: console.error, redactor, clock: systemClock });
  const common = { fetch, clock: systemClock, redactor };
  return fetchUsable({ ...common, secrets: openSecrets({ ...common, log, env: process.env }) }, calendar);
}

/** What runs already has the calendar as it was last deployed: better than none. */
function refuseMissing({ remoteCalendars = [] }: CompiledConfig): void {
  const missing = remoteCalendars.filter(({ fetchedAt }) => fetchedAt === undefined);
  if (missing.length === 0) return;
  const lines = missing.map(
    ({ name, problem = 'nothing is known of it' }) => `the calendar ${name} cannot be had: ${problem}`,
  );
  throw new UsageError(
    `The config cannot be used for functions:\n${lines.join('\n')}\ncheck the address, and try again`,
  );
}

/** The path goes into the package: however it is spelt, the same file gives the same bytes. */
function fromHere(file: string): string {
  return relative(process.cwd(), resolve(file)).split(sep).join('/');
}
