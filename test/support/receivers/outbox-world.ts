import { createHash } from 'node:crypto';
import { type Delivery, type DeliveryFacts, deliveryId, unsent } from '../../../lib/decide/incidents/delivery.ts';
import type { IncidentRecord } from '../../../lib/decide/incidents/incident.ts';
import { destinationId } from '../../../lib/decide/incidents/routing.ts';
import type { Clock } from '../../../lib/io/clock.ts';
import type { Fetch } from '../../../lib/io/http/exchange.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { type MemoryStore, makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import type { DeliverParts } from '../../../lib/jobs/deliver/deliver-round.ts';
import { deliveryWrite } from '../../../lib/jobs/records/incident-records.ts';
import type { CompiledConfig, DestinationConfig } from '../../../lib/model/config.ts';
import type { EpochMs } from '../../../lib/model/time.ts';
import { type IdleClock, makeIdleClock } from '../idle-clock.ts';
import { fetchFrom, sendThrough } from './reach.ts';
import type { Receiver } from './receiver.ts';

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

export function countUp(prefix = 'id'): () => string {
  let n = 0;
  return () => `${prefix}-${(n += 1)}`;
}

/** A destination whose address is kept under its own name. */
export function aDestination(
  patch: Partial<DestinationConfig> & Pick<DestinationConfig, 'name' | 'kind'>,
): DestinationConfig {
  const { name, kind } = patch;
  return {
    url: { kind: 'env', name: name.toUpperCase() },
    key: kind === 'pagerduty' ? { kind: 'env', name: `${name.toUpperCase()}_KEY` } : undefined,
    secrets: kind === 'webhook' ? [{ kind: 'env', name: `${name.toUpperCase()}_SECRET` }] : [],
    format: 'json',
    only: { severity: undefined, kinds: undefined, clusters: undefined },
    fallback: undefined,
    retired: false,
    insecure: false,
    zone: 'Europe/Berlin',
    ...patch,
  };
}

export function aConfig(
  destinations: readonly DestinationConfig[],
  patch: Partial<CompiledConfig> = {},
): CompiledConfig {
  return {
    schema: 1,
    hash: 'c0ffee',
    file: 'lamplighter.yml',
    zone: undefined,
    everyMs: 5 * 60_000,
    keepMs: 30 * 86_400_000,
    listen: undefined,
    store: { kind: 'sqlite', path: './lamplighter.db' },
    regions: [],
    schedules: [],
    rules: [],
    exceptions: [],
    safety: {
      brake: { pools: 3, percent: 30 },
      maxChangesPerRound: undefined,
      minNodesPerCluster: 0,
      runsOn: undefined,
    },
    watch: { clusters: 'all', stuckAfterMs: 30 * 60_000, forMs: 5 * 60_000, clearMs: 10 * 60_000 },
    destinations,
    silences: [],
    events: [],
    heartbeat: undefined,
    calendarsEnd: {},
    ...patch,
  };
}

export const start: EpochMs = Date.UTC(2026, 10, 23, 6);

export function someFacts(patch: Partial<DeliveryFacts> = {}): DeliveryFacts {
  return {
    what: 'open',
    kind: 'cluster.error',
    subject: { kind: 'cluster', region: 'r1', clusterId: 'c-1', cluster: 'dev-1' },
    severity: 'critical',
    text: 'cluster dev-1 is in status Error',
    fix: 'look at the cluster in the dashboard',
    did: undefined,
    since: start - 5 * 60_000,
    until: undefined,
    cause: undefined,
    worst: 'critical',
    facts: {},
    at: start,
    ...patch,
  };
}

export function overFacts(patch: Partial<DeliveryFacts> = {}): DeliveryFacts {
  return someFacts({ what: 'resolve', until: start + 10 * 60_000, cause: 'recovered', ...patch });
}

/** A waiting delivery of incident `n`. */
export function aDelivery(
  destination: string,
  n: number,
  patch: Partial<Omit<Delivery, 'facts'>> & { readonly facts?: DeliveryFacts } = {},
): Delivery {
  const key = patch.key ?? sha256(`incident ${n}`);
  const { episode = start - 5 * 60_000, sequence = 1 } = patch;
  const id = deliveryId(key, episode, sequence, destination, sha256);
  const facts = patch.facts ?? someFacts({ text: `cluster dev-${n} is in status Error` });
  return { schema: 1, id, destination, key, episode, sequence, queuedAt: start, ...unsent, ...patch, facts };
}

