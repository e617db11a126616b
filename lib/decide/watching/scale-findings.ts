import type { Finding, FindingKind, Subject } from '../../model/finding.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Verdict } from '../announcing/judge-announced.ts';
import type { ComingChange } from '../announcing/look-ahead.ts';
import { subjectId } from '../incidents/incident.ts';
import type { Observation } from '../incidents/observation.ts';
import type { Looks } from '../past/gaps.ts';

/** What one scaling round found in one part of a region. */
export type RoundFindings = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly region: string;
  /** The part of a large fleet; `{ index: 0, count: 1 }` is the whole fleet. */
  readonly shard: { readonly index: number; readonly count: number };
  readonly configHash: string;
  /** Was the region's list of clusters answered? */
  readonly isAnswered: boolean;
  /** Our clock was wrong there: only that finding was judged. */
  readonly isClockWrong?: boolean;
  readonly clusters: number;
  /** The name under which functions run on AWS, so that people's commands can start them; absent = a process. */
  readonly installation?: string | undefined;
  /** A process made it that waits for the next one, and meanwhile for what people ask. */
  readonly isResident?: true;
  readonly pools: number;
  /** Ids of the clusters whose pools were read in that round. */
  readonly checkedClusters: readonly string[];
  readonly findings: readonly Finding[];
  /** The round's own past; older versions did not write it. */
  readonly looks?: Looks;
  /** Node counts of autoscaled pools, by pool id, if known. */
  readonly nodes?: readonly PoolNodes[];
  /** Changes to announce, as far ahead as the rules' announcements ask for. */
  readonly coming?: readonly ComingChange[];
  /** Outcomes of announced changes that no longer hold as announced. */
  readonly verdicts?: readonly Verdict[];
  /** Announced changes were open: the next rounds follow them, though no rule may announce any more. */
  readonly isFollowing?: true;
  /** Which lists are in records of their own, each with a hash of its content. */
  readonly lists?: { readonly checkedClusters?: string; readonly nodes?: string };
};

/** Where rounds are missing: what to look at. The functions leave their name in their rounds, a process does not. */
export function askWhetherItRuns(rounds: readonly Pick<RoundFindings, 'installation'>[]): string {
  const { installation } = rounds.find((round) => round.installation !== undefined) ?? {};
  if (installation === undefined) return 'is "lamplighter run" running?';
  return `do the functions of ${installation} run? See their logs and alarms`;
}

/** May announcements be open that this round knew of, or that were made of what it saw coming? */
export function mayFollow({ coming, verdicts, isFollowing }: RoundFindings): boolean {
  return isFollowing === true || coming !== undefined || verdicts !== undefined;
}

type PoolNodes = readonly [poolId: string, nodes: number];

/** Kinds that only a scaling round can judge, alone or together with the watch. */
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
 * The result of the newest scaling rounds. Bad: it is in their findings. Ok: it is absent, and its cluster was read (or
 * it concerns no cluster, and every region's round is fresh). Unknown: the rounds are old. `known`: the existing
 * incidents, since only they can become ok.
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

/** Did a fresh round read this cluster's pools? */
export function isChecked(clusterId: string, rounds: readonly RoundFindings[]): boolean {
  return rounds.some(({ checkedClusters }) => checkedClusters.includes(clusterId));
}

/** When a round last made sure that a finding about this subject is absent; undefined = unknown. */
function checkedAt(subject: Subject, fresh: readonly RoundFindings[], regions: readonly string[]): EpochMs | undefined {
  if (subject.kind === 'cluster' || subject.kind === 'pool') {
    return newest(fresh.filter(({ checkedClusters }) => checkedClusters.includes(subject.clusterId)));
  }
  const concerned = subject.kind === 'region' ? [subject.region] : regions;
  const isWhole = concerned.every((region) => isWhollyAnswered(fresh.filter((round) => round.region === region)));
  return isWhole ? newest(fresh.filter(({ region }) => concerned.includes(region))) : undefined;
}

/** Every part of the region's newest division has a round. */
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
