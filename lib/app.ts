import { createHash } from 'node:crypto';
import type { Incoming } from './decide/intake/reading.ts';
import type { Clock } from './io/clock.ts';
import { transmit } from './io/destinations/transmit.ts';
import type { Fetch } from './io/http/exchange.ts';
import type { NewId } from './io/ids.ts';
import type { KeepPageParts } from './io/listen/keep-page.ts';
import type { Log } from './io/log.ts';
import { makeMks } from './io/mks/client.ts';
import { countedMks, type Mks, type OnCall } from './io/mks/mks.ts';
import type { Quota } from './io/quota.ts';
import type { Redactor } from './io/redact.ts';
import { type AwsSecrets, makeAwsSecrets } from './io/secrets/aws-secret.ts';
import type { Environment } from './io/secrets/env-secret.ts';
import { makeSecrets, type Secrets } from './io/secrets/secrets.ts';
import { boundedStore } from './io/stores/bounded-store.ts';
import type { Along, Store } from './io/stores/store.ts';
import type { AcceptParts, EventOutcome } from './jobs/accept/accept-events.ts';
import type { KeepParts } from './jobs/accept/keep-up.ts';
import { knownFleet } from './jobs/accept/known-fleet.ts';
import { makeGroupWriter } from './jobs/accept/store-asks.ts';
import type { DeliverParts, DeliverReport } from './jobs/deliver/deliver-round.ts';
import type { KeptBook, ScaleOptions, ScaleParts, ScaleReport } from './jobs/scale/scale-round.ts';
import type { WatchOptions, WatchParts, WatchReport } from './jobs/watch/watch-round.ts';
import type { CompiledConfig, EventSourceConfig, RegionConfig } from './model/config.ts';
import type { Finding } from './model/finding.ts';

/** Everything from outside, handed in. A test or a simulation hands in its own. */
export type AppParts = {
  readonly store: Store;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly secrets: Secrets;
  /** The name under which functions run on AWS; absent = a process. */
  readonly installation?: string;
  /** Told of every call to an MKS API; absent = nobody counts. */
  readonly onCall?: OnCall;
};

/** The parts, built once; each round hands in the config that is in force for it. */
export type App = {
  readonly parts: AppParts;
  readonly mksOf: (config: CompiledConfig) => (region: string) => Mks;
  readonly scale: (config: CompiledConfig, options?: ScaleOptions, timeLeftMs?: () => number) => Promise<ScaleReport>;
  readonly watch: (
    config: CompiledConfig,
    configProblem?: Finding,
    timeLeftMs?: () => number,
    options?: WatchOptions,
  ) => Promise<WatchReport>;
  /** Sends what waits in the outbox, and judges what only delivering can see. */
  readonly deliver: (config: CompiledConfig, timeLeftMs?: () => number) => Promise<DeliverReport>;
  /** The same parts for what people do to the outbox by hand, and for fire drills. */
  readonly deliverParts: (config: CompiledConfig, timeLeftMs?: () => number) => DeliverParts;
  /** Writes down what events ask for; resolves when it is stored. `wake` starts a round for the cluster at once. */
  readonly accept: (
    config: CompiledConfig,
    source: EventSourceConfig,
    events: readonly Incoming[],
    wake: AcceptParts['wake'],
    told?: Told,
    along?: Along,
  ) => Promise<readonly EventOutcome[]>;
  /** The same parts for what comes in batches: messages of queues, events of a bus. */
  readonly acceptParts: (config: CompiledConfig, wake: AcceptParts['wake'], told?: Told) => AcceptParts;
  /** What the links of announcements show, and keep. */
  readonly keepPage: (config: () => CompiledConfig, wake: AcceptParts['wake'], quota: Quota) => KeepPageParts;
};

/** Who is told what became of events. */
type Told = Pick<AcceptParts, 'count' | 'tell'>;

/** The only place where the parts meet. A job is loaded when it first runs: a function that runs one pays for one. */
export function makeApp(given: AppParts): App {
  const parts = { ...given, store: boundedStore(given.store, given.clock, (text) => given.log.warn(text)) };
  const mksOf = makeMksOf(parts);
  const writer = makeGroupWriter(parts);
  const acceptParts = makeAcceptParts(parts, writer);
  const deliverParts = makeDeliverParts(parts);
  return {
    parts,
    mksOf,
    scale: makeScale(parts, mksOf),
    watch: makeWatch(parts, mksOf),
    deliver: async (config, timeLeftMs) => {
      const { deliverAlerts } = await import('./jobs/deliver/deliver-alerts.ts');
      return deliverAlerts(deliverParts(config, timeLeftMs));
    },
    deliverParts,
    accept: async (config, source, events, wake, told, along) => {
      const { acceptEvents } = await import('./jobs/accept/accept-events.ts');
      return acceptEvents(acceptParts(config, wake, told), source, events, along);
    },
    acceptParts,
    keepPage: (config, wake, quota) => keepPageOf(parts, { config, wake, writer }, quota),
  };
}

