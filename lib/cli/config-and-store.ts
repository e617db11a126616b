import { access } from 'node:fs/promises';
import type { ConfigOutcome } from '../config/compile-config.ts';
import { renderProblem } from '../config/problem.ts';
import { type LoadOptions, loadConfig } from '../config/read-config.ts';
import { staleCalendar } from '../decide/watching/observe-calendars.ts';
import { UsageError } from '../errors.ts';
import { boundedStore } from '../io/stores/bounded-store.ts';
import { openStore } from '../io/stores/open-store.ts';
import type { Store } from '../io/stores/store.ts';
import type { CompiledConfig } from '../model/config.ts';
import { printable } from '../model/printable.ts';
import type { CliParts } from './parts.ts';
import type { ProcessParts } from './run/process-parts.ts';
import { parseStoreAddress } from './store/store-address.ts';

/** What can be done while a config is wrong: a mistake in it must not keep a person from pausing the fleet. */
const meanwhile =
  'A running process goes on with the last good config. Until this one is fixed, give the command an older copy with --config <file>. Keep it in the same folder: paths such as store.path are relative to it';

/**
 * The config that a command works with, calendars at addresses as the last round had them, else fetched now (unless a
 * round will do so). Throws UsageError with every mistake in it.
 */
export async function readConfig(
  parts: CliParts | ProcessParts,
  file: string,
  isFetching = true,
): Promise<CompiledConfig> {
  const outcome = await loadConfig(file, { now: parts.clock.now(), ...howNamed(parts, file) });
  const { problems } = outcome;
  const isElsewhere = problems.some((problem) => problem.severity === 'error' && problem.file !== file);
  const way = isElsewhere ? `${meanwhile}; leave the wrong file out of its include` : meanwhile;
  return usable(parts, outcome, isFetching, (await isThere(file)) ? way : undefined);
}

/** Another config beside the one that a command works with, named by an option of its own ("--against"). */
export async function readOtherConfig(parts: CliParts, file: string, option: string): Promise<CompiledConfig> {
  const outcome = await loadConfig(file, {
    now: parts.clock.now(),
    nameAnother: `give ${option} the path of a config`,
  });
  return usable(parts, outcome, true, (await isThere(file)) ? `${option} takes a config without mistakes` : undefined);
}

/** What to do where the file is none: it may be the environment that names it. */
export function howNamed({ env }: Pick<CliParts, 'env'>, file: string): Pick<LoadOptions, 'nameAnother'> {
  if (env['LAMPLIGHTER_CONFIG'] !== file) return {};
  return { nameAnother: 'LAMPLIGHTER_CONFIG names it: set that to the path of a config, or give one with --config' };
}

async function usable(
  parts: CliParts | ProcessParts,
  outcome: ConfigOutcome,
  isFetching: boolean,
  way: string | undefined,
): Promise<CompiledConfig> {
  if (outcome.ok) {
    const config = onNamedStore(outcome.config, parts.env);
    return config.remoteCalendars === undefined ? config : withCalendars(parts, config, isFetching);
  }
  throw new UsageError([...outcome.problems.map(renderProblem), ...(way === undefined ? [] : [way])].join('\n'));
}

/** The config again, with its calendars; that one of them could not be had is said. */
async function withCalendars(
  parts: CliParts | ProcessParts,
  config: CompiledConfig,
  isFetching: boolean,
): Promise<CompiledConfig> {
  const now = parts.clock.now();
  const { makeRemoteCalendars, remoteParts } = await import('./remote-calendars.ts');
  const load = async (store: Store | undefined) => {
    const { read, readOrFetch } = makeRemoteCalendars(remoteParts(parts), store);
    const outcome = await loadConfig(config.file, { now, readCalendar: isFetching ? readOrFetch : read });
    return outcome.ok ? onNamedStore(outcome.config, parts.env) : config;
  };
  const known = (await lookIntoStore(parts, config, load)) ?? (await load(undefined));
  const stale = (known.remoteCalendars ?? []).flatMap((calendar) => staleCalendar(calendar, now) ?? []);
  if (isFetching && 'stderr' in parts) for (const { text } of stale) parts.stderr.write(`${text}\n`);
  return known;
}

/** The config with the store that the environment names, where it names one: LAMPLIGHTER_STORE. */
export function onNamedStore(config: CompiledConfig, env: CliParts['env']): CompiledConfig {
  const address = env['LAMPLIGHTER_STORE'];
  return address === undefined || address === '' ? config : { ...config, store: parseStoreAddress(address) };
}

type Parts = Pick<CliParts, 'newId' | 'clock'> & Partial<Pick<CliParts, 'stderr'>>;

/** Opens the config's store, made where there is none, and closes it whatever happens. */
export async function withStore<T>(
  parts: Parts,
  { store }: Pick<CompiledConfig, 'store'>,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const tell = (text: string) => parts.stderr?.write(`${printable(text)}\n`);
  const opened = boundedStore(await openStore(store, parts), parts.clock, tell);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** For commands that only look: undefined where there is no store yet, and none is made. */
export async function lookIntoStore<T>(
  parts: Parts,
  config: Pick<CompiledConfig, 'store'>,
  work: (store: Store) => Promise<T>,
): Promise<T | undefined> {
  return (await isStoreThere(config.store)) ? withStore(parts, config, work) : undefined;
}

/** Only a file can be missing: a table is made by whoever deploys. */
export async function isStoreThere(store: CompiledConfig['store']): Promise<boolean> {
  return store.kind !== 'sqlite' || isThere(store.path);
}

/** Does the path lead to something that may be looked at? */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
