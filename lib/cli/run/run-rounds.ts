import { renderProblem } from '../../config/problem.ts';
import type { ConfigReader, ConfigReading } from '../../config/read-config.ts';
import type { Hold } from '../../decide/scaling/plan.ts';
import type { Clock } from '../../io/clock.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log, LogFields } from '../../io/log.ts';
import type { OpenedStore, Store } from '../../io/stores/store.ts';
import { sendHeartbeat } from '../../jobs/deliver/heartbeat.ts';
import { noticeWrite } from '../../jobs/records/incident-records.ts';
import { lastWakeRequest } from '../../jobs/records/wake-requests.ts';
import { listRoundHeads } from '../../jobs/records/round-findings.ts';
import type { ScaleReport } from '../../jobs/scale/parts.ts';
import type { ObservedCluster } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { describeSize } from '../../model/size.ts';
import { withConfig } from '../../model/text.ts';
import { type EpochMs, hourMs, isOverdue, iso } from '../../model/time.ts';
import { guarded } from './deliveries.ts';
import { type RunMetrics, refresh } from './metrics.ts';
import type { OpenedApp, ProcessParts } from './process-parts.ts';
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

/** The heart of the single process: look now, and again after `every`, and at once when something asks for it. */
export function makeRounds(parts: RoundsParts): Rounds {
  const { clock, opened } = parts;
  let config = parts.first;
  let lastRoundAt: EpochMs | undefined;
  let collectedAt = clock.now();
  const woken = new Set<string>();
  const tellObserved = makeObservedTeller(parts.log);
  const tellHolds = makeHoldTeller(parts.log);
  const tellBrake = makeBrakeTeller(parts.log);
  const countHours = makeHourCounter();
  let ring: (() => void) | undefined;
  let knockSeen: string | undefined;

  const round = async (signal: AbortSignal) => {
    const startedAt = clock.now();
    const reading = await parts.readConfig(clock.now());
    config = reading.config ?? config;
    await guarded(parts, 'store', () => followStore(parts, opened.store));
    const report = await guarded(parts, 'scale', () => opened.app.scale(config, {}, () => timeLeft(signal)));
    if (report) {
      logReport(parts, report);
      tellObserved(report);
      tellHolds(report);
      tellBrake(report, config);
    }
    if (!signal.aborted) {
      const problem = invalidConfig(reading, config);
      const watched = await guarded(parts, 'watch', () => opened.app.watch(config, problem, () => timeLeft(signal)));
      if (watched) {
        parts.metrics.showNodes(watched.pools);
        const { pools } = watched;
        const hours = await guarded(parts, 'savings', () => countHours(opened.store, config, pools, clock.now()));
        if (hours) parts.metrics.countHours(hours);
      }
    }
    parts.onWatched?.();
    if (report) {
      lastRoundAt = clock.now();
      parts.metrics.showRound(report, lastRoundAt, lastRoundAt - startedAt);
    }
    await guarded(parts, 'heartbeat', () => sendHeartbeat(opened.app.deliverParts(config, () => timeLeft(signal))));
    await guarded(parts, 'metrics', () => refresh(parts.metrics, opened, config));
    if (report && isClockKnown(report) && Math.abs(clock.now() - collectedAt) >= hourMs) {
      collectedAt = clock.now();
      await guarded(parts, 'collect', () => collectAll(parts, opened.store));
    }
  };

  const roundOfWoken = async (signal: AbortSignal) => {
    const names = new Set(woken);
    woken.clear();
    await guarded(parts, 'store', () => followStore(parts, opened.store));
    const only = (cluster: ObservedCluster) => names.has(`${cluster.region}\n${cluster.name}`);
    const report = await guarded(parts, 'scale', () => opened.app.scale(config, { only }, () => timeLeft(signal)));
    if (report) logReport(parts, report);
  };

  return {
    config: () => config,
    lastRoundAt: () => lastRoundAt,
    wake: (region, cluster) => {
      woken.add(`${region}\n${cluster}`);
      ring?.();
    },
    run: async (signal) => {
      await guarded(parts, 'start', () => noticeAbsence(parts, opened.store, config));
      while (!signal.aborted) {
        const startedAt = clock.now();
        await wasWoken();
        await round(signal);
        for (let leftMs = restOf(startedAt); leftMs > 0 && !signal.aborted; leftMs = restOf(startedAt)) {
          if (woken.size === 0) await sleepUntilRung(Math.min(leftMs, knockMs(config)), signal);
          if (woken.size > 0 && !signal.aborted) {
            const wokenAt = clock.now();
            await roundOfWoken(signal);
            await restAfter(clock.now() - wokenAt, signal);
          } else if (await wasWoken()) break;
        }
      }
    },
  };

  /** A person asked for something since the last time: that is a tick. */
  async function wasWoken(): Promise<boolean> {
    const last = await guarded(parts, 'store', () => lastWakeRequest(opened.store));
    const isNew = last !== undefined && last !== knockSeen;
    knockSeen = last ?? knockSeen;
    return isNew;
  }

  /** In a burst of events every other moment is theirs; what they woke meanwhile is one round. */
  async function restAfter(tookMs: number, signal: AbortSignal): Promise<void> {
    if (tookMs > 0) await clock.sleep(Math.min(tookMs, mostRestMs), signal);
  }

  function restOf(startedAt: EpochMs): number {
    return config.everyMs - Math.max(0, clock.now() - startedAt);
  }

  async function sleepUntilRung(ms: number, signal: AbortSignal): Promise<void> {
    const bell = new AbortController();
    ring = () => bell.abort();
    await clock.sleep(ms, AbortSignal.any([signal, bell.signal]));
    ring = undefined;
  }
}

