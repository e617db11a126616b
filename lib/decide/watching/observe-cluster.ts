import type { Answer } from '../../model/answer.ts';
import {
  isChanging,
  isError,
  isKnownStatus,
  isRunning,
  type ObservedCluster,
  type ObservedPool,
  type ObservedVersion,
} from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding, FindingKind, Subject } from '../../model/finding.ts';
import { clip } from '../../model/text.ts';
import { type EpochMs, isoDate, minuteMs } from '../../model/time.ts';
import type { Observation, Watched } from '../incidents/observation.ts';
import { endDateOf, followEndDate } from './end-dates.ts';
import { type EndOfLife, endOfLife } from './end-of-life.ts';
import { type EndDateMemory, isAccepted, present, remember, type SeenCluster, type SeenPool } from './watch-memory.ts';

export type ClusterSubject = Extract<Subject, { kind: 'cluster' }>;

/** Newer versions that the region offers; undefined = not read. */
export type Upgrades = (version: ObservedVersion) => readonly string[] | undefined;

type Wrong = Omit<Finding, 'kind' | 'subject'>;

type ClusterLooking = Looking & { readonly upgrades: Upgrades };

/**
 * The cluster's own state. The answer by id counts, since only it has errors. If it fails or lags, the list's entry
 * still shows a status, but its empty errors mean nothing.
 */
export function observeCluster(
  listed: ObservedCluster,
  byId: Answer<ObservedCluster>,
  seen: SeenCluster | undefined,
  subject: ClusterSubject,
  looking: ClusterLooking,
): { readonly observations: readonly Observation[]; readonly seen: SeenCluster } {
  const { now, stuckAfterMs } = looking;
  const full = byId.kind === 'ok' && isAccepted(seen, byId.value.updatedAt, now) ? byId.value : undefined;
  const some = full ?? (isAccepted(seen, listed.updatedAt, now) ? listed : undefined);
  if (some === undefined) return { observations: [], seen: present(seen ?? unseen(listed, now)) };
  const judge = judged(subject, now);
  const version = some.version;
  const life = version && readEnd(version, seen?.due, looking);
  const endDate = life === undefined ? seen?.due : life.endDate;
  const shown = version?.version ?? seen?.version;
  const kept = {
    pools: seen?.pools ?? [],
    ...(shown !== undefined && { version: shown }),
    ...(endDate && { due: endDate }),
  };
  const next = { ...remember(seen, some, '', now), ...kept };
  const isTold = full !== undefined || isError(some.status);
  const observations = [
    ...(isTold ? [judge('cluster.error', clusterErrorOf(some))] : []),
    judge('cluster.stuck', clusterStuckOf(some, next, now, stuckAfterMs)),
    ...(life === undefined ? [] : observeEnd(some.name, life, subject, looking)),
  ];
  return { observations, seen: next };
}

function unseen({ id, name }: ObservedCluster, now: EpochMs): SeenCluster {
  return { id, name, acceptedAt: now, pools: [] };
}

function clusterErrorOf(cluster: ObservedCluster): Wrong | undefined {
  if (!isError(cluster.status) && cluster.errors.length === 0) return undefined;
  const { text, facts } = reasonsOf(cluster.errors);
  return {
    severity: 'critical',
    text: `Cluster ${cluster.name} is ${isError(cluster.status) ? 'in Error' : `${cluster.status} with errors`}: ${text}`,
    fix: 'Look at the cluster in the console. Its pools are not scaled down until it is Running again',
    facts: { status: cluster.status, ...facts },
  };
}

function clusterStuckOf(
  { name, status }: ObservedCluster,
  { changing }: SeenCluster,
  now: EpochMs,
  stuckAfterMs: number,
): Wrong | undefined {
  if (!isChanging(status) || changing === undefined || now - changing.since <= stuckAfterMs) return undefined;
  return {
    severity: 'warning',
    text: `Cluster ${name} has been ${status} for more than ${Math.round(stuckAfterMs / minuteMs)} min`,
    fix: 'Look at the cluster in the console, or ask the provider. Its pools are not scaled meanwhile',
    since: changing.since,
    facts: { status },
  };
}

