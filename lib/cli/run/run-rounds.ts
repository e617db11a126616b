import { renderProblem } from '../../config/problem.ts';
import type { ConfigReader, ConfigReading } from '../../config/read-config.ts';
import type { Clock } from '../../io/clock.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log } from '../../io/log.ts';
import type { OpenedStore, Store } from '../../io/stores/store.ts';
import { sendHeartbeat } from '../../jobs/deliver/heartbeat.ts';
import { noticeWrite } from '../../jobs/records/incident-records.ts';
import { listRoundHeads } from '../../jobs/records/round-findings.ts';
import { lastWakeRequest, noteStop } from '../../jobs/records/wake-requests.ts';
import type { ScaleReport } from '../../jobs/scale/scale-round.ts';
import type { ObservedCluster } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { type EpochMs, hourMs, isOverdue, iso } from '../../model/time.ts';
import { guarded } from './deliveries.ts';
import type { OpenedApp, ProcessParts } from './process-parts.ts';
import { type RunMetrics, refresh } from './prometheus-metrics.ts';
import { logReport, makeRoundTeller, type RoundTeller } from './round-tellers.ts';
import { makeHourCounter } from './saved-hours.ts';

export type Rounds = {
  /** Runs until the signal; a round that has begun claims nothing new and ends by itself. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** A round over this cluster at once: something was asked for it. */
  readonly wake: (region: string, cluster: string) => void;
  readonly config: () => CompiledConfig;
  /** When the last whole round ended; undefined before the first. */
  readonly lastRoundAt: () => EpochMs | undefined;
};

export type RoundsParts = ProcessParts & {
  readonly opened: OpenedApp;
  readonly readConfig: ConfigReader;
  readonly first: CompiledConfig;
  readonly metrics: RunMetrics;
  /** After each round: the watch may have put something into the outbox. */
  readonly onWatched?: () => void;
};

/** How often it looks whether a person asked for something; each look at a table costs money, at a file next to nothing. */
function knockMs({ store }: CompiledConfig): number {
  return store.kind === 'sqlite' ? 2_000 : 10_000;
}

const mostRestMs = 1000;

/** What the loop keeps from round to round. */
type Loop = RoundsParts & {
  readonly told: RoundTeller;
  readonly hoursOf: ReturnType<typeof makeHourCounter>;
  /** Clusters for which something was asked, by region and name. */
  readonly woken: Set<string>;
  config: CompiledConfig;
  lastRoundAt: EpochMs | undefined;
  collectedAt: EpochMs;
  /** Ends the sleep; undefined while nobody sleeps. */
  ring: (() => void) | undefined;
  knockSeen: string | undefined;
};

/** The heart of the single process: look now, and again after `every`, and at once when something asks for it. */
export function makeRounds(parts: RoundsParts): Rounds {
  const loop: Loop = {
    ...parts,
    told: makeRoundTeller(parts.log),
    hoursOf: makeHourCounter(),
    woken: new Set(),
    config: parts.first,
    lastRoundAt: undefined,
    collectedAt: parts.clock.now(),
    ring: undefined,
    knockSeen: undefined,
  };
  return {
    config: () => loop.config,
    lastRoundAt: () => loop.lastRoundAt,
    wake: (region, cluster) => {
      loop.woken.add(`${region}\n${cluster}`);
      loop.ring?.();
    },
    run: (signal) => runUntil(loop, signal),
  };
}

async function runUntil(loop: Loop, signal: AbortSignal): Promise<void> {
  const { clock, opened, woken } = loop;
  await guarded(loop, 'start', () => noticeAbsence(loop, opened.store, loop.config));
  while (!signal.aborted) {
    const startedAt = clock.now();
    await wasWoken(loop);
    await wholeRound(loop, signal);
    for (let leftMs = restOf(loop, startedAt); leftMs > 0 && !signal.aborted; leftMs = restOf(loop, startedAt)) {
      if (woken.size === 0) await sleepUntilRung(loop, Math.min(leftMs, knockMs(loop.config)), signal);
      if (woken.size > 0 && !signal.aborted) {
        const wokenAt = clock.now();
        await roundOfWoken(loop, signal);
        await restAfter(loop, clock.now() - wokenAt, signal);
      } else if (await wasWoken(loop)) break;
    }
  }
  await guarded(loop, 'store', () => noteStop(opened.store, clock.now()));
}

/**
 * When the last round in the store is overdue, nobody watched the time in between: a process that was off says so once.
 * Rounds that another installation missed are judged elsewhere.
 */
async function noticeAbsence(
  { clock, newId }: { readonly clock: Clock; readonly newId: NewId },
  store: Store,
  config: CompiledConfig,
): Promise<void> {
  const rounds = await Promise.all(config.regions.map(({ name }) => listRoundHeads(store, name)));
  const last = Math.max(...rounds.flat().map((round) => round.at));
  const now = clock.now();
  if (!Number.isFinite(last) || !isOverdue(last, config.everyMs, now)) return;
  const text = `Lamplighter was off from ${iso(last)} to ${iso(now)}; nothing was scaled and nothing was watched meanwhile`;
  const facts = { from: iso(last), to: iso(now) };
  await store.commit([noticeWrite({ kind: 'was-off', subject: { kind: 'fleet' }, text, at: now, facts }, newId())]);
}

/** A person asked for something since the last time: that is a tick. */
async function wasWoken(loop: Loop): Promise<boolean> {
  const last = await guarded(loop, 'store', () => lastWakeRequest(loop.opened.store));
  const isNew = last !== undefined && last !== loop.knockSeen;
  loop.knockSeen = last ?? loop.knockSeen;
  return isNew;
}

