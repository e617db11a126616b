import { UsageError } from '../../errors.ts';
import { makeTroubleLog } from '../../io/event-log.ts';
import { refuseUnsigned, secretProblem, signingProblem, transportOf } from '../../io/listen/event-source.ts';
import { makeListenApp } from '../../io/listen/routes.ts';
import { serveListen } from '../../io/listen/serve.ts';
import { makeQuota } from '../../io/quota.ts';
import { makeReplays } from '../../jobs/accept/replays.ts';
import { isLoopback } from '../../model/address.ts';
import { isOverdue, isoTime } from '../../model/time.ts';
import { readingZone } from '../text/instant.ts';
import { guarded } from './deliveries.ts';
import type { OpenedApp, ProcessParts } from './process-parts.ts';
import { type RunMetrics, refresh } from './prometheus-metrics.ts';
import type { Rounds } from './run-rounds.ts';

export type Listener = { readonly address: string; readonly close: () => Promise<void> };

export type ListenerOptions = {
  readonly opened: OpenedApp;
  readonly rounds: Rounds;
  readonly metrics: RunMetrics;
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  /** The machine's own. */
  readonly zone: string;
};

/**
 * What the single process serves: health, readiness, metrics and, for configured sources, events. Refuses to start
 * unsigned on anything but loopback, and with a secret that is too weak.
 */
export async function openListener(parts: ProcessParts, options: ListenerOptions): Promise<Listener | undefined> {
  const { opened, rounds, listen, metrics } = options;
  if (listen === undefined) return undefined;
  const { app, store } = opened;
  const { secrets } = app.parts;
  refuseUnsigned(listen.host, rounds.config().events);
  await checkSecrets(opened, rounds);
  const tell = makeTroubleLog({ clock: parts.clock, log: parts.log.with({ job: 'accept-events' }) });
  const told = { tell, count: metrics.countEvent };
  const quota = makeQuota(parts.clock);
  const listenApp = makeListenApp({
    clock: parts.clock,
    sources: () => rounds.config().events,
    secretsOf: (source) => Promise.all(source.secrets.map((ref) => secrets.read(ref, 'secret'))),
    accept: (source, events, along) => app.accept(rounds.config(), source, events, rounds.wake, told, along),
    replays: makeReplays({ store, clock: parts.clock }),
    quota,
    keepPage: app.keepPage(rounds.config, rounds.wake, quota),
    takesUnsigned: isLoopback(listen.host),
    count: metrics.countRequest,
    tell,
    isHealthy: () => true,
    readiness: async () => readiness(parts, rounds),
    metrics: () => scraped(parts, options),
  });
  // Loaded when it is served: a process without a listener pays nothing for it.
  const { addPage } = await import('../page/page-routes.ts');
  const page = { store, clock: parts.clock, config: rounds.config, clean: parts.redactor.clean, host: listen.host };
  addPage(listenApp, { ...page, zone: () => readingZone(rounds.config(), { zone: options.zone }) });
  const listening = await serveListen(listenApp, listen, parts.clock, {
    connections: rounds.config().maxConnections,
    onClosed: () => metrics.countRequest('closed', 'unknown'),
  });
  return { address: `${listen.host}:${listening.port}`, close: listening.close };
}

/** Weak secrets are refused at the start, not at the first message. */
async function checkSecrets({ app }: OpenedApp, rounds: Rounds): Promise<void> {
  for (const source of rounds.config().events.filter((one) => ['signed', 'bearer'].includes(transportOf(one)))) {
    for (const ref of source.secrets) {
      const problem = secretProblem(source, await app.parts.secrets.read(ref, 'secret'));
      if (problem !== undefined) throw new UsageError(problem);
    }
  }
  for (const ref of rounds.config().links?.secrets ?? []) {
    const problem = signingProblem('links', await app.parts.secrets.read(ref, 'secret'));
    if (problem !== undefined) throw new UsageError(problem);
  }
}

/** What waits and what is open counts as it is now, not as it was after the last round. */
async function scraped(
  parts: ProcessParts,
  { opened, rounds, metrics }: ListenerOptions,
): ReturnType<RunMetrics['render']> {
  await guarded(parts, 'metrics', () => refresh(metrics, opened, rounds.config()));
  return metrics.render();
}

function readiness({ clock }: ProcessParts, rounds: Rounds): { isReady: boolean; text: string } {
  const last = rounds.lastRoundAt();
  if (last === undefined) return { isReady: false, text: 'no round has ended yet' };
  const isLate = isOverdue(last, rounds.config().everyMs, clock.now());
  return { isReady: !isLate, text: `last round ${isoTime(last)}${isLate ? ': too long ago' : ''}` };
}
