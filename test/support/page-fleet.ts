import { makeApp } from '../../lib/app.ts';
import { compileConfig } from '../../lib/config/compile-config.ts';
import { compileMatch } from '../../lib/config/compile-match.ts';
import type { Fetch } from '../../lib/io/http/exchange.ts';
import { silentLog } from '../../lib/io/log.ts';
import { makeRedactor, type Redactor } from '../../lib/io/redact.ts';
import { makeSecrets } from '../../lib/io/secrets/secrets.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { putAsk, putLease } from '../../lib/jobs/records/ask-records.ts';
import type { CompiledConfig, Match } from '../../lib/model/config.ts';
import type { Size } from '../../lib/model/size.ts';
import { dayMs, type EpochMs, hourMs, minuteMs } from '../../lib/model/time.ts';
import { createWorld, type World } from '../../lib/simulator/create-world.ts';
import type { FleetName, FleetSpec } from '../../lib/simulator/fleet.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { makeVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** A fleet that the real jobs have kept for days, with what goes wrong and what people ask for: for the page to show. */
export type PageFleet = {
  readonly store: Store;
  readonly config: CompiledConfig;
  readonly clock: VirtualClock;
  readonly world: World;
  readonly redactor: Redactor;
  /** Every node of every pool at the end of each round, for whoever counts by himself. */
  readonly shown: readonly Shown[];
};

export type Shown = { readonly at: EpochMs; readonly pool: string; readonly nodes: number; readonly size: Size };

/** Tuesday evening in Berlin. */
export const pageNow = Date.parse('2026-11-24T19:16:00Z');

export const smallConfig = `timezone: Europe/Berlin
every: 5m
regions:
  r1: { api: "http://127.0.0.1:8090", token: { env: TOKEN } }
prices: { currency: EUR, flavors: { eo2a.large: 0.12, gpu.l40s.large: 2.9 }, default: 0.2 }
schedules:
  office-hours:
    windows: [{ days: mon-fri, from: "07:00", to: "19:00" }]
    otherwise: idle
    lead: auto
  batch-nights:
    timezone: Europe/Warsaw
    windows: [{ days: mon-thu, from: "22:00", to: "04:00" }]
    otherwise: idle
    lead: auto
watch: { for: 0m }
pools:
  - { match: "mgmt/*", schedule: none }
  - { match: "dev-batch/burst", schedule: batch-nights, base: { min: 2, max: 8 }, idle: 0, limits: { min: 0 } }
  - { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 0, limits: { min: 0 } }
  - { match: "ml/gpu", schedule: office-hours, base: { min: 1, max: 4 }, idle: 0, limits: { min: 0 }, leases: { max: 6 } }
  - { match: "ml/system", schedule: office-hours, base: 2, idle: 1, mode: observe }
  - { match: "prod-web/edge", schedule: office-hours, base: 2, idle: 1 }
  - { match: "prod-*/workers", schedule: office-hours, base: { min: 3, max: 9 }, everyPool: true, idle: { min: 1, max: 3 } }
destinations:
  ops: { kind: slack, url: { env: OPS_URL } }
  pager: { kind: pagerduty, key: { env: PAGER_KEY }, only: { severity: critical } }
  audit: { kind: webhook, url: { env: AUDIT_URL }, secret: { env: AUDIT_SECRET } }
`;

const env = {
  OPS_URL: 'https://hooks.slack.com/services/T00/B00/xyz',
  PAGER_KEY: 'a'.repeat(32),
  AUDIT_URL: 'https://audit.example/hook',
  AUDIT_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
};

export type PageFleetOptions = {
  readonly fleet?: FleetName | FleetSpec;
  readonly config?: string;
  /** A round comes this often. */
  readonly everyMs?: number;
  readonly days?: number;
  readonly now?: EpochMs;
  /** What happens beside the schedule, by instant. */
  readonly scenes?: (stage: Stage) => ReadonlyMap<EpochMs, () => unknown>;
  /** No round in these stretches. */
  readonly away?: readonly (readonly [EpochMs, EpochMs])[];
  readonly watches?: boolean;
};

export type Stage = Pick<PageFleet, 'store' | 'config' | 'world' | 'clock'> & { audit: 'up' | 'down' };

export async function keepFleet(options: PageFleetOptions = {}): Promise<PageFleet> {
  const { fleet = 'small', config: text = smallConfig, everyMs = 15 * minuteMs, days = 8, now = pageNow } = options;
  const start = Math.floor((now - days * dayMs) / everyMs) * everyMs;
  const clock = makeVirtualClock(start);
  const world = createWorld({ clock, fleet, region: 'r1', keepRequests: 10 });
  let ids = 0;
  const newId = () => `id-${String((ids += 1)).padStart(6, '0')}`;
  const store = makeMemoryStore({ newId });
  const redactor = makeRedactor();
  const config = await compile(text.replace(/^every: .*$/mu, `every: ${everyMs / minuteMs}m`), start);
  const stage: Stage = { store, config, world, clock, audit: 'up' };
  const secrets = makeSecrets({
    clock,
    redactor,
    log: silentLog,
    env: { ...env, TOKEN: world.token },
    aws: { read: async () => undefined },
  });
  const app = makeApp({ store, fetch: fetchOf(world, stage), clock, newId, log: silentLog, redactor, secrets });
  const scenes = options.scenes?.(stage) ?? new Map<EpochMs, () => unknown>();
  await approve(stage, start);
  const shown: Shown[] = [];
  for (let at = start; at < now; at += everyMs) {
    for (const [when, play] of scenes) if (when > at - everyMs && when <= at) await play();
    if (!(options.away ?? []).some(([from, to]) => at >= from && at < to)) {
      await whileTimePasses(clock, app.scale(config));
      if (options.watches !== false) {
        await whileTimePasses(clock, app.watch(config));
        await whileTimePasses(clock, app.deliver(config));
      }
    }
    for (const { name, pools } of world.clusters()) {
      for (const pool of pools) {
        const { autoscale, size, sizeMin: min = 0, sizeMax: max = 0 } = pool;
        shown.push({ at, pool: `${name}/${pool.name}`, nodes: size, size: autoscale ? { min, max } : size });
      }
    }
    await clock.advance(Math.max(0, Math.min(at + everyMs, now) - clock.now()));
  }
  return { store, config, clock, world, redactor, shown };
}

