import type { ConfigReader, ConfigReading } from '../../config/config-reader.ts';
import { renderProblem } from '../../config/problem.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs, Finding, ObservedCluster } from '../../decide/model.ts';
import { sendHeartbeat } from '../../jobs/heartbeat.ts';
import type { ScaleReport } from '../../jobs/scale/scale-parts.ts';
import { guarded } from './guarded.ts';
import { followStore } from './lost-store.ts';
import { makeObservedTeller } from './observed.ts';
import type { OpenedApp, ProcessParts } from './process-parts.ts';
import type { RunMetrics } from './run-metrics.ts';
import { standingOf } from './standing.ts';
import { noticeAbsence } from './was-off.ts';

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

const hourMs = 60 * 60_000;

/** The heart of the single process: look now, and again after `every`, and at once when something asks for it. */
export function makeRounds(parts: RoundsParts): Rounds {
  const { clock, opened } = parts;
  let config = parts.first;
  let lastRoundAt: EpochMs | undefined;
  let collectedAt = clock.now();
  const woken = new Set<string>();
  const tellObserved = makeObservedTeller(parts.log);
  let ring: (() => void) | undefined;

  const round = async (signal: AbortSignal) => {
    const startedAt = clock.now();
    const reading = await parts.readConfig(clock.now());
    config = reading.config ?? config;
    await guarded(parts, 'store', () => followStore(parts, opened.store));
    const report = await guarded(parts, 'scale', () => opened.app.scale(config, {}, () => timeLeft(signal)));
    if (report) {
      logReport(parts, report);
      tellObserved(report);
    }
    if (!signal.aborted) {
      const problem = invalidConfig(reading);
      await guarded(parts, 'watch', () => opened.app.watch(config, problem, () => timeLeft(signal)));
    }
    parts.onWatched?.();
    if (report) {
      lastRoundAt = clock.now();
      parts.metrics.showRound(report, lastRoundAt, lastRoundAt - startedAt);
    }
    await guarded(parts, 'heartbeat', () => sendHeartbeat(opened.app.deliverParts(config, () => timeLeft(signal))));
    await guarded(parts, 'metrics', async () => parts.metrics.showStanding(await standingOf(opened, config)));
    if (clock.now() - collectedAt >= hourMs) {
      collectedAt = clock.now();
      await guarded(parts, 'collect', async () => opened.store.collect?.(clock.now()));
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
        await round(signal);
        for (let leftMs = restOf(startedAt); leftMs > 0 && !signal.aborted; leftMs = restOf(startedAt)) {
          if (woken.size === 0) await sleepUntilRung(leftMs, signal);
          if (woken.size > 0 && !signal.aborted) await roundOfWoken(signal);
        }
      }
    },
  };

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
function invalidConfig(reading: ConfigReading): Finding | undefined {
  if (reading.ok) return undefined;
  const first = reading.problems.find(({ severity }) => severity === 'error');
  const text = `the config is invalid, the last good one stays in force: ${first ? renderProblem(first) : 'it cannot be read'}`;
  return {
    kind: 'config.invalid',
    subject: { kind: 'config', path: first?.file ?? 'config' },
    severity: 'critical',
    text,
    fix: 'run: lamplighter check',
  };
}