type Life = {
  readonly version: ObservedVersion;
  /** The end date after this answer; undefined = none is known. */
  readonly end: EndOfLife | undefined;
  readonly endDate: EndDateMemory | undefined;
  /** The config gave a date before, and no longer does. */
  readonly isWithdrawn: boolean;
};

/** The provider's date stays while an answer omits it; the config's date ends with the config. */
function readEnd(version: ObservedVersion, before: EndDateMemory | undefined, looking: Looking): Life {
  const { now, zone, versions } = looking;
  const known = endOfLife(version, versions);
  const isProviders = before?.of === version.version && before.date !== undefined && before.isOwn === undefined;
  const end = known?.from === 'config' && isProviders ? undefined : known;
  const isWithdrawn = before?.isOwn === true && before.of === version.version && end === undefined;
  const read = { of: version.version, date: end?.date, zone, isDay: true as const };
  const endDate = followEndDate(isWithdrawn ? undefined : before, read, now);
  return { version, end, endDate: endDate && marked(endDate, end), isWithdrawn };
}

/**
 * Where the current date comes from. A new one of the provider counts from its second reading, and then replaces the
 * config's.
 */
function marked({ isOwn, ...endDate }: EndDateMemory, end: EndOfLife | undefined): EndDateMemory {
  const isNew = end !== undefined && endDate.date === end.date;
  const isOurs = isNew ? end.from === 'config' : isOwn === true;
  return isOurs ? { ...endDate, isOwn: true } : endDate;
}

/** A date missing from this answer is unknown, not past: this round does not judge it. */
function observeEnd(
  name: string,
  { version, end, endDate, isWithdrawn }: Life,
  subject: ClusterSubject,
  { now, zone, upgrades }: Pick<ClusterLooking, 'now' | 'zone' | 'upgrades'>,
): readonly Observation[] {
  const watched = { kind: 'version.eol', subject } as const;
  if (isWithdrawn) return [{ ...watched, state: 'over', at: now, cause: 'the config gives no date for it any more' }];
  if (endDate === undefined) return [];
  if (endDate.date === undefined)
    return [{ ...watched, state: 'over', at: now, cause: `upgraded to ${version.version}` }];
  if (end === undefined || version.version !== endDate.of) return [];
  const targets = upgrades(version);
  const what = `support for Kubernetes ${version.version} of cluster ${name}`;
  const ifReplaced = `upgraded to ${version.version}`;
  const facts = { version: version.version, ...sourceFacts(endDate, end) };
  const offers = targets === undefined ? {} : { offers: targets };
  const ends = endDateOf(endDate, {
    what,
    ifReplaced,
    fix: 'Upgrade the cluster',
    facts,
    ...offers,
    zone,
    isDay: true,
  });
  return ends === undefined ? [] : [{ ...watched, state: 'ends', at: now, ends }];
}

/** Added if the date is not simply the provider's. */
function sourceFacts({ isOwn }: EndDateMemory, { configured }: EndOfLife): { readonly [name: string]: string } {
  if (isOwn) return { dateFrom: 'the config' };
  return configured === undefined ? {} : { dateFrom: `the provider; the config says ${isoDate(configured)}` };
}

export type Looking = {
  readonly now: EpochMs;
  /** The zone on whose calendar days are counted. */
  readonly zone: string;
  readonly stuckAfterMs: number;
  /** The config's own ends of versions. */
  readonly versions?: CompiledConfig['versions'];
};

export type PoolSubject = Extract<Subject, { kind: 'pool' }>;

/** The state of one pool of a successful list. `isRuled`: a rule scales it, so the scaling round judges its sizes. */
export function observePool(
  pool: ObservedPool,
  seen: SeenPool | undefined,
  subject: PoolSubject,
  isRuled: boolean,
  { now, stuckAfterMs }: Looking,
): { readonly observations: readonly Observation[]; readonly seen: SeenPool } {
  if (seen !== undefined && !isAccepted(seen, pool.updatedAt, now)) return { observations: [], seen: present(seen) };
  const next = remember(seen, pool, `${pool.size} ${pool.sizeMin} ${pool.sizeMax}`, now);
  const judge = judged(subject, now);
  const observations = [
    judge('pool.error', poolErrorOf(pool, subject)),
    judge('pool.stuck', poolStuckOf(pool, next, subject, now, stuckAfterMs)),
    judge('pool.unclear', unclearOf(pool, subject, isRuled)),
    ...(isRunning(pool.status) ? [judge('pool.outside-bounds', outsideOf(pool, subject))] : []),
  ];
  return { observations, seen: next };
}

