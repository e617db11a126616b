import { type Gap, joinGaps } from '../../decide/past/gaps.ts';
import { dayStart } from '../../decide/past/node-counts.ts';
import { addNodes, addSizes, beginPast, type RegionPast } from '../../decide/past/pool-past.ts';
import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import { listNodes, listSizes } from './past-records.ts';
import { listRoundHeads, type RoundHead } from './round-findings.ts';

/** The past of all regions. */
export async function loadPasts(
  store: Store,
  config: CompiledConfig,
  since: EpochMs,
  now: EpochMs,
): Promise<{ readonly pasts: ReadonlyMap<string, RegionPast>; readonly gaps: readonly Gap[] }> {
  const rounds: RoundHead[] = [];
  const pasts = new Map<string, RegionPast>();
  for (const { name } of config.regions) {
    rounds.push(...(await listRoundHeads(store, name)));
    pasts.set(name, await loadPast(store, name, since));
  }
  return { pasts, gaps: gapsOf(rounds, since, now - config.keepMs) };
}

/** Read page by page: a large fleet has tens of thousands of entries a week. */
export async function loadPast(store: Store, region: string, since: EpochMs): Promise<RegionPast> {
  const past = beginPast();
  for (const record of await listSizes(store, region, since)) {
    addSizes(past, record);
    await letOthersRun();
  }
  for (const [i, record] of (await listNodes(store, region, dayStart(since))).entries()) {
    addNodes(past, record);
    if (i % 8 === 0) await letOthersRun();
  }
  return past;
}

export function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Gaps of every part of every region, and the time before the records begin: if one part is missing, the sum is
 * unknown.
 */
export function gapsOf(rounds: readonly RoundHead[], since: EpochMs, keptFrom: EpochMs): readonly Gap[] {
  const newest = rounds.reduce((at, round) => Math.max(at, round.at), 0);
  const inForce = rounds.filter(({ shard }) => shard.count === rounds.find(({ at }) => at === newest)?.shard.count);
  const began = Math.max(keptFrom, Math.min(...inForce.flatMap(({ looks }) => looks?.since ?? [])));
  const before = Number.isFinite(began) && began > since ? [[since, began] as const] : [];
  return joinGaps([...before, ...inForce.flatMap(({ looks }) => looks?.gaps ?? [])]);
}
