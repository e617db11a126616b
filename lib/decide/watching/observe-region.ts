import { type Answer, wasAsked } from '../../model/answer.ts';
import type { ObservedPool } from '../../model/cluster.ts';
import type { Finding, Notice } from '../../model/finding.ts';
import { type Names } from '../../model/match.ts';
import { compareText } from '../../model/text.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { readingOf, wrongClock } from '../clock-skew.ts';
import type { Observation } from '../incidents/observation.ts';
import { endDateOf, followEndDate } from './end-dates.ts';
import {
  type ClusterSubject,
  judged,
  type Looking,
  observeCluster,
  observePool,
  type Upgrades,
} from './observe-cluster.ts';
import {
  type ClusterAnswers,
  type EndDateMemory,
  present,
  type RegionAnswers,
  type RegionMemory,
  type Seen,
  type SeenCluster,
  type SeenPool,
} from './watch-memory.ts';

export type RegionLooking = Looking & {
  readonly upgrades: Upgrades;
  /** Does a rule of the config scale this pool? */
  readonly isRuled: (names: Names) => boolean;
};

export type RegionSight = {
  readonly observations: readonly Observation[];
  readonly memory: RegionMemory;
  readonly notices: readonly Notice[];
  /** Ids of clusters and pools that are certainly gone, with the text. */
  readonly gone: ReadonlyMap<string, string>;
};

/** One region's round: its API, its clusters and their pools, its token, and what is gone. */
export function observeRegion(answers: RegionAnswers, memory: RegionMemory, looking: RegionLooking): RegionSight {
  const { region, list } = answers;
  const api = observeApi(region, list, answers.silence, looking.now);
  const token = observeToken(answers, memory.token, looking);
  const kept = { region, ...(token.memory !== undefined && { token: token.memory }) };
  const about = [...api, ...token.observations, ...observeVersion(answers, looking.now)];
  if (list.kind !== 'ok') return { observations: about, memory: { ...memory, ...kept }, notices: [], gone: new Map() };
  const seen = new Map(memory.clusters.map((cluster) => [cluster.id, cluster]));
  const looks = [
    ...answers.clusters.map((cluster) => lookAt(cluster, seen.get(cluster.listed.id), region, looking)),
    ...answers.missing.map(({ clusterId, answer }) =>
      lookForMissing(clusterId, answer, seen.get(clusterId), region, looking),
    ),
  ];
  const observations = [...about, ...looks.flatMap(({ observations }) => observations)];
  return {
    observations: isClockWrong(answers) ? observations.filter(({ state }) => state !== 'ends') : observations,
    memory: { ...kept, clusters: looks.flatMap(({ seen }) => (seen ? [seen] : [])).sort(byId) },
    notices: looks.flatMap(({ notices }) => notices),
    gone: new Map(looks.flatMap(({ gone }) => gone)),
  };
}

/** With a wrong clock, the distance to a date is unknown, so end dates neither open nor resolve. */
export function isClockWrong({ list, clusters }: RegionAnswers): boolean {
  const answers = [list, ...clusters.flatMap(({ cluster, pools }) => [cluster, pools])];
  return wrongClock(answers.flatMap((answer) => readingOf(answer) ?? [])) !== undefined;
}

type Look = {
  readonly observations: readonly Observation[];
  readonly seen: SeenCluster | undefined;
  readonly notices: readonly Notice[];
  readonly gone: readonly (readonly [string, string])[];
};

function lookAt(
  answers: ClusterAnswers,
  before: SeenCluster | undefined,
  region: string,
  looking: RegionLooking,
): Look {
  const { listed, cluster, pools } = answers;
  const subject = { kind: 'cluster', region, clusterId: listed.id, cluster: listed.name } as const;
  const own = observeCluster(listed, cluster, before, subject, looking);
  const unseen = judged(subject, looking.now)('cluster.unseen', unseenOf(answers));
  const isKnown = wasAsked(cluster) && wasAsked(pools);
  const inside = pools.kind === 'ok' ? lookInside(pools.value, answers, own.seen, subject, looking) : nothingInside;
  return {
    observations: [...(isKnown ? [unseen] : []), ...own.observations, ...inside.observations],
    seen: { ...own.seen, pools: inside.pools ?? own.seen.pools },
    notices: inside.notices,
    gone: inside.gone,
  };
}

const nothingInside = { observations: [], pools: undefined, notices: [], gone: [] } as const;