/** By a clock that is ahead, pauses and leases that hold would have expired: only what an answer's `Date` agrees with counts. */
function isClockKnown({ plan, regions = [] }: ScaleReport): boolean {
  return regions.length > 0 && !plan.findings.some(({ kind }) => kind === 'clock.skewed');
}

/** A thousand at a time, so that nobody waits for it: as many as expired, however fast they were written. */
async function collectAll({ clock }: ProcessParts, store: OpenedApp['store']): Promise<void> {
  const now = clock.now();
  const some = 1000;
  while (((await store.collect?.(now, some)) ?? 0) >= some) await clock.sleep(20);
}

/** After the signal there is no time left: what was claimed is finished, nothing new is. */
function timeLeft(signal: AbortSignal): number {
  return signal.aborted ? 0 : Number.POSITIVE_INFINITY;
}

function logReport({ log }: ProcessParts, { plan, problems, results, clusters, pools }: ScaleReport): void {
  for (const problem of problems) log.warn(problem.reason, { region: problem.region });
  const sent = results.filter(({ result }) => result === 'sent').length;
  log.info('round done', { clusters, pools, changes: sent, holds: plan.holds.length, problems: problems.length });
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

/** What `mode: observe` keeps back, in one line per pool when it first would be done, and again when it is another size. */
export function makeObservedTeller(log: Log): (report: ScaleReport) => void {
  let told = new Map<string, string>();
  return ({ plan }) => {
    const observed = plan.holds.filter(({ code }) => code === 'observe');
    const now = new Map(observed.map((hold) => [hold.poolId, describeSize(hold.to)] as const));
    for (const { region, cluster, pool, poolId, from, to, reason } of observed) {
      if (told.get(poolId) === now.get(poolId)) continue;
      log.info(`would scale ${cluster}/${pool} ${describeSize(from)} → ${describeSize(to)}`, { region, reason });
    }
    told = now;
  };
}

/** What the brake holds, and what to type: said when it begins, and again when it holds something else. */
function makeBrakeTeller(log: Log): (report: ScaleReport, config: Pick<CompiledConfig, 'file'>) => void {
  let told: string | undefined;
  return ({ plan }, config) => {
    const brake = plan.findings.find(({ kind }) => kind === 'config.brake');
    const what = brake && plan.holds.flatMap(({ code, poolId, to }) => (code === 'brake' ? [[poolId, to]] : []));
    const now = what && JSON.stringify(what);
    if (brake && now !== told)
      log.warn(`the brake waits for your approval: ${brake.text}; ${withConfig(config, brake.fix ?? '')}`, {
        kind: brake.kind,
      });
    told = now;
  };
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

/** Of more pools than this at once only their number is said. */
const mostTold = 20;

/** A hold by its pool's name when it begins, again for another reason, and when it ends; and what somebody changed by hand. */
export function makeHoldTeller(log: Log): (report: ScaleReport) => void {
  let told: ReadonlyMap<string, Hold> = new Map();
  return ({ plan }) => {
    const held = plan.holds.filter(({ code }) => code !== 'observe' && code !== 'in-flight');
    const now = new Map(held.map((hold) => [hold.poolId, hold] as const));
    const begun = held.filter(({ poolId, code }) => told.get(poolId)?.code !== code);
    const ended = [...told.values()].filter(({ poolId }) => !now.has(poolId));
    if (begun.length > mostTold) log.info(`${begun.length} pools are held`, { codes: countsOf(begun) });
    else for (const hold of begun) log.info(`holds ${hold.cluster}/${hold.pool}`, saidOf(hold));
    if (ended.length > mostTold) log.info(`${ended.length} pools are no longer held`);
    else for (const { cluster, pool, region } of ended) log.info(`${cluster}/${pool} is no longer held`, { region });
    for (const { kind, text, subject } of plan.notices)
      if (kind === 'pool.changed-by-hand') log.info(text, 'region' in subject ? { region: subject.region } : {});
    told = now;
  };
}

function saidOf({ region, code, reason, until }: Hold): LogFields {
  return { region, code, reason, ...(until === undefined ? {} : { until: iso(until) }) };
}

function countsOf(holds: readonly Hold[]): string {
  const groups = Map.groupBy(holds, ({ code }) => code);
  return [...groups].map(([code, some]) => `${some.length} ${code}`).join(', ');
}
