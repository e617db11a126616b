import type { Observation, Watched } from '../incidents/observation.ts';
import type { EpochMs, Finding, FindingKind, ObservedPool, Subject } from '../model.ts';
import type { SeenPool } from './pass.ts';
import { isAccepted, present, remember } from './sight.ts';
import { isChanging, isError, isKnownStatus, isRunning } from './statuses.ts';

export type Looking = {
  readonly now: EpochMs;
  readonly stuckAfterMs: number;
};

export type PoolSubject = Extract<Subject, { kind: 'pool' }>;

/** What one pool of a successful list says. `isRuled`: a rule of the config scales it, so its sizes are judged there. */
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
    judge('pool.error', errorOf(pool, subject)),
    judge('pool.stuck', stuckOf(pool, next, subject, now, stuckAfterMs)),
    judge('pool.unclear', unclearOf(pool, subject, isRuled)),
    ...(isRunning(pool.status) ? [judge('pool.outside-bounds', outsideOf(pool, subject))] : []),
  ];
  return { observations, seen: next };
}

type Wrong = Omit<Finding, 'kind' | 'subject'>;

/** Bad with these words, or ok without. */
export function judged(subject: Subject, at: EpochMs): (kind: FindingKind, wrong: Wrong | undefined) => Observation {
  return (kind, wrong) => {
    const watched: Watched = { kind, subject };
    if (wrong === undefined) return { ...watched, state: 'ok', at };
    return { ...watched, state: 'bad', at, finding: { kind, subject, ...wrong } };
  };
}

/** The reasons in the service's own words, shortened: an incident record stays small. */
export function reasonsOf(errors: readonly string[]): {
  readonly text: string;
  readonly facts: Record<string, number | string>;
} {
  if (errors.length === 0) return { text: 'the reason is not given', facts: {} };
  const first = errors[0]?.slice(0, 300) ?? '';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return { text: `${first}${more}`, facts: { errors: errors.length, error: first } };
}

function errorOf(pool: ObservedPool, { cluster }: PoolSubject): Wrong | undefined {
  if (!isError(pool.status) && pool.errors.length === 0) return undefined;
  const { text, facts } = reasonsOf(pool.errors);
  return {
    severity: 'critical',
    text: `Node pool ${cluster}/${pool.name} is ${isError(pool.status) ? 'in Error' : `${pool.status} with errors`}: ${text}`,
    fix: 'Look at the pool in the console; a pool in Error is not scaled until it is Running again',
    facts: { status: pool.status, ...facts },
  };
}

function stuckOf(
  pool: ObservedPool,
  { changing }: SeenPool,
  { cluster }: PoolSubject,
  now: EpochMs,
  stuckAfterMs: number,
): Wrong | undefined {
  if (!isChanging(pool.status) || changing === undefined || now - changing.since <= stuckAfterMs) return undefined;
  const minutes = Math.round(stuckAfterMs / 60_000);
  return {
    severity: 'warning',
    text: `Node pool ${cluster}/${pool.name} has been ${pool.status} for more than ${minutes} min`,
    fix: 'Look at the pool in the console, or ask the provider: a change usually takes less than 15 min',
    since: changing.since,
    facts: { status: pool.status },
  };
}

/** An absent size is judged by whoever knows what it was set to: for a scaled pool that is the scaling round. */
function unclearOf(pool: ObservedPool, { cluster }: PoolSubject, isRuled: boolean): Wrong | undefined {
  const name = `${cluster}/${pool.name}`;
  if (pool.unreadable !== undefined) {
    const fix = 'Rename it in the console; it is left alone, and its neighbours are kept';
    return { severity: 'warning', text: `Node pool ${name} cannot be read: ${pool.unreadable}`, fix };
  }
  if (!isKnownStatus(pool.status)) {
    return {
      severity: 'warning',
      text: `Node pool ${name} has a status nobody here knows: "${pool.status.slice(0, 60)}"`,
      fix: 'It is left alone until it is Running',
    };
  }
  if (isRuled || pool.autoscale || pool.size !== undefined || !isRunning(pool.status)) return undefined;
  return { severity: 'warning', text: `Node pool ${name} is Running, but the service does not say its size` };
}

function outsideOf(pool: ObservedPool, { cluster }: PoolSubject): Wrong | undefined {
  const { size, sizeMin, sizeMax } = pool;
  if (!pool.autoscale || size === undefined || sizeMin === undefined || sizeMax === undefined) return undefined;
  if (size >= sizeMin && size <= sizeMax) return undefined;
  return {
    severity: 'info',
    text: `Node pool ${cluster}/${pool.name} has ${size} nodes, outside its bounds ${sizeMin} to ${sizeMax}`,
    fix: 'The autoscaler should bring it within its bounds; if it does not, ask the provider',
    facts: { size, sizeMin, sizeMax },
  };
}
