import { type ConfigReader, makeConfigReader } from '../../config/read-config.ts';
import type { OnCall } from '../../io/mks/mks.ts';
import { sendHeartbeat } from '../../jobs/deliver/heartbeat.ts';
import type { ScaleReport } from '../../jobs/scale/scale-round.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { isStoreThere, onNamedStore, readConfig } from '../config-and-store.ts';
import { followingCalendars, makeRemoteCalendars, remoteParts } from '../remote-calendars.ts';
import { makeDeliveries } from './deliveries.ts';
import { openListener } from './listen.ts';
import { emptyStore, type OpenedApp, openApp, type ProcessParts } from './process-parts.ts';
import { makeRunMetrics } from './prometheus-metrics.ts';
import { makeRounds } from './run-rounds.ts';

export type RunOptions = {
  readonly configFile: string;
  /** `host:port`; beats the config's `listen`. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  readonly signal: AbortSignal;
  /** The machine's own zone, where the config names none. */
  readonly zone: string;
};

/** A round, and the config that it was made with. */
export type OneRound = { readonly config: CompiledConfig; readonly report: ScaleReport };

/** What a round would do now: GETs only; nothing is stored, and no store is made where none is. */
export async function planOnce(parts: ProcessParts, configFile: string): Promise<OneRound> {
  const config = await readConfig(parts, configFile);
  const store = await lookOnlyStore(parts, config);
  return withApp(parts, config, store, async ({ app }) => {
    return { config, report: await app.scale(config, { isDryRun: true }) };
  });
}

/** One whole round: scale, watch, deliver. A dry run is a plan. */
export async function runOnce(parts: ProcessParts, configFile: string, isDryRun: boolean): Promise<OneRound> {
  if (isDryRun) return planOnce(parts, configFile);
  const first = await readConfig(parts, configFile, false);
  return withApp(parts, first, undefined, async (opened) => {
    const { app } = opened;
    const config = await renewedConfig(parts, opened, first);
    const report = await app.scale(config);
    await app.watch(config);
    await app.deliver(config);
    await sendHeartbeat(app.deliverParts(config));
    return { config, report };
  });
}

/** The single process: rounds, deliveries and ways in, until the signal. */
export async function runForever(parts: ProcessParts, options: RunOptions): Promise<void> {
  const first = await readConfig(parts, options.configFile, false);
  const metrics = makeRunMetrics();
  const work = async (opened: OpenedApp) => {
    const deliveries = makeDeliveries(parts, opened, () => rounds.config());
    const rounds = makeRounds({
      ...parts,
      opened,
      first,
      metrics,
      readConfig: onStore(calendarReader({ ...parts, signal: options.signal }, opened, options.configFile), parts),
      onWatched: deliveries.ring,
    });
    const listen = options.listen ?? first.listen;
    const listener = await openListener(parts, { opened, rounds, metrics, listen, zone: options.zone });
    parts.log.info('lamplighter runs', {
      config: first.hash,
      every: `${first.everyMs / 1000} s`,
      listen: listener?.address,
    });
    try {
      await Promise.all([rounds.run(options.signal), deliveries.run(options.signal)]);
    } finally {
      await listener?.close();
    }
    parts.log.info('lamplighter stopped');
  };
  await withApp(parts, first, undefined, work, metrics.onCall);
}

/** Follows the config's files and, with the store to keep them in, the calendars at addresses. */
function calendarReader(
  parts: Parameters<typeof remoteParts>[0],
  { store }: OpenedApp,
  configFile: string,
  isPatient = false,
): ConfigReader {
  const calendars = makeRemoteCalendars(remoteParts(parts), store);
  return followingCalendars(makeConfigReader(configFile, { readCalendar: calendars.read }), calendars, isPatient);
}

/** One round has nothing after it: what is due is fetched now. */
async function renewedConfig(parts: ProcessParts, opened: OpenedApp, first: CompiledConfig): Promise<CompiledConfig> {
  if (first.remoteCalendars === undefined) return first;
  const { config } = await onStore(calendarReader(parts, opened, first.file, true), parts)(parts.clock.now());
  return config ?? first;
}

async function withApp<T>(
  parts: ProcessParts,
  config: CompiledConfig,
  store: OpenedApp['store'] | undefined,
  work: (opened: OpenedApp) => Promise<T>,
  onCall?: OnCall,
): Promise<T> {
  const opened = await openApp(parts, config, store, onCall);
  try {
    return await work(opened);
  } finally {
    await opened.store.close();
  }
}

/** A plan takes the state into account where there is one, and leaves nothing behind where there is none. */
async function lookOnlyStore(parts: ProcessParts, config: CompiledConfig): Promise<OpenedApp['store'] | undefined> {
  return (await isStoreThere(config.store)) ? undefined : emptyStore(parts.newId);
}

/** Each round's config, on the store that was opened. */
function onStore(read: ConfigReader, { env }: ProcessParts): ConfigReader {
  return async (now) => {
    const reading = await read(now);
    if (reading.ok) return { ...reading, config: onNamedStore(reading.config, env) };
    return { ...reading, config: reading.config && onNamedStore(reading.config, env) };
  };
}
