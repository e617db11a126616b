import { type Announcement, isAnnouncing } from '../../decide/announcing/announcement.ts';
import { type ObservedFleetCluster, rememberedCluster, type StoredRule } from '../../decide/scaling/memory.ts';
import type { FullRoundInput, LetThrough, Plan, RoundInput } from '../../decide/scaling/plan.ts';
import { isCountedLower, planRound } from '../../decide/scaling/plan-round.ts';
import type { StoredRecord, Write } from '../../io/stores/store.ts';
import { clusterKey } from '../../model/cluster.ts';
import { concurrency, mapBounded } from '../concurrency.ts';
import { changeRecord, putOver } from '../records/change-record.ts';
import { listClusterRecords, listStoredRules, type StoredCluster } from '../records/cluster-records.ts';
import type { SeenFleet } from './observe.ts';
import type { ScaleOptions, ScaleParts } from './scale-round.ts';

/** What a round has seen of its own part. */
export type SeenInput = Omit<RoundInput, 'storedRules' | 'elsewhere'>;

/**
 * The brake and `safety.maxChangesPerRound` apply to the fleet, but a part has only its own records. If there is
 * anything to count, it also reads the others', and the parts of a round share what the brake lets through and how many
 * lowers remain.
 */
export async function planByFleet(
  parts: ScaleParts,
  given: SeenInput,
  seen: SeenFleet,
  options: ScaleOptions,
  announced: readonly Announcement[],
): Promise<{ readonly plan: Plan; readonly input: FullRoundInput }> {
  const quiet = needsRules(parts, seen, announced) ? undefined : planWithoutRules(given);
  const own = { ...given, storedRules: quiet ? new Map<string, StoredRule>() : await listStoredRules(parts.store) };
  if ((options.shard?.count ?? 1) === 1) {
    const input = { ...own, elsewhere: () => notLookedAt(seen, new Map()) };
    return { plan: quiet ?? planRound(input), input };
  }
  let isCounting = false;
  const elsewhere = () => {
    isCounting = true;
    return [];
  };
  const alone = quiet ?? planRound({ ...own, elsewhere });
  const fleet = isCounting ? await readElsewhere(parts, seen) : [];
  const braked = { ...own, elsewhere: () => fleet };
  const { plan, input } = isCounting ? await planUnderBrake(parts, braked, options) : { plan: alone, input: braked };
  const most = parts.config.safety.maxChangesPerRound;
  const lowers = plan.actions.filter(isCountedLower).length;
  if (most === undefined || lowers === 0 || options.isDryRun) return { plan, input };
  const lowersLeft = await takeShare(parts, most, lowers);
  return { plan: lowersLeft === lowers ? plan : planRound({ ...input, lowersLeft }), input };
}

/** Whoever plans later rounds with this one's input: announcements, and the notice about a new config. */
function needsRules({ config }: ScaleParts, seen: SeenFleet, announced: readonly Announcement[]): boolean {
  const isTold = announced.length > 0 || isAnnouncing(config);
  return isTold || seen.startedConfig !== config.hash;
}

/**
 * The plan, if it asks for no stored rule: only lowers under a rule that is new to a pool do, which the brake counts, and
 * pools that were never seen. Most rounds save a read of the store. undefined = it asks, and is to be made with them.
 */
function planWithoutRules(given: SeenInput): Plan | undefined {
  let isAsked = false;
  const storedRules = {
    get: () => {
      isAsked = true;
      return undefined;
    },
  };
  // Clusters elsewhere are only looked at for such a lower.
  const plan = planRound({ ...given, storedRules, elsewhere: () => [] });
  return isAsked ? undefined : plan;
}

/** A part reads the records of the whole fleet if something is counted over it. */
export async function readElsewhere(
  { store, config }: ScaleParts,
  seen: SeenFleet,
): Promise<readonly ObservedFleetCluster[]> {
  const regions = await mapBounded(config.regions, concurrency, async ({ name }) => {
    const records = await listClusterRecords(store, name);
    return [...records].map(([id, one]) => [clusterKey(name, id), one] as const);
  });
  return notLookedAt(seen, new Map(regions.flat()));
}

/**
 * Clusters that this round did not read, as last stored: not chosen, not answered, or of other parts. A part has not
 * read the others' records; `elsewhere` holds them.
 */
function notLookedAt(
  { clusters, stored, missing }: SeenFleet,
  elsewhere: ReadonlyMap<string, StoredCluster>,
): readonly ObservedFleetCluster[] {
  const known = new Set(missing.map(({ region, clusterId }) => clusterKey(region, clusterId)));
  for (const { cluster, pools } of clusters) if (pools !== undefined) known.add(clusterKey(cluster.region, cluster.id));
  return [...new Map([...elsewhere, ...stored])].flatMap(([key, { record }]) => {
    const [region = '', clusterId = ''] = key.split('\n');
    return known.has(key) ? [] : rememberedCluster(region, clusterId, record);
  });
}

/**
 * Lowers that the brake lets through in one part count in the others: clusters not read yet have no record, and parts
 * that run at the same time cannot see each other's lowers. If they are too many together, the later ones wait.
 */
async function planUnderBrake(
  parts: ScaleParts,
  input: FullRoundInput,
  { isDryRun = false }: ScaleOptions,
): Promise<{ readonly plan: Plan; readonly input: FullRoundInput }> {
  return changeRecord(parts.store, {
    what: 'what the brake lets through in this round',
    read: () => parts.store.read(sharedKey),
    change: (known) => {
      const shared = sharedIn(known, parts);
      const others: LetThrough = new Map(Object.entries(shared.letThrough));
      const all = { ...input, letThrough: others };
      const plan = planRound(all);
      const own = [...(plan.letThrough ?? [])];
      const isNews = !isDryRun && own.some(([id]) => !others.has(id));
      const letThrough = { ...shared.letThrough, ...Object.fromEntries(own) };
      return { writes: isNews ? [sharedWrite({ ...shared, letThrough }, known)] : [], result: { plan, input: all } };
    },
  });
}

/** Resolves to how many of the wanted lowers may be sent. */
async function takeShare(parts: ScaleParts, most: number, wanted: number): Promise<number> {
  return changeRecord(parts.store, {
    what: 'how many pools this round may lower',
    read: () => parts.store.read(sharedKey),
    change: (known) => {
      const shared = sharedIn(known, parts);
      const granted = Math.max(0, Math.min(wanted, most - shared.taken));
      const next = { ...shared, taken: shared.taken + granted };
      return { writes: granted === 0 ? [] : [sharedWrite(next, known)], result: granted };
    },
  });
}

/** What the parts of one round share. */
type Shared = {
  readonly schema: 1;
  readonly since: number;
  /** Lowers counted for `safety.maxChangesPerRound`. */
  readonly taken: number;
  /** As in a plan. */
  readonly letThrough: { readonly [pool: string]: number };
};

const sharedKey = { partition: 'fleet', id: 'lowers' };

/**
 * The parts of one round start within seconds of each other, and the next round a tick later: so entries of the last
 * half tick belong to this round.
 */
function sharedIn(known: StoredRecord | undefined, { clock, config }: ScaleParts): Shared {
  const now = clock.now();
  const { since = 0, taken = 0, letThrough = {} } = (known?.value ?? {}) as Partial<Shared>;
  return Math.abs(now - since) < config.everyMs / 2
    ? { schema: 1, since, taken, letThrough }
    : { schema: 1, since: now, taken: 0, letThrough: {} };
}

function sharedWrite(shared: Shared, known: StoredRecord | undefined): Write {
  return putOver(sharedKey, shared, known?.version);
}
