import { holdText } from '../../decide/explain/explain-pool.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import { makeLambdaInvoke } from '../../io/lambda-invoke.ts';
import type { Store } from '../../io/stores/store.ts';
import { isAwaited, requestWake } from '../../jobs/records/wake-requests.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { describeSize } from '../../model/size.ts';
import { commandHint } from '../../model/text.ts';
import { minuteMs } from '../../model/time.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { lookAtFleet, missedRounds, type PoolStatus, type Remembered } from '../status/fleet-status.ts';
import { localInstants, readingZone } from '../text/instant.ts';
import { type PoolLabel, poolLabels } from '../text/labels.ts';
import { uninstalledText } from '../uninstall/uninstalled-view.ts';

const mostLines = 12;
/** Of more pools than this, those that stay as they are are not named. */
const mostThatStay = 3;

/**
 * What was asked for takes effect now, not at the next tick: the process on this store is told to look, or the function on
 * AWS is started. Resolves to what will come of it for each pool that is named, and when.
 */
export async function takeEffect(
  parts: CliParts,
  config: CompiledConfig,
  store: Store,
  isNamed: (pool: Names) => boolean,
): Promise<readonly string[]> {
  const now = parts.clock.now();
  const fleet = await lookAtFleet(store, config, makeRuleBook(config, now), now);
  const when = await lookNow(parts, config, store, 'scale-pools', fleet);
  const zone = readingZone(config, parts);
  const label = poolLabels(config);
  const named = fleet.pools.filter(({ pool }) => isNamed(pool));
  const shown = named.length > mostThatStay ? named.filter(({ held }) => held !== undefined) : named;
  const told = shown.flatMap((pool) => whatComes(pool, config, label));
  const more = told.length - mostLines;
  const lines = more > 1 ? [...told.slice(0, mostLines), `and ${more} more pools`] : told;
  return [
    ...lines.map((line) => printable(localInstants(line, zone, now))),
    ...(fleet.uninstalled === undefined ? [] : [uninstalledText(config, fleet.uninstalled, zone)]),
    ...undeployed(config, fleet),
    when,
  ];
}

/** Functions have the config that they were deployed with: an approval of any other one is none to them. */
function undeployed({ hash }: CompiledConfig, { rounds }: Remembered): readonly string[] {
  const ofFunctions = rounds.filter(({ installation }) => installation !== undefined);
  const last = ofFunctions.toSorted((one, other) => other.at - one.at)[0];
  if (last === undefined || last.configHash === hash) return [];
  return [
    `${last.installation} had another config (${last.configHash}) in its last round: this one (${hash}), with its calendars, counts once it is deployed`,
  ];
}

/** The same for what only the telling is about. */
export async function tellAtOnce(parts: CliParts, config: CompiledConfig, store: Store): Promise<string> {
  const now = parts.clock.now();
  const fleet = await lookAtFleet(store, config, makeRuleBook(config, now), now);
  return lookNow(parts, config, store, 'watch-clusters', fleet);
}

/** What the next look does to a pool, or why nothing. */
function whatComes({ pool, held, wanted, reason }: PoolStatus, config: CompiledConfig, label: PoolLabel): string[] {
  const size = describeSize(pool.memory.seen?.size);
  const name = label(pool);
  if (held === undefined) return wanted === undefined ? [] : [`${name}: stays at ${size} (${reason})`];
  if (held.code !== 'next-round') return [`${name}: stays at ${size} for now: ${holdText(config, pool, held)}`];
  return [`${name}: goes from ${size} to ${describeSize(wanted)} (${reason})`];
}

async function lookNow(
  parts: CliParts,
  config: CompiledConfig,
  store: Store,
  job: 'scale-pools' | 'watch-clusters',
  { rounds }: Remembered,
): Promise<string> {
  const now = parts.clock.now();
  await requestWake(store, now);
  const installation = rounds.find((round) => round.installation !== undefined)?.installation;
  if (config.store.kind === 'dynamodb' && installation !== undefined) return invoke(parts, installation, job, config);
  const run = commandHint(config, 'run');
  if (missedRounds(rounds, config, now).length > 0)
    return `it takes effect with the next round, but none has run for a while: is "${run}" running?`;
  if (await isAwaited(store, rounds)) return 'it takes effect within a few seconds';
  return `it takes effect with the next round: no "${run}" is running`;
}

async function invoke(
  parts: CliParts,
  installation: string,
  job: 'scale-pools' | 'watch-clusters',
  { everyMs }: CompiledConfig,
): Promise<string> {
  const make = parts.makeInvoke ?? makeLambdaInvoke;
  const names = {
    'scale-pools': `${installation}-scale-pools`,
    'watch-clusters': `${installation}-watch-clusters`,
    'deliver-alerts': `${installation}-deliver-alerts`,
  };
  if (await make(names, makeCliLog(parts, 'error'))({ job }))
    return `it takes effect at once: ${names[job]} was started`;
  const minutes = Math.ceil(everyMs / minuteMs);
  return `it takes effect within ${minutes} min: ${names[job]} could not be started at once (that needs lambda:InvokeFunction)`;
}