/** The first act under a rule waits for a person: here somebody has said yes before. */
async function approve({ store, config }: Stage, now: EpochMs): Promise<void> {
  const ask = { schema: 1, region: 'r1', who: 'ada@desk', reason: undefined, askedAt: now } as const;
  const approval = { ...ask, kind: 'approval', id: 'approval', configHash: config.hash, until: now + dayMs } as const;
  await putAsk(store, approval, config.keepMs);
}

async function whileTimePasses(clock: VirtualClock, work: Promise<unknown>): Promise<void> {
  const progress = { isDone: false };
  const done = work.finally(() => {
    progress.isDone = true;
  });
  for (let i = 0; i < 5000 && !progress.isDone; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!progress.isDone && i > 40) await clock.advance(1000);
  }
  await done;
}

async function compile(text: string, now: EpochMs): Promise<CompiledConfig> {
  const outcome = await compileConfig(text, { file: 'lamplighter.yml', now, readFile: async () => text });
  if (outcome.ok) return outcome.config;
  throw new Error(JSON.stringify(outcome.problems, undefined, 1));
}

function fetchOf(world: World, stage: Stage): Fetch {
  const api = simulatorApp(world).fetch;
  return async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (url.startsWith('http://127.0.0.1:8090')) return api(input, init);
    if (url.includes('slack')) return new Response('ok');
    if (url.includes('pagerduty')) return Response.json({ status: 'success' }, { status: 202 });
    return stage.audit === 'up' ? new Response('') : new Response('', { status: 503 });
  };
}

/** The least that each pool under a schedule has at its base. */
export const bases: Readonly<Record<string, number>> = {
  'dev-api/build': 2,
  'dev-api/workers': 3,
  'dev-batch/workers': 4,
  'dev-batch/burst': 2,
  'ml/gpu': 1,
  'ml/system': 2,
  'prod-web/edge': 2,
  'prod-web/workers': 3,
  'prod-data/workers': 3,
};

/** Node-hours by the API's own answers, counted without a look at what Lamplighter wrote down. */
export function countShown(
  shown: readonly Shown[],
  from: EpochMs,
  everyMs: number,
): { readonly used: number; readonly always: number } {
  let [used, always] = [0, 0];
  for (const { at, pool, nodes, size } of shown) {
    const base = bases[pool];
    if (at < from || base === undefined) continue;
    used += (nodes * everyMs) / hourMs;
    always += ((typeof size === 'object' ? Math.max(nodes, base) : base) * everyMs) / hourMs;
  }
  return { used, always };
}

/** An evening as others: an error, an end of life, a lease, a pause, a size set by hand, an audit log that is down. */
export function smallScenes(stage: Stage): ReadonlyMap<EpochMs, () => unknown> {
  const { store, config, world } = stage;
  const at = (text: string) => Date.parse(text);
  const common = { schema: 1, region: 'r1' } as const;
  return new Map<EpochMs, () => unknown>([
    [at('2026-11-16T19:30Z'), () => world.setEol('1.32.6', at('2026-12-08T00:00Z'))],
    [at('2026-11-21T02:10Z'), () => world.setClusterError('prod-data', 'kube-apiserver not reachable')],
    [at('2026-11-21T03:15Z'), () => world.clearClusterError('prod-data')],
    [at('2026-11-22T09:00Z'), () => world.personResizes('prod-web/edge', { size: 3 })],
    [at('2026-11-22T15:00Z'), () => world.personResizes('prod-web/edge', { size: 1 })],
    [
      at('2026-11-24T17:55Z'),
      () => {
        const ask = {
          ...common,
          kind: 'pause',
          id: 'pause/match/dev-batch/workers',
          match: aMatch('dev-batch/workers'),
        } as const;
        const askedAt = at('2026-11-24T17:50Z');
        return putAsk(
          store,
          { ...ask, who: 'bob@ops', reason: 'terraform apply', askedAt, until: at('2026-11-25T07:15Z') },
          config.keepMs,
        );
      },
    ],
    [at('2026-11-24T18:32Z'), () => world.setClusterError('prod-data', 'etcd leader lost')],
    [at('2026-11-24T18:59Z'), () => (stage.audit = 'down')],
    [at('2026-11-24T18:35Z'), () => world.personResizes('dev-api/workers', { size: 2 })],
    [
      at('2026-11-24T18:40Z'),
      () => {
        const now = at('2026-11-24T18:40Z');
        const lease = {
          ...common,
          kind: 'lease',
          id: 'lease/event',
          match: aMatch('ml/gpu'),
          atLeast: 3,
          time: now,
        } as const;
        const who = { who: 'event:reprocessing', reason: 'reprocessing', askedAt: now, until: at('2026-11-24T22:15Z') };
        return putLease(store, { ...lease, ...who }, now);
      },
    ],
  ]);
}

export const smallAway = [[Date.parse('2026-11-22T18:30Z'), Date.parse('2026-11-22T23:30Z')]] as const;

export function aMatch(text: string): Match {
  const outcome = compileMatch(text);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.match;
}

export const aWhile = 2 * hourMs;
