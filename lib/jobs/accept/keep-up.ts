import type { AnnouncedPool } from '../../decide/announcing/announcement.ts';
import {
  digestOf,
  isExpired,
  type Keeping,
  type KeepLink,
  type KeptPool,
  poolsOfLink,
} from '../../decide/announcing/keep-link.ts';
import { exactMatch, leaseId, type Owner } from '../../decide/intake/judge-ask.ts';
import { baseOf } from '../../decide/scaling/base.ts';
import type { PoolMemory } from '../../decide/scaling/memory.ts';
import { leaseCap } from '../../decide/scaling/wanted-size.ts';
import type { Clock } from '../../io/clock.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log } from '../../io/log.ts';
import type { Store } from '../../io/stores/store.ts';
import type { Lease } from '../../model/asks.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { matchesPool, type Names } from '../../model/match.ts';
import { counted } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { concurrency, mapBounded } from '../concurrency.ts';
import { readAnnouncement } from '../records/announcement-records.ts';
import { listAsks } from '../records/ask-records.ts';
import { decisionWrite, readClusterRecord } from '../records/cluster-records.ts';
import { listRoundFindings, nodesKey, nodesOfRounds } from '../records/round-findings.ts';
import type { GroupWriter } from './store-asks.ts';

export type KeepParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly hash: (text: string) => string;
  readonly log: Log;
  readonly config: () => CompiledConfig;
  readonly writer: GroupWriter;
  readonly wake: (region: string, cluster: string) => void | Promise<void>;
};

/** What a link would keep. Only reads. */
export async function lookAtKeep(parts: KeepParts, link: KeepLink): Promise<Keeping> {
  const found = await planOf(parts, link);
  if ('kind' in found) return found;
  const { boundary, until, destination } = link;
  return { kind: 'open', boundary, until, destination, pools: found.map(({ pool }) => pool) };
}

type Planned = { readonly pool: KeptPool; readonly lease: Lease | undefined; readonly announced: AnnouncedPool };

/**
 * Stores a lease for each pool of the link: at least its current size, within its rule's limits. Using the link again,
 * or another choice of the same message, extends the same lease. It never shrinks, and a lease that a person released
 * stays released.
 */
export async function keepUp(parts: KeepParts, link: KeepLink): Promise<Keeping> {
  const found = await planOf(parts, link);
  if ('kind' in found) return found;
  const owner: Owner = { kind: 'link', destination: link.destination };
  const pools = await mapBounded(found, concurrency, async (planned) => store(parts, owner, planned));
  const kept = pools.filter(({ atLeast }) => atLeast !== undefined);
  const { boundary, until, destination } = link;
  parts.log.info('kept by a link', { destination, pools: kept.length, until: iso(until) });
  await wakeAll(parts, kept);
  return { kind: 'kept', boundary, until, destination, pools };
}

async function store(parts: KeepParts, owner: Owner, { pool, lease, announced }: Planned): Promise<KeptPool> {
  if (lease === undefined) return pool;
  const [outcome] = await parts.writer.write(owner, pool, [lease]);
  if (outcome?.kind === 'failed') return { ...pool, atLeast: undefined, note: outcome.reason };
  if (outcome?.kind === 'stored') await writeDown(parts, lease, announced);
  if (outcome?.kind === 'unchanged' && outcome.reason !== 'nothing new')
    return { ...pool, atLeast: undefined, note: `${outcome.reason}: ask on the command line, or in the console` };
  return outcome?.kind === 'unchanged' ? asItStands(parts, pool, lease) : pool;
}

/** Another choice may already keep it longer. */
async function asItStands({ store }: KeepParts, pool: KeptPool, { id }: Lease): Promise<KeptPool> {
  const standing = (await listAsks(store, pool.region)).find((ask) => ask.kind === 'lease' && ask.id === id);
  if (standing?.kind !== 'lease' || standing.until <= pool.until) return pool;
  return { ...pool, until: standing.until, note: 'already kept longer' };
}

/** One line in the pool's history, without any change. */
async function writeDown({ store, clock, newId, config }: KeepParts, lease: Lease, pool: AnnouncedPool): Promise<void> {
  const { region, clusterId, cluster, poolId, pool: name, from } = pool;
  const reason = `kept at ${counted(lease.atLeast, 'node')} at least until ${iso(lease.until)}`;
  const about = { schema: 1, region, clusterId, cluster, poolId, pool: name, at: clock.now() } as const;
  const said = { kind: 'kept', code: 'link', from, to: from, reason, who: lease.who } as const;
  const { hash: configHash, keepMs } = config();
  await store.commit([decisionWrite({ ...about, ...said, configHash }, `500-${newId()}`, keepMs)]);
}