/** Open incident `n`, of a cluster in Error. */
export function anIncident(n: number, patch: Partial<IncidentRecord> = {}): IncidentRecord {
  return {
    schema: 1,
    key: sha256(`incident ${n}`),
    kind: 'cluster.error',
    subject: { kind: 'cluster', region: 'r1', clusterId: `c-${n}`, cluster: `dev-${n}` },
    phase: 'open',
    run: { seen: 'bad', since: start, count: 2 },
    changes: [],
    resolved: [],
    episode: start,
    openedAt: start,
    severity: 'critical',
    worst: 'critical',
    text: `cluster dev-${n} is in status Error`,
    flapping: false,
    sequence: 0,
    reminded: 0,
    told: {},
    why: [],
    ...patch,
  };
}

export type OutboxWorld = {
  readonly clock: IdleClock;
  readonly store: MemoryStore;
  readonly config: CompiledConfig;
  readonly parts: DeliverParts;
  readonly idOf: (name: string) => string;
  readonly put: (...deliveries: readonly Delivery[]) => Promise<void>;
  /** The same world seen by another process: another store in front, another way out. */
  readonly processWith: (patch: Partial<DeliverParts> & { readonly fetch?: Fetch }) => DeliverParts;
  readonly fetch: Fetch;
  /** A way out through another fetch, on another clock. */
  readonly sendWith: (fetch: Fetch, clock: Clock) => DeliverParts['send'];
  /** What is kept under a reference; may be changed. */
  readonly secrets: Map<string, string>;
};

/** Destinations named like their receivers' hosts: "ops" lives at https://ops.test/hook. */
export function makeOutboxWorld(
  destinations: readonly DestinationConfig[],
  receivers: { readonly [name: string]: Receiver },
  patch: Partial<CompiledConfig> = {},
): OutboxWorld {
  const clock = makeIdleClock(start);
  const newId = countUp('version');
  const store = makeMemoryStore({ newId });
  const config = aConfig(destinations, patch);
  const hosts = Object.fromEntries(Object.entries(receivers).map(([name, receiver]) => [`${name}.test`, receiver]));
  const fetch = fetchFrom(hosts, clock);
  const secrets = secretsOf(destinations, receivers);
  const secret: DeliverParts['secret'] = async (ref) =>
    makeSecret(secrets.get(ref.kind === 'env' ? ref.name : '') ?? 'none');
  const base = {
    config,
    clock,
    newId: countUp('process'),
    hash: sha256,
    log: silentLog,
    secret,
    clean: makeRedactor().clean,
  };
  const parts: DeliverParts = { ...base, store, send: sendThrough(fetch, clock) };
  return {
    clock,
    store,
    config,
    parts,
    fetch,
    sendWith: sendThrough,
    secrets,
    idOf: (name) => destinationId(destinations.find((one) => one.name === name)!, sha256),
    put: async (...deliveries) => {
      for (const delivery of deliveries) await store.commit([deliveryWrite(delivery)]);
    },
    processWith: ({ fetch: other, ...rest }) => ({
      ...parts,
      ...(other && { send: sendThrough(other, clock) }),
      ...rest,
    }),
  };
}

function secretsOf(
  destinations: readonly DestinationConfig[],
  receivers: { readonly [name: string]: Receiver },
): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const { name } of destinations) {
    const receiver = receivers[name];
    secrets.set(name.toUpperCase(), `https://${name}.test/hook`);
    if (receiver && 'routingKey' in receiver) secrets.set(`${name.toUpperCase()}_KEY`, String(receiver.routingKey));
    if (receiver && 'secret' in receiver) secrets.set(`${name.toUpperCase()}_SECRET`, String(receiver.secret));
  }
  return secrets;
}

export async function everyRecord(store: Store, partition: string): Promise<readonly unknown[]> {
  return (await store.list(partition)).map(({ value }) => value);
}
