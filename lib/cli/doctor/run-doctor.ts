import { lookup } from 'node:dns/promises';
import { openSecrets } from '../../app.ts';
import { loadConfig } from '../../config/read-config.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { counted, withConfig } from '../../model/text.ts';
import { howNamed, onNamedStore } from '../config-and-store.ts';
import type { ConfigOption, JsonOption } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { parsePool, resolveRegion } from '../pools.ts';
import { localInstants, readingZone } from '../text/instant.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';
import { calendarChecks } from './calendar-checks.ts';
import type { Check, CheckStatus } from './check-result.ts';
import { configChecks, machineChecks } from './config-checks.ts';
import { proxyFor } from './connection-advice.ts';
import { destinationChecks } from './destination-checks.ts';
import { fleetChecks } from './fleet-checks.ts';
import { proveWrite } from './prove-write.ts';
import { regionChecks } from './region-checks.ts';
import { eventChecks, linkChecks, secretFileChecks } from './secret-checks.ts';
import { storeChecks } from './store-checks.ts';

export type DoctorOptions = ConfigOption & JsonOption & { readonly proveWrite?: string };

/** Looks at everything that usually goes wrong. Sends only GETs, but for --prove-write. */
export async function doctor(parts: CliParts, options: DoctorOptions): Promise<void> {
  const { checks, zone } = await examine(parts, options);
  parts.exitWith(exitCodeOf(checks));
  if (options.json) return writeJson(parts.stdout, { ok: !checks.some(isFailed), checks: checks.map(checkJson) });
  writeText(parts, options, checks, zone);
}

/** As with every command, a config that cannot be used is 2. */
function exitCodeOf(checks: readonly Check[]): number {
  const failed = checks.filter(isFailed);
  if (failed.some(({ id }) => id === 'config')) return 2;
  return failed.length > 0 ? 1 : 0;
}

async function examine(
  parts: CliParts,
  { config: file, proveWrite: proven }: DoctorOptions,
): Promise<{ readonly checks: readonly Check[]; readonly zone: string }> {
  const { clock, env } = parts;
  const outcome = await loadConfig(file, { now: clock.now(), ...howNamed(parts, file) });
  const first = [...machineChecks(process.versions, clock.now()), ...configChecks(file, outcome)];
  if (!outcome.ok) return { checks: first, zone: parts.zone };
  const config = onNamedStore(outcome.config, env);
  const book = makeRuleBook(config, clock.now());
  const names = proven === undefined ? undefined : resolveRegion(config, book, parsePool(proven, config));
  const [calendars, store, regions, ...others] = await lookAtAll(parts, config);
  const lookedAt = regions.find(({ region }) => region === names?.region);
  const proof = names && (await proveWrite(parts, config, names, lookedAt));
  const provenRegion = proof && proof.status !== 'unknown' ? `region ${names?.region}` : undefined;
  const checks = [
    ...first,
    ...calendars,
    ...store,
    ...regions
      .flatMap(({ checks }) => checks)
      .filter(({ id, about }) => id !== 'roles.write' || about !== provenRegion),
    ...(proof ? [proof] : []),
    ...fleetChecks(config, book, regions, clock.now()),
    ...others.flat(),
  ];
  return { checks, zone: readingZone(config, parts) };
}

/** Everything that waits for something outside, at the same time. */
async function lookAtAll(parts: CliParts, config: CompiledConfig) {
  const secrets = openSecrets({ ...parts, log: makeCliLog(parts, 'error') });
  return Promise.all([
    calendarChecks(parts, config),
    storeChecks(parts, config),
    Promise.all(config.regions.map((region) => regionChecks(parts, secrets, region))),
    secretFileChecks(config),
    eventChecks(config, secrets),
    linkChecks(config, secrets),
    destinationChecks(config, {
      secrets,
      lookUp: parts.lookUp ?? ((host) => lookup(host)),
      isProxied: (url) => proxyFor(url, parts.env) !== undefined,
    }),
  ]);
}

const marks: { readonly [status in CheckStatus]: string } = { ok: '✓', warning: '!', failed: '✗', unknown: '?' };

function writeText(
  { stdout, env, clock }: CliParts,
  { config: file }: ConfigOption,
  checks: readonly Check[],
  zone: string,
): void {
  const tell = (text: string) => localInstants(printable(text), zone, clock.now());
  const paint = makePaint(stdout, env);
  const colours = { ok: paint.green, warning: paint.yellow, failed: paint.red, unknown: paint.dim };
  let about: string | undefined;
  for (const check of checks) {
    if (check.about !== about) stdout.write(`${paint.bold(printable(check.about))}\n`);
    ({ about } = check);
    stdout.write(`  ${colours[check.status](marks[check.status])} ${tell(check.text)}\n`);
    if (check.fix) stdout.write(`    ${withConfig({ file }, tell(check.fix))}\n`);
  }
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
  stdout.write(
    `${count('ok')} ok, ${counted(count('warning'), 'warning')}, ${count('failed')} failed, ${count('unknown')} unknown\n`,
  );
}

function isFailed({ status }: Check): boolean {
  return status === 'failed';
}

function checkJson({ id, about, status, text, fix }: Check) {
  return { id, about, status, text, fix: fix ?? null };
}