/** Bad with this text, or ok without one. */
export function judged(subject: Subject, at: EpochMs): (kind: FindingKind, wrong: Wrong | undefined) => Observation {
  return (kind, wrong) => {
    const watched: Watched = { kind, subject };
    if (wrong === undefined) return { ...watched, state: 'ok', at };
    return { ...watched, state: 'bad', at, finding: { kind, subject, ...wrong } };
  };
}

/** The service's own error texts, shortened to keep the incident record small. */
function reasonsOf(errors: readonly string[]): {
  readonly text: string;
  readonly facts: Record<string, number | string>;
} {
  if (errors.length === 0) return { text: 'the reason is not given', facts: {} };
  const first = clip(errors[0] ?? '', 300);
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return { text: `${first}${more}`, facts: { errors: errors.length, error: first } };
}

function poolErrorOf(pool: ObservedPool, { cluster }: PoolSubject): Wrong | undefined {
  if (!isError(pool.status) && pool.errors.length === 0) return undefined;
  const { text, facts } = reasonsOf(pool.errors);
  return {
    severity: 'critical',
    text: `Node pool ${cluster}/${pool.name} is ${isError(pool.status) ? 'in Error' : `${pool.status} with errors`}: ${text}`,
    fix: 'Look at the pool in the console. It is not scaled until it is Running again',
    facts: { status: pool.status, ...facts },
  };
}

function poolStuckOf(
  pool: ObservedPool,
  { changing }: SeenPool,
  { cluster }: PoolSubject,
  now: EpochMs,
  stuckAfterMs: number,
): Wrong | undefined {
  if (!isChanging(pool.status) || changing === undefined || now - changing.since <= stuckAfterMs) return undefined;
  const minutes = Math.round(stuckAfterMs / minuteMs);
  return {
    severity: 'warning',
    text: `Node pool ${cluster}/${pool.name} has been ${pool.status} for more than ${minutes} min`,
    fix: 'Look at the pool in the console, or ask the provider: a change usually takes less than 15 min',
    since: changing.since,
    facts: { status: pool.status },
  };
}

/** An absent size is judged by the job that knows what was set: for a scaled pool, the scaling round. */
function unclearOf(pool: ObservedPool, { cluster }: PoolSubject, isRuled: boolean): Wrong | undefined {
  const name = `${cluster}/${pool.name}`;
  if (pool.unreadable !== undefined) {
    const fix = 'Rename it in the console. It is left alone; the other pools are scaled as usual';
    return { severity: 'warning', text: `Node pool ${name} cannot be read: ${pool.unreadable}`, fix };
  }
  if (!isKnownStatus(pool.status)) {
    return {
      severity: 'warning',
      text: `Node pool ${name} has an unknown status: "${clip(pool.status, 60)}"`,
      fix: 'It is left alone until it is Running',
    };
  }
  if (isRuled || pool.autoscale || pool.size !== undefined || !isRunning(pool.status)) return undefined;
  return { severity: 'warning', text: `Node pool ${name} is Running, but the API does not give its size` };
}

function outsideOf(pool: ObservedPool, { cluster }: PoolSubject): Wrong | undefined {
  const { size, sizeMin, sizeMax } = pool;
  if (!pool.autoscale || size === undefined || sizeMin === undefined || sizeMax === undefined) return undefined;
  if (size >= sizeMin && size <= sizeMax) return undefined;
  return {
    severity: 'info',
    text: `Node pool ${cluster}/${pool.name} has ${size} nodes, outside its bounds ${sizeMin} to ${sizeMax}`,
    fix: 'Wait for the autoscaler; if it stays outside its bounds, ask the provider',
    facts: { size, sizeMin, sizeMax },
  };
}