/** One client per region and configuration: a changed address or token reference makes a new one. */
function makeMksOf(parts: AppParts): App['mksOf'] {
  const made = new Map<string, Mks>();
  return (config) => (name) => {
    const region = regionOf(config, name);
    const key = JSON.stringify(region);
    const known = made.get(key) ?? openRegion(parts, region);
    made.set(key, known);
    return known;
  };
}

function openRegion(parts: AppParts, region: RegionConfig): Mks {
  const mks = makeMks({ ...parts, region, token: parts.secrets.token(region.token) });
  return parts.onCall ? countedMks(mks, parts.onCall) : mks;
}

function regionOf(config: CompiledConfig, name: string): RegionConfig {
  const region = config.regions.find((one) => one.name === name);
  if (region === undefined) throw new RangeError(`the config has no region "${name}"`);
  return region;
}

function makeAcceptParts({ store, clock, log }: AppParts, writer: AcceptParts['writer']): App['acceptParts'] {
  const fleet = knownFleet(store, clock);
  return (config, wake, told) => ({
    clock,
    log: log.with({ job: 'accept-events', config: config.hash }),
    config: () => config,
    writer,
    wake,
    ...fleet,
    ...told,
  });
}

function makeDeliverParts(parts: AppParts): App['deliverParts'] {
  const { clock, newId, store, log } = parts;
  return (config, timeLeftMs) => ({
    config,
    clock,
    newId,
    store,
    hash: sha256,
    send: (message) => transmit(parts, message),
    secret: parts.secrets.read,
    clean: parts.redactor.clean,
    log: log.with({ job: 'deliver-alerts', config: config.hash }),
    ...(timeLeftMs ? { timeLeftMs } : {}),
  });
}

function makeScale({ clock, newId, store, log, installation }: AppParts, mksOf: App['mksOf']): App['scale'] {
  const keptBook: KeptBook = {};
  return async (config, options, timeLeftMs) => {
    const { scalePools } = await import('./jobs/scale/scale-pools.ts');
    const scaling: ScaleParts = {
      config,
      clock,
      newId,
      store,
      mksOf: mksOf(config),
      keptBook,
      log: log.with({ job: 'scale-pools', config: config.hash }),
      ...(timeLeftMs ? { timeLeftMs } : {}),
      ...(installation === undefined ? {} : { installation }),
    };
    return scalePools(scaling, options);
  };
}

function makeWatch(parts: AppParts, mksOf: App['mksOf']): App['watch'] {
  const { clock, newId, store, log, secrets } = parts;
  return async (config, configProblem, timeLeftMs, options) => {
    const { watchClusters } = await import('./jobs/watch/watch-clusters.ts');
    const watching: WatchParts = {
      config,
      clock,
      newId,
      store,
      hash: sha256,
      mksOf: mksOf(config),
      secretsExpiry: (region) => tokenExpiry(parts, config, region),
      isTokenPrevious: (region) => secrets.token(regionOf(config, region).token).isPrevious(),
      log: log.with({ job: 'watch-clusters', config: config.hash }),
      ...(configProblem ? { configProblem } : {}),
      ...(timeLeftMs ? { timeLeftMs } : {}),
    };
    return watchClusters(watching, options);
  };
}

/** Asks nothing: what was read with the token's last value, else the config's own date. */
async function tokenExpiry({ secrets }: AppParts, config: CompiledConfig, name: string): Promise<number | undefined> {
  return secrets.token(regionOf(config, name).token).expires();
}

type Keeping = Pick<KeepParts, 'config' | 'wake' | 'writer'>;

function keepPageOf(parts: AppParts, own: Keeping, quota: Quota): KeepPageParts {
  const { clock, store, newId, secrets, redactor } = parts;
  const log = parts.log.with({ job: 'accept-events' });
  const { config } = own;
  const keeping: KeepParts = { ...own, store, clock, newId, hash: sha256, log };
  const job = () => import('./jobs/accept/keep-up.ts');
  return {
    clock,
    quota,
    secrets: () => Promise.all((config().links?.secrets ?? []).map((ref) => secrets.read(ref, 'secret'))),
    look: async (link) => (await job()).lookAtKeep(keeping, link),
    keep: async (link) => (await job()).keepUp(keeping, link),
    zone: () => config().zone ?? 'UTC',
    hasSeveralRegions: () => config().regions.length > 1,
    clean: redactor.clean,
  };
}

export type SecretParts = Pick<AppParts, 'clock' | 'redactor' | 'log'> & {
  readonly env: Environment;
  readonly aws?: AwsSecrets;
};

/** Secrets from all four kinds of places; AWS's client is loaded only when a config names a secret there. */
export function openSecrets({ clock, aws = makeAwsSecrets(clock), ...parts }: SecretParts): Secrets {
  return makeSecrets({ ...parts, clock, aws });
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
