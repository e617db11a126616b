import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import packageJson from '../../../package.json' with { type: 'json' };
import { sha256 } from '../../app.ts';
import { metricNames as names } from '../../io/metric-names.ts';
import type { OnCall } from '../../io/mks/mks.ts';
import { loadWaiting, type Waiting } from '../../jobs/records/delivery-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { loadMemory } from '../../jobs/records/watch-records.ts';
import type { ScaleReport } from '../../jobs/scale/scale-round.ts';
import type { WatchReport } from '../../jobs/watch/watch-round.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { lower, type Size, upper } from '../../model/size.ts';
import type { OpenedApp } from './process-parts.ts';
import type { RegionHours } from './saved-hours.ts';

/** What the tellers' side of the store holds, for the gauges that are not about one round. */
export type Standing = {
  readonly incidents: { readonly critical: number; readonly warning: number; readonly info: number };
  readonly eols: readonly {
    readonly region: string;
    readonly cluster: string;
    readonly version: string;
    readonly at: number;
  }[];
  readonly tokens: readonly { readonly region: string; readonly at: number }[];
  readonly waiting: readonly Waiting[];
};

/** Prometheus's view of the single process. Gauges are set as a whole after each round: what is gone is not shown. */
export type RunMetrics = {
  readonly onCall: OnCall;
  readonly countEvent: (outcome: string, source: string) => void;
  readonly countRequest: (outcome: string, source: string) => void;
  readonly showRound: (report: ScaleReport, endedAt: number, tookMs: number) => void;
  /** After each round of the watch, which looks at every pool. */
  readonly showNodes: (pools: WatchReport['pools']) => void;
  /** What was used and saved since the round before. */
  readonly countHours: (regions: readonly RegionHours[]) => void;
  readonly showStanding: (standing: Standing) => void;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

const ofPool = ['region', 'cluster', 'pool'] as const;

export function makeRunMetrics(): RunMetrics {
  const registry = new Registry();
  const shown = makeSeries(registry);
  showBuild(registry);
  collectDefaultMetrics({ register: registry });
  return {
    onCall: (region, call, outcome) => shown.calls.inc({ region, call, outcome }),
    countEvent: (outcome, source) => shown.events.inc({ source, outcome }),
    countRequest: (outcome, source) => shown.requests.inc({ source, outcome }),
    showRound: (report, endedAt, tookMs) => showRound(shown, report, endedAt, tookMs),
    showNodes: (pools) => {
      shown.nodes.reset();
      for (const { nodes: count, ...pool } of pools) shown.nodes.set(pool, count);
    },
    countHours: (regions) => {
      for (const { region, used, saved } of regions) {
        shown.nodeHours.inc({ region }, used);
        // A counter only grows: while more is asked for than the bases are, nothing is saved.
        shown.savedHours.inc({ region }, Math.max(0, saved));
      }
    },
    showStanding: (standing) => showStanding(shown, standing),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

type Series = ReturnType<typeof makeSeries>;

function makersOf(registry: Registry) {
  const registers = [registry];
  return {
    gauge: <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
      new Gauge({ name, help, labelNames: [...labelNames], registers }),
    counter: <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
      new Counter({ name, help, labelNames: [...labelNames], registers }),
  };
}

/** Set for good. */
function showBuild(registry: Registry): void {
  const { gauge } = makersOf(registry);
  gauge(names.buildInfo, 'Always 1; its labels say which build this is', ['version', 'node']).set(
    { version: packageJson.version, node: process.version },
    1,
  );
}

/** Every series by its name. */
function makeSeries(registry: Registry) {
  const { gauge, counter } = makersOf(registry);
  return {
    observed: gauge(names.poolObserved, 'Size of a pool in the last round; for an autoscaled pool, its bounds', [
      ...ofPool,
      'bound',
    ]),
    nodes: gauge(
      names.poolNodes,
      'Nodes that a pool has, with or without a rule; missing if the API does not say',
      ofPool,
    ),
    desired: gauge(names.poolDesired, 'Size that a pool should have; for an autoscaled pool, its bounds', [
      ...ofPool,
      'bound',
    ]),
    held: gauge(names.poolHeld, '1 while a pool is held, by the reason', [...ofPool, 'code']),
    changes: counter(names.changes, 'Changes of node pools, by result', ['result']),
    nodeHours: counter(names.nodeHours, 'Node-hours of the pools under a schedule', ['region']),
    savedHours: counter(names.nodeHoursSaved, 'Node-hours saved, compared with every pool at its base', ['region']),
    problems: gauge(names.problems, 'Problems in the last round'),
    clusters: gauge(names.clusters, 'Clusters listed in the last round', ['region']),
    lastRound: gauge(names.lastRound, 'End of the last complete round that could read the region', ['region']),
    roundSeconds: gauge(names.roundSeconds, 'Duration of the last complete round'),
    incidents: gauge(names.incidents, 'Open incidents, by severity', ['severity']),
    eols: gauge(names.versionEol, 'End of life of the Kubernetes version, where it is known', [
      'region',
      'cluster',
      'version',
    ]),
    tokens: gauge(names.tokenExpiry, 'Expiry of the API token, where it is known', ['region']),
    oldest: gauge(names.oldestDelivery, 'When the oldest waiting delivery was queued', ['destination']),
    waiting: gauge(names.waitingDeliveries, 'Deliveries that wait in the outbox', ['destination']),
    calls: counter(names.apiCalls, 'Calls to the MKS API', ['region', 'call', 'outcome']),
    events: counter(names.events, 'Events, by outcome', ['source', 'outcome']),
    requests: counter(names.requests, 'Requests to POST /events and /alertmanager', ['source', 'outcome']),
  };
}

function showRound(shown: Series, report: ScaleReport, endedAt: number, tookMs: number): void {
  for (const each of [shown.observed, shown.desired, shown.held]) each.reset();
  for (const { region, cluster, pool, seen, wanted } of report.plan.pools) {
    setSize(shown.observed, { region, cluster, pool }, seen);
    setSize(shown.desired, { region, cluster, pool }, wanted);
  }
  for (const { region, cluster, pool, code } of report.plan.holds) shown.held.set({ region, cluster, pool, code }, 1);
  for (const { result } of report.results) shown.changes.inc({ result });
  shown.problems.set(report.problems.length);
  for (const { region, clusters: count } of report.regions ?? []) {
    shown.clusters.set({ region }, count);
    shown.lastRound.set({ region }, endedAt / 1000);
  }
  shown.roundSeconds.set(tookMs / 1000);
}

type PoolLabels = { readonly region: string; readonly cluster: string; readonly pool: string };

function setSize(
  gauge: Gauge<'region' | 'cluster' | 'pool' | 'bound'>,
  pool: PoolLabels,
  size: Size | undefined,
): void {
  if (size === undefined) return;
  if (typeof size === 'number') return gauge.set({ ...pool, bound: 'size' }, size);
  gauge.set({ ...pool, bound: 'min' }, lower(size));
  gauge.set({ ...pool, bound: 'max' }, upper(size));
}

function showStanding(shown: Series, standing: Standing): void {
  const { incidents, eols, tokens, oldest, waiting } = shown;
  for (const each of [incidents, eols, tokens, oldest, waiting]) each.reset();
  for (const [severity, count] of Object.entries(standing.incidents)) incidents.set({ severity }, count);
  for (const { region, cluster, version, at } of standing.eols) eols.set({ region, cluster, version }, at / 1000);
  for (const { region, at } of standing.tokens) tokens.set({ region }, at / 1000);
  for (const { destination, count, oldest: since } of standing.waiting) {
    waiting.set({ destination }, count);
    oldest.set({ destination }, since / 1000);
  }
}

/** Shows what is open and what waits as the store has it now. */
export async function refresh(metrics: RunMetrics, opened: OpenedApp, config: CompiledConfig): Promise<void> {
  metrics.showStanding(await standingOf(opened, config));
}

/** What is open, what ends soon, and what waits to be told: read from the store, never from the API. */
export async function standingOf({ store, app }: OpenedApp, config: CompiledConfig): Promise<Standing> {
  const open = (await listIncidents(store)).map(({ record }) => record).filter(({ phase }) => phase === 'open');
  const of = (severity: string) => open.filter((record) => record.severity === severity).length;
  return {
    incidents: { critical: of('critical'), warning: of('warning'), info: of('info') },
    eols: await eolsOf(store, config),
    tokens: config.regions.flatMap(({ name, token }) => {
      const at = app.parts.secrets.token(token).expires();
      return at === undefined ? [] : [{ region: name, at }];
    }),
    waiting: await loadWaiting(store, config.destinations, sha256),
  };
}

async function eolsOf(store: OpenedApp['store'], config: CompiledConfig): Promise<Standing['eols']> {
  const regions = await Promise.all(config.regions.map(({ name }) => loadMemory(store, name)));
  return regions.flatMap(({ memory }) =>
    memory.clusters.flatMap(({ name, due }) =>
      due?.date === undefined ? [] : [{ region: memory.region, cluster: name, version: due.of, at: due.date }],
    ),
  );
}