async function wakeAll({ wake, log }: KeepParts, pools: readonly KeptPool[]): Promise<void> {
  const clusters = new Map(pools.map(({ region, cluster }) => [`${region}\n${cluster}`, { region, cluster }]));
  await mapBounded([...clusters.values()], concurrency, async ({ region, cluster }) => {
    try {
      await wake(region, cluster);
    } catch {
      log.warn('round not started at once: the next tick does it', { region, cluster });
    }
  });
}

async function planOf(
  parts: KeepParts,
  link: KeepLink,
): Promise<readonly Planned[] | { readonly kind: 'gone'; readonly why: string }> {
  const { clock, hash } = parts;
  const now = clock.now();
  if (isExpired(link, now)) return { kind: 'gone', why: 'this link has expired' };
  const announcement = await readAnnouncement(parts.store, link.boundary, link.destination);
  if (announcement === undefined) return { kind: 'gone', why: 'this announcement no longer exists' };
  const pools = poolsOfLink(announcement, link.sequence);
  if (digestOf(pools, hash) !== link.digest)
    return { kind: 'gone', why: 'its pools have changed since: use the links of the newer message' };
  const nodes = await nodesNow(parts, pools);
  return mapBounded(pools, concurrency, async (pool) => planOne(parts, link, announcement.saidAt, pool, nodes, now));
}

/** Node counts of autoscaled pools from the last rounds; else the announced ones. */
async function nodesNow({ store }: KeepParts, pools: readonly AnnouncedPool[]): Promise<ReadonlyMap<string, number>> {
  const regions = new Set(pools.map(({ region }) => region));
  const rounds = await Promise.all([...regions].map((region) => listRoundFindings(store, region).catch(() => [])));
  return nodesOfRounds(rounds.flat());
}

async function planOne(
  { store, config }: KeepParts,
  link: KeepLink,
  saidAt: EpochMs,
  announced: AnnouncedPool,
  nodes: ReadonlyMap<string, number>,
  now: EpochMs,
): Promise<Planned> {
  const { boundary, until: asked } = link;
  const { region, clusterId, cluster, poolId, pool } = announced;
  const names = { region, cluster, pool };
  const memory = (await readClusterRecord(store, region, clusterId))?.record.pools[poolId];
  const labels = memory?.labels ?? announced.labels;
  const rule = config().rules.find(({ match }) => matchesPool(match, { ...names, labels }));
  const no = (note: string): Planned => {
    return { pool: { ...names, atLeast: undefined, until: asked, note }, lease: undefined, announced };
  };
  if (rule?.schedule === undefined) return no('no rule with a schedule matches it any more');
  const until = Math.min(asked, now + rule.leases.longestMs);
  // Once the pool is down, its current size is what the person wants to change.
  const wanted = now < boundary ? presentNodes(announced, memory, nodes) : announced.nodes;
  const cap = capOf(rule, memory);
  if (cap === undefined) return no('its largest size is not known: its rule needs leases.max');
  const atLeast = Math.min(wanted, cap);
  if (atLeast < 1) return no('it has no node to keep');
  const kept = { ...names, atLeast, until };
  const lease = leaseOf(link, kept, saidAt, now);
  return { pool: { ...kept, ...noteOf(wanted, atLeast, until, asked) }, lease, announced };
}

function presentNodes(
  { region, poolId, nodes: announced }: AnnouncedPool,
  memory: PoolMemory | undefined,
  nodes: ReadonlyMap<string, number>,
): number {
  const size = memory?.seen?.size;
  return typeof size === 'number' ? size : (nodes.get(nodesKey(region, poolId)) ?? announced);
}

function capOf(rule: Rule, memory: PoolMemory | undefined): number | undefined {
  return leaseCap(rule, baseOf(rule, memory));
}

/** Dated like the message, so that a later release stays in force if the link is opened again. */
function leaseOf(
  { boundary, destination }: KeepLink,
  { atLeast, until, ...names }: Names & Pick<Lease, 'atLeast' | 'until'>,
  saidAt: EpochMs,
  now: EpochMs,
): Lease {
  return {
    schema: 1,
    kind: 'lease',
    id: leaseId({ kind: 'link', destination }, names, String(boundary)),
    region: names.region,
    who: `a link in ${destination}`,
    reason: undefined,
    askedAt: now,
    time: saidAt,
    match: exactMatch(names),
    atLeast,
    until,
  };
}

function noteOf(wanted: number, atLeast: number, until: EpochMs, asked: EpochMs): { readonly note?: string } {
  const notes = [
    ...(atLeast < wanted ? [`its rule allows fewer than ${counted(wanted, 'node')} for leases`] : []),
    ...(until < asked ? ['its rule allows only shorter leases'] : []),
  ];
  return notes.length === 0 ? {} : { note: notes.join('; ') };
}
