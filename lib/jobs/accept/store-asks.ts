import { mergedId, type Owner, ownerPrefix, poolLeasesPrefix } from '../../decide/intake/judge-ask.ts';
import { type Group, type GroupOutcome, type GroupPlan, planGroup } from '../../decide/intake/merge-asks.ts';
import type { Clock } from '../../io/clock.ts';
import { type Along, mostWrites, type Store, type Version, type Write } from '../../io/stores/store.ts';
import type { Lease, Release } from '../../model/asks.ts';
import type { Names } from '../../model/match.ts';
import { asksPartition, askWrite, listStoredAsks, loadAsk, type StoredAsk } from '../records/ask-records.ts';

/** `failed`: it may not be stored; sending the same event again is safe. */
type WriteOutcome = GroupOutcome | { readonly kind: 'failed'; readonly reason: string };

/** Stores asks durably before it resolves. One per process: asks that wait for the same group are written together. */
export type GroupWriter = {
  /** `along`: stored with the asks or not at all; its `onStored` reports it. */
  readonly write: (
    owner: Owner,
    names: Names,
    asks: readonly (Lease | Release)[],
    along?: Along,
  ) => Promise<readonly WriteOutcome[]>;
};

/** The most asks per commit; the rest of its writes is for records pushed out, and for what is stored along. */
const mostPerCommit = 50;
const mostAttempts = 30;
/** The limit of records of one owner in one region, over all pools: a glob can match any number of names. */
export const mostPerOwner = 5000;

type Waiting = {
  readonly ask: Lease | Release;
  readonly along: Along | undefined;
  readonly done: (outcome: WriteOutcome) => void;
};
type IsOwnerFull = (region: string, owner: Owner, asks: number) => Promise<boolean>;
type WriterParts = { readonly store: Store; readonly clock: Clock; readonly isOwnerFull: IsOwnerFull };
type Lane = { readonly owner: Owner; readonly names: Names; readonly waiting: Waiting[] };

/**
 * Events of one owner for one pool wait in one lane and are stored in groups, one conditional commit per group: a burst
 * costs a few writes, and the process never competes with itself. After a conflict with another process, it reads
 * again.
 */
export function makeGroupWriter(parts: { readonly store: Store; readonly clock: Clock }): GroupWriter {
  const lanes = new Map<string, Lane>();
  const isOwnerFull = makeOwnerCount(parts.store, parts.clock);
  return {
    write: (owner, names, asks, along) => {
      const name = `${names.region} ${poolLeasesPrefix(owner, names)}`;
      const lane = lanes.get(name) ?? { owner, names, waiting: [] };
      const outcomes = asks.map((ask) => new Promise<WriteOutcome>((done) => lane.waiting.push({ ask, along, done })));
      if (!lanes.has(name)) {
        lanes.set(name, lane);
        void emptyLane({ ...parts, isOwnerFull }, lane, () => lanes.delete(name));
      }
      return Promise.all(outcomes);
    },
  };
}

/**
 * `close` runs in the same step that found the lane empty, so that no ask can be added in between and wait for ever.
 */
async function emptyLane(parts: WriterParts, lane: Lane, close: () => void): Promise<void> {
  while (lane.waiting.length > 0) {
    const group = lane.waiting.splice(0, mostPerCommit);
    const outcomes = await writeGroup(parts, lane, group).catch(() => undefined);
    group.forEach(({ done }, at) => done(outcomes?.[at] ?? failed('the store could not be reached: send it again')));
  }
  close();
}

async function writeGroup(
  { store, clock, isOwnerFull }: WriterParts,
  { owner, names }: Lane,
  group: readonly Waiting[],
): Promise<readonly WriteOutcome[]> {
  const { region } = names;
  const asks = group.map(({ ask }) => ask);
  const prefix = poolLeasesPrefix(owner, names);
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    if (attempt > 0) await clock.sleep(5 * attempt);
    const found = await planOnStored(store, region, prefix, asks, clock);
    if (found.versions.size === 0 && (await isOwnerFull(region, owner, asks.length))) {
      return asks.map(() =>
        failed(`this source has ${mostPerOwner} leases, ended ones included: wait until some expire`),
      );
    }
    if (found.plan.puts.length === 0) return found.plan.outcomes;
    const writes = writesOf(found.plan, region, found.versions);
    const alongs = alongsOf(group, mostWrites - writes.length);
    const before = await Promise.all(alongs.map(({ key }) => store.read(key)));
    const outcome = await store.commit([...writes, ...alongs.map(({ write }, at) => write(before[at]))]);
    if (outcome.kind !== 'committed') continue;
    for (const { onStored } of alongs) onStored();
    return found.plan.outcomes;
  }
  return asks.map(() => failed('the same leases were changed by others: send it again'));
}

