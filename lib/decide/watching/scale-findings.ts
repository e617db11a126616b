import type { Finding, FindingKind, Subject } from '../../model/finding.ts';
import type { EpochMs } from '../../model/time.ts';
import type { ComingChange } from '../announcing/look-ahead.ts';
import type { Verdict } from '../announcing/verdicts.ts';
import { subjectId } from '../incidents/incident.ts';
import type { Observation } from '../incidents/observation.ts';
import type { Looks } from '../past/looks.ts';

/** What one scaling round found in one part of a region. */
export type RoundFindings = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly region: string;
  /** A large fleet is looked at in parts; `{ index: 0, count: 1 }` is all of it. */
  readonly shard: { readonly index: number; readonly count: number };
  readonly configHash: string;
  /** Was the region's list of clusters answered? */
  readonly isAnswered: boolean;
  /** Our clock was wrong there: beside that, nothing was judged. */
  readonly isClockWrong?: boolean;
  readonly clusters: number;
  /** The name under which functions run on AWS, so that people's commands can start them; absent = a process. */
  readonly installation?: string | undefined;
  readonly pools: number;
  /** Ids of the clusters whose pools were read in that round. */
  readonly checkedClusters: readonly string[];
  readonly findings: readonly Finding[];
  /** The round's own past; what wrote the record may not have known it. */
  readonly looks?: Looks;
  /** How many nodes each autoscaled pool had, by pool id, where the service said so. */
  readonly nodes?: readonly PoolNodes[];
  /** Changes that are to be announced, as far ahead as somebody wants to hear of them. */
  readonly coming?: readonly ComingChange[];
  /** What became of those that were announced, where it is no longer as it was said. */
  readonly verdicts?: readonly Verdict[];
  /** Which of its lists lie in records of their own, each with a mark of what is in it. */
  readonly lists?: { readonly checkedClusters?: string; readonly nodes?: string };
};

type PoolNodes = readonly [poolId: string, nodes: number];

/** The kinds only a scaling round can judge, alone or as well as the watch. */
export const scaleMade: ReadonlySet<FindingKind> = new Set([
  'clock.skewed',
  'pool.late',
  'pool.stuck',
  'pool.refused',
  'pool.contended',
  'config.brake',
  'config.mismatch',
  'pool.unclear',
  'base.unknown',
  'token.cannot-scale',
]);

/**
 * What the newest scaling rounds say: bad if it is in their findings; ok if its cluster was checked (or it is about no
 * cluster, and every region's round is fresh) and it is absent; nothing, hence unknown, when the rounds are old.
 * `known`: the incidents there are, since only they can become ok.
 */
export function observeRounds(
  rounds: readonly RoundFindings[],
  known: readonly { readonly kind: FindingKind; readonly subject: Subject }[],
  regions: readonly string[],
  freshSince: EpochMs,
): readonly Observation[] {
  const fresh = rounds.filter(({ at }) => at >= freshSince);
  const bad = fresh.flatMap(({ at, findings }) =>
    findings.map(
      (finding): Observation => ({ kind: finding.kind, subject: finding.subject, state: 'bad', at, finding }),
    ),
  );
  const found = new Set(bad.map(identity));
  const ok = known
    .filter((incident) => scaleMade.has(incident.kind) && !found.has(identity(incident)))
    .flatMap(({ kind, subject }): readonly Observation[] => {
      const at = checkedAt(subject, fresh, regions);
      return at === undefined ? [] : [{ kind, subject, state: 'ok', at }];
    });
  return [...bad, ...ok];
}

/** Was this cluster's pools' state read by a fresh round? Then it is in nobody's past. */
export function isChecked(clusterId: string, rounds: readonly RoundFindings[]): boolean {
  return rounds.some(({ checkedClusters }) => checkedClusters.includes(clusterId));
}

/** When the absence of a finding about this subject was last made sure; undefined = it is not known. */
function checkedAt(subject: Subject, fresh: readonly RoundFindings[], regions: readonly string[]): EpochMs | undefined {
  if (subject.kind === 'cluster' || subject.kind === 'pool') {
    return newest(fresh.filter(({ checkedClusters }) => checkedClusters.includes(subject.clusterId)));
  }
  const concerned = subject.kind === 'region' ? [subject.region] : regions;
  const isWhole = concerned.every((region) => isWhollyAnswered(fresh.filter((round) => round.region === region)));
  return isWhole ? newest(fresh.filter(({ region }) => concerned.includes(region))) : undefined;
}

/** Every shard of the region's newest division was answered. */
function isWhollyAnswered(rounds: readonly RoundFindings[]): boolean {
  const [latest] = rounds.toSorted((a, b) => b.at - a.at);
  if (latest === undefined) return false;
  const { count } = latest.shard;
  const answered = rounds.filter(
    ({ isAnswered, isClockWrong, shard }) => isAnswered && !isClockWrong && shard.count === count,
  );
  return new Set(answered.map(({ shard }) => shard.index)).size === count;
}

function newest(rounds: readonly RoundFindings[]): EpochMs | undefined {
  return rounds.length === 0 ? undefined : Math.max(...rounds.map(({ at }) => at));
}

function identity({ kind, subject }: { readonly kind: FindingKind; readonly subject: Subject }): string {
  return `${kind} ${subjectId(subject)}`;
}
