import type { Answer } from '../answer.ts';
import type { Observation } from '../incidents/observation.ts';
import type { EpochMs, Finding, ObservedCluster, ObservedVersion, Subject } from '../model.ts';
import { advanceDue, dueOf } from './due.ts';
import { judged, type Looking, reasonsOf } from './observe-pool.ts';
import type { SeenCluster } from './pass.ts';
import { isAccepted, present, remember } from './sight.ts';
import { isChanging, isError } from './statuses.ts';

export type ClusterSubject = Extract<Subject, { kind: 'cluster' }>;

/** Newer version numbers that the region offers, where they were asked for. */
export type Upgrades = (version: ObservedVersion) => readonly string[];

type Wrong = Omit<Finding, 'kind' | 'subject'>;

/**
 * What the cluster itself says. The answer by id counts, since only it carries errors; where it fails or lags, the
 * list's entry can still show a status, but its empty errors say nothing.
 */
export function observeCluster(
  listed: ObservedCluster,
  byId: Answer<ObservedCluster>,
  seen: SeenCluster | undefined,
  subject: ClusterSubject,
  upgrades: Upgrades,
  { now, stuckAfterMs }: Looking,
): { readonly observations: readonly Observation[]; readonly seen: SeenCluster } {
  const full = byId.kind === 'ok' && isAccepted(seen, byId.value.updatedAt, now) ? byId.value : undefined;
  const some = full ?? (isAccepted(seen, listed.updatedAt, now) ? listed : undefined);
  if (some === undefined) return { observations: [], seen: present(seen ?? unseen(listed, now)) };
  const judge = judged(subject, now);
  const version = some.version;
  const read = version && { of: version.version, date: version.eol };
  const due = read === undefined ? seen?.due : advanceDue(seen?.due, read, now);
  const next = { ...remember(seen, some, '', now), pools: seen?.pools ?? [], ...(due && { due }) };
  const isTold = full !== undefined || isError(some.status);
  const observations = [
    ...(isTold ? [judge('cluster.error', errorOf(some))] : []),
    judge('cluster.stuck', stuckOf(some, next, now, stuckAfterMs)),
    ...endOfLife(some, next, subject, upgrades, now),
  ];
  return { observations, seen: next };
}

function unseen({ id, name }: ObservedCluster, now: EpochMs): SeenCluster {
  return { id, name, acceptedAt: now, pools: [] };
}

function errorOf(cluster: ObservedCluster): Wrong | undefined {
  if (!isError(cluster.status) && cluster.errors.length === 0) return undefined;
  const { text, facts } = reasonsOf(cluster.errors);
  return {
    severity: 'critical',
    text: `Cluster ${cluster.name} is ${isError(cluster.status) ? 'in Error' : `${cluster.status} with errors`}: ${text}`,
    fix: 'Look at the cluster in the console; its pools are not lowered until it is Running again',
    facts: { status: cluster.status, ...facts },
  };
}

function stuckOf(
  { name, status }: ObservedCluster,
  { changing }: SeenCluster,
  now: EpochMs,
  stuckAfterMs: number,
): Wrong | undefined {
  if (!isChanging(status) || changing === undefined || now - changing.since <= stuckAfterMs) return undefined;
  return {
    severity: 'warning',
    text: `Cluster ${name} has been ${status} for more than ${Math.round(stuckAfterMs / 60_000)} min`,
    fix: 'Look at the cluster in the console, or ask the provider; its pools are not scaled meanwhile',
    since: changing.since,
    facts: { status },
  };
}

/** A date that this answer does not give is unknown, never past: nothing is said about it in this pass. */
function endOfLife(
  { name, version }: ObservedCluster,
  { due }: SeenCluster,
  subject: ClusterSubject,
  upgrades: Upgrades,
  now: EpochMs,
): readonly Observation[] {
  if (version === undefined || due === undefined) return [];
  const watched = { kind: 'version.eol', subject } as const;
  if (due.date === undefined) return [{ ...watched, state: 'over', at: now, cause: `upgraded to ${version.version}` }];
  if (version.eol === undefined || version.version !== due.of) return [];
  const targets = upgrades(version);
  const what = `support for Kubernetes ${version.version} of cluster ${name}`;
  const ifReplaced = `upgraded to ${version.version}`;
  const fix =
    targets.length === 0 ? 'Upgrade the cluster' : `Upgrade the cluster; the region offers ${targets.join(', ')}`;
  const ladder = dueOf(due, { what, ifReplaced, fix, facts: { version: version.version } });
  return ladder === undefined ? [] : [{ ...watched, state: 'due', at: now, due: ladder }];
}