/** As many as fit into the commit; of two that change the same record, the first. */
function alongsOf(group: readonly Waiting[], room: number): readonly Along[] {
  const found = new Map<string, Along>();
  for (const { along } of group) {
    const name = along && JSON.stringify(along.key);
    if (name !== undefined && !found.has(name) && found.size < room) found.set(name, along!);
  }
  return [...found.values()];
}

type Planned = { readonly plan: GroupPlan; readonly versions: ReadonlyMap<string, Version> };

/** A single ask first tries two reads; the whole group is listed only to count it. */
async function planOnStored(
  store: Store,
  region: string,
  prefix: string,
  asks: readonly (Lease | Release)[],
  clock: Clock,
): Promise<Planned> {
  const [only] = asks;
  if (asks.length === 1 && only) {
    const read = await Promise.all([loadAsk(store, region, only.id), loadAsk(store, region, mergedId(prefix))]);
    const known = read.filter((stored) => stored !== undefined);
    const planned = planOn({ prefix, stored: known, isWhole: false }, asks, clock);
    if (planned) return planned;
  }
  const stored = await listStoredAsks(store, region, prefix);
  return planOn({ prefix, stored, isWhole: true }, asks, clock)!;
}

/** `isWhole`: everything that the store has of the group. */
type StoredGroup = { readonly prefix: string; readonly stored: readonly StoredAsk[]; readonly isWhole: boolean };

function planOn(
  { prefix, stored, isWhole }: StoredGroup,
  asks: readonly (Lease | Release)[],
  clock: Clock,
): Planned | undefined {
  const group: Group = { prefix, isWhole, asks: new Map(stored.map(({ ask }) => [ask.id, ask as Lease | Release])) };
  const plan = planGroup(group, asks, clock.now());
  return plan && { plan, versions: new Map(stored.map(({ ask, version }) => [ask.id, version])) };
}

function writesOf(plan: GroupPlan, region: string, versions: ReadonlyMap<string, Version>): readonly Write[] {
  const puts = plan.puts.map((ask) => askWrite(ask, versions.get(ask.id)));
  const partition = asksPartition(region);
  const deletes = plan.deletes.map((id): Write => {
    return { kind: 'deleteIfVersion', key: { partition, id }, version: versions.get(id)! };
  });
  return [...puts, ...deletes];
}

/** A full group counts as full this long, so that a flood does not count 5,000 records each time. */
const fullForMs = 2000;

/**
 * Counts again after a tenth of the remaining room is used, and each time when little is left: a count reads every
 * record of the owner, and the cost of an event should not grow with their number. Other processes may fill the rest
 * meanwhile.
 */
function makeOwnerCount(store: Store, clock: Clock): IsOwnerFull {
  const free = new Map<string, number>();
  const fullAt = new Map<string, number>();
  return async (region, owner, asks) => {
    const prefix = ownerPrefix(owner);
    const key = `${region} ${prefix}`;
    if (Math.abs(clock.now() - (fullAt.get(key) ?? Number.NEGATIVE_INFINITY)) < fullForMs) return true;
    const left = (free.get(key) ?? 0) - asks;
    free.set(key, left);
    if (left > 0) return false;
    const records = await store.list(asksPartition(region), { after: prefix, limit: mostPerOwner });
    const count = records.findIndex((record) => !record.key.id.startsWith(prefix));
    const room = mostPerOwner - (count === -1 ? records.length : count);
    free.set(key, Math.floor(room / 10));
    if (room === 0) fullAt.set(key, clock.now());
    return room === 0;
  };
}

function failed(reason: string): WriteOutcome {
  return { kind: 'failed', reason };
}
