import { isWatched } from '../../decide/watching/end-dates.ts';
import type { ClusterAnswers, RegionAnswers, RegionMemory } from '../../decide/watching/watch-memory.ts';
import { type Answer, unreadableAnswer } from '../../model/answer.ts';
import type { ObservedCluster } from '../../model/cluster.ts';
import type { RegionConfig } from '../../model/config.ts';
import { isInPart, type Part } from '../../model/part.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import { concurrency, inTurn, makePatience, mapBounded, type Patience } from '../concurrency.ts';
import type { WatchParts } from './watch-round.ts';

/** A call of at most 15 s, and half a minute to store the result. */
const callNeedsMs = 45_000;

/**
 * All API calls of a round: one list per region, two calls per watched cluster of this part, and one by id for each
 * cluster or pool that is remembered and not listed. A failed call does not affect the others.
 */
export async function askRegions(
  parts: WatchParts,
  memories: readonly RegionMemory[],
  part: Part,
): Promise<readonly RegionAnswers[]> {
  const lists = await mapBounded(parts.config.regions, concurrency, (region) =>
    askRegion(parts, region, memories, part),
  );
  const patience = makePatience(callNeedsMs, parts.timeLeftMs);
  const tasks = lists.flatMap(({ toAsk, missing }, index) => [
    ...toAsk.map((listed) => ({ index, listed })),
    ...missing.map((clusterId) => ({ index, clusterId })),
  ]);
  const idOf = (task: (typeof tasks)[number]) => ('listed' in task ? task.listed.id : task.clusterId);
  const answers = await mapBounded(inTurn(tasks, concurrency, idOf, parts), concurrency, async (task) => {
    const { region, memory } = lists[task.index]!;
    if ('listed' in task) return { index: task.index, cluster: await askCluster(parts, task.listed, memory, patience) };
    const answer = await patience.ask(region.name, () =>
      ask(() => parts.mksOf(region.name).getCluster(task.clusterId)),
    );
    return { index: task.index, missing: { clusterId: task.clusterId, answer } };
  });
  return lists.map(({ region, list, token }, index) => {
    const own = answers.filter((answer) => answer.index === index);
    const clusters = own.flatMap((answer) => (answer.cluster ? [answer.cluster] : []));
    const missing = own.flatMap((answer) => (answer.missing ? [answer.missing] : []));
    const silence = patience.silence(region.name);
    return { region: region.name, list, clusters, missing, token, ...(silence !== undefined && { silence }) };
  });
}

type Listed = {
  readonly region: RegionConfig;
  readonly memory: RegionMemory;
  readonly list: Answer<readonly ObservedCluster[]>;
  readonly token: RegionAnswers['token'];
  readonly toAsk: readonly ObservedCluster[];
  readonly missing: readonly string[];
};

async function askRegion(
  parts: WatchParts,
  region: RegionConfig,
  memories: readonly RegionMemory[],
  part: Part,
): Promise<Listed> {
  const { name, token: ref } = region;
  const memory = memories.find((one) => one.region === name) ?? { region: name, clusters: [] };
  const list = await ask(() => parts.mksOf(name).listClusters());
  const expires = (await expiryOf(parts, name)) ?? ref.expires;
  const isPrevious = list.kind === 'ok' ? parts.isTokenPrevious?.(name) : undefined;
  const about = { reference: describeSecret(ref, parts.hash), expires };
  const token = isPrevious === undefined ? about : { ...about, isPrevious };
  if (list.kind !== 'ok') return { region, memory, list, token, toAsk: [], missing: [] };
  const own = list.value.filter(({ id }) => isInPart(id, part));
  const toAsk = own.filter((cluster) => isWatched(parts.config, { region: name, cluster: cluster.name }));
  const listed = new Set(list.value.map(({ id }) => id));
  const missing = memory.clusters
    .filter(({ id, name: cluster }) => !listed.has(id) && isWatched(parts.config, { region: name, cluster }))
    .map(({ id }) => id);
  return { region, memory, list, token, toAsk, missing };
}

async function askCluster(
  parts: WatchParts,
  listed: ObservedCluster,
  { region, clusters }: RegionMemory,
  patience: Patience,
): Promise<ClusterAnswers> {
  const mks = parts.mksOf(region);
  const asked = <T>(call: () => Promise<Answer<T>>) => patience.ask(region, () => ask(call));
  if (listed.unreadable !== undefined) {
    const answer = unreadableAnswer(listed.unreadable);
    return { listed, cluster: answer, pools: answer, missingPools: [] };
  }
  const cluster = await asked(() => mks.getCluster(listed.id));
  const pools = await asked(() => mks.listNodePools(listed.id));
  if (pools.kind !== 'ok') return { listed, cluster, pools, missingPools: [] };
  const shown = new Set(pools.value.map(({ id }) => id));
  const remembered = clusters.find(({ id }) => id === listed.id)?.pools ?? [];
  const missingPools: { poolId: string; answer: Answer<unknown> }[] = [];
  for (const { id: poolId } of remembered.filter(({ id }) => !shown.has(id))) {
    missingPools.push({ poolId, answer: await asked(() => mks.getNodePool(listed.id, poolId)) });
  }
  return { listed, cluster, pools, missingPools };
}

/** Calls do not throw; if one does, the result is unknown. */
export async function ask<T>(call: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await call();
  } catch {
    const detail = 'an unexpected error in the call';
    return { kind: 'unknown', reason: 'no-connection', detail, maybeApplied: false };
  }
}

async function expiryOf(parts: WatchParts, region: string): Promise<number | undefined> {
  try {
    return await parts.secretsExpiry(region);
  } catch {
    return undefined;
  }
}