function unseenOf({ listed, cluster, pools }: ClusterAnswers): Omit<Finding, 'kind' | 'subject'> | undefined {
  const failed = [cluster, pools].find(({ kind }) => kind !== 'ok');
  if (failed === undefined || failed.kind === 'ok') return undefined;
  return {
    severity: 'warning',
    text: `Cluster ${listed.name} is listed, but cannot be read itself. It is neither watched nor scaled: ${failed.detail}`,
    fix: 'If other clusters can be read, ask the provider about this one',
  };
}

type Inside = Pick<Look, 'observations' | 'notices' | 'gone'> & { readonly pools: readonly SeenPool[] };

function lookInside(
  pools: readonly ObservedPool[],
  { missingPools }: ClusterAnswers,
  seen: SeenCluster,
  subject: ClusterSubject,
  looking: RegionLooking,
): Inside {
  const before = new Map(seen.pools.map((pool) => [pool.id, pool]));
  const looks = pools.map((pool) => lookAtPool(pool, before.get(pool.id), subject, looking));
  const answers = new Map(missingPools.map(({ poolId, answer }) => [poolId, answer]));
  const shown = new Set(pools.map(({ id }) => id));
  const rest = seen.pools
    .filter(({ id }) => !shown.has(id))
    .map((pool) => ({ pool, after: missed(pool, answers.get(pool.id), looking.now) }));
  const gone = rest.filter(({ after }) => after === 'gone').map(({ pool }) => pool);
  const left = rest.flatMap(({ after }) => (after === 'gone' ? [] : [after]));
  return {
    observations: looks.flatMap(({ observations }) => observations),
    pools: [...looks.map(({ seen }) => seen), ...left].sort(byId),
    notices: gone.map((pool) => poolGone(pool, subject)),
    gone: gone.map(({ id }) => [id, 'the node pool is gone']),
  };
}

function lookAtPool(
  pool: ObservedPool,
  before: SeenPool | undefined,
  { region, clusterId, cluster }: ClusterSubject,
  looking: RegionLooking,
): ReturnType<typeof observePool> {
  const isRuled = looking.isRuled({ region, cluster, pool: pool.name, labels: pool.labels });
  const subject = { kind: 'pool', region, clusterId, cluster, poolId: pool.id, pool: pool.name } as const;
  return observePool(pool, before, subject, isRuled, looking);
}

/** A cluster missing from the list: still there by id, uncertain, or gone. */
function lookForMissing(
  clusterId: string,
  answer: RegionAnswers['missing'][number]['answer'],
  before: SeenCluster | undefined,
  region: string,
  looking: RegionLooking,
): Look {
  const known = before ?? { id: clusterId, name: clusterId, acceptedAt: looking.now, pools: [] };
  const subject = { kind: 'cluster', region, clusterId, cluster: known.name } as const;
  if (answer.kind === 'ok') {
    const own = observeCluster(answer.value, answer, before, subject, looking);
    return { ...own, notices: [], gone: [] };
  }
  const after = missed(known, answer, looking.now);
  if (after !== 'gone') return { observations: [], seen: after, notices: [], gone: [] };
  return {
    observations: [],
    seen: undefined,
    notices: [clusterGone(known, subject)],
    gone: [[clusterId, 'the cluster is gone']],
  };
}

/** A notice's time is when the cluster was first missed, so that the same notice made twice is one. */
function clusterGone({ name, missingSince, acceptedAt }: SeenCluster, subject: ClusterSubject): Notice {
  const text = `Cluster ${name} is gone: the API neither lists it nor finds it by its id`;
  return { kind: 'cluster.gone', subject, text, at: missingSince ?? acceptedAt };
}

function poolGone({ id, name, missingSince, acceptedAt }: SeenPool, subject: ClusterSubject): Notice {
  const { region, clusterId, cluster } = subject;
  const text = `Node pool ${cluster}/${name} is gone: the API neither lists it nor finds it by its id`;
  const about = { kind: 'pool', region, clusterId, cluster, poolId: id, pool: name } as const;
  return { kind: 'pool.gone', subject: about, text, at: missingSince ?? acceptedAt };
}

function observeToken(
  { region, token }: RegionAnswers,
  before: EndDateMemory | undefined,
  { now, zone }: Pick<RegionLooking, 'now' | 'zone'>,
): { readonly observations: readonly Observation[]; readonly memory: EndDateMemory | undefined } {
  const { reference, expires: date } = token;
  const mine = before?.of === reference ? before : undefined;
  const memory = followEndDate(mine, { of: reference, date, zone }, now);
  const what = `the token of region ${region} (${reference})`;
  const fix = 'Create a new token in the console of that region, and store it where the config says';
  const ends =
    memory && date !== undefined && endDateOf(memory, { what, ifReplaced: 'replaced', fix, facts: {}, zone });
  if (!ends) return { observations: [], memory };
  const subject = { kind: 'secret', reference } as const;
  return { observations: [{ kind: 'token.expiry', subject, state: 'ends', at: now, ends }], memory };
}