async function wholeRound(loop: Loop, signal: AbortSignal): Promise<void> {
  const { clock, opened, metrics } = loop;
  const startedAt = clock.now();
  const reading = await loop.readConfig(clock.now());
  loop.config = reading.config ?? loop.config;
  const { config } = loop;
  await guarded(loop, 'store', () => followStore(loop, opened.store));
  const report = await guarded(loop, 'scale', () =>
    opened.app.scale(config, { isResident: true }, () => timeLeft(signal)),
  );
  if (report) {
    logReport(loop, report);
    loop.told(report, config);
  }
  if (!signal.aborted) await watchFleet(loop, reading, signal);
  loop.onWatched?.();
  if (report) {
    loop.lastRoundAt = clock.now();
    metrics.showRound(report, loop.lastRoundAt, loop.lastRoundAt - startedAt);
  }
  await guarded(loop, 'heartbeat', () => sendHeartbeat(opened.app.deliverParts(config, () => timeLeft(signal))));
  await guarded(loop, 'metrics', () => refresh(metrics, opened, config));
  if (report && isClockKnown(report)) await collectHourly(loop);
}

/** Deleted, moved or replaced under the process, the store's file is opened anew at its path, and that is said. */
async function followStore({ log }: { readonly log: Log }, store: OpenedStore): Promise<void> {
  const reopened = await store.reopenIfLost?.();
  if (reopened === undefined) return;
  const { path, isNew } = reopened;
  const now = isNew ? 'a new one was made there' : 'the one that is there now was opened';
  log.warn(
    `the store ${path} was deleted, moved or replaced while it was in use: ${now}, and what was remembered in the old one (bases, pauses, leases, incidents) is not known here; to go back to it, stop this process and put the old file there`,
  );
}

/** After the signal there is no time left: what was claimed is finished, nothing new is. */
function timeLeft(signal: AbortSignal): number {
  return signal.aborted ? 0 : Number.POSITIVE_INFINITY;
}

async function watchFleet(loop: Loop, reading: ConfigReading, signal: AbortSignal): Promise<void> {
  const { clock, opened, config, metrics } = loop;
  const problem = invalidConfig(reading, config);
  const watched = await guarded(loop, 'watch', () => opened.app.watch(config, problem, () => timeLeft(signal)));
  if (!watched) return;
  const { pools } = watched;
  metrics.showNodes(pools);
  const hours = await guarded(loop, 'savings', () => loop.hoursOf(opened.store, config, pools, clock.now()));
  if (hours) metrics.countHours(hours);
}

/** The file holds an invalid config: the last good one goes on, and that is critical. */
function invalidConfig(reading: ConfigReading, { file }: Pick<CompiledConfig, 'file'>): Finding | undefined {
  if (reading.ok) return undefined;
  const first = reading.problems.find(({ severity }) => severity === 'error');
  const text = `the config is invalid, the last good one stays in force: ${first ? renderProblem(first) : 'it cannot be read'}`;
  return {
    kind: 'config.invalid',
    subject: { kind: 'config', path: file },
    severity: 'critical',
    text,
    fix: 'run: lamplighter check',
  };
}

/** By a clock that is ahead, pauses and leases that hold would have expired: only what an answer's `Date` agrees with counts. */
function isClockKnown({ plan, regions = [] }: ScaleReport): boolean {
  return regions.length > 0 && !plan.findings.some(({ kind }) => kind === 'clock.skewed');
}

async function collectHourly(loop: Loop): Promise<void> {
  const { clock, opened } = loop;
  if (Math.abs(clock.now() - loop.collectedAt) < hourMs) return;
  loop.collectedAt = clock.now();
  await guarded(loop, 'collect', () => collectAll(loop, opened.store));
}

/** A thousand at a time, so that nobody waits for it: as many as expired, however fast they were written. */
async function collectAll({ clock }: ProcessParts, store: OpenedApp['store']): Promise<void> {
  const now = clock.now();
  const some = 1000;
  while (((await store.collect?.(now, some)) ?? 0) >= some) await clock.sleep(20);
}

/** Only the clusters for which something was asked. */
async function roundOfWoken(loop: Loop, signal: AbortSignal): Promise<void> {
  const { opened, config, woken } = loop;
  const names = new Set(woken);
  woken.clear();
  await guarded(loop, 'store', () => followStore(loop, opened.store));
  const only = (cluster: ObservedCluster) => names.has(`${cluster.region}\n${cluster.name}`);
  const report = await guarded(loop, 'scale', () => opened.app.scale(config, { only }, () => timeLeft(signal)));
  if (report) logReport(loop, report);
}

/** In a burst of events every other moment is theirs; what they woke meanwhile is one round. */
async function restAfter({ clock }: Loop, tookMs: number, signal: AbortSignal): Promise<void> {
  if (tookMs > 0) await clock.sleep(Math.min(tookMs, mostRestMs), signal);
}

/** Where the clock was set back nobody knows how long ago that was: the next round is due at once. */
function restOf({ clock, config }: Loop, startedAt: EpochMs): number {
  const passedMs = clock.now() - startedAt;
  return passedMs < 0 ? 0 : config.everyMs - passedMs;
}

async function sleepUntilRung(loop: Loop, ms: number, signal: AbortSignal): Promise<void> {
  const bell = new AbortController();
  loop.ring = () => bell.abort();
  await loop.clock.sleep(ms, AbortSignal.any([signal, bell.signal]));
  loop.ring = undefined;
}
