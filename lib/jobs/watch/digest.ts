import { digestDelivery, digestOf, lastDue, type Week } from '../../decide/digest.ts';
import type { DestinationState } from '../../decide/incidents/routing.ts';
import { isFromFuture } from '../../decide/stored-time.ts';
import { StoreError } from '../../errors.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import { putOver } from '../records/change-record.ts';
import { listDecisions } from '../records/cluster-records.ts';
import { countSavings, sumSavings, unseenHours } from '../records/count-savings.ts';
import { listHistory } from '../records/delivery-records.ts';
import { deliveryWrite } from '../records/incident-records.ts';
import { listRoundHeads } from '../records/round-findings.ts';
import { loadMemory } from '../records/watch-records.ts';
import type { Announced } from './announce.ts';
import type { WatchParts } from './watch-round.ts';

const nothing: Announced = { deliveries: 0, problems: [] };

/**
 * Once a week per destination: the period sent last is stored in `digests`, in the same commit as its message. A period
 * that began before the first round is not sent; the first one that is names what is missing.
 */
export async function tellDigest(
  parts: WatchParts,
  states: readonly DestinationState[],
  now: EpochMs,
): Promise<Announced> {
  const { config } = parts;
  if (config.digest === undefined) return nothing;
  const zone = config.zone ?? 'UTC';
  const due = lastDue(config.digest, zone, now);
  // A week with a clock change is an hour shorter or longer.
  const begun = lastDue(config.digest, zone, due - 1);
  const to = states.filter(({ name, retired }) => !retired && config.digest?.to.includes(name));
  let week: Promise<Week> | undefined;
  const problems: string[] = [];
  let deliveries = 0;
  for (const destination of to) {
    try {
      const told = await tellOne(parts, destination, due, now, () => (week ??= weekOf(parts, begun, due)));
      deliveries += told ? 1 : 0;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problems.push(`the digest for ${destination.name} was not stored: ${error.message}`);
    }
  }
  return { deliveries, problems };
}

async function tellOne(
  { store, config, hash }: WatchParts,
  { id, name }: DestinationState,
  due: EpochMs,
  now: EpochMs,
  week: () => Promise<Week>,
): Promise<boolean> {
  const key = { partition: 'digests', id: name };
  const before = await store.read(key);
  const toldAt = (before?.value as { readonly at?: number } | null | undefined)?.at;
  // By a clock that ran ahead a digest of times to come was told, and ours may not have been.
  if (toldAt !== undefined && toldAt >= due && !isFromFuture(toldAt, now)) return false;
  const put = putOver(key, { schema: 1, at: due }, before?.version);
  if (before === undefined) {
    await store.commit([put]);
    return false;
  }
  const delivery = digestDelivery(digestOf(await week(), config, config.zone ?? 'UTC'), id, due, now, hash);
  return (await store.commit([put, deliveryWrite(delivery)])).kind === 'committed';
}

async function weekOf({ store, config }: WatchParts, from: EpochMs, to: EpochMs): Promise<Week> {
  const savings = await countSavings(store, config, from, to);
  const { hours, money } = sumSavings(savings.pools);
  const since = await writtenSince(store, config);
  // Missing records are reported separately.
  const before = since === undefined ? 0 : Math.max(0, since - from) / hourMs;
  const decisions = await Promise.all(config.regions.map(({ name }) => listDecisions(store, name, { since: from })));
  return {
    from,
    to,
    used: hours.used,
    always: hours.always,
    money,
    gapHours: unseenHours(savings) - before,
    since,
    history: await listHistory(store, from),
    decisions: decisions.flat(),
    memories: (await Promise.all(config.regions.map(({ name }) => loadMemory(store, name)))).map(
      ({ memory }) => memory,
    ),
  };
}

async function writtenSince(store: WatchParts['store'], { regions }: CompiledConfig): Promise<EpochMs | undefined> {
  const rounds = await Promise.all(regions.map(({ name }) => listRoundHeads(store, name)));
  const since = rounds.flat().flatMap(({ looks }) => looks?.since ?? []);
  return since.length === 0 ? undefined : Math.max(...since);
}