/** A rotation that stopped half-way: the next one would remove the value that still works. */
function observeVersion({ region, token }: RegionAnswers, now: EpochMs): readonly Observation[] {
  const { reference, isPrevious } = token;
  if (isPrevious === undefined) return [];
  const judge = judged({ kind: 'secret', reference }, now);
  const wrong: Wrong = {
    severity: 'warning',
    text: `The token of region ${region} works only in the previous version of its secret (${reference}); the current version is refused`,
    fix: 'Store a valid token in the secret, before its next change removes the previous version',
  };
  return [judge('token.previous', isPrevious ? wrong : undefined)];
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return compareText(a.id, b.id);
}

type Wrong = Omit<Finding, 'kind' | 'subject'>;

/**
 * Does the region's API answer, and accept our token? Judged by its list, unless the API stops answering later
 * (`silence`: why no further calls were made). A refusal because of the token or its role is an answer (JSON, not a
 * block page). Anything else that is no list means that the region cannot be observed.
 */
function observeApi(
  region: string,
  list: Answer<unknown>,
  silence: string | undefined,
  now: EpochMs,
): readonly Observation[] {
  const judge = judged({ kind: 'region', region }, now);
  const unreachable = judge('api.unreachable', unreachableOf(region, list) ?? silentOf(region, silence));
  const isSilent = unreachable.state === 'bad';
  return isSilent ? [unreachable] : [unreachable, judge('api.refused', refusedOf(region, list))];
}

function unreachableOf(region: string, list: Answer<unknown>): Wrong | undefined {
  if (list.kind === 'ok' || list.kind === 'unauthorized' || list.kind === 'forbidden') return undefined;
  if (list.kind === 'not-sent' && list.reason === 'no-token') return tokenlessOf(region, list.detail);
  const support = list.kind === 'unknown' && list.supportId !== undefined ? { supportId: list.supportId } : {};
  return {
    severity: 'critical',
    text: `The API of region ${region} gives no usable answer. Nothing is watched or scaled there: ${list.detail}`,
    fix: 'Check the address, the network and the status page of the provider',
    facts: { answer: list.kind === 'unknown' ? list.reason : list.kind, ...support },
  };
}

/** The provider has no part in it. */
function tokenlessOf(region: string, detail: string): Wrong {
  return {
    severity: 'critical',
    text: `The token of region ${region} cannot be read. Nothing is watched or scaled there: ${detail}`,
    fix: 'Put the token where the config says, readable for this process; to try it, run: lamplighter doctor',
    facts: { answer: 'no-token' },
  };
}

function silentOf(region: string, silence: string | undefined): Wrong | undefined {
  if (silence === undefined) return undefined;
  return {
    severity: 'critical',
    text: `The API of region ${region} lists its clusters and then stops answering. What was not read is neither watched nor scaled: ${silence}`,
    fix: 'Look at the status page of the provider, or ask the provider',
    facts: { answer: 'timeout' },
  };
}

function refusedOf(region: string, list: Answer<unknown>): Wrong | undefined {
  if (list.kind !== 'unauthorized' && list.kind !== 'forbidden') return undefined;
  const isToken = list.kind === 'unauthorized';
  return {
    severity: 'critical',
    text: `The API of region ${region} refuses the token: ${list.detail}`,
    fix: isToken
      ? 'Create a new token in the console of that region, and store it where the config says'
      : 'Create a token that may list clusters and node pools, in the console of that region',
    facts: { answer: list.kind },
  };
}

const apartMs = 5 * minuteMs;

/**
 * Gone = missing from a successful list and 404 by id, twice, at least 5 minutes apart, and not seen in between. A
 * single list may omit it, and a 404 for a listed cluster comes from a lagging replica.
 */
function missed<T extends Seen>(seen: T, byId: Answer<unknown> | undefined, now: EpochMs): T | 'gone' {
  if (byId === undefined) return seen;
  if (byId.kind === 'ok') return present(seen);
  if (byId.kind !== 'not-found') return seen;
  if (seen.missingSince === undefined) return { ...seen, missingSince: now };
  return now - seen.missingSince >= apartMs ? 'gone' : seen;
}
