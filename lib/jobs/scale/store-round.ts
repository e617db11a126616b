import type { Ahead } from '../../decide/announcing/look-ahead.ts';
import { nextLooks } from '../../decide/past/gaps.ts';
import type { ObservedFleetCluster } from '../../decide/scaling/memory.ts';
import type { Plan, RoundInput } from '../../decide/scaling/plan.ts';
import { isUnread } from '../../decide/scaling/plan-round.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { startedNotice } from '../../decide/scaling/started-notice.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import { clusterKey, isDeleting, type ObservedPool } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding, Notice } from '../../model/finding.ts';
import { type Part, whole } from '../../model/part.ts';
import { concurrency, makePatience, mapBounded } from '../concurrency.ts';
import { beginApprovals } from '../records/approvals.ts';
import { putOver } from '../records/change-record.ts';
import { startedKey } from '../records/cluster-records.ts';
import { noticeWrite } from '../records/incident-records.ts';
import { writeRoundFindings } from '../records/round-findings.ts';
import { lookNeedsMs, roundBefore, type SeenFleet } from './observe.ts';
import type { ScaleOptions, ScaleParts } from './scale-round.ts';

/** Stores the findings of a round and what it read, for the watch. A round over chosen clusters leaves them as they are. */
export async function storeRound(
  parts: ScaleParts,
  seen: SeenFleet,
  plan: Plan,
  options: ScaleOptions,
  ahead: Ahead,
): Promise<void> {
  for (const { name } of parts.config.regions) {
    const round = roundOf(parts, seen, plan, name, options.shard);
    const resident = options.isResident && { isResident: true as const };
    const stored = { ...round, ...resident, ...aheadIn(name, ahead) };
    await writeRoundFindings(parts.store, stored, { records: seen.roundRecords });
  }
}

/** With a wrong clock, nothing counts as read: the times of the answers would mean nothing. */
function roundOf(
  { config, clock, installation }: ScaleParts,
  seen: SeenFleet,
  plan: Plan,
  region: string,
  shard: Part = whole,
): RoundFindings {
  const own = seen.clusters.filter(({ cluster }) => cluster.region === region);
  const isClockWrong = seen.wrongClocks.has(region);
  const at = clock.now();
  const isAnswered = seen.answered.has(region);
  const isWhole = isAnswered && !seen.problems.some((problem) => problem.region === region);
  const look = { at, isAnswered: isAnswered && !isClockWrong, isWhole: isWhole && !isClockWrong };
  return {
    schema: 1,
    at,
    region,
    shard,
    configHash: config.hash,
    isAnswered,
    ...(isClockWrong && { isClockWrong }),
    checkedClusters: isClockWrong ? [] : own.flatMap(({ cluster, pools }) => (pools ? [cluster.id] : [])),
    pools: own.reduce((sum, { pools }) => sum + (pools?.length ?? 0), 0),
    clusters: own.length,
    ...(installation === undefined ? {} : { installation }),
    findings: findingsIn(region, plan, config),
    nodes: own.flatMap(({ pools = [] }) => nodesOf(pools)),
    looks: nextLooks(roundBefore(seen, region, shard)?.looks, look, config.everyMs),
  };
}

/** Findings of no region are stored with the first one. */
function findingsIn(region: string, { findings }: Plan, { regions }: CompiledConfig): readonly Finding[] {
  const [first] = regions;
  return findings.filter(({ subject }) => ('region' in subject ? subject.region : first?.name) === region);
}

function aheadIn(name: string, ahead: Ahead): Pick<RoundFindings, 'coming' | 'verdicts' | 'isFollowing'> {
  const coming = ahead.coming.filter(({ region }) => region === name);
  const verdicts = ahead.verdicts.filter(({ region }) => region === name);
  return {
    ...(coming.length > 0 && { coming }),
    ...(verdicts.length > 0 && { verdicts }),
    ...(ahead.isFollowing && { isFollowing: true }),
  };
}

/** A fixed pool's node count is its size, which is stored anyway. */
function nodesOf(pools: readonly ObservedPool[]): NonNullable<RoundFindings['nodes']> {
  return pools.flatMap(({ id, autoscale, size }) => (autoscale && size !== undefined ? [[id, size] as const] : []));
}

export async function storeNotices(parts: ScaleParts, notices: readonly Notice[]): Promise<void> {
  for (let i = 0; i < notices.length; i += 50) {
    await parts.store.commit(notices.slice(i, i + 50).map((notice) => noticeWrite(notice, parts.newId())));
  }
}

/**
 * Sends the notice about a config once, before the first write under it. It is stored by hash, in one commit with the
 * notice, so that only one of several processes and parts sends it. Resolves to the text if it was sent now.
 */
export async function announceStart(
  parts: ScaleParts,
  seen: SeenFleet,
  input: RoundInput,
  plan: Plan,
  options: ScaleOptions,
): Promise<string | undefined> {
  // With a wrong clock, the next changes are unknown.
  if (options.only || seen.answered.size === 0 || seen.wrongClocks.size > 0) return undefined;
  if (seen.startedConfig === parts.config.hash) return undefined;
  const known = await parts.store.read(startedKey);
  const value = known?.value as { readonly hash?: string } | undefined;
  if (value?.hash === parts.config.hash) return undefined;
  await beginApprovals(parts.store, parts.config, seen.asks, input.now);
  const clusters = await readOthers(parts, seen, input.book ?? makeRuleBook(parts.config, input.now));
  const notice = startedNotice(input, plan, clusters);
  const next = { schema: 1, hash: parts.config.hash, at: notice.at };
  const writes = [putOver(startedKey, next, known?.version), noticeWrite(notice, parts.newId())];
  const outcome = await parts.store.commit(writes);
  if (outcome.kind !== 'committed') return undefined;
  parts.log.info(notice.text, { notice: 'started' });
  return notice.text;
}

/** Reads the pools of clusters that no rule acts on too, since the notice counts every pool. */
async function readOthers(
  parts: ScaleParts,
  { clusters, readByName }: Pick<SeenFleet, 'clusters' | 'readByName'>,
  book: RuleBook,
): Promise<readonly ObservedFleetCluster[]> {
  const patience = makePatience(lookNeedsMs, parts.timeLeftMs);
  return mapBounded(clusters, concurrency, async (seen) => {
    const { cluster } = seen;
    const isLooked = seen.pools !== undefined || cluster.unreadable !== undefined || isUnread(book, seen);
    if (isLooked || isDeleting(cluster)) return seen;
    const known = readByName.get(clusterKey(cluster.region, cluster.id));
    if (known) return { ...seen, pools: known };
    const answer = await patience.ask(cluster.region, () => parts.mksOf(cluster.region).listNodePools(cluster.id));
    return answer.kind === 'ok' ? { ...seen, pools: answer.value } : seen;
  });
}
